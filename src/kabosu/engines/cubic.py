"""Cubics of masks: how many parts are kept, and a linear index of which, to the third degree; their limit explanations are sums over counts.

With x = z - |z|/p, v = b'x for weights b that sum to 0, and h the standardized |z|:

    h^2, h^3, v h, v h^2, v^2, v^2 h, v^3, and x_j h, x_j v for every part j.

Given |z| = c, m parts are all kept with probability P_m = c (c - 1) ... / p (p - 1) ..., so that E z_j v^a is a polynomial in b_j and the power sums of b.
"""

from dataclasses import dataclass

import numpy as np

from kabosu.domains.masks import moments_of_kept
from kabosu.engines.masks import sloped
from kabosu.types import Array, Float

OWN = 7  # features beside the two of each part


@dataclass(frozen=True)
class Counts:
    """How many parts are kept under the local law.

    q : (p + 1,) probabilities.  h : (p + 1,) the count, standardized.  together : (5, p + 1) that m given parts are all kept, m = 0, ..., 4.
    """

    q: Float[Array, "q"]
    h: Float[Array, "q"]
    together: Float[Array, "m q"]

    @classmethod
    def of(cls, q: Float[Array, "q"]) -> "Counts":
        """Under the local law of the counts."""
        p, c = len(q) - 1, np.arange(len(q), dtype=np.float64)
        mean = q @ c
        scale = np.sqrt(q @ (c - mean) ** 2)
        factors = [np.maximum(c - i, 0.0) / max(p - i, 1) for i in range(4)]
        return cls(q, (c - mean) / (scale if scale > 0 else 1.0), np.concatenate([np.ones((1, p + 1)), np.cumprod(factors, axis=0)]))

    @property
    def center(self) -> float:
        """E_q of a part."""
        return float(self.q @ self.together[1])

    def index(self, slope: Float[Array, "p"]) -> Float[Array, "p"]:
        """Weights b of an index of variance 1 under the local law; 0 where the slope is the same everywhere."""
        a1, a2 = moments_of_kept(self.q)
        b = slope - slope.mean()
        scale = np.sqrt(max(a1 - a2, 0.0) * (b @ b))
        return b / scale if scale > 1e-12 * np.abs(slope).max(initial=1e-300) else np.zeros_like(b)

    def features(self, Z: Float[Array, "s p"], b: Float[Array, "p"]) -> Float[Array, "s d"]:
        """The cubic's terms at some masks."""
        kept = Z.sum(axis=1)
        h, v = self.h[kept.astype(np.int64)], Z @ b
        own = np.stack([h**2, h**3, v * h, v * h**2, v**2, v**2 * h, v**3], axis=1)
        x = Z - kept[:, None] / Z.shape[1]
        return np.concatenate([own, x * h[:, None], x * v[:, None]], axis=1)

    def limits(self, b: Float[Array, "p"]) -> tuple[Float[Array, "d"], Float[Array, "p d"]]:
        """E_q of each term, and its limit explanation."""
        mean, joint = self._own(b)
        E, p = lambda a: float(self.q @ a), len(b)  # expectation over counts
        _, P1, P2, P3, _ = self.together
        eye = np.eye(p, dtype=bool)
        with_h = np.where(eye, E(self.h * (P1 - P1**2)), E(self.h * (P2 - P1**2)))
        pairs = np.where(eye, E(P1 - P2) * b, E(P2 - P3) * (b[:, None] + b))
        with_v = pairs - E(P1 * (P1 - P2)) * b[:, None]
        mean = np.concatenate([mean, np.zeros(p), E(P1 - P2) * b])
        covariance = np.where(eye, E(P1), E(P2)) - E(P1) ** 2
        return mean, sloped(covariance, np.concatenate([joint, with_h, with_v], axis=1) - E(P1) * mean)

    def _own(self, b: Float[Array, "p"]) -> tuple[Float[Array, "7"], Float[Array, "p 7"]]:
        """E of the seven terms that are not a part's, and of each times z_j."""
        E, h = lambda a: float(self.q @ a), self.h  # expectation over counts
        _, P1, P2, P3, P4 = self.together
        S2, S3, one = float(b @ b), float((b**3).sum()), np.ones_like(b)
        spread, skew = P1 - P2, P1 - 3 * P2 + 2 * P3  # E v^2 = S2 spread, E v^3 = S3 skew
        T1, T2, T3 = -b, S2 - b**2, S3 - b**3  # power sums of the others
        square = lambda a: b**2 * E(a * skew) + S2 * E(a * (P2 - P3))  # noqa: E731  E z_j v^2 a(c)
        cube = b**3 * E(P1) + 3 * b**2 * E(P2) * T1 + 3 * b * (E(P2) * T2 + E(P3) * (T1**2 - T2))
        cube += E(P2) * T3 + 3 * E(P3) * (T1 * T2 - T3) + E(P4) * (T1**3 - 3 * T1 * T2 + 2 * T3)
        mean = np.array([E(h**2), E(h**3), 0.0, 0.0, S2 * E(spread), S2 * E(h * spread), S3 * E(skew)])
        joint = [E(h**2 * P1) * one, E(h**3 * P1) * one, E(h * spread) * b, E(h**2 * spread) * b, square(np.ones_like(h)), square(h), cube]
        return mean, np.stack(joint, axis=1)
