"""Exact LIME of any model where the neighborhood has few points: ask for all of them, each with its probability."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import ClassVar

import numpy as np

from kabosu.domains.laws import LevelLaw, NumberLaw
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.exact import Means, certified, unreadable
from kabosu.engines.states import probabilities
from kabosu.explain import Neighborhood
from kabosu.fits import Fit, Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

Points = tuple[Array, Float[Array, "C w"], Float[Array, "C"]]
"""A unit's cells, coordinates and probabilities."""


@dataclass(frozen=True)
class Enumerate:
    """Exact for every model, functions too, where categories and repeated values are all that varies and fit the budget."""

    name: ClassVar[str] = "enumerate"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """A column that varies continuously, or too many joint states."""
        reason = unreadable(representation, recipe)
        if reason is not None or not isinstance(representation, TabularBlock):
            return reason
        counts = [_count(law) for law in representation.laws]
        if endless := [unit.name for unit, n in zip(representation.units, counts, strict=True) if n is None]:
            return f"{', '.join(endless[:3])}{' and others' if len(endless) > 3 else ''}: drawn from a continuum"
        states = float(np.prod(np.array(counts, dtype=np.float64)))
        return None if states <= recipe.budget - 1 else f"{states:.3g} joint states and the instance are more than the budget of {recipe.budget} rows"

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """One instance after the other: its states may be its own."""
        prediction = model(representation.instances(), representation.size)
        local = representation.tilt(recipe.kernel)
        parts = [_one(model, local.take([b]), recipe, prediction[b : b + 1]) for b in range(local.size)]
        reacted, calls, spread = (np.concatenate([getattr(o, name) for o in parts]) for name in ("reacted", "n_model_calls", "spread"))
        return Outcome(Fit.stack([o.fit for o in parts]), prediction, reacted, calls, ("exact",) * local.size, spread=spread)


def _count(law: LevelLaw | NumberLaw) -> int | None:
    """Points of a law; None where it has a continuous part."""
    if isinstance(law, LevelLaw):
        return None if law.inside is not None and (law.inside.sd > 0).any() else int((law.rates > 0).sum())
    if not (law.rates[:, -1] > 0).any():
        return int((law.rates > 0).sum(axis=1).max())
    return None


def _points(law: LevelLaw | NumberLaw) -> Points:
    """The points of one instance's law that have a probability."""
    if isinstance(law, LevelLaw):
        kept = np.flatnonzero(law.rates > 0)
        own = kept == law.own[0]
        p = law.rates[kept] * np.where(own, 1.0, np.exp(-0.5 * law.precision))
        return kept if law.inside is None else law.inside.mean[kept] + np.where(np.isnan(law.inside.low[kept]), np.nan, 0.0), own[:, None].astype(np.float64), p / p.sum()
    p, _ = probabilities(law)
    kept = np.flatnonzero(law.rates[0, :-1] > 0)
    x, d = law.points[0, kept], law._spread[0, kept]
    lost = np.isnan(x)
    z = np.stack([np.where(lost, law.own[0], d), lost.astype(np.float64)][: law.width], axis=1)
    return x, z, p[0, kept]


def _joint(units: Sequence[Points]) -> tuple[list[Array], Float[Array, "s p"], Float[Array, "s"]]:
    """Cells of each unit, coordinates and probabilities of all joint states."""
    sizes = [len(p) for _, _, p in units]
    index = np.unravel_index(np.arange(int(np.prod(sizes))), sizes)
    cells = [x[i] for (x, _, _), i in zip(units, index, strict=True)]
    Z = np.concatenate([z[i] for (_, z, _), i in zip(units, index, strict=True)], axis=1)
    *_, q = accumulate((p[i] for (_, _, p), i in zip(units, index, strict=True)), mul)
    return cells, Z, q


def _one(model: Model, local: TabularBlock, recipe: Recipe, prediction: Float[Array, "1 k"]) -> Outcome:
    units = [_points(law) for law in local.laws]
    cells, Z, q = _joint(units)
    Y = model(local.rows([c[None] for c in cells]), len(q))
    f = Y - prediction
    mean = q @ f
    center = np.concatenate([p @ z for _, z, p in units])
    covariance, slope = np.zeros((len(center), len(center))), np.empty((len(center), f.shape[1]))
    cross = (Z - center).T @ (q[:, None] * (f - mean))
    for j, (_, z, p) in zip(accumulate([0, *(z.shape[1] for _, z, _ in units)]), units, strict=False):
        at = slice(j, j + z.shape[1])
        away = z - p @ z
        covariance[at, at] = (away * p[:, None]).T @ away
        slope[at] = np.linalg.pinv(covariance[at, at], rcond=1e-12, hermitian=True) @ cross[at]
    means = Means(mean[None] + prediction, slope[None], center[None], covariance[None])
    return certified(local, recipe, means, prediction, Neighborhood(Z[None], Y[None], local.origin, prediction), q[None])
