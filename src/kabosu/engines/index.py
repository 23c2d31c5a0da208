"""Exact LIME of single-index models f = h(u'x + b), and sums of them: logistic regression, GLMs, one hidden layer.

Columns that are normal under q are one normal index: Cov_q(z_j, h) / Var_q(z_j) = u_j E h' (Stein 1981). Other columns, of
whatever law, multiply the terms of a series of exponentials (``waves``).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from kabosu.domains.laws import LevelLaw
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Unit
from kabosu.engines.exact import Means
from kabosu.engines.form import Form, form_of
from kabosu.engines.layers import Layer, layer_of
from kabosu.engines.linear import center_of, part, weights_of
from kabosu.engines.means import laid_out, rowwise, run, z_moments
from kabosu.engines.memory import Same
from kabosu.engines.products import sum_of_products
from kabosu.engines.states import Behind, Leveled, Pair, State
from kabosu.engines.waves import LOGISTIC, NORMAL, SERIES, Series, period
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

TOGETHER = 32  # instances computed together
REACH = 9.0  # standard deviations that a normal part reaches
RADIANS = 16.0  # phase that one panel of nodes resolves
WORK = 2e7  # terms of one instance beyond which sampling is the better way


@dataclass(frozen=True)
class SingleIndex:
    """Exact for logistic regression (two classes), generalized linear models and regression networks with one hidden layer."""

    name: ClassVar[str] = "single-index"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not a function of one weighted sum, or too many terms."""
        form = form_of(layer_of, model, representation, recipe)
        if isinstance(form, str):
            return form
        if form.core.link == "identity":
            return "a sum over the columns has no link to bend it"
        if form.core.pairs:
            return f"{len(form.core.pairs)} pairs of columns are joined under the link: output='margin' is exact"
        return _too_long(form, representation, recipe)

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Means of the indices' link, mixed to the outputs."""
        return run(form_of(layer_of, model, representation, recipe), mixed, TOGETHER, model, representation, recipe)


def _too_long(form: Form, block: TabularBlock, recipe: Recipe) -> str | None:
    """Why the sum is too long; from the laws and the training ranges alone, so that it is the same for every instance."""
    local = block.tilt(recipe.kernel)
    points = sum(len(law.rates) if isinstance(law, LevelLaw) else law.points.shape[1] + 300 for law, columns in zip(local.laws, form.behind, strict=True) if not columns.normal)
    if not points:
        return None
    sd = normal_sd(form, local.laws[0].precision)
    if form.core.link == "relu" and not (sd > 0).all():
        return "rectified sums of columns that jump, with no normal column to smooth them, have no short series"
    reach = sum((_range(unit, columns, form.core) for unit, columns in zip(block.units, form.behind, strict=True)), np.abs(form.core.bias))
    terms = 1 + highest(form, sd) * period(2 * reach, form.core.link) / (2 * np.pi)
    work = float(terms.sum()) * points
    return None if work <= WORK else f"its exact sum has {work:.0e} terms an instance; the columns move the index by {reach.max():.3g} in training"


def _range(unit: Unit, columns: Behind, layer: Layer) -> Float[Array, "H"]:
    """The most that a unit moves the indices within the training data."""
    ends = columns.table if columns.table is not None else columns.at(np.array([unit.low, unit.high]))
    return np.abs(ends @ layer.weight[list(columns.index)]).max(axis=0, initial=0.0)


def normal_sd(form: Form, precision: float) -> Float[Array, "H"]:
    """Standard deviation of the normal part of each index."""
    return np.sqrt(((form.normal_step @ form.core.weight) ** 2).sum(axis=0) / (1 + precision))


def highest(form: Form, sd: Float[Array, "H"]) -> Float[Array, "H"]:
    """Highest frequency of the link's series of each index."""
    return {"exp": np.ones(len(sd)), "logistic": np.full(len(sd), LOGISTIC), "relu": NORMAL / np.maximum(sd, 1e-300)}[form.core.link]


def _finest(form: Form, sd: Float[Array, "H"]) -> list[float]:
    """The scale of each number, in its own units, on which the terms vary."""
    most = [float((np.abs(columns.slope @ form.core.weight[list(columns.index)]) * highest(form, sd)).max()) for columns in form.behind]
    return [RADIANS / m if m > 0 else np.inf for m in most]


def mixed(form: Form, local: TabularBlock) -> Means:
    """E_q f and the rest, of a few instances."""
    layer, normals = form.core, form.normals(local)
    sd = normal_sd(form, local.laws[0].precision)
    others = form.others(local, _finest(form, sd))
    center = center_of(form, normals, others)
    if layer.link == "relu" and not others:
        mean, derivative, slopes = *rectified_normal(center, sd), []
    else:
        mean, derivative, slopes = by_series(form, others, center, sd)
    slope = np.matmul((normals.step @ layer.weight) * derivative[:, None], layer.mix)
    parts = [(u, np.matmul(D, layer.mix)) for (u, _), D in zip(others, slopes, strict=True)]
    return Means(layer.base + rowwise(mean, layer.mix), laid_out(form, slope, parts, normals, local.size), *z_moments(form, others, normals))


def rectified_normal(m: Float[Array, "B H"], sd: Float[Array, "H"]) -> tuple[Float[Array, "B H"], Float[Array, "B H"]]:
    """E max(S, 0) = m Phi(m / sd) + sd phi(m / sd) and E h' = Phi(m / sd) of normal indices."""
    from scipy.special import ndtr

    at = np.divide(m, sd, out=np.where(m > 0, np.inf, -np.inf), where=sd > 0)
    Phi = ndtr(at)
    return m * Phi + sd * np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi), Phi


def by_series(form: Form, others: list[tuple[int, State]], center: Float[Array, "B H"], sd: Float[Array, "H"]) -> tuple[Float[Array, "B H"], Float[Array, "B H"], list[Float[Array, "B w H"]]]:
    """E h, E h' and D of the units that are not normal: one index after the other, instances with the same period together."""
    mean, derivative = np.empty(center.shape), np.empty(center.shape)
    slopes = [np.empty((len(center), s.mean.shape[1], len(sd))) for _, s in others]
    weights = [weights_of(form, u) for u, _ in others]
    reach = np.abs(center) + REACH * sd + sum((_reach(s, W) for (_, s), W in zip(others, weights, strict=True)), np.zeros(len(sd)))
    for h in range(len(sd)):
        periods = period(reach[:, h], form.core.link)
        for P in np.unique(periods):
            rows = np.flatnonzero(periods == P)
            series = SERIES[form.core.link](float(P), float(sd[h]))
            mean[rows, h], derivative[rows, h], found = _index([s.take(rows) for _, s in others], [W[:, h] for W in weights], center[rows, h], float(sd[h]), series)
            for slope, own in zip(slopes, found, strict=True):
                slope[rows, :, h] = own
    return mean, derivative, slopes


def _reach(state: State, W: Float[Array, "d H"]) -> Float[Array, "b H"]:
    """The most that a unit's part of the indices can be, apart from its level."""
    if isinstance(state, Leveled):
        return np.abs(state.at @ W).max(axis=0, keepdims=True, initial=0.0)
    points = np.abs(np.matmul(state.at, W)).max(axis=1, initial=0.0)
    return np.maximum(points, np.where(state.weight > 0, np.abs(state.middle) + REACH * state.sd, 0.0)[:, None] * np.abs(state.step @ W))


def _index(states: list[State], weights: list[Array], center: Float[Array, "B"], sd: float, series: Series) -> tuple[Float[Array, "B"], Float[Array, "B"], list[Float[Array, "B w"]]]:
    """E h, E h' and the D of each unit, of one index: its normal part is one factor, every other unit another."""
    factor = np.exp(center[:, None] * series.kappa + 0.5 * (sd * series.kappa) ** 2)
    total, slopes, product = sum_of_products(factor, [_wave(s, w, series) for s, w in zip(states, weights, strict=True)], series.a[:, None])
    derivative = series.slope + np.matmul(product[:, None], (series.a * series.kappa)[:, None])[:, 0, 0].real
    mean, slopes = series.constant + total[:, 0], [slope[..., 0] for slope in slopes]
    if series.slope:
        sums = [part(s, w[:, None]) for s, w in zip(states, weights, strict=True)]
        mean = mean + series.slope * sum((E[:, 0] for E, _ in sums), center)
        slopes = [slope + series.slope * D[..., 0] for slope, (_, D) in zip(slopes, sums, strict=True)]
    return mean, derivative, slopes


def _wave(state: State, w: Float[Array, "d"], series: Series) -> Pair:
    """E exp(kappa S_u) and D of the unit's part S_u of the index."""
    if isinstance(state, Leveled):
        return state.expect(_level_waves(Same(state.at), Same(state.within), Same(state.start), w.tobytes(), Same(series)))
    step = state.step @ w
    psi = np.exp(np.matmul(state.at, w)[..., None] * series.kappa)
    E = np.exp(state.middle[:, None] * step * series.kappa + 0.5 * (state.sd * step * series.kappa) ** 2)
    return state.expect(psi, (E, step * series.kappa * E))


@lru_cache(maxsize=4096)
def _level_waves(at: Same, within: Same, start: Same, w: bytes, series: Same) -> Float[Array, "L N"]:
    """E[exp(kappa S_u) | state], the same for every instance."""
    psi = np.exp((at.it @ np.frombuffer(w))[:, None] * series.it.kappa)
    return np.add.reduceat(within.it[:, None] * psi, start.it, axis=0)
