"""Several inputs at once, of any kinds: one joint mask and draw, one surrogate; the model gets a dict or a frame."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kabosu import frames
from kabosu.domains.masks import EvenCounts, MaskedBlock, MaskLaw, Noted, Parts
from kabosu.domains.varied import VariedBlock, VariedParts, one_of
from kabosu.errors import InputError, KabosuError, RowError
from kabosu.types import Array, Batch, Bool, Float


@runtime_checkable
class Field(Protocol):
    """One input: texts, images, series, columns, or a domain of one's own."""

    def parts(self, x: Any) -> Parts | VariedParts:
        """One instance's input, taken apart."""
        ...


@dataclass(frozen=True, eq=False)
class Value:
    """One number or category, replaced by that of a row of the background, another in each draw.

    background : (n,) values that stand in its place.
    """

    background: Array

    def parts(self, x: Any) -> "ValueParts":
        """One value."""
        own = np.asarray([x])
        same = np.result_type(own, self.background) if {own.dtype.kind, self.background.dtype.kind} <= set("biuf") else np.dtype(object)
        if (self.background.dtype.kind in "biuf") != (own.dtype.kind in "biuf") or own.ndim != 1:
            raise RowError(f"the value is {x!r:.60} and the background has {self.background.dtype}, such as {self.background[0]!r}; expected the same kind")
        return ValueParts(x, self.background.astype(same), own.astype(same))


@dataclass(frozen=True, eq=False)
class ValueParts:
    """One value, taken apart: itself."""

    value: Any
    background: Array
    own: Array
    layout: Any = None
    row_size: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """What it is."""
        return (f"= {self.value}",)

    def whole(self) -> Array:
        """The value, as a batch of one."""
        return self.own

    def mixed(self, masks: Bool[Array, "s 1"], chance: Float[Array, "s"]) -> Array:
        """The value, or that of some row."""
        return np.where(masks[:, 0], self.own, self.background[one_of(len(self.background), chance)])


@dataclass(frozen=True, eq=False)
class Columns:
    """Some columns of a table, each kept or replaced; those that are hidden come from one row of the background, another in each draw."""

    table: frames.Table
    columns: tuple[frames.Column, ...]

    def parts(self, x: Any) -> "ColumnsParts":
        """One row."""
        row = frames.rows_like(x, self.table)
        if len(row) != 1:
            raise RowError(f"expected one row, got {len(row)}")
        exemplars = tuple(frames.append(c, s, own) for c, s, own in zip(self.columns, self.table.columns, row.columns, strict=True))
        names = tuple(f"{c.name} = {frames.cells(s)[0]}" for c, s in zip(self.columns, row.columns, strict=True))
        return ColumnsParts(names, self.table, self.columns, exemplars)


@dataclass(frozen=True, eq=False)
class ColumnsParts:
    """One row, column by column. exemplars : the background's cells, then the row's own."""

    names: tuple[str, ...]
    table: frames.Table
    columns: tuple[frames.Column, ...]
    exemplars: tuple[Any, ...]
    layout: Any = None

    @property
    def row_size(self) -> int:
        """Cells."""
        return len(self.columns)

    def whole(self) -> Batch:
        """The row, as a table of one."""
        return self.mixed(np.ones((1, len(self.columns)), dtype=bool), np.full(1, 0.5))

    def mixed(self, masks: Bool[Array, "s p"], chance: Float[Array, "s"]) -> Batch:
        """Rows whose hidden columns are those of a row of the background."""
        n = len(self.table)
        donor = one_of(n, chance)
        return frames.build(self.table, self.columns, [(e, np.where(masks[:, j], n, donor)) for j, e in enumerate(self.exemplars)])


def Tabular(data: Any) -> Columns | Value:  # noqa: N802  it reads as the value that it gives
    """A value, or the columns of a row, each kept or replaced, as an input of ``Inputs``.

    data : the background, values of one column or any table. What is hidden comes from one of its rows, another in each draw.

    Examples
    --------
    >>> parts = Tabular([{"age": 30, "job": "cook"}, {"age": 50, "job": "nurse"}]).parts({"age": 41, "job": "cook"})
    >>> parts.names
    ('age = 41', 'job = cook')
    >>> parts.mixed(np.array([[True, False], [False, False]]), np.array([0.9, 0.1]))
    [{'age': 41, 'job': 'nurse'}, {'age': 30, 'job': 'cook'}]

    """
    flat = data.to_numpy() if len(getattr(data, "shape", ())) == 1 and hasattr(data, "to_numpy") else data
    flat = np.asarray(flat) if isinstance(flat, (list, tuple)) and len(flat) and not isinstance(flat[0], (dict, list, tuple)) else flat
    if isinstance(flat, np.ndarray) and flat.ndim == 1:
        if not len(flat):
            raise InputError("the background holds no value; give some that may stand in the place of the instance's")
        return Value(flat if flat.dtype.kind in "biuf" else flat.astype(object))
    table = frames.read(data)
    columns = tuple(replace(frames.describe(n, s), kind="level") for n, s in zip(table.names, table.columns, strict=True))
    return Columns(table, columns)


@dataclass(frozen=True)
class Mixture:
    """Where the features of several inputs lie: name, layout, first feature and the one after the last."""

    fields: tuple[tuple[str, Any, int, int], ...]


@dataclass(frozen=True, eq=False)
class MixedParts:
    """One instance's inputs, taken apart side by side. table : of whose kind the model gets frames; None: dicts."""

    inputs: Mapping[str, Parts | VariedParts]
    kept: tuple[str, ...] | None
    table: frames.Table | None

    @property
    def _names(self) -> list[tuple[str, str]]:
        """Input and name of every part."""
        return [(field, f"{field} {name}" if name.startswith("= ") else f"{field}: {name}") for field, parts in self.inputs.items() for name in parts.names]

    @property
    def varied(self) -> Array:
        """Positions of the parts that vary."""
        names, wanted = self._names, set(self.kept or ())
        odd = sorted(wanted - {n for pair in names for n in pair})
        if odd:
            raise InputError(f"features={odd} are neither inputs ({', '.join(self.inputs)}) nor parts such as {names[0][1]!r}")
        return np.array([i for i, pair in enumerate(names) if self.kept is None or wanted & set(pair)])

    @property
    def names(self) -> tuple[str, ...]:
        """Each with its input."""
        names = self._names
        return tuple(names[i][1] for i in self.varied)

    @property
    def notes(self) -> Mapping[str, str]:
        """What is odd about the parts of an input, by flag."""
        found = [(code, f"in {field} {words}") for field, parts in self.inputs.items() if isinstance(parts, Noted) for code, words in parts.notes.items()]
        return {code: "; ".join(words for c, words in found if c == code) for code in dict(found)}

    @property
    def row_size(self) -> int:
        """Numbers, letters and cells together."""
        return sum(parts.row_size for parts in self.inputs.values())

    @property
    def layout(self) -> Mixture:
        """That of each input, and its features; inputs that are varied in part have none."""
        varied, fields, start, at = self.varied, [], 0, 0
        for field, parts in self.inputs.items():
            q = len(parts.names)
            here = int(((varied >= at) & (varied < at + q)).sum())
            fields.append((field, parts.layout if here == q else None, start, start + here))
            start, at = start + here, at + q
        return Mixture(tuple(fields))

    def whole(self) -> Batch:
        """The instance itself."""
        return self._joined({field: parts.whole() for field, parts in self.inputs.items()})

    def masked(self, masks: Bool[Array, "s p"]) -> Batch:
        """Where no input is replaced by another thing in each draw."""
        return self.mixed(masks, np.full(len(masks), 0.5))

    def mixed(self, masks: Bool[Array, "s p"], chance: Float[Array, "s"]) -> Batch:
        """Every input with its share of one mask; rows of a background are the same for all."""
        wide = np.ones((len(masks), len(self._names)), dtype=bool)
        wide[:, self.varied] = masks
        made, start = {}, 0
        for field, parts in self.inputs.items():
            own = wide[:, start : start + len(parts.names)]
            made[field] = parts.mixed(own, chance) if isinstance(parts, VariedParts) else parts.masked(own)
            start += len(parts.names)
        return self._joined(made)

    def _joined(self, made: dict[str, Batch]) -> Batch:
        return made if self.table is None else frames.native({field: list(batch) for field, batch in made.items()}, self.table)


@dataclass(frozen=True, eq=False)
class Mixed:
    """Named inputs of different kinds; see ``Inputs``."""

    fields: Mapping[str, Field]
    law: MaskLaw = EvenCounts()  # noqa: RUF009  frozen values are fine as defaults
    kept: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """Parts, about."""
        return 64 * len(self.fields)

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is inferred."""
        return ()

    @property
    def words(self) -> str:
        """Its inputs, in words."""
        return "inputs " + ", ".join(f"{name}={type(field).__name__}" for name, field in self.fields.items())

    def only(self, features: Sequence[Any]) -> "Mixed":
        """Vary some inputs or parts only, by name."""
        if not len(features):
            raise InputError("features=[] is empty; name at least one input or part to vary, or leave features= out")
        return replace(self, kept=tuple(map(str, features)))

    def count(self, X: Sequence[Any]) -> int:
        """Instances of a piece."""
        return len(X)

    def split(self, X: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
        """Pieces of at most ``size`` instances."""
        for start in range(0, len(X), size):
            yield X[start : start + size]

    def represent(self, X: Sequence[Any]) -> Iterator[MaskedBlock | VariedBlock]:
        """A block an instance."""
        for x in X:
            parts = self.parts(x)
            varied = any(isinstance(parts.inputs[name], VariedParts) and start < stop for name, _, start, stop in parts.layout.fields)
            yield VariedBlock.of(parts, self.law) if varied else MaskedBlock.of(parts, self.law)

    def parts(self, x: Any) -> MixedParts:
        """One instance, input by input."""
        given, table = _read(x)
        missing, odd = [f for f in self.fields if f not in given], [f for f in given if f not in self.fields]
        if missing or odd:
            raise RowError(f"the instance has the inputs {list(given)[:10]}; expected {list(self.fields)}" + (f", {missing} are missing" if missing else f", {odd} are not known"))
        nested = [name for name, field in self.fields.items() if isinstance(field, Columns)]
        if table is not None and nested:
            raise RowError(f"the inputs {nested} are of several columns each, which a frame has no room for; name each column as an input of its own, or pass dicts")
        return MixedParts({name: _apart(name, field, given[name]) for name, field in self.fields.items()}, self.kept, table)


def _apart(name: str, field: Field, x: Any) -> Parts | VariedParts:
    try:
        return field.parts(x)
    except KabosuError as e:
        raise RowError(f"input {name!r}: {e}") from e


def _read(x: Any) -> tuple[Mapping[str, Any], frames.Table | None]:
    """An instance by input; of frames and their rows also the kind."""
    if isinstance(x, Mapping):
        return {str(k): v for k, v in x.items()}, None
    if hasattr(x, "to_frame") and getattr(x, "ndim", 0) == 1:
        return {str(k): v for k, v in x.items()}, frames.read(x.to_frame().T)
    if isinstance(x, (list, tuple, str, np.ndarray)):
        raise RowError(f"the instance is a {type(x).__name__}; expected a dict of inputs, or a row of a frame")
    table = frames.read(x, "instance")
    if len(table) != 1:
        raise RowError(f"expected one instance, the frame has {len(table)} rows; use explain_many")
    return {str(n): frames.cells(s)[0] for n, s in zip(table.names, table.columns, strict=True)}, table


def rows_of(X: Any) -> list[Any]:
    """Instances one by one: a list of dicts, or frames of one row each."""
    if isinstance(X, (list, tuple)):
        return list(X)
    if isinstance(X, (Mapping, str)):
        raise InputError(f"explain_many takes a list of dicts or a frame, and a {type(X).__name__} was given")
    table = frames.read(X, "instances")
    return [X[i : i + 1] for i in range(len(table))]


def Inputs(**fields: Any) -> Mixed:  # noqa: N802  it reads as the value that it gives
    """Inputs by name: ``Inputs(title=Text(), price=Tabular(prices), photo=Image())``.

    Examples
    --------
    >>> from kabosu.domains.text import Text
    >>> block = next(Inputs(title=Text(), price=Tabular([1.0, 2.0])).represent([{"title": "good film", "price": 9.5}]))
    >>> block.labels().columns
    ('title: good', 'title: film', 'price = 9.5')

    """
    if not fields:
        raise InputError("no inputs were given; name each: Inputs(title=Text(), price=Tabular(prices))")
    odd = {name: field for name, field in fields.items() if isinstance(field, type) or not callable(getattr(field, "parts", None))}
    if odd:
        name, field = next(iter(odd.items()))
        raise InputError(f"input {name!r} is {field!r:.80}; expected Text(), Image(), Series(), Tabular(data), or an object with parts(x)")
    return Mixed(fields)


def part_of(e: Any, field: str) -> Any:
    """The part of an explanation that is about one input, with that input's own layout: ``plots.image(part_of(e, "photo"))``."""
    if not isinstance(e.layout, Mixture) or field not in [name for name, *_ in e.layout.fields]:
        raise InputError(f"input {field!r} is not explained here; the inputs are {[name for name, *_ in getattr(e.layout, 'fields', ())]}")
    _, layout, start, stop = next(f for f in e.layout.fields if f[0] == field)
    some = {name: getattr(e, name)[start:stop] for name in ("feature_names", "columns", "values", "units", "coef", "std_error", "scale", "z", "reference")}
    return replace(e, layout=layout, **some)
