"""From exact expectations to a fit: what every exact engine shares. Exact engines enter the line at the moments."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kabosu.curves import Curves
from kabosu.domains.expectations import log_normalizer
from kabosu.domains.masks import MaskedBlock
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.sampled import moved
from kabosu.explain import CERTIFICATE, Neighborhood, measure
from kabosu.fits import Fit, Outcome
from kabosu.kernels import Exponential
from kabosu.moments import Moments
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.samplers import Sobol
from kabosu.surrogates import Additive, Ridge, Select
from kabosu.types import Array, Bool, Float

EVIDENCE = Sobol(8)
Effects = Callable[[Array, Neighborhood], Curves]


def unreadable(representation: Representation, recipe: Recipe) -> str | None:
    """Why the neighborhood or the surrogate has no closed form; None where it has."""
    if not isinstance(representation, TabularBlock):
        return f"the neighborhood ({type(representation).__name__}) is no product of one law a column"
    if not isinstance(recipe.kernel, Exponential) or recipe.kernel.precision(1) is None:
        return "the local law is a product only under the exponential kernel of the Euclidean distance"
    return unsolvable(recipe)


def unsolvable(recipe: Recipe) -> str | None:
    """Why the surrogate is not solved from moments; None where it is."""
    if isinstance(recipe.surrogate, Additive):
        return "the curves of an additive surrogate are drawn"
    ridge = recipe.surrogate.then if isinstance(recipe.surrogate, Select) else recipe.surrogate
    if not isinstance(ridge, Ridge) or (isinstance(recipe.surrogate, Select) and recipe.surrogate.by == "lasso_path"):
        return f"the surrogate {recipe.surrogate!r} is not solved from moments"
    return None


def linear(recipe: Recipe) -> Recipe:
    """The recipe with the linear part of its surrogate: what an engine needs that has curves of its own."""
    return replace(recipe, surrogate=recipe.surrogate.then) if isinstance(recipe.surrogate, Additive) else recipe


@dataclass(frozen=True)
class Means:
    """What an exact engine finds: E_q f, Cov_q(z)^-1 Cov_q(z, f), E_q z and Cov_q(z) (MATH (2))."""

    mean: Float[Array, "B k"]
    slope: Float[Array, "B p k"]
    center: Float[Array, "#B p"]
    covariance: Float[Array, "#B p p"]

    @property
    def still(self) -> Bool[Array, "#B p"]:
        """Features that do not vary under q."""
        variance = np.einsum("bpp->bp", self.covariance)
        return variance <= 1e-12 * (variance + self.center**2)


def moments_of(local: TabularBlock | MaskedBlock, recipe: Recipe, means: Means, prediction: Float[Array, "B k"]) -> Moments:
    """Moments of the local law, with lime's first row and total weight where the recipe has them (MATH section 3).

    f is taken relative to E_q f and z to E_q z, so that their levels cost no digits and unused features get exactly 0.
    """
    weight = _weight(local, recipe)[:, None, None]
    p = means.center.shape[1]
    gram = np.zeros((len(means.covariance), p + 1, p + 1))
    gram[:, 0, 0], gram[:, 1:, 1:] = 1.0, np.where(means.still[:, :, None] | means.still[:, None], 0.0, means.covariance)
    cross = np.concatenate([np.zeros((len(means.mean), 1, means.mean.shape[1])), means.covariance @ means.slope], axis=1)
    gram, cross = gram * weight, cross * weight
    if recipe.instance_first:
        a0 = _with_one(local.origin - means.center)
        gram, cross = gram + a0[:, :, None] * a0[:, None, :], cross + a0[:, :, None] * (prediction - means.mean)[:, None, :]
    return Moments(gram[:, None], cross[:, None], np.zeros((len(cross), 1, cross.shape[2])), np.ones(len(gram)), recipe.samples)


def _with_one(z: Float[Array, "b p"]) -> Float[Array, "b q"]:
    return np.concatenate([np.ones((len(z), 1)), z], axis=1)


def _weight(block: TabularBlock | MaskedBlock, recipe: Recipe) -> Float[Array, "#B"]:
    """Total weight of the sample that the recipe would have drawn: samples times E_D[kernel]."""
    log_total = np.array([block.log_total]) if isinstance(block, MaskedBlock) else sum(log_normalizer(law) for law in block.laws)
    return recipe.samples * np.exp(log_total)


def solve(moments: Moments, recipe: Recipe, origin: Float[Array, "#B p"]) -> tuple[Float[Array, "B p k"], Float[Array, "B k"], Array]:
    """Coefficients, intercepts in the coordinates of the moments, and which features the surrogate has."""
    surrogate = recipe.surrogate
    return surrogate.exact(moments, origin) if isinstance(surrogate, Select) else _all(surrogate.solve(moments).coef, moments)


def _all(coef: Float[Array, "B p k"], moments: Moments) -> tuple[Array, Array, Array]:
    return coef, moments.level[:, 0] - np.einsum("bp,bpk->bk", moments.center[:, 0], coef), np.ones(coef.shape, dtype=bool)


def outcome_of(model: Model, block: TabularBlock | MaskedBlock, local: TabularBlock | MaskedBlock, recipe: Recipe, means: Means, prediction: Float[Array, "B k"], effects: Effects | None = None) -> Outcome:
    """Solve, and measure the fidelity with some draws; ``effects`` makes the local effect curves of a single instance."""
    hood = _evidence(model, block, recipe, prediction)
    made = certified(local, recipe, means, prediction, hood)
    return made if effects is None or hood is None else replace(made, curves=effects(EVIDENCE.draw(block.space, 0, hood.Z.shape[1], recipe.seed), hood))


def certified(local: TabularBlock | MaskedBlock, recipe: Recipe, means: Means, prediction: Float[Array, "B k"], hood: Neighborhood | None, w: Float[Array, "#B s"] | None = None) -> Outcome:
    """Solve; the fidelity on a neighborhood, whose draws weigh ``w``, or all the same."""
    moments = moments_of(local, recipe, means, prediction)
    coef, intercept, kept = solve(moments, recipe, local.origin)
    B, p = coef.shape[:2]
    intercept = intercept - np.einsum("bp,bpk->bk", np.broadcast_to(means.center, (B, p)), coef)
    surrogate = intercept + np.einsum("bp,bpk->bk", np.broadcast_to(local.origin, (B, p)), coef)
    still = means.still & ~((means.center != local.origin) & recipe.instance_first)
    error = np.where(kept, np.where(still[..., None], np.inf, 0.0), np.nan)
    fidelity, changed, spread = _fidelity(hood, means.mean, coef, intercept, w)
    fit = Fit(coef, error, intercept, fidelity, fidelity, surrogate, np.full(B, np.nan), np.full(B, np.inf), np.full(B, np.inf)).shifted(means.mean)
    return Outcome(fit, prediction, changed, np.full(B, 1 + (0 if hood is None else hood.Z.shape[1])), ("exact",) * B, spread=spread)


def _evidence(model: Model, block: TabularBlock | MaskedBlock, recipe: Recipe, prediction: Float[Array, "B k"]) -> Neighborhood | None:
    s = min(CERTIFICATE, recipe.budget - 1) // 8 * 8
    return measure(model, block, EVIDENCE, 0, s, tilt=recipe.kernel, seed=recipe.seed, prediction=prediction) if s else None


def _fidelity(
    hood: Neighborhood | None, around: Float[Array, "B k"], coef: Float[Array, "B p k"], intercept: Float[Array, "B k"], w: Float[Array, "#B s"] | None
) -> tuple[Float[Array, "B k"], Float[Array, "B k"], Float[Array, "B k"]]:
    """R2 of the exact surrogate, of f relative to ``around``, on the draws; the share of draws at which the model reacted; how widely it did."""
    if hood is None:
        return (np.full(intercept.shape, np.nan),) * 3
    w = np.full((1, hood.Z.shape[1]), 1 / hood.Z.shape[1]) if w is None else w
    f = hood.Y - around[:, None]
    over = lambda a: (w[..., None] * a).sum(axis=1)  # noqa: E731  mean over the draws
    total = over((f - over(f)[:, None]) ** 2)
    residual = over((f - intercept[:, None] - hood.Z @ coef) ** 2)
    varies = total > 1e-24 * over(hood.Y**2)
    return np.where(varies, 1 - residual / np.where(varies, total, 1.0), np.nan), over(moved(hood)), np.sqrt(total)
