"""Bent lines of a table's columns whose limit explanation is known: columns are independent under the local law.

With h the coordinates, standardized, and v = b'h:

    v^2, v^3, and h_j v, h_j v^2, h_j^2 for every column j: moments to the fourth;
    1 / (1 + exp(-a - v)): a sum of cosines, whose means are values of characteristic functions, exp(-t^2/2) for a normal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kabosu.domains.components import components
from kabosu.domains.laws import Law
from kabosu.types import Array, Bool, Float, Int

REACH = 7.0  # standard deviations of v that the cosines describe
STEP = 0.25  # between the places where the step is read
MOST = 4096  # of these places
DECAYED = 8.0  # standard deviations of the normal part times frequency, from where its characteristic function is 0


@dataclass(frozen=True)
class Columns:
    """Coordinates of one row under the local law.

    mean, sd : (p,) of the coordinates.  known : (p,) columns whose law is; the others have no part in bent lines.
    owner, share, place, width : (c,) column, probability, mean and standard deviation of each component, standardized.
    skew, tail : (p,) E h^3 and E h^4.
    """

    mean: Float[Array, "p"]
    sd: Float[Array, "p"]
    known: Bool[Array, "p"]
    owner: Int[Array, "c"]
    share: Float[Array, "c"]
    place: Float[Array, "c"]
    width: Float[Array, "c"]
    skew: Float[Array, "p"]
    tail: Float[Array, "p"]

    @classmethod
    def of(cls, laws: Sequence[Law], b: int = 0) -> "Columns":
        """Of the tilted laws of row number b."""
        p = sum(law.width for law in laws)
        means, sds, known, parts, j = np.zeros(p), np.ones(p), np.zeros(p, dtype=bool), [], 0
        for law in laws:
            found = components(law, b)
            if found is not None:
                share, place, width = found
                mean = share @ place
                sd = float(np.sqrt(share @ ((place - mean) ** 2 + width**2)))
                if sd > 1e-12 * max(abs(mean), 1e-150):
                    means[j], sds[j], known[j] = mean, sd, True
                    parts.append(np.stack([np.full(len(share), j), share, (place - mean) / sd, width / sd]))
            j += law.width
        owner, share, place, width = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
        owner = owner.astype(np.int64)
        sums = lambda a: np.bincount(owner, share * a, minlength=p)  # noqa: E731
        return cls(means, sds, known, owner, share, place, width, sums(place**3 + 3 * place * width**2), sums(place**4 + 6 * (place * width) ** 2 + 3 * width**4))

    @property
    def center(self) -> float:
        """E_q of h."""
        return 0.0

    def units(self, Z: Float[Array, "s p"], w: Float[Array, "s"]) -> tuple[Float[Array, "p"], Float[Array, "p"]]:
        """Mean and standard deviation of the coordinates; where their law is not known, those of the weighted draws."""
        mean = w @ Z / w.sum()
        sd = np.sqrt(w @ (Z - mean) ** 2 / w.sum())
        return np.where(self.known, self.mean, mean), np.where(self.known, self.sd, np.where(sd > 0, sd, 1.0))

    def index(self, slope: Float[Array, "p"]) -> Float[Array, "p"]:
        """Weights b of an index of variance 1; 0 where nothing has a slope."""
        b = np.where(self.known, slope, 0.0)
        norm = np.sqrt(b @ b)
        return b / norm if norm > 0 else b

    def features(self, h: Float[Array, "s p"], b: Float[Array, "p"]) -> Float[Array, "s d"]:
        """The cubic's terms at some draws."""
        v, x = h @ b, h[:, self.known]
        return np.concatenate([np.stack([v**2, v**3], axis=1), x * v[:, None], x * (v**2)[:, None], x**2], axis=1)

    def limits(self, b: Float[Array, "p"]) -> tuple[Float[Array, "d"], Float[Array, "p d"]]:
        """E_q of each term, and its limit explanation."""
        own, skew, tail = self.known, self.skew, self.tail
        mean = np.concatenate([[b @ b, b**3 @ skew], b[own], (b**2 * skew)[own], np.ones(own.sum())])
        with_v2 = 2 * np.outer(b, b) + np.diag(b**2 * (tail - 3) + b @ b)  # E h_i h_j v^2
        line = [b**2 * skew, b**3 * tail + 3 * b * (b @ b - b**2)]
        return mean, np.column_stack([*line, np.diag(b * skew)[:, own], with_v2[:, own], np.diag(skew)[:, own]])

    def step(self, level: float, b: Float[Array, "p"]) -> tuple[float, Float[Array, "p"]]:
        """E_q of 1 / (1 + exp(-level - b'h)), and its limit explanation."""
        from scipy.fft import dct
        from scipy.special import expit

        jump = np.abs(b[self.owner] * self.place).max(initial=0.0)
        R = REACH * np.sqrt(b @ b) + 2 * jump
        if R == 0:
            return float(expit(level)), np.zeros_like(b)
        n = int(min(MOST, 1 << int(np.ceil(np.log2(max(64.0, 2 * R / STEP))))))
        wave = dct(expit(level - R + 2 * R * (np.arange(n) + 0.5) / n), type=2) / n
        wave[0] /= 2
        normal = np.sqrt((b[self.owner] ** 2 * self.width**2) @ (self.share == 1.0))
        n = n if normal == 0 else min(n, 1 + int(np.ceil(DECAYED * 2 * R / (np.pi * normal))))
        t = np.pi * np.arange(n) / (2 * R)
        turned = wave[:n] * np.exp(1j * t * R)
        mean, joint = self._characteristic(t, b)
        return float((turned @ mean).real), (turned @ joint).real

    def _characteristic(self, t: Float[Array, "t"], b: Float[Array, "p"]) -> tuple[Array, Array]:
        """E exp(i t v), and E h_j exp(i t v) for each column."""
        at = t[:, None] * b[self.owner]
        wave = self.share * np.exp(1j * at * self.place - 0.5 * (at * self.width) ** 2)
        first = np.flatnonzero(np.diff(self.owner, prepend=-1))
        own = np.add.reduceat(wave, first, axis=1)
        bent = np.add.reduceat(wave * (self.place + 1j * at * self.width**2), first, axis=1)
        one = np.ones((len(t), 1))
        before, after = np.cumprod(np.hstack([one, own]), axis=1), np.cumprod(np.hstack([own, one])[:, ::-1], axis=1)[:, ::-1]
        joint = np.zeros((len(t), len(b)), dtype=complex)
        joint[:, self.owner[first]] = before[:, :-1] * bent * after[:, 1:]
        return before[:, -1], joint
