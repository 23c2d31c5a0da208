"""One-dimensional laws of a drawn unit for a block of B instances: MATH sections 2a and 2b.

A law is a mixture: points (levels, repeated values, "missing") and, for numbers, one normal. Drawn by its quantile
function from a uniform u, read twice: ``coordinates`` for the surrogate, ``cells`` for the model. Tilting by the kernel
exp(-precision d^2 / 2) changes the point probabilities and moves and shrinks the normal, in closed form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from kabosu.types import Array, Bool, Float, Int, Rows

EDGE = 2.0**-40
COARSE = 1e-6  # step between floats, in local standard deviations, from which rounding is seen
HERE = np.ones((1, 1))
HERE.setflags(write=False)
LONG = 8192  # draws of a unit that are not remembered
MANY = 1 << 20  # ... and of all units


def _component(cumulative: Float[Array, "c"], u: Float[Array, "s"]) -> tuple[Int[Array, "s"], Float[Array, "s"]]:
    """Which component each u falls in, and where in it (0..1); an instance by itself: its place in the block must not matter."""
    index = np.minimum(np.searchsorted(cumulative, u, side="right"), len(cumulative) - 1)
    low = np.concatenate([[0.0], cumulative])
    position = u - low[index]
    position /= np.maximum(np.diff(low), EDGE)[index]
    return index, np.clip(position, EDGE, 1 - EDGE, out=position)


def _cumulative(log_weights: Float[Array, "b c"]) -> Float[Array, "b c"]:
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    return cumulative / cumulative[:, -1:]


@dataclass(frozen=True, eq=False)
class Inside:
    """Where a value lies within its bin: a normal truncated to the bin, or the bin's one value (MATH 2a).

    mean, sd, low, high : (L,) statistics of the training values of each bin; sd 0 means a point mass.
    """

    mean: Float[Array, "L"]
    sd: Float[Array, "L"]
    low: Float[Array, "L"]
    high: Float[Array, "L"]
    whole: bool = False

    @cached_property
    def _span(self) -> tuple[Float[Array, "L"], Float[Array, "L"]]:
        """Normal probability below each bin, and inside it."""
        from scipy.special import ndtr

        sd = np.where(self.sd > 0, self.sd, 1.0)
        below, above = ndtr((self.low - self.mean) / sd), ndtr((self.high - self.mean) / sd)
        return below, above - below

    def __call__(self, level: Int[Array, "s"], position: Float[Array, "s"]) -> Float[Array, "s"]:
        from scipy.special import ndtri

        below, length = self._span
        value = self.mean[level] + self.sd[level] * ndtri(below[level] + position * length[level])
        value = np.clip(value, self.low[level], self.high[level])
        return np.rint(value) if self.whole else value


@dataclass(frozen=True, eq=False)
class Key:
    """An array that cannot change, as a key: equal where it is the same memory, which the key keeps alive."""

    array: Array

    @cached_property
    def _place(self) -> tuple[Any, ...]:
        memory = self.array.__array_interface__
        return memory["data"], memory["shape"], memory["strides"]

    def __hash__(self) -> int:
        return hash(self._place)

    def __eq__(self, other: Any) -> bool:
        return self._place == other._place


def _read(rates: bytes, own: int, precision: float, inside: Inside | None, u: Key) -> tuple[Int[Array, "s"], Array]:
    """Level and cell of each draw: both readings of a law of levels."""
    code, position = _component(_tilted(np.frombuffer(rates), own, precision), u.array)
    level, cell = code.astype(np.int16 if len(rates) < 8 << 15 else np.int32), code if inside is None else inside(code, position)
    for array in (level, cell):
        array.setflags(write=False)
    return level, cell


_remembered = lru_cache(maxsize=512)(_read)  # draws that the samplers give again


def _tilted(rates: Float[Array, "L"], own: int, precision: float) -> Float[Array, "L"]:
    """Cumulative probabilities under the tilt."""
    with np.errstate(divide="ignore"):
        return _cumulative(np.log(rates)[None] - 0.5 * precision * (np.arange(len(rates)) != own))[0]


@dataclass(frozen=True)
class LevelLaw:
    """Categories, bins and groups: z = 1 where the draw has the instance's own level, else 0.

    rates : training rates of the levels (an unseen own level is counted as one more training row).
    own : each instance's level.  precision : of the tilt, 0 where untilted.
    inside : how a bin's values spread within it; None for categories, whose cells are the level codes.
    """

    rates: Float[Array, "L"]
    own: Int[Array, "B"]
    precision: float = 0.0
    inside: Inside | None = None
    x: Float[Array, "B"] | None = None

    @cached_property
    def _distinct(self) -> tuple[Int[Array, "U"], Int[Array, "B"]]:
        """Own level of each different law, and which law is whose; untilted, one serves all."""
        return np.unique(self.own, return_inverse=True) if self.precision else (self.own[:1], np.zeros_like(self.own))

    @cached_property
    def _table(self) -> Float[Array, "U L"]:
        return np.stack([_tilted(self.rates, int(own), self.precision) for own in self._distinct[0]])

    @property
    def width(self) -> int:
        """Interpretable coordinates of this unit."""
        return 1

    @property
    def alike(self) -> bool:
        """True where all instances have the same cells: levels are drawn at training rates."""
        return not self.precision

    @property
    def origin(self) -> Float[Array, "1 1"]:
        """An instance has its own level."""
        return HERE

    def tilt(self, precision: float) -> "LevelLaw":
        """The law times exp(-precision/2 [level differs]): MATH (5)."""
        return replace(self, precision=self.precision + precision)

    def take(self, rows: Rows) -> "LevelLaw":
        """Some of the instances."""
        return replace(self, own=self.own[rows], x=None if self.x is None else self.x[rows])

    def coordinates(self, u: Float[Array, "s"]) -> Bool[Array, "B s 1"]:
        """True where the draw has the instance's level."""
        level = self._drawn(u, 0)
        return (level == self.own.astype(level.dtype)[:, None])[..., None]

    def cells(self, u: Float[Array, "s"]) -> Array:
        """(1 or B, s) level codes, or the values within the bins."""
        return self._drawn(u, 1)

    def levels(self, u: Float[Array, "s"]) -> Int[Array, "#B s"]:
        """Codes of the levels that are drawn."""
        return self._drawn(u, 0)

    def _drawn(self, u: Float[Array, "s"], part: int) -> Array:
        """Levels (0) or cells (1) of the draws for each instance."""
        owner = u if u.base is None else u.base
        read = _read if len(u) > LONG or owner.flags.writeable else _remembered
        drawn = [read(self.rates.tobytes(), own, self.precision, self.inside, Key(u))[part] for own in self._distinct[0].tolist()]
        return drawn[0][None] if len(drawn) == 1 else np.stack(drawn)[self._distinct[1]]

    def at(self) -> Array:
        """The instances' own cells."""
        return self.own if self.x is None else self.x


@dataclass(frozen=True)
class NumberLaw:
    """A number: repeated values and "missing" stay points, the rest is normal (MATH 2b with atoms).

    center : where the normal is drawn around, in own units.  own : the instance, in standard deviations from the center.
    points : values of the point components (NaN: missing).  rates : their training rates, then the normal's.
    Coordinates: (value - center) / scale, and 1[missing] where missing values were seen in training. A missing draw
    keeps the instance's own value coordinate, so that its distance is the one difference "missing".
    dtype : floats that hold the cells; where their digits are coarse against the local spread, coordinates are those of the
    rounded cells, which are what the model is asked about.
    """

    center: Float[Array, "B"]
    scale: float
    own: Float[Array, "B"]
    lost: Array
    points: Float[Array, "#B C"]
    rates: Float[Array, "#B c"]
    x: Float[Array, "B"]
    whole: bool = False
    bounds: tuple[float, float] = (-np.inf, np.inf)
    precision: float = 0.0
    dtype: Any = np.float64

    @cached_property
    def _coarse(self) -> Array:
        """(B,) where the step between floats around the instance shows in its coordinates."""
        around = np.maximum(np.abs(self.center), np.where(self.lost, 0.0, np.abs(self.x))).astype(self.dtype)
        return np.spacing(around).astype(np.float64) > COARSE * self.scale / np.sqrt(1 + self.precision)

    @cached_property
    def _shared(self) -> bool:
        """True where every instance has the same law in its own coordinates."""
        same = len(self.own) > 0 and not self.lost.any() and bool((self.own == self.own[0]).all())
        grid = not self.whole or (bool((self.center % 1 == 0).all()) and bool(np.isinf(self.bounds).all() or self._inside_bounds))
        return same and grid and not self._coarse.any() and (not self.points.size or self._spread.shape[0] == 1)

    @cached_property
    def _inside_bounds(self) -> bool:
        reach = 12 * self.scale + 1
        return bool((self.center - reach > self.bounds[0]).all() and (self.center + reach < self.bounds[1]).all())

    @cached_property
    def _spread(self) -> Float[Array, "#B C"]:
        """Points in standard deviations from the center."""
        z = (self.points - self.center[:, None]) / self.scale
        return z[:1] if len(z) > 1 and self.whole and np.array_equal(z, np.broadcast_to(z[:1], z.shape), equal_nan=True) else z

    @property
    def alike(self) -> bool:
        """True where all instances have the same cells: drawn around the training mean."""
        return not self.precision and bool((self.center == self.center[:1]).all())

    @property
    def missable(self) -> bool:
        """True where missing values were seen in training."""
        return bool(np.isnan(self.points[:1]).any())

    @property
    def width(self) -> int:
        """Interpretable coordinates of this unit."""
        return 1 + self.missable

    @property
    def origin(self) -> Float[Array, "#B q"]:
        """The instances' coordinates."""
        lost = self.lost.astype(np.float64)
        own = np.stack([self.own, lost], axis=1) if self.missable else self.own[:, None]
        return own[:1] if self._shared else own

    def tilt(self, precision: float) -> "NumberLaw":
        """The law times exp(-precision/2 d^2): MATH (6) for the normal, a factor for each point."""
        return replace(self, precision=self.precision + precision)

    def take(self, rows: Rows) -> "NumberLaw":
        """Some of the instances."""
        part = {n: getattr(self, n)[rows] for n in ("center", "own", "lost", "x")}
        part |= {n: a if len(a) == 1 else a[rows] for n, a in (("points", self.points), ("rates", self.rates))}
        return replace(self, **part)

    @cached_property
    def _log_weight(self) -> Float[Array, "#B"]:
        """Log of what the tilt leaves of the draw law's mass."""
        logs = self._logs
        largest = logs.max(axis=1)
        return largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1))

    @cached_property
    def _logs(self) -> Float[Array, "#B c"]:
        """Log weights of the components after the tilt."""
        keep = slice(0, 1) if self._shared else slice(None)
        own, lost, t = self.own[keep, None], self.lost[keep, None], self.precision
        z = self._spread if len(self._spread) == 1 else self._spread[keep]
        squared = np.where(np.isnan(z), ~lost, (z - own) ** 2 + lost)
        with np.errstate(divide="ignore"):
            log_rates = np.log(self.rates if len(self.rates) == 1 else self.rates[keep])
        normal = -0.5 * t * own**2 / (1 + t) - 0.5 * np.log1p(t) - 0.5 * t * lost
        return np.concatenate([-0.5 * t * squared, normal], axis=1) + log_rates

    @cached_property
    def _local(self) -> tuple[Float[Array, "#B c"], Float[Array, "#B"], float]:
        """Cumulative component probabilities, mean and standard deviation of the normal, after the tilt."""
        t = self.precision
        own = self.own[:1] if self._shared else self.own
        return _cumulative(self._logs), own * t / (1 + t), float(np.sqrt(1 / (1 + t)))

    def _draw(self, u: Float[Array, "s"]) -> tuple[Int[Array, "#B s"], Float[Array, "#B s"]]:
        """Component of each draw, and its coordinate as if it were normal."""
        from scipy.special import ndtri

        cumulative, mean, sd = self._local
        if cumulative.shape[1] == 1:
            return np.zeros((len(mean), len(u)), dtype=np.int64), mean[:, None] + sd * ndtri(u)[None]
        index, position = map(np.stack, zip(*(_component(row, u) for row in cumulative), strict=True))
        return index, mean[:, None] + sd * ndtri(position)

    def _grid(self, z: Float[Array, "#B s"], center: Float[Array, "#B"]) -> Float[Array, "#B s"]:
        """Whole and within bounds, in coordinates."""
        exact = not self.whole and np.isinf(self.bounds).all()
        if exact and not self._coarse.any():
            return z
        held = (self._value(z, center) - center[:, None]) / self.scale
        return np.where(self._coarse[: len(z), None], held, z) if exact else held

    def _value(self, z: Float[Array, "#B s"], center: Float[Array, "#B"]) -> Float[Array, "#B s"]:
        """In own units; whole ones are counted from the center's own integer, so that all instances round alike."""
        if not self.whole:
            value = np.clip(center[:, None] + self.scale * z, *self.bounds)
            return value if self.dtype is np.float64 else value.astype(self.dtype).astype(np.float64)
        base = np.floor(center)[:, None]
        return np.clip(base + np.rint(center[:, None] - base + self.scale * z), *self.bounds)

    def coordinates(self, u: Float[Array, "s"]) -> Float[Array, "#B s q"]:
        """Value coordinate, and 1[missing]."""
        index, z = self._draw(u)
        z = self._grid(z, self.center[: len(z)])
        C = self.points.shape[1]
        if not C:
            return z[..., None]
        lost = np.broadcast_to(np.isnan(self.points), (len(self.points), C))
        filled = np.where(np.isnan(self._spread), self.own[: len(z), None], self._spread[: len(z)])
        point = np.take_along_axis(np.broadcast_to(filled, (len(z), C)), np.minimum(index, C - 1), axis=1)
        value = np.where(index < C, point, z)
        if not self.missable:
            return value[..., None]
        gone = np.take_along_axis(np.broadcast_to(lost[: len(z)], (len(z), C)), np.minimum(index, C - 1), axis=1) & (index < C)
        return np.stack([value, gone.astype(np.float64)], axis=-1)

    def cells(self, u: Float[Array, "s"]) -> Float[Array, "B s"]:
        """Values in own units, NaN where missing."""
        index, z = self._draw(u)
        value = self._value(z, self.center)
        C = self.points.shape[1]
        if not C:
            return value
        index = np.broadcast_to(index, value.shape)
        point = np.take_along_axis(np.broadcast_to(self.points, (len(value), C)), np.minimum(index, C - 1), axis=1)
        return np.where(index < C, point, value)

    def at(self) -> Float[Array, "B"]:
        """The instances' own cells."""
        return self.x


Law = LevelLaw | NumberLaw


def shared_levels(laws: Sequence[Law], u: Float[Array, "s m"]) -> tuple[Int[Array, "m s"], tuple[Array, ...]] | None:
    """Level and cell of each draw in every unit, where all are levels that all instances share; else None."""
    if not all(isinstance(law, LevelLaw) and law.alike for law in laws):
        return None
    rules = tuple((law.rates.tobytes(), law.inside) for law in laws if isinstance(law, LevelLaw))
    long = len(u) > LONG or u.size > MANY or (u if u.base is None else u.base).flags.writeable
    return (_read_all if long else _remembered_all)(rules, Key(u))


def _read_all(rules: tuple[tuple[bytes, Inside | None], ...], u: Key) -> tuple[Int[Array, "m s"], tuple[Array, ...]]:
    levels, cells = zip(*(_read(rates, 0, 0.0, inside, Key(u.array[:, j])) for j, (rates, inside) in enumerate(rules)), strict=True)
    stacked = np.stack(levels)
    stacked.setflags(write=False)
    return stacked, cells


_remembered_all = lru_cache(maxsize=4)(_read_all)
