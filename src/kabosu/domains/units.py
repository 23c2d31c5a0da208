"""What is drawn as one: a number, or a level (category, bin, group of columns). Fitted on the background; gives laws for instances."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from kabosu import frames
from kabosu.domains.laws import Inside, LevelLaw, NumberLaw
from kabosu.errors import InputError
from kabosu.types import Array, Float, Int

SMALL = 20.0  # integer columns with a smaller standard deviation are drawn from the exact table of their integers
COMMON = 0.2  # a repeated value that holds this share of the rows is a point of its own
ROUNDING = 1e-12
VARIED = 10  # ... in columns with at least so many distinct values


def short(values: Sequence[float] | Array) -> list[str]:
    """Numbers as few digits as keep different ones different.

    Examples
    --------
    >>> short([0.00011, 0.00012]), short([21.0, 1234567.0])
    (['0.00011', '0.00012'], ['21', '1.23e+06'])

    """
    distinct = len({float(v) for v in values})
    for digits in range(3, 18):
        words = [f"{v:.{digits}g}" for v in values]
        if len(set(words)) == distinct:
            break
    return words


def _rest(rates: Sequence[float]) -> float:
    """What the points leave to the normal; not what rounding leaves."""
    rest = 1.0 - sum(rates)
    return rest if rest > ROUNDING else 0.0


def _floats(dtype: Any) -> Any:
    """numpy's float type of a column's cells."""
    return {"float16": np.float16, "float32": np.float32}.get(str(dtype).lower(), np.float64)


def _spread(name: Any, distinct: Array, kept: Array) -> float:
    """Standard deviation, or the difference of two values; one that floating point cannot square is refused."""
    with np.errstate(over="ignore", invalid="ignore"):
        scale = float(distinct[1] - distinct[0] if len(distinct) == 2 else kept.std())
    if not 1e-150 < scale < 1e150:
        raise InputError(f"column {name!r} runs from {distinct[0]:g} to {distinct[-1]:g}, which is too small or too large a spread to square; rescale the column")
    return scale


@dataclass(frozen=True)
class Number:
    """A numeric column: normal around the instance or the training mean, with repeated values and missing as points.

    mean, scale : mean and standard deviation of the training values that are not missing.  low, high : their range.
    atoms, rates : repeated values (NaN: missing) and their training rates.
    center : "instance" or "mean", where the normal is drawn around.
    """

    column: frames.Column
    mean: float
    scale: float
    low: float
    high: float
    atoms: tuple[float, ...]
    rates: tuple[float, ...]
    center: Literal["instance", "mean"]
    whole: bool

    @classmethod
    def fit(cls, column: frames.Column, values: Float[Array, "n"], center: Literal["instance", "mean"]) -> "Number":
        """Read a training column. A number with two values is drawn among them; their difference is its scale."""
        kept = values[~np.isnan(values)]
        whole = column.kind == "whole" or bool((kept % 1 == 0).all())
        distinct, counts = np.unique(kept, return_counts=True)
        two = len(distinct) == 2
        scale = _spread(column.name, distinct, kept)
        varied = len(distinct) >= VARIED and not (whole and scale < SMALL)
        common = np.full(len(distinct), two) | (varied & (counts / len(kept) >= COMMON))
        lost = 1 - len(kept) / len(values)
        atoms = (*distinct[common].tolist(), *([np.nan] if lost else []))
        rates = (*(counts[common] / len(values)).tolist(), *([lost] if lost else []))
        return cls(column, float(kept.mean()), scale, float(kept.min()), float(kept.max()), atoms, rates, center, whole)

    def law(self, x: Float[Array, "B"]) -> NumberLaw:
        """Local law, untilted, of each instance."""
        lost = np.isnan(x)
        center = np.where(lost, self.mean, x) if self.center == "instance" else np.full(len(x), self.mean)
        points, rates = np.array(self.atoms, dtype=np.float64)[None], np.array([*self.rates, _rest(self.rates)])[None]
        if self.whole and self.scale < SMALL and rates[0, -1] > 0:
            points, rates = self._table(center, points, rates)
        own = np.where(lost, 0.0, (np.where(lost, 0.0, x) - center) / self.scale)
        return NumberLaw(center, self.scale, own, lost, points, rates, x, self.whole, self.column.bounds, dtype=_floats(self.column.dtype))

    def _table(self, center: Array, points: Array, rates: Array) -> tuple[Float[Array, "b C"], Float[Array, "b c"]]:
        """The normal replaced by its integers: P(k) = Phi((k + 1/2 - c)/sigma) - Phi((k - 1/2 - c)/sigma)."""
        from scipy.special import ndtr

        reach = int(np.ceil(8 * self.scale)) + 1
        grid = np.rint(center)[:, None] + np.arange(-reach, reach + 1)
        mass = ndtr((grid + 0.5 - center[:, None]) / self.scale) - ndtr((grid - 0.5 - center[:, None]) / self.scale)
        mass = np.where((grid >= self.column.bounds[0]) & (grid <= self.column.bounds[1]), mass, 0.0)
        mass *= rates[:, -1:] / mass.sum(axis=1, keepdims=True)
        b = len(center)
        points = np.concatenate([np.repeat(points, b, 0), grid], axis=1)
        return points, np.concatenate([np.repeat(rates[:, :-1], b, 0), mass, np.zeros((b, 1))], axis=1)

    @property
    def name(self) -> str:
        """The column's."""
        return self.column.word

    @property
    def columns(self) -> tuple[Any, ...]:
        """Names of the user's columns that this unit fills."""
        return (self.column.name,)

    @property
    def scales(self) -> list[float]:
        """Own units in one step of each coordinate."""
        return [self.scale, *([1.0] if np.isnan(self.atoms).any() else [])]

    @property
    def features(self) -> list[str]:
        """Names that hold for every instance."""
        return [self.name, *([f"{self.name} is missing"] if np.isnan(self.atoms).any() else [])]

    def words(self, x: Float[Array, "B"]) -> Array:
        """(B, q) names of the coordinates for each instance."""
        return np.repeat(np.array([self.features], dtype=object), len(x), axis=0)

    def shown(self, x: Float[Array, "B"]) -> Array:
        """(B, q) the instances' values."""
        if self.column.kind == "date":
            days = [None if np.isnan(v) else str(frames.micros(np.array([v]))[0].astype("M8[s]")).removesuffix("T00:00:00") for v in x]
        else:
            days = [None if np.isnan(v) else int(v) if self.whole and v % 1 == 0 else float(v) for v in x]
        out = np.empty((len(x), len(self.scales)), dtype=object)
        out[:, 0] = days
        if out.shape[1] > 1:
            out[:, 1] = np.isnan(x)
        return out

    @property
    def measures(self) -> list[str]:
        """What one own unit of each coordinate is."""
        return ["day" if self.column.kind == "date" else "unit", "missing instead of present"][: len(self.scales)]


@dataclass(frozen=True)
class Levels:
    """A category, a bin of a number, or a group of columns drawn jointly: explained as "this level instead of another".

    name : of the column or the group.  filled : the user's columns it fills.
    levels : key of each level.  phrases : each level as a condition in words.  rates : training rates among ``rows`` rows.
    exemplars : for each filled column the user's own cells, one a level; empty for bins, whose values ``inside`` draws.
    stays : share of draws that keep the instance's own level, 0: its training rate. A group of numbers stays in half of them.
    """

    name: str
    filled: tuple[frames.Column, ...]
    levels: tuple[Any, ...]
    phrases: tuple[str, ...]
    rates: tuple[float, ...]
    rows: int
    exemplars: tuple[Any, ...] = ()
    inside: Inside | None = None
    edges: tuple[float, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    stays: float = 0.0

    @cached_property
    def columns(self) -> tuple[Any, ...]:
        """Names of the user's columns that this unit fills."""
        return tuple(c.name for c in self.filled)

    @cached_property
    def rate(self) -> Float[Array, "L"]:
        """``rates`` as an array."""
        return np.array(self.rates)

    @property
    def scales(self) -> list[float]:
        """A level is there or not."""
        return [1.0]

    @property
    def features(self) -> list[str]:
        """Names that hold for every instance."""
        return [self.name]

    @property
    def measures(self) -> list[str]:
        """What one step of the coordinate is."""
        return ["these instead of another row's" if self.stays else "this instead of another"]

    def law(self, own: Int[Array, "B"], x: Float[Array, "B"] | None = None) -> LevelLaw:
        """Local law, untilted, of each instance; an unseen level counts as one more training row.

        Where a share stays, all instances of a law have the same level (see ``Tables.represent``).
        """
        rates = self.rate
        if self.stays:
            others = np.where(np.arange(len(rates)) == own[0], 0.0, rates)
            return LevelLaw(np.where(np.arange(len(rates)) == own[0], self.stays, (1 - self.stays) * others / others.sum()), own, 0.0, self.inside, x)
        if not rates[own].all():
            rates = np.where(np.isin(np.arange(len(rates)), own) & (rates == 0), 1 / self.rows, rates) / (1 + 1 / self.rows)
        return LevelLaw(rates, own, 0.0, self.inside, x)

    def bin_of(self, x: Float[Array, "B"]) -> Int[Array, "B"]:
        """The bin (lower edge excluded) of each value; missing is the last."""
        return np.where(np.isnan(x), len(self.rates) - 1, self._edges.searchsorted(x, side="left"))

    @cached_property
    def _edges(self) -> Float[Array, "E"]:
        return np.array(self.edges, dtype=np.float64)

    def words(self, own: Int[Array, "B"]) -> Array:
        """(B, 1) the instance's level in words."""
        return self._words[own][:, None]

    @cached_property
    def _words(self) -> Array:
        return np.array(self.phrases, dtype=object)

    def extended(self, keys: Sequence[Any], phrases: Sequence[str], exemplars: Sequence[Any]) -> "Levels":
        """With levels that the background never had."""
        joined = tuple(frames.append(c, a, b) for c, a, b in zip(self.filled, self.exemplars, exemplars, strict=True))
        return replace(self, levels=(*self.levels, *keys), phrases=(*self.phrases, *phrases), rates=(*self.rates, *([0.0] * len(keys))), exemplars=joined)


Unit = Number | Levels
