"""From exact expectations to a fit: what every exact engine shares. Exact engines enter the line at the moments."""

from collections.abc import Callable

import numpy as np

from kabosu.curves import Curves
from kabosu.domains.expectations import log_normalizer
from kabosu.domains.tabular import TabularBlock
from kabosu.explain import Neighborhood, measure
from kabosu.fits import Fit, Outcome
from kabosu.kernels import Exponential
from kabosu.moments import Moments
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.samplers import Sobol
from kabosu.surrogates import Ridge, Select
from kabosu.types import Array, Float

CERTIFICATE = 256  # draws that measure the fidelity; the coefficients need none
EVIDENCE = Sobol(8)
Effects = Callable[[Array, Neighborhood], Curves]


def unreadable(representation: Representation, recipe: Recipe) -> str | None:
    """Why the neighborhood or the surrogate has no closed form; None where it has."""
    if not isinstance(representation, TabularBlock):
        return f"a {type(representation).__name__} has no product law over columns"
    if not isinstance(recipe.kernel, Exponential) or recipe.kernel.precision(1) is None:
        return "the local law is a product only under the exponential kernel of the Euclidean distance"
    ridge = recipe.surrogate.then if isinstance(recipe.surrogate, Select) else recipe.surrogate
    if not isinstance(ridge, Ridge) or (isinstance(recipe.surrogate, Select) and recipe.surrogate.by == "lasso_path"):
        return f"the surrogate {recipe.surrogate!r} is not solved from moments"
    return None


def moments_of(
    block: TabularBlock, recipe: Recipe, center: Float[Array, "B p"], covariance: Float[Array, "B p p"], slope: Float[Array, "B p k"], mean: Float[Array, "B k"], prediction: Float[Array, "B k"]
) -> Moments:
    """Moments of the local law (MATH (2)); with lime's first row and total weight where the recipe has them (MATH section 3).

    center, covariance : E_q z, Cov_q(z).  slope : Cov_q(z)^-1 Cov_q(z, f).  mean : E_q f.  f is taken relative to the prediction.
    """
    f = mean - prediction
    B, p = center.shape
    a = np.concatenate([np.ones((B, 1)), center], axis=1)
    gram = a[:, :, None] * a[:, None, :]
    gram[:, 1:, 1:] += covariance
    cross = a[:, :, None] * f[:, None, :]
    cross[:, 1:] += covariance @ slope
    weight = _weight(block, recipe)
    gram, cross = gram * weight[:, None, None], cross * weight[:, None, None]
    if recipe.instance_first:
        a0 = np.concatenate([np.ones((B, 1)), np.broadcast_to(block.origin, (B, p))], axis=1)
        gram = gram + a0[:, :, None] * a0[:, None, :]
    square = np.zeros((B, 1, f.shape[1]))
    return Moments(gram[:, None], cross[:, None], square, np.ones(B), recipe.samples)


def _weight(block: TabularBlock, recipe: Recipe) -> Float[Array, "B"]:
    """Total weight of the sample that the recipe would have drawn: samples times E_D[kernel]."""
    logs = sum(log_normalizer(law) for law in block.laws)
    return recipe.samples * np.exp(np.broadcast_to(logs, (block.size,)))


def solve(moments: Moments, recipe: Recipe, origin: Float[Array, "#B p"]) -> tuple[Float[Array, "B p k"], Float[Array, "B k"], Array]:
    """Coefficients, intercepts, and which features the surrogate has."""
    surrogate = recipe.surrogate
    return surrogate.exact(moments, origin) if isinstance(surrogate, Select) else _all(surrogate.solve(moments).coef, moments)


def _all(coef: Float[Array, "B p k"], moments: Moments) -> tuple[Array, Array, Array]:
    return coef, moments.level[:, 0] - np.einsum("bp,bpk->bk", moments.center[:, 0], coef), np.ones(coef.shape, dtype=bool)


def outcome_of(model: Model, block: TabularBlock, recipe: Recipe, moments: Moments, prediction: Float[Array, "B k"], effects: Effects | None = None) -> Outcome:
    """Solve, and measure the fidelity with some draws; ``effects`` makes the local effect curves of a single instance."""
    coef, intercept, kept = solve(moments, recipe, block.origin)
    B, p, k = coef.shape
    hood = _evidence(model, block, recipe, prediction)
    fidelity, reacted = _fidelity(hood, coef, intercept)
    local = intercept + np.einsum("bp,bpk->bk", np.broadcast_to(block.origin, (B, p)), coef)
    error = np.where(kept, np.where(_still(moments)[..., None], np.inf, 0.0), np.nan)
    fit = Fit(coef, error, intercept, fidelity, fidelity, local, np.full(B, np.nan), np.full(B, np.inf), np.full(B, np.inf)).shifted(prediction)
    draws = 0 if hood is None else hood.Z.shape[1]
    curves = None if effects is None or hood is None else effects(EVIDENCE.draw(block.space, 0, draws, recipe.seed), hood)
    return Outcome(fit, prediction, reacted, np.full(B, 1 + draws), ("exact",) * B, curves)


def _still(moments: Moments) -> Array:
    """(B, p) features that do not vary under q."""
    return np.einsum("bpp->bp", moments.covariance[:, 0]) <= 1e-12 * np.einsum("bpp->bp", moments.gram[:, 0, 1:, 1:])


def _evidence(model: Model, block: TabularBlock, recipe: Recipe, prediction: Float[Array, "B k"]) -> Neighborhood | None:
    s = min(CERTIFICATE, recipe.budget - 1) // 8 * 8
    return measure(model, block, EVIDENCE, 0, s, tilt=recipe.kernel, seed=recipe.seed, prediction=prediction) if s else None


def _fidelity(hood: Neighborhood | None, coef: Float[Array, "B p k"], intercept: Float[Array, "B k"]) -> tuple[Float[Array, "B k"], Float[Array, "B k"]]:
    """R2 of the exact surrogate on the draws, and the share of draws at which the model reacted."""
    if hood is None:
        return np.full(intercept.shape, np.nan), np.full(intercept.shape, np.nan)
    f = hood.Y - hood.prediction[:, None]
    total = ((f - f.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    residual = ((f - intercept[:, None] - hood.Z @ coef) ** 2).sum(axis=1)
    varies = total > 1e-24 * (hood.Y**2).sum(axis=1)
    from kabosu.engines.sampled import reacted

    return np.where(varies, 1 - residual / np.where(varies, total, 1.0), np.nan), reacted(hood)
