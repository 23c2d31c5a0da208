"""The nearest background rows, jittered: a kernel density estimate of what is around the instance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import checks, frames
from kabosu.domains.joint import AS_GAUSSIAN, Cells, JointBlock, coordinates, no_number_groups, training_cells
from kabosu.domains.laws import Law, LevelLaw
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Number, Unit
from kabosu.types import Array, Bool, Float, Rows

DISTINCT = 0.5  # share of different values from which a number is jittered; below it values are exchanged


@dataclass(frozen=True)
class Nearest:
    """The k background rows nearest to the instance, with local jitter.

    A draw starts from one of the rows. Its continuous numbers move by a normal with ``jitter`` times the standard deviation
    among the k rows; its integers, repeated values, missing cells and categories are, each with probability ``jitter``, those
    of another of the k rows: integers stay integers. Rows are a mixture of products, so the local law q is one, too, in closed
    form (normals times a normal kernel, point masses times a factor), and is drawn from directly.

    k : rows, by the distance that the kernel uses.  jitter : from 0 (the rows themselves) to 1.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import kabosu as kb
    >>> X, y = load_iris(return_X_y=True)
    >>> explainer = kb.TabularExplainer(LogisticRegression(max_iter=1000).fit(X, y), X, neighborhood=Nearest(k=40))
    >>> bool(explainer.explain(X[0]).certificate.effective_sample_size > 1000)
    True

    """

    k: int = 100
    jitter: float = 0.3

    def __post_init__(self) -> None:
        checks.whole("k", self.k, 2, "a number of rows")
        checks.number("jitter", self.jitter, "a number from 0 to 1", low=0.0, high=1.0)

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Number:
        """How a number is explained: per training standard deviation."""
        return AS_GAUSSIAN.unit(column, values)

    def joint(self, table: frames.Table, units: Sequence[Unit]) -> "FittedNearest":
        """Keep the rows."""
        no_number_groups(units)
        cells = training_cells(table, units)
        smooth = tuple(isinstance(u, Number) and _continuous(u, c) for u, c in zip(units, cells, strict=True))
        return FittedNearest(tuple(u.name for u in units), cells, smooth, self.k, self.jitter)


def _continuous(unit: Number, values: Float[Array, "n"]) -> bool:
    kept = values[~np.isnan(values)]
    return not unit.whole and len(np.unique(kept)) > DISTINCT * len(kept)


@dataclass(frozen=True, eq=False)
class FittedNearest:
    """All background rows, unit by unit; ``smooth``: which units are jittered by a normal."""

    names: tuple[str, ...]
    cells: tuple[Array, ...]
    smooth: tuple[bool, ...]
    k: int
    jitter: float

    def around(self, block: TabularBlock) -> JointBlock:
        """Find the rows of each instance."""
        index = [self.names.index(u.name) for u in block.units]
        rows = [self.cells[j] for j in index]
        found = [self._near(block.take([b]), rows) for b in range(block.size)]
        near = tuple(np.stack(c) for c in zip(*found, strict=True))
        return JointBlock(block, NearestLaw(block, near, tuple(self.smooth[j] for j in index), self.jitter))

    def _near(self, one: TabularBlock, rows: Sequence[Array]) -> list[Array]:
        """Cells of the k nearest, nearest first, in the order of the background where equally near."""
        away = coordinates(one, [c[None] for c in rows])[0] - one.origin[0]
        order = np.argsort(np.einsum("np,np->n", away, away), kind="stable")[: self.k]
        return [c[order] for c in rows]


@dataclass(frozen=True, eq=False)
class NearestLaw:
    """A mixture over the k rows of each instance, every unit by itself given the row.

    near : (B, k) cells of each unit.  precision : of the tilt.
    """

    block: TabularBlock
    near: tuple[Array, ...]
    smooth: tuple[bool, ...]
    jitter: float
    precision: float = 0.0

    @property
    def m(self) -> int:
        """The row, then one a unit."""
        return 1 + len(self.near)

    def places(self, u: Float[Array, "1 s m"]) -> None:
        """By the coordinates."""

    def tilt(self, precision: float) -> "NearestLaw":
        """The law times exp(-precision/2 d^2)."""
        return replace(self, precision=self.precision + precision)

    def take(self, rows: Rows) -> "NearestLaw":
        """Some of the instances."""
        return replace(self, block=self.block.take(rows), near=tuple(c[rows] for c in self.near))

    def cells(self, u: Float[Array, "1 s m"]) -> Cells:
        """An instance after the other."""
        drawn = [self._one(b, u[0]) for b in range(len(self.near[0]))]
        return [np.stack(c) for c in zip(*drawn, strict=True)]

    def _one(self, b: int, u: Float[Array, "s m"]) -> list[Array]:
        laws = [law.take([b]) for law in self.block.laws]
        parts = [_part(law, c[b], smooth=s, jitter=self.jitter, t=self.precision) for law, c, s in zip(laws, self.near, self.smooth, strict=True)]
        log = np.sum([part.log for part in parts], axis=0)
        share = np.cumsum(np.exp(log - log.max()))
        row = np.minimum(np.searchsorted(share / share[-1], u[:, 0], side="right"), len(share) - 1)
        return [part.draw(row, u[:, 1 + j]) for j, part in enumerate(parts)]


@dataclass(frozen=True, eq=False)
class Part:
    """One unit of one instance, given each of the k rows.

    log : log of the mass that the tilt leaves of each row.  cells : of the rows.
    keep : (k,) probability of the row's own cell.  pick : cumulative probabilities of the cells of all rows.
    mean, sd : of the normal, in own units, where ``moves``.
    """

    log: Float[Array, "k"]
    cells: Array
    keep: Float[Array, "k"]
    pick: Float[Array, "k"]
    moves: Bool[Array, "k"]
    mean: Float[Array, "k"]
    sd: float

    def draw(self, row: Array, u: Float[Array, "s"]) -> Array:
        """Cells of the draws."""
        from scipy.special import ndtri

        left = np.clip((u - self.keep[row]) / np.maximum(1 - self.keep[row], 1e-300), 0.0, 1.0)
        other = np.minimum(np.searchsorted(self.pick, left, side="right"), len(self.pick) - 1)
        point = np.where(u < self.keep[row], self.cells[row], self.cells[other])
        return np.where(self.moves[row], self.mean[row] + self.sd * ndtri(u), point) if self.moves.any() else point


def _part(law: Law, cells: Array, *, smooth: bool, jitter: float, t: float) -> Part:
    """A unit's conditional laws under the tilt exp(-t/2 d^2)."""
    factor = np.exp(-0.5 * t * _squared(law, cells))
    moves = ~np.isnan(cells) if smooth else np.zeros(len(cells), dtype=bool)
    if smooth:
        return _normals(law, cells, factor, moves, jitter, t)
    left = (1 - jitter) * factor + jitter * factor.mean()
    pick = np.cumsum(factor / factor.max())
    return Part(_log(left), cells, (1 - jitter) * factor / np.maximum(left, 1e-300), pick / pick[-1], moves, np.zeros(len(cells)), 0.0)


def _normals(law: Any, cells: Float[Array, "k"], factor: Float[Array, "k"], moves: Bool[Array, "k"], jitter: float, t: float) -> Part:
    """Normals of one width around the rows' numbers; a missing one stays missing."""
    z, own = (cells - law.center[0]) / law.scale, float(law.own[0])
    h2 = (jitter * z[moves].std()) ** 2 if moves.any() else 0.0
    log = np.where(moves, -0.5 * t * (z - own) ** 2 / (1 + t * h2) - 0.5 * np.log1p(t * h2) - 0.5 * t * law.lost[0], _log(factor))
    mean = np.where(moves, (z + t * h2 * own) / (1 + t * h2), 0.0)
    return Part(log, cells, np.ones(len(cells)), np.arange(1, len(cells) + 1) / len(cells), moves, law.center[0] + law.scale * mean, law.scale * float(np.sqrt(h2 / (1 + t * h2))))


def _squared(law: Law, cells: Array) -> Float[Array, "k"]:
    """Squared distance of each cell from the instance's, MATH (4)."""
    if isinstance(law, LevelLaw):
        return (cells != law.own[0]).astype(np.float64)
    lost = np.isnan(cells)
    z = np.where(lost, law.own[0], (cells - law.center[0]) / law.scale)
    return (z - law.own[0]) ** 2 + (lost != law.lost[0])


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(x)
