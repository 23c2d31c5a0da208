"""Tables: any data frame or array, read column by column; a block of rows shares its features and its draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from kabosu import checks, frames
from kabosu.domains import described
from kabosu.domains.balance import balanced, first_alike, log_ratio
from kabosu.domains.columns import groups_of, odd, of_numbers, positions
from kabosu.domains.laws import Law, LevelLaw, shared_levels
from kabosu.domains.levels import EVEN, fit_group, fit_level, one_hot_blocks, own_codes
from kabosu.domains.units import Levels, Number, Unit
from kabosu.errors import InputError, RowError
from kabosu.kernels import Balanced, Exponential
from kabosu.labels import Labels
from kabosu.protocols import Joint, Kernel, Representation
from kabosu.spaces import Cube
from kabosu.types import Array, Batch, Bool, Float, Int, Rows


@runtime_checkable
class Neighborhood1D(Protocol):
    """How a numeric column is drawn."""

    def unit(self, column: frames.Column, values: Array) -> Unit:
        """Fit to the training values."""
        ...


@dataclass(frozen=True)
class Gaussian:
    """Independent normals with training standard deviations (MATH 2b); categories and missing at training rates.

    center : "instance", or "mean" (of the training data).
    """

    center: Literal["instance", "mean"] = "instance"

    def __post_init__(self) -> None:
        checks.one_of("center", self.center, ("instance", "mean"))

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Number:
        """Fit to the training values."""
        return Number.fit(column, values, self.center)


@dataclass(frozen=True)
class Tables:
    """Fitted on background data: units that vary, columns that do not.

    table : the background's kind and columns, without rows.  units : what is drawn.  notes : what was inferred, in words.
    joint : how the units are drawn together; None: each by itself.
    """

    table: frames.Table
    columns: tuple[frames.Column, ...]
    units: tuple[Unit, ...]
    constant: Mapping[int, Any]
    notes: tuple[str, ...]
    joint: Any = None

    @classmethod
    def fit(
        cls,
        data: Batch,
        neighborhood: Neighborhood1D = Gaussian(),
        categorical: Sequence[Any] | None = None,
        groups: Mapping[str, Sequence[Any]] | None = None,
    ) -> "Tables":
        """Read background data.

        categorical : names (or positions, for arrays) of columns that are categories whatever their dtype.
        groups : columns drawn jointly and explained as one feature, by a name of yours: categories as the combinations seen in
            training, numbers as they are in the instance or in another training row, as often the one as the other.
        """
        table = frames.read(data)
        if len(table) < 2:
            raise InputError(f"the background data has {len(table)} row(s); expected at least 2, better some hundred")
        chosen = positions(table, () if categorical is None else categorical, "categorical")
        named = groups_of(table, {} if groups is None else groups)
        positions(table, getattr(neighborhood, "columns", ()), "edges")
        grouped = {j for members in named.values() for j in members}
        columns = tuple(frames.describe(n, s, categorical=j in chosen or j in grouped) for j, (n, s) in enumerate(zip(table.names, table.columns, strict=True)))
        units, constant, notes = _units(table, columns, neighborhood, named, of_numbers(table, named, chosen))
        if not units:
            raise InputError("every column of the background data is constant; there is nothing to vary")
        if twice := {u.name for u in units if sum(u.name == v.name for v in units) > 1}:
            raise InputError(f"several features are named {sorted(twice)}; rename the columns or the groups")
        template = replace(table, columns=tuple(frames.gather(s, []) for s in table.columns))
        joint = neighborhood.joint(table, units) if isinstance(neighborhood, Joint) else None
        return cls(template, columns, tuple(units), constant, tuple(notes), joint)

    @property
    def words(self) -> str:
        """Its size, in words."""
        return f"{len(self.columns)} columns"

    def only(self, features: Sequence[Any]) -> "Tables":
        """Vary some features and keep the others as they are in the instance."""
        if not len(features):
            raise InputError("features=[] is empty; name at least one feature to vary, or leave features= out")
        by_position = {} if self.table.named else {str(j): str(c.name) for j, c in enumerate(self.columns)}
        names = {by_position.get(str(f), str(f)) for f in features}
        kept = tuple(u for u in self.units if u.name in names or names & {str(c) for c in u.columns})
        unknown = names - {u.name for u in self.units} - {str(c) for u in self.units for c in u.columns}
        if unknown or not kept:
            raise InputError(f"features={sorted(unknown)} do not vary in the background data; choose among {[u.name for u in self.units]}")
        return replace(self, units=kept)

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.columns)

    @property
    def lean(self) -> bool:
        """True where every column is drawn as a level, or constant."""
        return all(isinstance(u, Levels) for u in self.units) and sum(len(u.columns) for u in self.units) + len(self.constant) == len(self.columns)

    def count(self, X: frames.Table) -> int:
        """Rows of a piece."""
        return len(X)

    def split(self, X: Batch, size: int) -> Iterator[frames.Table]:
        """Pieces of at most ``size`` rows."""
        table = X if isinstance(X, frames.Table) else frames.rows_like(X, self.table)
        if len(table) <= size:
            yield from [table] if len(table) else []
            return
        for start in range(0, len(table), size):
            yield _some(table, range(start, min(start + size, len(table))))

    def represent(self, X: Batch) -> Iterator[Representation]:
        """One block of all rows; a row whose law has a level of its own (one that the background never had, a group of numbers) is one by itself."""
        table = X if isinstance(X, frames.Table) else frames.rows_like(X, self.table)
        block = self._block(table)
        alone = block.alone
        if not alone.any():
            yield block
            return
        for rows in np.split(np.arange(len(table)), np.flatnonzero(alone[1:] | alone[:-1]) + 1):
            yield self._block(_some(table, rows.tolist()))

    def _block(self, table: frames.Table) -> Any:
        series = dict(zip(table.names, table.columns, strict=True))
        units, laws = zip(*(_local(unit, [series[c] for c in unit.columns]) for unit in self.units), strict=True)
        drawn = {c for unit in units for c in unit.columns}
        fixed = {c.name: _cells(c, series[c.name], self.table) for c in self.columns if c.name not in drawn}
        block = TabularBlock(self.table, self.columns, units, laws, fixed, {j: c for j, c in self.constant.items() if self.columns[j].name in fixed})
        return block if self.joint is None else self.joint.around(block)


def dense(domain: Any, what: str) -> Tables:
    """The domain of a dense table; any other is refused."""
    if not isinstance(domain, Tables):
        raise InputError(f"{what} needs numeric columns of a dense table; the entries of a sparse row are present or absent")
    return domain


def _some(table: frames.Table, rows: Sequence[int]) -> frames.Table:
    return replace(table, columns=tuple(frames.gather(s, rows) for s in table.columns))


def _units(table: frames.Table, columns: Sequence[frames.Column], neighborhood: Neighborhood1D, named: Mapping[str, Sequence[int]], even: set[str]) -> tuple[list[Unit], dict, list[str]]:
    """Fit every column or group; leave out the constant ones."""
    values = {j: frames.numbers(c, s) for j, (c, s) in enumerate(zip(columns, table.columns, strict=True)) if c.kind != "level"}
    grouped = {j for members in named.values() for j in members}
    binary = {j: v for j in range(len(columns)) if j not in grouped and (v := _binary(columns[j], table.columns[j], values.get(j))) is not None}
    found = list(one_hot_blocks(binary, len(table))) if len(table) >= 10 else []
    notes = [f"columns {[columns[j].name for j in block]} always sum to 1 and are drawn as one category" for block in found]
    heads = {members[0]: (title, members) for title, members in (*named.items(), *((None, b) for b in found))}
    inside = grouped | {j for block in found for j in block}
    units: list[Unit] = []
    constant: dict[int, Any] = {}
    for j, (column, series) in enumerate(zip(columns, table.columns, strict=True)):
        if j in heads:
            title, members = heads[j]
            units.append(fit_group(title, [_as_level(columns[i]) for i in members], [table.columns[i] for i in members], EVEN if title in even else 0.0))
        elif j not in inside:
            unit = _unit(column, series, values.get(j), neighborhood)
            if unit is None:
                constant[j] = frames.cells(series)[0]
                notes.append(f"column {column.name!r} is constant and is left out")
            else:
                units.append(unit)
                notes += odd(unit)
    return units, constant, notes


def _as_level(column: frames.Column) -> frames.Column:
    return replace(column, kind="level")


def _binary(column: frames.Column, series: Any, values: Array | None) -> Array | None:
    """(n,) floats of a 0/1 or boolean column, else None."""
    if values is None:
        cells = frames.cells(series)
        if not all(isinstance(v, (bool, np.bool_)) for v in cells):
            return None
        values = cells.astype(np.float64)
    return values if np.isin(values, (0.0, 1.0)).all() else None


def _unit(column: frames.Column, series: Any, values: Array | None, neighborhood: Neighborhood1D) -> Unit | None:
    """A column's unit; None where it is constant."""
    distinct = len(set(frames.cells(series).tolist())) if values is None else len(np.unique(values[~np.isnan(values)])) + bool(np.isnan(values).any())
    if distinct < 2:
        return None
    if values is None or len(np.unique(values[~np.isnan(values)])) < 2:
        return fit_level(_as_level(column), series)
    return neighborhood.unit(column, values)


def _local(unit: Unit, series: Sequence[Any]) -> tuple[Unit, Law]:
    """The unit (with the block's own new levels) and its law for the instances."""
    if isinstance(unit, Number):
        return unit, unit.law(_own(unit.column, series[0], np.array(unit.atoms)))
    if unit.inside is not None:
        x = _own(unit.filled[0], series[0], unit.inside.low)
        return unit, unit.law(unit.bin_of(x), x)
    unit, codes = own_codes(unit, series)
    return unit, unit.law(codes)


def _own(column: frames.Column, series: Any, points: Array) -> Array:
    """(B,) the instances' numbers; missing only where the background has missing, a NaN among its points."""
    x = frames.numbers(column, series, "instance")
    if np.isnan(x).any() and not np.isnan(points).any():
        raise RowError(f"column {column.name!r} is missing in the instance and never in the background data, so its rate is unknown; fill it, or add background rows that lack it")
    return x


def _cells(column: frames.Column, series: Any, table: frames.Table) -> tuple[Any, Array]:
    """A column that is not drawn, as (exemplars, codes) or (None, floats)."""
    if column.kind != "level":
        return None, frames.numbers(column, series, "instance")
    like = table.columns[table.names.index(column.name)]
    own = frames.append(column, like, series)
    return own, np.arange(len(own) - len(series), len(own))


@dataclass(frozen=True)
class TabularBlock:
    """B rows in interpretable coordinates: one number or level a unit, in training standard deviations."""

    table: frames.Table
    all_columns: tuple[frames.Column, ...]
    units: tuple[Unit, ...]
    laws: tuple[Law, ...]
    fixed: Mapping[Any, tuple[Any, Array]]
    constant: Mapping[int, Any]

    @property
    def size(self) -> int:
        """B."""
        return len(self.laws[0].at())

    @property
    def space(self) -> Cube:
        """One coordinate a unit."""
        return Cube(len(self.laws))

    @cached_property
    def origin(self) -> Float[Array, "#B p"]:
        """The instances."""
        return _side_by_side([law.origin for law in self.laws])

    @property
    def alone(self) -> Bool[Array, "B"]:
        """Rows whose law no other row shares: with a level that the background never had, or all with a group of numbers."""
        own = [u.rate[law.own] * (not u.stays) == 0 for u, law in zip(self.units, self.laws, strict=True) if isinstance(u, Levels) and (u.stays or 0 in u.rates)]
        return np.any([np.zeros(self.size, dtype=bool), *own], axis=0)

    @cached_property
    def alike(self) -> bool:
        """True where a draw is the same row for the model, whichever instance it is drawn for."""
        return all(law.alike for law in self.laws) and all(map(described.equal, self.fixed.values()))

    def take(self, rows: Rows) -> "TabularBlock":
        """Some of the instances."""
        return replace(self, laws=tuple(law.take(rows) for law in self.laws), fixed={c: (e, v[rows]) for c, (e, v) in self.fixed.items()})

    def tilt(self, kernel: Kernel) -> "TabularBlock | None":
        """Under the local law q, where the kernel's squared distance is a sum over features (MATH section 2)."""
        if isinstance(kernel, Balanced):
            return balanced(self.tilt(kernel.kernel))
        precision = kernel.precision(sum(law.width for law in self.laws)) if isinstance(kernel, Exponential) else None
        return None if precision is None else replace(self, laws=tuple(law.tilt(precision) for law in self.laws))

    def log_ratio(self, draws: Float[Array, "1 s m"]) -> Float[Array, "B s"] | None:
        """Logarithm of what balanced draws weigh; None where draws are of the law itself."""
        return log_ratio(self.laws, draws[0])

    def first_alike(self, draws: Float[Array, "1 s m"]) -> Int[Array, "B s"] | None:
        """For each draw the number of the first that is the same row; None where no two are."""
        return first_alike(self.laws, draws[0])

    def features(self, draws: Float[Array, "1 s m"]) -> Float[Array, "#B s p"]:
        """Coordinates of the draws, feature by feature in memory, as they are read."""
        return self._coordinates(draws).astype(np.float64, copy=False).swapaxes(1, 2)

    def binary(self, draws: Float[Array, "1 s m"]) -> Bool[Array, "B s p"] | None:
        """Coordinates of the draws where all units are levels: True where a draw has the instance's own."""
        return self._coordinates(draws).swapaxes(1, 2) if all(isinstance(law, LevelLaw) for law in self.laws) else None

    def _coordinates(self, draws: Float[Array, "1 s m"]) -> Array:
        found = shared_levels(self.laws, draws[0])
        if found is None:
            return _joined([law.coordinates(draws[0, :, j]).swapaxes(1, 2) for j, law in enumerate(self.laws)])
        return found[0] == np.stack([law.own for law in self.laws], axis=1).astype(found[0].dtype)[..., None]  # pyright: ignore[reportAttributeAccessIssue]

    def inputs(self, draws: Float[Array, "1 s m"]) -> Batch:
        """B*s rows of the user's own kind of table."""
        found = shared_levels(self.laws, draws[0])
        return self.rows([law.cells(draws[0, :, j]) for j, law in enumerate(self.laws)] if found is None else [cell[None] for cell in found[1]])

    def rows(self, cells: Sequence[Array]) -> Batch:
        """B*s rows with these (#B, s) cells of the units; columns that are not drawn are as in the instances."""
        s = cells[0].shape[1]
        filled = {c: (e, np.repeat(v, s)) for c, (e, v) in self.fixed.items()}
        for unit, cell in zip(self.units, cells, strict=True):
            filled |= _fill(unit, (cell if len(cell) == self.size else np.broadcast_to(cell, (self.size, s))).reshape(-1))
        return self._build(filled)

    def instances(self) -> Batch:
        """The B rows themselves."""
        filled = dict(self.fixed)
        for unit, law in zip(self.units, self.laws, strict=True):
            filled |= _fill(unit, law.at())
        return self._build(filled)

    def with_numbers(self, values: Mapping[Any, Float[Array, "n"]]) -> Batch:
        """n copies of the first row with some of its numbers set: what a picture of the model asks."""
        one, n = self.take([0]), len(next(iter(values.values())))
        filled = dict(one.fixed)
        for unit, law in zip(one.units, one.laws, strict=True):
            filled |= _fill(unit, law.at())
        whole = {c.name for c in self.all_columns if c.kind == "whole"}
        repeated = {c: (e, np.repeat(v, n)) for c, (e, v) in filled.items()}
        return self._build(repeated | {c: (None, np.rint(v) if c in whole else v) for c, v in values.items()})

    def _build(self, filled: Mapping[Any, tuple[Any, Array]]) -> Batch:
        columns = [replace(c, kind="level") if filled[c.name][0] is not None else c for c in self.all_columns]
        return frames.build(self.table, columns, [filled[c.name] for c in self.all_columns])

    def labels(self) -> Labels:
        """Names, values and units of the features."""
        pairs = list(zip(self.units, self.laws, strict=True))
        usual = [described.usual(u, law) for u, law in pairs]
        return Labels(
            columns=tuple(f for unit in self.units for f in unit.features),
            names=np.concatenate([u.words(law.at() if isinstance(u, Number) else law.own) for u, law in pairs], axis=1),
            values=np.concatenate([described.shown(u, law) for u, law in pairs], axis=1),
            scale=np.array([[s for unit in self.units for s in unit.scales]]),
            center=_side_by_side([described.centers(u, law) for u, law in pairs]),
            reference=_side_by_side([reference for reference, _ in usual]),
            units=tuple(w for unit in self.units for w in unit.measures),
            notes=self._notes(pairs),
            frame=self.table,
            rare=_side_by_side([rare for _, rare in usual]),
        )

    def _notes(self, pairs: Sequence[tuple[Unit, Law]]) -> dict[str, Array]:
        numbers = [(u, law.at()) for u, law in pairs if isinstance(u, Number) or law.x is not None]
        low, high = (np.array([getattr(u, end) for u, _ in numbers])[:, None] for end in ("low", "high"))
        at = np.array([x for _, x in numbers]).reshape(len(numbers), self.size)
        marks = (at < low) | (at > high)
        outside = [(numbers[j][0].name, marks[j]) for j in np.flatnonzero(marks.any(axis=1))]
        outside += [pair for u, law in pairs if isinstance(u, Levels) and u.stays for pair in described.beyond(u, law.own)]
        unseen = [(u.name, u.rate[law.own] == 0) for u, law in pairs if isinstance(u, Levels) and u.inside is None and not u.stays]
        moved = [(str(self.all_columns[j].name), described.differs(self.fixed[self.all_columns[j].name], value)) for j, value in self.constant.items()]
        return {"outside-training-range": described.named(outside + moved, self.size), "unseen-level": described.named(unseen, self.size)}


def _side_by_side(parts: Sequence[Array]) -> Array:
    """(B, q) columns of several units; one row where all instances share them."""
    size = max(map(len, parts))
    return np.concatenate([part if len(part) == size else np.repeat(part, size, axis=0) for part in parts], axis=1)


def _joined(parts: Sequence[Array]) -> Array:
    """(B, q, s) rows of several units, one after the other."""
    out = np.empty((max(map(len, parts)), sum(part.shape[1] for part in parts), parts[0].shape[2]), dtype=np.result_type(*parts))
    end = 0
    for part in parts:
        end, start = end + part.shape[1], end
        out[:, start:end] = part
    return out


def _fill(unit: Unit, cells: Array) -> dict[Any, tuple[Any, Array]]:
    if isinstance(unit, Number) or unit.inside is not None:
        return {unit.columns[0]: (None, cells)}
    return {c: (e, cells) for c, e in zip(unit.columns, unit.exemplars, strict=True)}
