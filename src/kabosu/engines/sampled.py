"""The engine for any model: draw, ask, regress; more rounds until the error is small enough or the budget is spent."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kabosu.explain import Neighborhood, fit, measure
from kabosu.fits import Fit, Outcome, relative_error
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Bool, Float


@dataclass(frozen=True)
class Sampled:
    """Monte Carlo, or randomized quasi-Monte Carlo, estimate of the limit explanation with standard errors."""

    name: ClassVar[str] = "sampled"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Never."""
        return None

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Rounds of doubling size; an instance leaves as soon as its own rule ends it."""
        began = time.monotonic()
        B, start = representation.size, 0
        stop = recipe.first_round(representation.origin.shape[1])
        hood: Neighborhood | None = None
        pending, done = np.arange(B), []
        while True:
            more = _measure(model, representation if len(pending) == B else representation.take(pending), recipe, start, stop, hood)
            hood = more if hood is None else hood + more
            fitted = _fit(hood, recipe)
            rules = _ended(fitted, hood.prediction, recipe, stop, time.monotonic() - began, model)
            ended, going = np.flatnonzero(rules != ""), np.flatnonzero(rules == "")
            done.append((pending[ended], fitted.take(ended), hood.prediction[ended], reacted(hood)[ended], np.full(len(ended), 1 + stop), rules[ended]))
            if not len(going):
                break
            pending, hood = pending[going], hood.take(going) if len(ended) else hood
            start, stop = stop, next_round(stop, recipe)
        rows, fits, *rest = zip(*done, strict=True)
        order = np.argsort(np.concatenate(rows))
        prediction, share, calls, rules = (np.concatenate(parts)[order] for parts in rest)
        return Outcome(Fit.stack(fits).take(order), prediction, share, calls, tuple(map(str, rules)))


def next_round(stop: int, recipe: Recipe) -> int:
    """Twice the draws, within the budget and in whole replicates."""
    R = recipe.sampler.replicates or 1
    return min(2 * stop, (recipe.budget - 1) // R * R)


def _measure(model: Model, representation: Representation, recipe: Recipe, start: int, stop: int, before: Neighborhood | None) -> Neighborhood:
    tilt = recipe.kernel if recipe.draws_from == "q" else None
    prediction = None if before is None else before.prediction
    return measure(model, representation, recipe.sampler, start, stop, tilt=tilt, seed=recipe.seed, prediction=prediction)


def _fit(hood: Neighborhood, recipe: Recipe) -> Fit:
    return fit(hood.with_instance() if recipe.instance_first else hood, recipe.kernel, recipe.surrogate, 0 if recipe.instance_first else recipe.sampler.replicates)


def _ended(fitted: Fit, prediction: Float[Array, "B k"], recipe: Recipe, s: int, seconds: float, model: Model) -> Array:
    """(B,) the rule that ends each instance, "" where none does."""
    B = len(prediction)
    if recipe.tolerance is None:
        return np.full(B, "samples", dtype=object)
    error = relative_error(fitted)[np.arange(B), model.targets(prediction)]
    rules = np.where(error <= recipe.tolerance, "tolerance", "").astype(object)
    last = "budget" if next_round(s, recipe) <= s else "time limit" if recipe.time_limit is not None and seconds >= recipe.time_limit else ""
    return np.where((rules == "") & (last != ""), last, rules)


def reacted(hood: Neighborhood) -> Float[Array, "B k"]:
    """Share of draws at which the model differs from its prediction at the instance."""
    return moved(hood).mean(axis=1)


def moved(hood: Neighborhood) -> Bool[Array, "B s k"]:
    """Draws at which the model differs from its prediction at the instance."""
    around = hood.prediction[:, None]
    return np.abs(hood.Y - around) > 1e-12 * np.maximum(np.abs(around), 1e-300)
