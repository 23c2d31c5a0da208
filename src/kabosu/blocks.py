"""One block of instances: at which kernel width, by which engine, in the words and units of its features."""

from dataclasses import replace

import numpy as np

from kabosu.diagnostics.ranking import SHOWN, rank_confidence
from kabosu.domains.masks import MaskedBlock
from kabosu.domains.reach import effective_radius
from kabosu.domains.varied import VariedBlock
from kabosu.errors import EngineError, InputError, ReadingError
from kabosu.explanations import Block
from kabosu.fits import Outcome, known, relative_error
from kabosu.kernels import Exponential, cosine, radius
from kabosu.protocols import Engine, Kernel, Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array


def blocks_of(model: Model, representation: Representation, recipe: Recipe) -> list[Block]:
    """One block of all instances; of each by itself where a rule takes its kernel's width, or where it has too many parts."""
    from kabosu.coarse import coarse_to_fine, too_many

    parts = too_many(representation, recipe)
    if parts is not None:
        return [coarse_to_fine(model, parts, recipe)]
    if recipe.auto_width is None:
        return [_block(model, representation, recipe)]
    return [_at_own_width(model, representation.take([b]), recipe) for b in range(representation.size)]


def _at_own_width(model: Model, representation: Representation, recipe: Recipe) -> Block:
    """Half of the budget finds the width, the rest explains at it."""
    from kabosu.widths import width_path

    path = width_path(model, representation, replace(recipe, budget=recipe.budget // 2))
    kernel = path.kernels[path.taken]
    block = _block(model, representation, replace(recipe, auto_width=None, kernel=kernel, budget=recipe.budget - path.n_model_calls))
    return replace(block, n_model_calls=block.n_model_calls + path.n_model_calls, width_rule=path.rule)


def _block(model: Model, representation: Representation, recipe: Recipe) -> Block:
    refusals, recipe = {}, recipe.for_features(representation.origin.shape[1])
    while True:
        engine, refusals = choose(model, representation, recipe, refusals)
        try:
            return assemble(model, representation, recipe, engine.name, refusals, engine.run(model, representation, recipe))
        except ReadingError as e:
            refusals = refusals | {engine.name: str(e)}


def assemble(model: Model, representation: Representation, recipe: Recipe, engine: str, refusals: dict[str, str], outcome: Outcome) -> Block:
    """A fit in the words and units of its features."""
    labels, fitted = representation.labels(), outcome.fit
    B, p = len(fitted.coef), fitted.coef.shape[1]
    center, scale = (np.broadcast_to(a, (B, p)) for a in (labels.center, labels.scale))
    with np.errstate(over="ignore", invalid="ignore"):
        coef = fitted.coef / scale[..., None]
        intercept = fitted.intercept - np.einsum("bp,bpk->bk", center, coef)
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        raise InputError("the coefficients leave floating point: answers and columns are of too different sizes; rescale the model's answers or the columns")
    width = recipe.kernel.at(p) if isinstance(recipe.kernel, Exponential) else float("nan")
    return Block(
        labels=labels,
        output_names=model.output_names(fitted.coef.shape[2]),
        output_scale=model.scale_of(outcome.prediction),
        targets=model.targets(outcome.prediction),
        coef=coef,
        std_error=known(fitted.std_error, labels.rare) / np.abs(scale)[..., None],
        intercept=intercept,
        prediction=outcome.prediction,
        local_prediction=fitted.local,
        r2=fitted.r2,
        fidelity=fitted.fidelity,
        monte_carlo_error=relative_error(fitted),
        reacted=outcome.reacted,
        z=center + scale * representation.origin,
        dof=fitted.dof,
        condition_number=fitted.condition_number,
        effective_sample_size=fitted.effective_sample_size,
        n_model_calls=outcome.n_model_calls,
        ended_by=outcome.ended_by,
        engine=engine,
        refusals=refusals,
        recipe=recipe.name,
        kernel_width=width,
        radius=_or(effective_radius(representation, recipe.kernel, recipe.seed), np.full(B, _radius(recipe.kernel, width))),
        random_state=recipe.seed,
        width_rule="",
        adjusted_by=outcome.adjusted_by or ("",) * B,
        design=outcome.designs or ("",) * B,
        curves=outcome.curves,
        interactions=outcome.interactions,
        spread=_or(outcome.spread, np.full(outcome.prediction.shape, np.nan)),
        rank_confidence=rank_confidence(fitted.coef, fitted.std_error, recipe.top_k or SHOWN),
        off_manifold=np.full(B, np.nan),
        top_k=min(recipe.top_k or SHOWN, p),
        forecast=_or(outcome.forecast, np.zeros(B)),
        found=outcome.found,
    )


def _radius(kernel: Kernel, width: float) -> float:
    """What the width means where columns are independent."""
    return radius(width) if isinstance(kernel, Exponential) and kernel.distance is not cosine else float("nan")


def _or(given: Array | None, else_: Array) -> Array:
    return else_ if given is None else given


def choose(model: Model, representation: Representation, recipe: Recipe, refused: dict[str, str] | None = None) -> tuple[Engine, dict[str, str]]:
    """The first engine that applies, and why those before it do not. ``engine="exact"`` never falls back to sampling."""
    from kabosu.engines import ENGINES, MASK_ENGINES

    refusals = dict(refused or {})
    for engine in recipe.engines or (MASK_ENGINES if isinstance(representation, (MaskedBlock, VariedBlock)) else ENGINES):
        if engine.name not in refusals and recipe.engine in ("auto", "exact" if engine.exact else "sampled", engine.name):
            reason = engine.refuses(model, representation, recipe)
            if reason is None:
                return engine, refusals
            refusals |= {engine.name: reason} if reason else {}  # "": nobody asked for it
    why = "; ".join(f"{name}: {reason}" for name, reason in refusals.items()) or "no such engine is installed"
    raise EngineError(f"engine={recipe.engine!r} cannot explain this model ({why}); use engine='auto' or 'sampled' for an estimate with error bars")
