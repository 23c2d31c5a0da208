"""Exact LIME of single-index models f = h(u'x + b), and sums of them: logistic regression, GLMs, one hidden layer.

Columns that are normal under q are one normal index: Cov_q(z_j, h) / Var_q(z_j) = u_j E h' (Stein 1981). Other columns, of
whatever law, multiply the terms of a series of exponentials (``waves``).
"""

from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import mul
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
from kabosu.types import Array, Float, Int, Rows

TOGETHER, MANY = 32, 1024  # instances computed together; more where all columns are normal
LONGEST = 2.0**20  # reach of an index beyond which a link is a step
NEGLIGIBLE = 1e-18  # of a link between 0 and 1
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
        form = form_of(layer_of, model, representation, recipe)
        return run(form, mixed, MANY if len(form.normal) == len(form.behind) else TOGETHER, model, representation, recipe)


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
    for h in range(len(sd)):
        weights = [weights_of(form, u)[:, h] for u, _ in others]
        normal = Normal(center[:, h], float(sd[h]))
        periods = period(reach(normal, [s for _, s in others], weights), form.core.link)
        for P in np.unique(periods):
            rows = np.flatnonzero(periods == P)
            series = SERIES[form.core.link](float(P), float(sd[h]))
            mean[rows, h], derivative[rows, h], found = _index(normal.take(rows), [s.take(rows) for _, s in others], weights, series)
            for slope, own in zip(slopes, found, strict=True):
                slope[rows, :, h] = own
    return mean, derivative, slopes


@dataclass(frozen=True)
class Normal:
    """The normal part of an index: its mean for each instance, its standard deviation."""

    center: Float[Array, "B"]
    sd: float

    def take(self, rows: Rows) -> "Normal":
        """Some of the instances."""
        return Normal(self.center[rows], self.sd)

    def wave(self, kappa: Float[Array, "N"]) -> Float[Array, "B N"]:
        """E exp(kappa S) = exp(kappa m + kappa^2 sd^2 / 2)."""
        return np.exp(self.center[:, None] * kappa + 0.5 * (self.sd * kappa) ** 2)


@dataclass(frozen=True)
class Wave:
    """exp(kappa S_u) of one unit's part of the index: psi at its points or states, and under its normal the mean and the derivative."""

    state: State
    psi: Float[Array, "... N"]
    normal: tuple[Array, Array]

    @classmethod
    def of(cls, state: State, w: Float[Array, "d"], series: Series) -> "Wave":
        """The terms of a series; those of states are the same for every instance."""
        if isinstance(state, Leveled):
            return cls(state, _level_waves(Same(state.at), Same(state.within), Same(state.start), w.tobytes(), Same(series)), ())
        step = state.step @ w
        E = Normal(state.middle * step, float(np.abs(state.sd * step))).wave(series.kappa)
        return cls(state, np.exp(np.matmul(state.at, w)[..., None] * series.kappa), (E, step * series.kappa * E))

    def mean(self) -> Float[Array, "b N"]:
        """E exp(kappa S_u)."""
        if isinstance(self.state, Leveled):
            return self.state.average(self.psi)
        return np.matmul(self.state.p[:, None], self.psi)[:, 0] + self.state.weight[:, None] * self.normal[0]

    def pair(self, rows: Rows, n: int) -> Pair:
        """E and D of the first n terms, for some of the instances."""
        some = lambda a: (a if len(a) == 1 else a[rows])[..., :n]  # noqa: E731  arrays that all instances share stay
        if isinstance(self.state, Leveled):
            return self.state.take(rows).expect(self.psi[:, :n])
        return self.state.take(rows).expect(some(self.psi), (some(self.normal[0]), some(self.normal[1])))


@lru_cache(maxsize=4096)
def _level_waves(at: Same, within: Same, start: Same, w: bytes, series: Same) -> Float[Array, "L N"]:
    psi = np.exp((at.it @ np.frombuffer(w))[:, None] * series.it.kappa)
    return np.add.reduceat(within.it[:, None] * psi, start.it, axis=0)


TILTS = Series(0.0, 0.0, np.zeros(0), np.concatenate([s * 2.0 ** np.arange(-5, 5) for s in (1.0, -1.0)]))


def reach(normal: Normal, states: list[State], weights: list[Array]) -> Float[Array, "B"]:
    """R with P(|S| > R) < exp(-38), by Chernoff's bound: R = (38 + log E exp(theta S)) / theta, the best of some theta."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        logs = np.log(normal.wave(TILTS.kappa))
        logs = sum((np.log(Wave.of(s, w, TILTS).mean()) for s, w in zip(states, weights, strict=True)), logs)
    bound = np.where(np.isfinite(logs), (38.0 + logs) / np.abs(TILTS.kappa), np.inf)
    both = bound.reshape(len(bound), 2, -1).min(axis=2).max(axis=1)
    return np.minimum(np.maximum(both, 1e-3), LONGEST)


def _index(normal: Normal, states: list[State], weights: list[Array], series: Series) -> tuple[Float[Array, "B"], Float[Array, "B"], list[Float[Array, "B w"]]]:
    """E h, E h' and the D of each unit, of one index: its normal part is one factor, every other unit another.

    Instances that need the same number of terms go together.
    """
    waves = [Wave.of(s, w, series) for s, w in zip(states, weights, strict=True)]
    factor = normal.wave(series.kappa)
    counts = _needed(factor, [w.mean() for w in waves], series)
    total, derivative = np.empty(len(factor)), np.empty(len(factor))
    slopes = [np.empty((len(factor), s.mean.shape[1])) for s in states]
    for n in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == n)
        part, found, product = sum_of_products(factor[rows, :n], [w.pair(rows, n) for w in waves], series.a[:n, None])
        total[rows], derivative[rows] = part[:, 0], np.matmul(product[:, None], (series.a * series.kappa)[:n, None])[:, 0, 0].real
        for slope, D in zip(slopes, found, strict=True):
            slope[rows] = D[..., 0]
    return _with_line(series, normal.center, states, weights, total, derivative, slopes)


def _needed(factor: Float[Array, "B N"], means: list[Float[Array, "b N"]], series: Series) -> Int[Array, "B"]:
    """(B,) how many terms matter: 16, 32, ... A product without one unit holds all units of one half, and no mean exceeds 1."""
    if not means or np.isrealobj(series.kappa):
        return np.full(len(factor), len(series.a))
    half = len(means) // 2
    size = np.abs(factor) * np.maximum(*(np.abs(reduce(mul, part, np.ones(1))) for part in (means[:half], means[half:]))) * np.abs(series.a * series.kappa)
    last = size.shape[1] - (size > NEGLIGIBLE)[:, ::-1].argmax(axis=1)
    return np.minimum(np.maximum(16, 2 ** np.ceil(np.log2(last)).astype(np.int64)), size.shape[1])


def _with_line(series: Series, center: Array, states: list[State], weights: list[Array], total: Array, derivative: Array, slopes: list[Array]) -> tuple[Array, Array, list[Array]]:
    """Add the constant and the straight part of the link."""
    if not series.slope:
        return series.constant + total, derivative, slopes
    sums = [part(s, w[:, None]) for s, w in zip(states, weights, strict=True)]
    straight = sum((E[:, 0] for E, _ in sums), center)
    return series.constant + series.slope * straight + total, series.slope + derivative, [slope + series.slope * D[..., 0] for slope, (_, D) in zip(slopes, sums, strict=True)]
