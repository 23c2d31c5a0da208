"""Columns drawn together: what the copula, the observed rows, the nearest rows, a generator and constraints share.

One joint law draws the cells of all units at once; the interpretable coordinates are read from these cells, so that both
readings are of the same row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from kabosu import frames
from kabosu.domains.laws import Law, LevelLaw
from kabosu.domains.levels import own_codes
from kabosu.domains.tabular import Gaussian, TabularBlock, _fill
from kabosu.domains.units import Levels, Number, Unit
from kabosu.errors import InputError
from kabosu.kernels import Exponential
from kabosu.labels import Labels
from kabosu.protocols import Kernel
from kabosu.spaces import Cube
from kabosu.types import Array, Batch, Bool, Float, Rows

Cells = list[Array]
"""A unit each: (#B, s) numbers, NaN where missing, or level codes."""

AS_GAUSSIAN = Gaussian("instance")


class JointLaw(Protocol):
    """The law of all units of B instances."""

    @property
    def m(self) -> int:
        """Uniform numbers that make one draw."""
        ...

    def cells(self, u: Float[Array, "1 s m"]) -> Cells:
        """Draws as cells of the units."""
        ...

    def places(self, u: Float[Array, "1 s m"]) -> Float[Array, "#B s p"] | None:
        """Draws as the kernel sees them, counted from the instance; None: by their interpretable coordinates."""
        ...

    def tilt(self, precision: float) -> "JointLaw | None":
        """The law times exp(-precision/2 d^2); None where it is not known."""
        ...

    def take(self, rows: Rows) -> "JointLaw":
        """Some of the instances."""
        ...


@dataclass(frozen=True)
class JointBlock:
    """B rows of a table whose units are drawn together.

    block : the same rows, column by column: coordinates, labels, how rows are built.  law : of all units.
    """

    block: TabularBlock
    law: JointLaw

    @property
    def size(self) -> int:
        """B."""
        return self.block.size

    @property
    def space(self) -> Cube:
        """As many coordinates as the joint law reads."""
        return Cube(self.law.m)

    @property
    def origin(self) -> Float[Array, "#B p"]:
        """The instances."""
        return self.block.origin

    @property
    def alone(self) -> Bool[Array, "B"]:
        """Rows whose law no other row shares."""
        return self.block.alone

    def take(self, rows: Rows) -> "JointBlock":
        """Some of the instances."""
        return JointBlock(self.block.take(rows), self.law.take(rows))

    def tilt(self, kernel: Kernel) -> "JointBlock | None":
        """Under the local law q, where it is known."""
        precision = kernel.precision(self.origin.shape[1]) if isinstance(kernel, Exponential) else None
        law = None if precision is None else self.law.tilt(precision)
        return None if law is None else replace(self, law=law)

    def read(self, cells: Cells) -> Float[Array, "#B s p"]:
        """Interpretable coordinates of cells."""
        return coordinates(self.block, cells)

    def features(self, draws: Float[Array, "1 s m"]) -> Float[Array, "#B s p"]:
        """Coordinates of the draws."""
        return self.read(self.law.cells(draws))

    def places(self, draws: Float[Array, "1 s m"]) -> Float[Array, "#B s p"] | None:
        """Where the draws lie for the kernel; None: at their coordinates."""
        return self.law.places(draws)

    def inputs(self, draws: Float[Array, "1 s m"]) -> Batch:
        """B*s rows of the user's own kind of table."""
        return self.block.rows(self.law.cells(draws))

    def instances(self) -> Batch:
        """The B rows themselves."""
        return self.block.instances()

    def labels(self) -> Labels:
        """Names, values and units of the features."""
        return self.block.labels()


def coordinates(block: TabularBlock, cells: Cells) -> Float[Array, "#B s p"]:
    """Each unit's coordinates of its cells, as its own law has them; feature by feature in memory, as they are read."""
    parts = [_coordinates(u, law, c) for u, law, c in zip(block.units, block.laws, cells, strict=True)]
    return np.concatenate(parts, axis=1).swapaxes(1, 2)


def _coordinates(unit: Unit, law: Law, cells: Array) -> Float[Array, "B q s"]:
    if isinstance(law, LevelLaw):
        codes = cells if isinstance(unit, Number) or unit.inside is None else unit.bin_of(cells.ravel()).reshape(cells.shape)
        return (codes == law.own[:, None])[:, None].astype(np.float64)
    lost = np.isnan(cells)
    z = np.where(lost, law.own[:, None], (cells - law.center[:, None]) / law.scale)
    return np.stack([z, lost * np.ones_like(z)], axis=1)[:, : law.width]


def training_cells(table: frames.Table, units: Sequence[Unit]) -> tuple[Array, ...]:
    """(n,) cells of each unit in a table's rows; a level that the background never had is refused."""
    series = dict(zip(table.names, table.columns, strict=True))
    return tuple(_training(u, [series[c] for c in u.columns]) for u in units)


def _training(unit: Unit, series: Sequence[Any]) -> Array:
    if isinstance(unit, Number):
        return frames.numbers(unit.column, series[0])
    extended, codes = own_codes(unit, series)
    if len(extended.levels) > len(unit.levels):
        raise InputError(f"column {unit.name!r} has the level {extended.levels[len(unit.levels)]!r}, which the background data never had; add rows that have it")
    return codes


def held(block: TabularBlock, names: Collection[str]) -> TabularBlock:
    """The block with some of its units kept as they are in the instances."""
    kept = [i for i, u in enumerate(block.units) if not _named(u, names)]
    fixed = dict(block.fixed)
    for i in sorted(set(range(len(block.units))) - set(kept)):
        fixed |= _fill(block.units[i], block.laws[i].at())
    return replace(block, units=tuple(block.units[i] for i in kept), laws=tuple(block.laws[i] for i in kept), fixed=fixed)


def _named(unit: Unit, names: Collection[str]) -> bool:
    return unit.name in names or any(str(c) in names for c in unit.columns)


def known_names(option: str, given: Sequence[Any], table: frames.Table, units: Sequence[Unit]) -> tuple[str, ...]:
    """Columns or features that an option names, as strings; positions where the background has positions."""
    position = {} if table.named else {str(j): str(n) for j, n in enumerate(table.names)}
    names = tuple(position.get(str(g), str(g)) for g in given)
    known = {str(n) for n in table.names} | {u.name for u in units}
    if unknown := [n for n in names if n not in known]:
        raise InputError(f"{option}= names {unknown}, which the background data lacks; its columns are {list(table.names)[:30]}")
    return names


def no_number_groups(units: Sequence[Unit]) -> None:
    """Refuse a group of numbers where all columns move together."""
    if grouped := [u.name for u in units if isinstance(u, Levels) and u.stays]:
        raise InputError(f"groups={grouped} hold numbers, and in this neighborhood all columns move together, none as a whole: leave these groups out, or use neighborhood='gaussian' or 'bins'")


def some_vary(option: str, units: Sequence[Unit], names: Collection[str]) -> None:
    """Refuse to hold everything."""
    if all(_named(u, names) for u in units):
        raise InputError(f"{option}= holds every column that varies; leave at least one to vary")


@dataclass(frozen=True)
class Product:
    """Independent units, as a joint law: their own one-dimensional laws."""

    laws: tuple[Law, ...]

    @property
    def m(self) -> int:
        """One a unit."""
        return len(self.laws)

    def cells(self, u: Float[Array, "1 s m"]) -> Cells:
        """Each unit by its quantile function."""
        return [law.cells(u[0, :, j]) for j, law in enumerate(self.laws)]

    def places(self, u: Float[Array, "1 s m"]) -> None:
        """By the coordinates."""

    def tilt(self, precision: float) -> "Product":
        """Each unit's law tilted (MATH section 2)."""
        return Product(tuple(law.tilt(precision) for law in self.laws))

    def take(self, rows: Rows) -> "Product":
        """Some of the instances."""
        return Product(tuple(law.take(rows) for law in self.laws))
