"""Columns as normal scores and back: the margins of the Gaussian copula."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.domains.units import Levels, Number
from kabosu.types import Array, Float, Int

KNOTS = 4096  # most points of a quantile function
DECIMALS = 6  # numbers with at most so many decimals keep them
FEW_ROWS = 5  # rows of the average that a level's own are weighed against


def _normal(p: Any) -> Any:
    from scipy.special import ndtri

    return ndtri(p)


def _mean_scores(below: Float[Array, "L"], above: Float[Array, "L"]) -> Float[Array, "L"]:
    """E[v | below < Phi(v) < above] of a standard normal v."""
    density = lambda p: np.exp(-0.5 * _normal(p) ** 2) / np.sqrt(2 * np.pi)  # noqa: E731
    return (density(below) - density(above)) / np.maximum(above - below, 1e-300)


@dataclass(frozen=True, eq=False)
class NumberMargin:
    """A number: its score is the normal quantile of its mid-rank (Hazen); missing is a second score above a threshold.

    knots, values : scores and values of the sorted background, thinned.  lost : rate of missing.
    decimals : that the background's values have; None: more than are looked for.
    """

    knots: Float[Array, "K"]
    values: Float[Array, "K"]
    scale: float
    lost: float
    decimals: int | None
    bounds: tuple[float, float]

    @classmethod
    def fit(cls, unit: Number, values: Float[Array, "n"]) -> "NumberMargin":
        """Read a training column."""
        kept = np.sort(values[~np.isnan(values)])
        n = len(kept)
        ends = np.flatnonzero(np.concatenate([[True], kept[1:] != kept[:-1]]) | np.concatenate([kept[1:] != kept[:-1], [True]]))  # first and last of equal values
        if len(ends) > KNOTS:
            ends = np.unique(np.concatenate([np.rint(np.linspace(0, n - 1, KNOTS)).astype(np.int64)]))
        return cls(_normal((ends + 0.5) / n), kept[ends], unit.scale, 1 - n / len(values), _decimals(kept, whole=unit.whole), unit.column.bounds)

    @property
    def width(self) -> int:
        """Scores."""
        return 1 + (self.lost > 0)

    def _score(self, x: Float[Array, "n"]) -> Float[Array, "n"]:
        """Scores of values; the middle one of equal values, the normal's tail beyond the ends."""
        first, last = np.searchsorted(self.values, x, side="left"), np.searchsorted(self.values, x, side="right") - 1
        top = len(self.values) - 1
        here = 0.5 * (_below(self.knots[np.clip(first, 0, top)]) + _below(self.knots[np.clip(last, 0, top)]))
        between = np.interp(x, self.values, self.knots)
        beyond = (np.maximum(x - self.values[-1], 0) - np.maximum(self.values[0] - x, 0)) / self.scale
        return np.where(last >= first, _normal(here), between) + beyond

    def place(self, law: Any) -> Float[Array, "B w"]:
        """Scores of the instances; the middle where missing."""
        value = np.where(law.lost, 0.0, self._score(np.where(law.lost, self.values[0], law.x)))
        said = np.where(law.lost, _normal(1 - self.lost / 2), _normal((1 - self.lost) / 2))
        return np.stack([value, said], axis=1)[:, : self.width]

    def scores(self, x: Float[Array, "n"]) -> Float[Array, "n w"]:
        """Scores for the correlations, NaN where missing: for the missing themselves the mean of their part of the normal."""
        gone = np.isnan(x)
        value = np.where(gone, np.nan, self._score(np.where(gone, self.values[0], x)))
        parts = _mean_scores(np.array([0.0, 1 - self.lost]), np.array([1 - self.lost, 1.0]))
        return np.stack([value, parts[gone.astype(np.int64)]], axis=1)[:, : self.width]

    def cells(self, v: Float[Array, "B s w"], law: Any) -> Float[Array, "B s"]:
        """Values by the empirical quantiles, within the range of the background or out to the instance."""
        x = np.where(law.lost, self.values[0], law.x)
        beyond = np.maximum(v[..., 0] - self.knots[-1], 0) - np.maximum(self.knots[0] - v[..., 0], 0)
        value = np.interp(v[..., 0], self.knots, self.values) + self.scale * beyond
        if self.decimals is not None:
            value = np.round(value, self.decimals)
        value = np.clip(value, np.minimum(self.values[0], x)[:, None], np.maximum(self.values[-1], x)[:, None])
        return np.where(v[..., 1] > _normal(1 - self.lost), np.nan, value) if self.width > 1 else value


def _below(v: Array) -> Array:
    from scipy.special import ndtr

    return ndtr(v)


def _decimals(values: Float[Array, "n"], *, whole: bool) -> int | None:
    """Fewest decimals that hold all values.

    Examples
    --------
    >>> _decimals(np.array([1.5, 2.25]), whole=False), _decimals(np.array([1 / 3]), whole=False)
    (2, None)

    """
    return 0 if whole else next((d for d in range(DECIMALS + 1) if (np.round(values, d) == values).all()), None)


@dataclass(frozen=True, eq=False)
class LevelMargin:
    """A category: each level an interval of the score, as long as its rate.

    order : the levels along the score, which is the direction in which the other columns change most from level to level.
    """

    order: Int[Array, "L"]

    @classmethod
    def fit(cls, unit: Levels, codes: Int[Array, "n"], others: Float[Array, "n q"]) -> "LevelMargin":
        """Order the levels: first singular vector of their means of the other columns, few rows weighed less."""
        counts = np.bincount(codes, minlength=len(unit.rates))
        if len(counts) < 3 or not others.shape[1]:
            return cls(np.arange(len(counts)))
        sums = np.stack([np.bincount(codes, weights=column, minlength=len(counts)) for column in others.T], axis=1)
        means = sums / (counts[:, None] + FEW_ROWS)
        left, size, _ = np.linalg.svd(np.sqrt(counts)[:, None] * means, full_matrices=False)
        score = left[:, 0] * size[0] / np.sqrt(np.maximum(counts, 1))
        score = score if score[np.abs(score).argmax()] > 0 else -score
        return cls(np.argsort(score, kind="stable"))

    @property
    def width(self) -> int:
        """Scores."""
        return 1

    def _ends(self, rates: Float[Array, "L"]) -> tuple[Int[Array, "L"], Float[Array, "L"]]:
        """Levels along the score, those that the background never had last, and the probability up to the end of each."""
        order = np.concatenate([self.order, np.arange(len(self.order), len(rates))])
        ends = np.cumsum(rates[order])
        return order, ends / ends[-1]

    def place(self, law: Any) -> Float[Array, "B 1"]:
        """Middle of the instance's level."""
        order, ends = self._ends(law.rates)
        middle = np.empty(len(order))
        middle[order] = 0.5 * (ends + np.concatenate([[0.0], ends[:-1]]))
        return _normal(middle[law.own])[:, None]

    def scores(self, codes: Int[Array, "n"]) -> Float[Array, "n 1"]:
        """Mean of each level's part of the normal."""
        rates = np.bincount(codes, minlength=len(self.order)) / len(codes)
        order, ends = self._ends(rates)
        score = np.zeros(len(order))
        score[order] = _mean_scores(np.concatenate([[0.0], ends[:-1]]), np.minimum(ends, 1.0))
        return score[codes][:, None]

    def cells(self, v: Float[Array, "B s 1"], law: Any) -> Int[Array, "B s"]:
        """The level in whose interval the score lies."""
        order, ends = self._ends(law.rates)
        return order[np.searchsorted(_normal(ends[:-1]), v[..., 0], side="left")]


Margin = NumberMargin | LevelMargin
