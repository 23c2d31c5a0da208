"""Proxy adjustment for parts that are kept or replaced: a smooth model of the measured answers whose limit explanation is known.

With any g, the limit explanation of f is that of g plus that of f - g (MATH section 4). Here g is a Gaussian process on masks
with the kernel exp(-|z - z'|_1 / (length p)), fitted to what the line leaves. Its limit is exact: the number of parts that a
drawn mask shares with a measured one is hypergeometric given how many are kept, so that E k(z, z_i) and E z_j k(z, z_i) are sums over counts.
g is fitted without the replicate that it adjusts, and its own limit taken off, so that nothing is biased by it. Where the cubic of the
linear index (index_proxy.py) leaves less, that is used.
"""

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np

from kabosu.domains.masks import MaskedBlock, moments_of_kept
from kabosu.engines.cubic import Counts
from kabosu.engines.exact import Means
from kabosu.engines.index_proxy import OUTPUTS, Lines, Proxied, adjusted, index_proxy, not_adjustable, words
from kabosu.engines.masks import sloped
from kabosu.engines.sampled import plain, rounds
from kabosu.explain import Neighborhood, weigh
from kabosu.fits import Fit, Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

LENGTHS = (0.1, 0.3, 1.0, 3.0)  # in shares of the parts
NOISES = (1e-3, 1e-2, 1e-1, 1.0)  # variance beside that of the process
TRIED = 384  # draws that choose among them
MOST = 2048  # draws that the process is fitted to; those after it are predicted
PARTS = 256  # more have no sums over counts in reasonable time
ROUNDING = 1e-20  # of the answers' mean square
LOWER = 0.9  # of the residual variance: a proxy that gains less is noise


@dataclass(frozen=True)
class PartsProxy:
    """The sampled engine for dear models of few hundred parts: seconds of our own time instead of many of the model's rows."""

    name: ClassVar[str] = "parts-proxy"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not asked for, or draws whose law is not known by the count."""
        if recipe.proxy != "parts":
            return ""  # nobody asked for it
        return not_adjustable(representation, recipe, PARTS)

    def run(self, model: Model, representation: MaskedBlock, recipe: Recipe) -> Outcome:
        """Rounds as the sampled engine has them."""
        names = np.full(1, "", dtype=object)
        outcome = rounds(model, representation, recipe, partial(_adjusted, model, representation.tilt(recipe.kernel), recipe, names))
        return replace(outcome, adjusted_by=tuple(map(str, names)))


def _adjusted(model: Model, local: MaskedBlock, recipe: Recipe, names: Array, hood: Neighborhood, rows: Array) -> Fit:
    """The plain fit, or that of what the process or the cubic of the linear index leaves, where one leaves less."""
    unadjusted, w = plain(hood, recipe), weigh(hood, recipe.kernel)[0]
    targets, Z, counts = model.targets(hood.prediction), hood.Z[0].astype(np.float64), Counts.of(np.array(local.counts))
    A = np.column_stack([np.ones(len(Z)), Z])
    lines, Y = Lines.of(A, w), hood.Y[0] - hood.Y[0, 0]
    rest = lines.rest(Y)
    total = w @ rest**2
    bends = total > ROUNDING * (w @ Y**2)
    left = np.ones(Y.shape[1])
    g = np.zeros_like(rest)
    if bends.any():
        g = process(Z, rest, w, counts.q, recipe.sampler.replicates)
        left = w @ lines.rest(rest - g) ** 2 / np.where(bends, total, np.inf)
        left = np.where((left < LOWER) & (left > 0), left, 1.0)
    index = index_proxy(hood, recipe, counts, np.arange(len(left)) if len(left) <= OUTPUTS else targets)
    bent = index.left <= left
    by = np.where(bent, index.by, "a smooth model of the parts")
    names[0] = words(by[targets[0]], np.minimum(left, index.left), targets)
    return adjusted(unadjusted, hood, recipe, Proxied(np.where(bent, index.g, g * (left < 1)), np.minimum(left, index.left), by))


def process(Z: Float[Array, "s p"], Y: Float[Array, "s k"], w: Float[Array, "s"], counts: Float[Array, "q"], replicates: int) -> Float[Array, "s k"]:
    """What processes that have not seen them say about the draws, minus the limit of each."""
    s, g = min(len(Z), MOST), np.empty_like(Y)
    length, noise = _chosen(Z[:TRIED], Y[:TRIED], w[:TRIED])
    K = _kernel(Z, Z[:s], length)
    inverse = np.linalg.inv(K[:s] + noise * np.eye(s))
    alpha = inverse @ Y[:s]
    for r in range(replicates):
        fold = np.arange(r, s, replicates)
        of_others = alpha - inverse[:, fold] @ np.linalg.solve(inverse[np.ix_(fold, fold)], alpha[fold])  # 0 in the fold itself
        limit = _limit(Z[:s], of_others, length, counts)
        asked = np.arange(r, len(Z), replicates)
        g[asked] = K[asked] @ of_others - limit.mean[0] - (Z[asked] - limit.center[0]) @ limit.slope[0]
    return g


def _kernel(A: Float[Array, "n p"], B: Float[Array, "m p"], length: float) -> Float[Array, "n m"]:
    return np.exp(-(A.sum(axis=1)[:, None] + B.sum(axis=1) - 2 * (A @ B.T)) / (length * A.shape[1]))


def _chosen(Z: Float[Array, "s p"], Y: Float[Array, "s k"], w: Float[Array, "s"]) -> tuple[float, float]:
    """Length and noise with the least squared error of predicting each draw from the others, all outputs together."""
    best, chosen = np.inf, (LENGTHS[0], NOISES[0])
    scale = np.sqrt(np.maximum(w @ Y**2 / w.sum(), 1e-300))
    for length in LENGTHS:
        value, vector = np.linalg.eigh(_kernel(Z, Z, length))
        along = vector.T @ (Y / scale)
        for noise in NOISES:
            gain = 1 / (np.maximum(value, 0.0) + noise)
            left = (vector @ (gain[:, None] * along)) / np.einsum("ij,j,ij->i", vector, gain, vector)[:, None]
            error = float((w @ left**2).sum())
            if error < best:
                best, chosen = error, (length, noise)
    return chosen


@lru_cache(maxsize=8)
def _sums(p: int, length: float, counts: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """For a mask that keeps i parts: E k, and E z_j k for a part j that it keeps and for one that it does not; (p + 1,) each."""
    from scipy.special import gammaln

    i, o = np.arange(p + 1)[:, None], np.arange(p + 1)[None]
    choose = lambda n, k: np.where((k >= 0) & (k <= n), gammaln(n + 1.0) - gammaln(np.clip(k, 0, n) + 1.0) - gammaln(n - np.clip(k, 0, n) + 1.0), -np.inf)  # noqa: E731  logarithm
    shared = choose(i, o)
    mean, inside, outside = np.zeros(p + 1), np.zeros(p + 1), np.zeros(p + 1)
    for c, share in enumerate(counts):
        if share > 0:
            mass = share * np.exp(shared + choose(p - i, c - o) - choose(np.array(p), np.array(c)) - (i + c - 2 * o) / (length * p))
            mean += mass.sum(axis=1)
            inside += mass @ np.arange(p + 1)
            outside += mass @ (c - np.arange(p + 1))
    return mean, inside / np.maximum(np.arange(p + 1), 1), outside / np.maximum(p - np.arange(p + 1), 1)


def _limit(Z: Float[Array, "s p"], alpha: Float[Array, "s k"], length: float, counts: Float[Array, "q"]) -> Means:
    """Mean and slope of sum_i alpha_i k(., z_i) under the local law."""
    p = Z.shape[1]
    kept = Z.sum(axis=1).astype(np.int64)
    mean, inside, outside = (a[kept][:, None] for a in _sums(p, length, tuple(counts.tolist())))
    level = (alpha * mean).sum(axis=0)
    a1, a2 = moments_of_kept(counts)
    cross = Z.T @ (alpha * (inside - outside)) + (alpha * outside).sum(axis=0) - a1 * level
    covariance = np.where(np.eye(p, dtype=bool), a1, a2) - a1**2
    return Means(level[None], sloped(covariance, cross)[None], np.full((1, p), a1), covariance[None])
