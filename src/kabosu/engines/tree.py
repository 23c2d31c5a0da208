"""Exact LIME of tree ensembles: one pass over the nodes instead of samples (MATH section 3)."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from kabosu.curves import Curves
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import Binding, Refusal, bind, model_columns
from kabosu.engines.ensemble import Ensemble
from kabosu.engines.exact import Effects, Means, linear, outcome_of, unreadable
from kabosu.engines.fill import covariance, exact_means, fill
from kabosu.engines.pullback import sources_of
from kabosu.engines.tables import Nodes, compile_nodes
from kabosu.errors import ReadingError
from kabosu.explain import Neighborhood
from kabosu.fits import Outcome
from kabosu.interactions import strongest
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

TOGETHER = 512  # instances carried through each node together
CLOSE = 1e-4  # relative difference of the read trees from the model's own answer at which the reading is not believed


@dataclass(frozen=True)
class Same:
    """An object as itself, for memory of what was read."""

    it: Any

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it


@lru_cache(maxsize=8)
def _read(original: Same, columns: Same) -> tuple[Ensemble, tuple] | str:
    """The trees of a model and where its columns come from, or why they cannot be read."""
    from kabosu.engines.readers import read

    try:
        final, sources = sources_of(original.it, columns.it)
        ensemble = read(final)
    except Refusal as e:
        return str(e)
    return ensemble if isinstance(ensemble, str) else (ensemble, sources)


@lru_cache(maxsize=8)
def _compiled(original: Same, columns: Same, units: tuple[Same, ...]) -> tuple[Binding, Nodes] | str:
    """The trees in terms of the drawn units; read once per model and table."""
    ensemble, sources = _read(original, columns)
    try:
        binding = bind(sources, columns.it, [u.it for u in units])
        return binding, compile_nodes(ensemble, binding, [u.it for u in units], columns.it)
    except Refusal as e:
        return str(e)


def compiled(model: Model, block: TabularBlock) -> tuple[Binding, Nodes] | str:
    """Of a block, from memory where it was read before."""
    return _compiled(Same(model.original), Same(block.all_columns), tuple(Same(u) for u in block.units))


@dataclass(frozen=True)
class Tree:
    """Exact for decision trees, forests and boosting on the scale where their trees add up."""

    name: ClassVar[str] = "tree"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not a tree, not on this scale, not this neighborhood."""
        reason = unreadable(representation, linear(recipe)) or compiler_missing()
        if reason is not None or not isinstance(representation, TabularBlock):
            return reason
        found = _read(Same(model.original), Same(representation.all_columns))
        if isinstance(found, str):
            return found
        wrong = _scale_refusal(found[0], model)
        ready = compiled(model, representation) if wrong is None else wrong
        return ready if isinstance(ready, str) else None

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Tables of one-dimensional probabilities, then the sweep, a few instances at a time."""
        ensemble, _ = _read(Same(model.original), Same(representation.all_columns))
        binding, nodes = compiled(model, representation)
        prediction = model(representation.instances(), representation.size)
        check(ensemble.predict(model_columns(ensemble, binding, representation)), prediction)
        local = representation.tilt(recipe.kernel)
        slope, mean, center, variance, between = exact_expectations(ensemble, binding, nodes, local)
        means = Means(mean, slope, center, covariance(variance, between))
        outcome = outcome_of(model, representation, local, linear(recipe), means, prediction, _effects(ensemble, binding, nodes, local, mean) if recipe.curves and local.size == 1 else None)
        return _with_pairs(outcome, model, ensemble, binding, nodes, local, recipe) if recipe.interactions and local.size == 1 else outcome


def _effects(ensemble: Ensemble, binding: Binding, nodes: Nodes, local: TabularBlock, mean: Float[Array, "1 k"]) -> Effects:
    from kabosu.engines.tree_curves import additive_fidelity, exact_curves

    def effects(draws: Array, hood: Neighborhood) -> Curves:
        return additive_fidelity(exact_curves(binding, nodes, ensemble.encoders, local), mean[0], local, draws, hood)

    return effects


def _with_pairs(outcome: Outcome, model: Model, ensemble: Ensemble, binding: Binding, nodes: Nodes, local: TabularBlock, recipe: Recipe) -> Outcome:
    from kabosu.engines.tree_pairs import exact_pairs

    gamma, alone = exact_pairs(binding, nodes, ensemble.encoders, local)
    spread = np.full(gamma.shape[2], np.nan) if outcome.spread is None else outcome.spread[0]
    found = strongest(gamma, np.zeros_like(gamma), alone, spread**2, recipe.interactions, local.labels(), model.output_names(gamma.shape[2]), exact=True)
    return replace(outcome, interactions=found)


@cache
def compiler_missing() -> str | None:
    """Why nothing can be compiled; None where it can."""
    return None if find_spec("numba") else "the tree engine needs numba: pip install 'kabosu[trees]'"


def _scale_refusal(ensemble: Ensemble, model: Model) -> str | None:
    if ensemble.scale == "score" and ensemble.link != "identity":
        return "an isolation forest's trees add up to a mean path length, of which its scores are no linear function"
    if ensemble.scale == model.scale or (ensemble.link == "identity" and {ensemble.scale, model.scale} == {"prediction", "margin"}):
        return None
    if ensemble.scale == "margin":
        return f"boosted trees add up on the margin (log-odds), not on the {model.scale}: output='margin' is exact"
    return f"these trees add up on the scale {ensemble.scale!r}, the explained output is a {model.scale!r}"


def check(read: Float[Array, "B k"], prediction: Float[Array, "B k"]) -> None:
    """The trees as read must predict what the model predicts."""
    off = np.abs(read - prediction) / np.maximum(np.abs(prediction).max(), 1e-12)
    if off.max() > CLOSE:
        b = int(off.max(axis=1).argmax())
        raise ReadingError(f"the trees as read predict {read[b].tolist()} where the model predicts {prediction[b].tolist()}")


def exact_expectations(ensemble: Ensemble, binding: Binding, nodes: Nodes, local: TabularBlock) -> tuple[Array, ...]:
    """Cov_q(z)^-1 Cov_q(z, f) (B, p, k), E_q f (B, k), E_q z, the variances of z and the covariances within units (B, p), some instances at a time."""
    space = np.empty((1 + max(law.width for law in local.laws), nodes.rows, min(TOGETHER, local.size)))
    parts = []
    for i in range(0, local.size, TOGETHER):
        filled = fill(nodes, binding, ensemble.encoders, local.take(range(i, min(i + TOGETHER, local.size))), space)
        slope, mean = exact_means(nodes, filled)
        parts.append((slope, mean + ensemble.base, filled.mean, filled.variance, filled.between))
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
