"""The engine for any model: draw, ask, regress; more rounds until the error is small enough or the budget is spent."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Any, ClassVar

import numpy as np

from kabosu.diagnostics.flags import FEW
from kabosu.diagnostics.ranking import draws_for, rank_confidence
from kabosu.domains.balance import mixed
from kabosu.domains.masks import MaskedBlock
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.design import design
from kabosu.engines.drawn_curves import drawn_curves
from kabosu.engines.drawn_pairs import drawn_pairs
from kabosu.engines.learned import by_proxy
from kabosu.explain import ALIGNED, BLOCK, Neighborhood, fit, measure
from kabosu.fits import Fit, Outcome, relative_error, tamed
from kabosu.kernels import Balanced, Halfway
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel, Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Bool, Float

HELD = 2  # blocks of numbers that one group of instances may grow to
RATE, AVERAGED = 0.65, 3  # errors of scrambled nets fall with this power of the draws, measured (tests/laws/test_budget.py); rounds of a forecast


@dataclass(frozen=True)
class Sampled:
    """Monte Carlo, or randomized quasi-Monte Carlo, estimate of the limit explanation with standard errors."""

    name: ClassVar[str] = "sampled"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Never."""
        return None

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Rounds of doubling size, each fitted by the surrogate of the recipe."""
        if recipe.proxy is None:
            return rounds(model, representation, recipe, lambda hood, _: plain(hood, recipe))
        names = np.full(representation.size, "", dtype=object)
        outcome = rounds(model, representation, recipe, lambda hood, rows: by_proxy(plain(hood, recipe), hood, representation, recipe, names, rows))
        return replace(outcome, adjusted_by=tuple(map(str, names)))


def rounds(model: Model, representation: Representation, recipe: Recipe, fitted_by: Callable[[Neighborhood, Array], Fit]) -> Outcome:
    """Rounds of doubling size; an instance leaves as soon as its own rule ends it.

    fitted_by : from the draws so far, and the positions of the instances that still run, to their fit.
    """
    began = time.monotonic()
    B, p = representation.size, representation.origin.shape[1]
    done: list[tuple[Any, ...]] = []
    waiting: list[tuple[Array, Neighborhood | None, Array, int, int]] = [(np.arange(B), None, np.empty((0, B)), 0, recipe.first_round(p))]
    while waiting:
        pending, hood, totals, start, stop = waiting.pop()
        more = _measure(model, representation if len(pending) == B else representation.take(pending), recipe, start, stop, hood)
        hood = more if hood is None else hood + more
        fitted = fitted_by(hood, pending)
        rules, factor = _ended(fitted, hood.prediction, recipe, stop, time.monotonic() - began, model)
        totals, forecast = forecasts(totals, stop, factor, recipe.sampler.replicates)
        ended, going = np.flatnonzero(rules != ""), np.flatnonzero(rules == "")
        found = (hood.prediction, reacted(hood), spread(hood), rules, forecast, underflow(hood, fitted, recipe.kernel), np.array(design(hood, recipe.sampler), dtype=object))
        done.append((pending[ended], fitted.take(ended), *(a[ended] for a in found), 1 + hood.rows_asked[ended]))
        start, stop = stop, next_round(stop, recipe)
        groups = _groups(going, stop * p)
        waiting += [(pending[some], hood if len(some) == len(pending) else hood.take(some), totals[:, some], start, stop) for some in reversed(groups)]
    return replace(_gathered(done, recipe, model), curves=drawn_curves(hood, representation, recipe), interactions=drawn_pairs(hood, model, representation, recipe))


def _groups(going: Array, size: int) -> list[Array]:
    """Instances whose next draws, of ``size`` numbers each, fit in memory together; the others wait with what they have."""
    most = max(1, HELD * BLOCK // size)
    return [going[i : i + most] for i in range(0, len(going), most)]


def _gathered(done: Sequence[tuple[Any, ...]], recipe: Recipe, model: Model) -> Outcome:
    """The instances in their own order again."""
    rows, fits, *rest = zip(*done, strict=True)
    order = np.argsort(np.concatenate(rows))
    prediction, share, spreads, rules, forecast, lost, made, calls = (np.concatenate(parts)[order] for parts in rest)
    fitted = Fit.stack(fits).take(order)
    found = {"kernel-underflow": tuple(map(str, lost)), "unsettled-ranking": _unsettled(fitted, recipe, model.targets(prediction))}
    return Outcome(fitted, prediction, share, calls, tuple(map(str, rules)), spread=spreads, forecast=forecast, found=found, design=tuple(made))


def next_round(stop: int, recipe: Recipe) -> int:
    """Twice the draws, within the budget, in whole replicates and in numbers that matrix products cut alike in any company."""
    step = lcm(recipe.sampler.replicates or 1, ALIGNED)
    return max(stop, min(2 * stop, (recipe.budget - 1) // step * step))


def _measure(model: Model, representation: Representation, recipe: Recipe, start: int, stop: int, before: Neighborhood | None) -> Neighborhood:
    tilt = DRAWN_FROM[recipe.draws_from](representation, recipe.kernel)
    return measure(model, representation, recipe.sampler, start, stop, tilt=tilt, seed=recipe.seed, before=before)


def plain(hood: Neighborhood, recipe: Recipe) -> Fit:
    """The surrogate of the recipe on the draws as they are."""
    return fit(hood.with_instance() if recipe.instance_first else hood, recipe.kernel, recipe.surrogate, 0 if recipe.instance_first else recipe.sampler.replicates)


def _ended(fitted: Fit, prediction: Float[Array, "B k"], recipe: Recipe, s: int, seconds: float, model: Model) -> tuple[Array, Float[Array, "B"]]:
    """(B,) the rule that ends each instance, "" where none does; (B,) how many times the draws would meet one, errors falling with their root."""
    B = len(prediction)
    if not recipe.adaptive:
        return np.full(B, "samples", dtype=object), np.ones(B)
    targets = model.targets(prediction)
    factors = {name: factor(fitted, recipe, targets) for name, factor in RULES.items()}
    rules = np.select([f <= 1 for f in factors.values()], list(factors), "").astype(object)
    last = "budget" if next_round(s, recipe) <= s else "time limit" if recipe.time_limit is not None and seconds >= recipe.time_limit else ""
    return np.where((rules == "") & (last != ""), last, rules), np.min(list(factors.values()), axis=0)


def forecasts(before: Float[Array, "g B"], s: int, factor: Float[Array, "B"], replicates: int) -> tuple[Float[Array, "r B"], Float[Array, "B"]]:
    """Logarithms of the draws that each round says would meet a rule, and about how many more these are, 0 where it is met.

    An error is itself an estimate, and tells the draws only within a factor of two or three: the last rounds are averaged. ``factor`` is
    for errors that fall with the root of the number of draws; those of scrambled nets fall faster.

    before : of the rounds before.
    """
    with np.errstate(divide="ignore"):
        own = np.log(s) + np.log(factor) / (2 * RATE if replicates else 1.0)
    totals = np.concatenate([before, own[None]])
    last = totals[-AVERAGED:]
    known = np.isfinite(last)
    mean = np.where(known, last, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    with np.errstate(over="ignore"):
        wanted = np.exp(np.where(np.isfinite(own) & (mean > np.log(s)), mean, own))
    return totals, np.where(factor > 1, np.ceil(wanted - s), 0.0)


def _for_tolerance(fitted: Fit, recipe: Recipe, targets: Array) -> Float[Array, "B"]:
    """How many times the draws would make the error tolerable: it falls with the root of their number, or faster."""
    error = relative_error(fitted)[np.arange(len(targets)), targets]
    with np.errstate(over="ignore"):
        return np.full(len(targets), np.inf) if recipe.tolerance is None else np.where(np.isnan(error), np.inf, (error / recipe.tolerance) ** 2)


def _for_order(fitted: Fit, recipe: Recipe, targets: Array) -> Float[Array, "B"]:
    """How many times the draws would settle the order of the top K."""
    if recipe.top_k is None:
        return np.full(len(targets), np.inf)
    rows = np.arange(len(targets))
    return draws_for(fitted.coef[rows, :, targets, None], fitted.std_error[rows, :, targets, None], recipe.top_k, recipe.confidence)[:, 0]


def _unsettled(fitted: Fit, recipe: Recipe, targets: Array) -> tuple[str, ...]:
    """(B,) words where an order was asked for and is not settled; "" elsewhere."""
    if recipe.top_k is None:
        return ("",) * len(targets)
    sure = rank_confidence(fitted.coef, fitted.std_error, recipe.top_k)[np.arange(len(targets)), targets]
    return tuple(f"the order of the first {recipe.top_k} is the limit's with probability {c:.2f}" if not c >= recipe.confidence else "" for c in sure)


def _halfway(representation: Representation, kernel: Kernel) -> Kernel | None:
    """Half from the local law, half from the draw law, where the kernel's mean is known; else from the draw law."""
    local = representation.tilt(kernel) if isinstance(representation, MaskedBlock) else None
    return None if local is None else Halfway(kernel, local.log_total)


def _balanced(representation: Representation, kernel: Kernel) -> Kernel:
    """From the local law, by optimum allocation where columns are drawn each by itself and some have levels or points."""
    return Balanced(kernel) if isinstance(representation, TabularBlock) and mixed(representation.laws) else kernel


DRAWN_FROM: Mapping[str, Callable[[Representation, Kernel], Kernel | None]] = {"q": lambda _, kernel: kernel, "D": lambda *_: None, "half": _halfway, "balanced": _balanced}
RULES = {"tolerance": _for_tolerance, "top-k order": _for_order}


def underflow(hood: Neighborhood, fitted: Fit, kernel: Kernel) -> Array:
    """(B,) words where the kernel's weights, computed as they are written, would all be 0; "" elsewhere."""
    few = fitted.effective_sample_size < FEW
    if not few.any() or hood.tilt is not None:
        return np.full(len(few), "", dtype=object)
    nearest = np.broadcast_to(log_weights(kernel, *hood.seen).max(axis=1), few.shape)
    return np.where(few & (nearest < np.log(np.finfo(np.float64).tiny)), "every draw is so far away that its kernel weight is 0 in floating point; the nearest few decide", "").astype(object)


def reacted(hood: Neighborhood) -> Float[Array, "B k"]:
    """Share of draws at which the model differs from its prediction at the instance."""
    return moved(hood).mean(axis=1)


def spread(hood: Neighborhood) -> Float[Array, "B k"]:
    """Standard deviation of the answers, in units that keep their squares in floating point."""
    shared = hood.Y.strides[0] == 0  # all instances have the same answers
    Y, power = tamed(hood.Y[:1] if shared else hood.Y)
    return np.repeat(np.ldexp(Y.std(axis=1), power), len(hood.Y) if shared else 1, axis=0)


def moved(hood: Neighborhood) -> Bool[Array, "B s k"]:
    """Draws at which the model differs from its prediction at the instance."""
    around = hood.prediction[:, None]
    away = hood.Y - around
    return np.abs(away, out=away) > 1e-12 * np.maximum(np.abs(around), 1e-300)
