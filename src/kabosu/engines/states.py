"""The model columns behind one unit under its local law, and what the exact engines need of functions of them.

For a function psi of the columns: E_q psi and D = Cov_q(z)^-1 Cov_q(z, psi), z the unit's coordinates (MATH section 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from kabosu import frames
from kabosu.domains.expectations import over_thresholds
from kabosu.domains.laws import LevelLaw, NumberLaw
from kabosu.domains.nodes import TooMany, inside_nodes, is_plain, normal_nodes
from kabosu.domains.units import Number, Unit
from kabosu.engines.binding import Binding, Refusal, Source, by_levels, level_numbers
from kabosu.engines.memory import Same
from kabosu.engines.shapes import Stairs, stack
from kabosu.errors import ReadingError
from kabosu.types import Array, Float, Int, Rows

Pair = tuple[Float[Array, "b N"], Float[Array, "b w N"]]


@dataclass(frozen=True, eq=False)
class Behind:
    """The model columns of one unit.

    name : of the unit.  width, scale : coordinates of the unit, and its own units in one step of the first.
    normal : True where every local law is a normal and nothing else, and every column a straight line in the number.
    index : their positions.  slope, level, lost : of a number x the columns are slope x + level, or lost where it is missing.
    table : (L, d) their values at the levels of a category or group, None for numbers.
    """

    name: str
    width: int
    scale: float
    normal: bool
    index: tuple[int, ...]
    sources: tuple[Source, ...]
    slope: Float[Array, "d"]
    level: Float[Array, "d"]
    lost: Float[Array, "d"]
    table: Array | None = None

    @property
    def bent(self) -> bool:
        """True where a column is no straight line in the number."""
        return self.table is None and any(s.shape is not None for s in self.sources)

    @property
    def stairs(self) -> bool:
        """True where every column is constant between knots."""
        return all(isinstance(s.shape, Stairs) for s in self.sources)

    @cached_property
    def knots(self) -> Float[Array, "K"]:
        """Raw numbers at which a column has a kink, or after which it has a step."""
        return np.unique(np.concatenate([np.zeros(0), *map(_knots, self.sources)]))

    def at(self, x: Float[Array, "..."]) -> Float[Array, "... d"]:
        """The columns of raw numbers."""
        return stack(self.sources, x) if self.sources else np.zeros((*x.shape, 0))

    @property
    def finest(self) -> float:
        """The scale, in raw numbers, on which the columns bend."""
        return min((float(s.shape.finest * np.prod([b for _, b in s.steps])) for s in self.sources if s.shape is not None), default=np.inf)


def behind(binding: Binding, columns: Sequence[frames.Column], units: Sequence[Unit]) -> tuple[Behind, ...]:
    """Model columns by unit; refused where missing values would reach a model that cannot take them."""
    return tuple(_behind(tuple(i for i, j in enumerate(binding.unit) if j == u), unit, binding, columns) for u, unit in enumerate(units))


def _behind(index: tuple[int, ...], unit: Unit, binding: Binding, columns: Sequence[frames.Column]) -> Behind:
    sources = tuple(binding.sources[i] for i in index)
    if by_levels(unit):
        table = np.array([level_numbers(unit, s, columns[s.column], None) for s in sources]).reshape(len(sources), len(unit.levels)).T
        _no_missing(table, unit)
        nothing = np.zeros(len(sources))
        return Behind(unit.name, 1, 1.0, False, index, sources, nothing, nothing, nothing, table)
    slope = np.array([0.0 if s.indicator else np.prod([1 / b for _, b in s.steps]) for s in sources])
    level = np.array([replace(s, shape=None).forward(np.zeros(1))[0] for s in sources])
    lost = np.array([_lost(s) for s in sources])
    if any(np.isnan(unit.atoms)) if isinstance(unit, Number) else np.isnan(unit.inside.low).any():
        _no_missing(lost, unit)
    normal = isinstance(unit, Number) and not unit.atoms and not unit.whole and bool(np.isinf(unit.column.bounds).all()) and all(s.shape is None for s in sources)
    return Behind(unit.name, len(unit.scales), unit.scales[0], normal, index, sources, slope, level, np.nan_to_num(lost))


def _knots(s: Source) -> Float[Array, "K"]:
    if s.shape is None:
        return np.zeros(0)
    return replace(s, shape=None).pull(np.nextafter(s.shape.knots, -np.inf), single=False) if isinstance(s.shape, Stairs) else s.back(s.shape.knots)


def _lost(s: Source) -> float:
    """Value of a column where the number is missing; NaN: the model gets it as missing."""
    return s.shape.lost if s.shape is not None and np.isnan(s.lost) else float(s.forward(np.array([np.nan]))[0])


def _no_missing(values: Array, unit: Unit) -> None:
    if np.isnan(values).any():
        raise Refusal(f"missing values of {unit.name!r} reach the model, which cannot take them")


@dataclass(frozen=True)
class Leveled:
    """A category, a group or a binned number.

    at : (C, d) model columns at the points of the states.  within : their weights in their state.  start : first point of each state.
    q : probabilities of the states.  other : the same given that z = 0.  own : the instances' states.
    """

    at: Float[Array, "C d"]
    within: Float[Array, "C"]
    start: Int[Array, "L"]
    q: Float[Array, "B L"]
    other: Float[Array, "B L"]
    own: Int[Array, "B"]
    level: Float[Array, "1 d"]

    @property
    def mean(self) -> Float[Array, "B 1"]:
        """E_q z."""
        return np.take_along_axis(self.q, self.own[:, None], axis=1)

    @property
    def covariance(self) -> Float[Array, "B 1 1"]:
        """Var_q z."""
        apart = np.where(np.arange(self.q.shape[1]) == self.own[:, None], 0.0, self.q)
        return (self.mean * apart.sum(axis=1, keepdims=True))[:, :, None]

    def take(self, rows: Rows) -> "Leveled":
        """Some of the instances."""
        return replace(self, q=self.q[rows], other=self.other[rows], own=self.own[rows])

    def states(self, psi: Float[Array, "C N"]) -> Float[Array, "L N"]:
        """E[psi | state]."""
        return np.add.reduceat(self.within[:, None] * psi, self.start, axis=0)

    @cached_property
    def _distinct(self) -> tuple[Int[Array, "U"], Int[Array, "B"]]:
        """First instance of each own state, and which is whose: instances with the same state have the same law."""
        _, first, which = np.unique(self.own, return_index=True, return_inverse=True)
        return first, which.reshape(-1)

    def average(self, states: Float[Array, "L N"]) -> Float[Array, "B N"]:
        """E_q psi of a function's means in the states."""
        first, which = self._distinct
        return np.matmul(self.q[first, None], states)[which, 0]

    def expect(self, states: Float[Array, "L N"]) -> Pair:
        """E_q psi and D = E_q[psi | z = 1] - E_q[psi | z = 0] (MATH (5)) of a function's means in the states."""
        first, which = self._distinct
        step = states[self.own[first]][:, None] - np.matmul(self.other[first, None], states)
        return self.average(states), np.where(self.other[first].any(axis=1)[:, None, None], step, 0.0)[which]


@dataclass(frozen=True)
class Numbered:
    """A number: points and, where it is plain, a normal.

    at : model columns at the points, apart from ``level``.  z, p : coordinates and probabilities of the points.
    step : model columns per coordinate of the normal; level : (b, d) at coordinate 0.
    weight, middle, sd : probability, mean and standard deviation of the normal.  mean, covariance : of the coordinates.
    """

    at: Float[Array, "b C d"]
    z: Float[Array, "b C w"]
    p: Float[Array, "b C"]
    step: Float[Array, "d"]
    level: Float[Array, "b d"]
    weight: Float[Array, "b"]
    middle: Float[Array, "b"]
    sd: float
    mean: Float[Array, "b w"]
    covariance: Float[Array, "b w w"]

    @property
    def plain(self) -> bool:
        """True where the law is a normal and nothing else."""
        return self.p.shape[1] == 0

    def take(self, rows: Rows) -> "Numbered":
        """Some of the instances."""
        names = ("at", "z", "p", "level", "weight", "middle", "mean", "covariance")
        return replace(self, **{n: a if len(a := getattr(self, n)) == 1 else a[rows] for n in names})

    def expect(self, psi: Float[Array, "b C N"], normal: tuple[Array, Array]) -> Pair:
        """E_q psi and D of a function by its values at the points and, under the normal, its mean and that of its derivative."""
        mean, slope = normal
        weight = self.weight[:, None]
        away = _away(self.middle, self.mean)
        first = np.matmul((self.z - self.mean[:, None]).swapaxes(1, 2) * self.p[:, None], psi)
        first = first + (weight * away)[:, :, None] * mean[:, None]
        first[:, 0] += weight * self.sd**2 * slope
        return np.matmul(self.p[:, None], psi)[:, 0] + weight * mean, np.matmul(_inverse(self.covariance), first)


State = Leveled | Numbered


def _away(middle: Float[Array, "b"], mean: Float[Array, "b w"]) -> Float[Array, "b w"]:
    """From the mean of the coordinates to that of their normal part, which is never missing."""
    return np.concatenate([(middle[:, None] - mean[:, :1]), -mean[:, 1:] + 0 * middle[:, None]], axis=1)


def _inverse(covariance: Float[Array, "b w w"]) -> Float[Array, "b w w"]:
    if covariance.shape[1] == 1:
        return np.divide(1.0, covariance, out=np.zeros_like(covariance), where=covariance > 0)
    return np.linalg.pinv(covariance, rcond=1e-12, hermitian=True)


def state_of(law: LevelLaw | NumberLaw, columns: Behind, finest: float = np.inf) -> State:
    """Columns of a unit under its law. ``finest``: the scale, in raw numbers, on which functions of the columns vary."""
    try:
        state = _leveled(law, columns, finest) if isinstance(law, LevelLaw) else _numbered(law, columns, finest)
    except TooMany as e:
        raise ReadingError(f"column {columns.name!r}: {e}") from e
    if columns.bent and not np.isfinite(state.at).all():
        raise ReadingError(f"what the pipeline makes of {columns.name!r} is not finite everywhere in the neighborhood")
    return state


@lru_cache(maxsize=512)
def _within(columns: Same, inside: Same, finest: float) -> tuple[Array, Array, Array]:
    """Model columns at the points of the bins; the same for every instance."""
    x, within, start = inside_nodes(inside.it, columns.it.knots, min(finest, columns.it.finest))
    return columns.it.at(x), within, start


@lru_cache(maxsize=512)
def _alone(L: int) -> tuple[Array, Array]:
    """States of one point each."""
    return np.ones(L), np.arange(L)


def _leveled(law: LevelLaw, columns: Behind, finest: float) -> Leveled:
    L = len(law.rates)
    at, within, start = (columns.table, *_alone(L)) if law.inside is None else _within(Same(columns), Same(law.inside), finest)
    own = np.arange(L) == law.own[:, None]
    apart = np.where(own, 0.0, law.rates)
    total = apart.sum(axis=1, keepdims=True)
    other = np.divide(apart, total, out=np.zeros_like(apart), where=total > 0)
    weight = np.where(own, law.rates, law.rates * np.exp(-0.5 * law.precision))
    return Leveled(at, within, start, weight / weight.sum(axis=1, keepdims=True), other, law.own, np.zeros((1, at.shape[1])))


def _numbered(law: NumberLaw, columns: Behind, finest: float) -> Numbered:
    if columns.bent and columns.stairs:
        return _cells(law, columns)
    p, weight = probabilities(law)
    x, d = law.points, law._spread
    if weight.any() and (columns.bent or not is_plain(law)):
        xs, ds, ps = normal_nodes(law, columns.knots, min(finest, columns.finest))
        x, d, p, weight = _joined(x, xs), _joined(d, ds), _joined(p, weight[:, None] * ps), np.zeros(1)
    own = law.own[:1] if law._shared else law.own
    level = law.center[:, None] * columns.slope + columns.level
    step = columns.slope * law.scale
    lost = np.isnan(d)
    z = np.stack([np.where(lost, own[:, None], d), np.broadcast_to(lost, np.broadcast_shapes(d.shape, (len(own), 1)))][: law.width], axis=-1)
    if columns.bent:
        at, level, step = columns.at(x), np.zeros((1, len(step))), np.zeros(len(step))
    else:
        at = d[..., None] * step
        at = np.where(lost[..., None], (columns.lost - level)[:, None], at) if lost.any() else at
    return _with_moments(at, z, p, step, level, weight, law)


def probabilities(law: NumberLaw) -> tuple[Float[Array, "b C"], Float[Array, "b"]]:
    """Of the points and of the normal, to relative precision."""
    w = np.exp(law._logs - law._logs.max(axis=1, keepdims=True))
    w = w / w.sum(axis=1, keepdims=True)
    return w[:, :-1], w[:, -1]


def _joined(a: Array, b: Array) -> Array:
    n = max(len(a), len(b))
    return np.concatenate([np.broadcast_to(part, (n, part.shape[1])) for part in (a, b)], axis=1)


def _with_moments(at: Array, z: Array, p: Array, step: Array, level: Array, weight: Array, law: NumberLaw) -> Numbered:
    _, middle, sd = law._local
    mean = (p[..., None] * z).sum(axis=1)
    mean = np.concatenate([mean[:, :1] + (weight * middle)[:, None], mean[:, 1:] + 0 * (weight * middle)[:, None]], axis=1)
    away, normal = z - mean[:, None], _away(middle, mean)
    second = np.matmul(away.swapaxes(1, 2) * p[:, None], away) + weight[:, None, None] * normal[:, :, None] * normal[:, None, :]
    second[:, 0, 0] += weight * sd**2
    return Numbered(at, z, p, step, level, weight, middle, sd, mean, second)


def _cells(law: NumberLaw, columns: Behind) -> Numbered:
    """Columns that are constant between knots: the cells between them with their probabilities and mean coordinates."""
    knots = columns.knots
    E = over_thresholds(law, knots)
    first_present = E.mean - E.first_lost
    mass = np.diff(E.mass, axis=1, prepend=0.0, append=(1 - E.lost)[:, None])
    first = np.diff(E.first, axis=1, prepend=0.0, append=first_present[:, None])
    x = np.concatenate([knots[:1], np.nextafter(knots, np.inf), [np.nan]])[None]
    p, first = np.concatenate([mass, E.lost[:, None]], axis=1), np.concatenate([first, E.first_lost[:, None]], axis=1)
    z = np.divide(first, p[..., None], out=np.zeros_like(first), where=p[..., None] > 0)
    nothing = np.zeros(len(columns.index))
    return Numbered(columns.at(x), z, p, nothing, nothing[None], np.zeros(1), np.zeros(1), 1.0, E.mean, E.covariance)
