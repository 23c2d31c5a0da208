"""Proxy adjustment for parts that are kept or replaced: a smooth model of the measured answers whose limit explanation is known.

With any g, the limit explanation of f is that of g plus that of f - g (MATH section 4). Here g is a Gaussian process on masks
with the kernel exp(-|z - z'|_1 / (length p)), fitted to what the line leaves. Its limit is exact: the number of parts that a
drawn mask shares with a measured one is hypergeometric given how many are kept, so that E k(z, z_i) and E z_j k(z, z_i) are sums over counts.
g is fitted without the replicate that it adjusts, so that nothing is biased by it.
"""

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np

from kabosu.domains.masks import MaskedBlock, moments_of_kept
from kabosu.engines.exact import Means
from kabosu.engines.masks import not_exchangeable, sloped
from kabosu.engines.sampled import plain, rounds
from kabosu.explain import Neighborhood, weigh
from kabosu.fits import Fit, Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.surrogates import Ridge
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
        reason = not_exchangeable(representation, recipe)
        if reason is not None or not isinstance(representation, MaskedBlock):
            return reason
        if representation.p > PARTS:
            return f"{representation.p} parts are more than the {PARTS} that a proxy of parts is made for"
        if not isinstance(recipe.surrogate, Ridge) or recipe.instance_first or recipe.sampler.replicates < 2:
            return "it adjusts coefficients of all features by least squares, from draws in replicates"
        return None

    def run(self, model: Model, representation: MaskedBlock, recipe: Recipe) -> Outcome:
        """Rounds as the sampled engine has them."""
        names = np.full(1, "", dtype=object)
        outcome = rounds(model, representation, recipe, partial(_adjusted, representation.tilt(recipe.kernel), recipe, names))
        return replace(outcome, adjusted_by=tuple(map(str, names)))


def _adjusted(local: MaskedBlock, recipe: Recipe, names: Array, hood: Neighborhood, rows: Array) -> Fit:
    """The plain fit, or that of what the process leaves plus the limit of the process, where that leaves less."""
    unadjusted, w = plain(hood, recipe), weigh(hood, recipe.kernel)
    rest = hood.Y[0] - unadjusted.intercept[0] - hood.Z[0] @ unadjusted.coef[0]
    g, limit = process(hood.Z[0].astype(np.float64), rest, w[0], np.array(local.counts), recipe.sampler.replicates)
    names[0] = ""
    left, total = ((w[0] @ r**2).sum() for r in (rest - g, rest))
    if not (left < LOWER * total and total > ROUNDING * (w[0] @ hood.Y[0] ** 2).sum()):
        return unadjusted
    names[0] = "smooth model of the parts"
    apart = recipe.surrogate.fit(hood.Z, (rest - g)[None], np.broadcast_to(w, (1, len(g))), hood.origin, recipe.sampler.replicates)
    coef = unadjusted.coef + apart.coef + limit.slope
    local_answer = (limit.mean - np.einsum("bp,bpk->bk", limit.center, limit.slope)) + unadjusted.intercept + apart.intercept + coef.sum(axis=1)
    return replace(unadjusted, coef=coef, std_error=apart.std_error, dof=apart.dof, intercept=local_answer - coef.sum(axis=1), local=local_answer)


def process(Z: Float[Array, "s p"], Y: Float[Array, "s k"], w: Float[Array, "s"], counts: Float[Array, "q"], replicates: int) -> tuple[Float[Array, "s k"], Means]:
    """What processes that have not seen them say about the draws, and the limit of their mean."""
    s = min(len(Z), MOST)
    length, noise = _chosen(Z[:TRIED], Y[:TRIED], w[:TRIED])
    K = _kernel(Z[:s], Z[:s], length)
    inverse = np.linalg.inv(K + noise * np.eye(s))
    alpha = inverse @ Y[:s]
    g, mean = np.empty_like(Y), np.zeros_like(alpha)
    for r in range(replicates):
        fold = np.arange(r, s, replicates)
        held_out = np.linalg.solve(inverse[np.ix_(fold, fold)], alpha[fold])
        g[fold] = Y[fold] - held_out
        mean += alpha - inverse[:, fold] @ held_out  # 0 in the fold itself
    mean /= replicates
    if len(Z) > s:
        g[s:] = _kernel(Z[s:], Z[:s], length) @ mean
    return g, _limit(Z[:s], mean, length, counts)


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
