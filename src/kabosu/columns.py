"""Tables without a frame library: columns of numpy arrays and of lists of dicts, and what a column is.

Cells that are not numbers are never re-made: they are gathered from the user's own cells.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError, RowError
from kabosu.types import Array

DAY = 86_400_000_000  # microseconds
WHOLE = 2.0**62  # the largest whole number that is drawn: a float that every 64-bit integer dtype holds
UNBOUNDED = (-np.inf, np.inf)
PLAIN = {"str", "str_", "bool", "bool_"}


@dataclass(frozen=True)
class Table:
    """A user's table: names, columns (arrays or narwhals series) and what it takes to build one like it.

    kind : "array", "records" or "frame".
    """

    kind: str
    names: tuple[Any, ...]
    columns: tuple[Any, ...]
    template: Any
    named: bool = True

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


@dataclass(frozen=True)
class Column:
    """How one column is read and written.

    kind : "number", "whole" (integers), "date" (days since 1970) or "level".
    dtype : the user's own; for dates in object columns the class of a cell.  bounds : what the dtype can hold.
    missing : what stands for a missing cell where the dtype leaves a choice: None, NaN, NaT.
    """

    name: Any
    kind: str
    dtype: Any
    bounds: tuple[float, float] = (-np.inf, np.inf)
    missing: Any = None

    @property
    def word(self) -> str:
        """The name as it is read: a blank one in quotes, or nobody would see it."""
        return str(self.name) if str(self.name).strip() else repr(self.name)


def is_missing(x: Any) -> bool:
    """None, NaN, NaT or pandas' NA."""
    return x is None or type(x).__name__ in ("NAType", "NaTType") or (isinstance(x, (float, np.floating)) and bool(np.isnan(x))) or (isinstance(x, np.datetime64) and bool(np.isnat(x)))


def as_object(values: Sequence[Any] | Array) -> Array:
    """(n,) objects, however they look to numpy."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def read_array(data: Array, what: str) -> Table:
    """A 2-D numpy array."""
    if np.ma.isMaskedArray(data):
        raise InputError(f"the {what} is a masked array; fill it first, e.g. data.filled(np.nan)")
    if data.dtype.names or data.ndim != 2 or not data.shape[1]:
        raise InputError(f"the {what} has shape {data.shape} and dtype {data.dtype}; expected a 2-D table, one row an instance")
    if data.dtype.kind in "cmMSV":
        raise InputError(f"the {what} has dtype {data.dtype}; expected numbers, booleans, strings or objects")
    return Table("array", tuple(f"x{j}" for j in range(data.shape[1])), tuple(data.T), data[:0], named=False)


def read_rows(data: Sequence[Any], what: str) -> Table:
    """A list of dicts, or of lists and other rows."""
    if isinstance(data[0], dict):
        names = tuple(data[0])
        if any(not isinstance(row, dict) or set(row) != set(names) for row in data):
            raise InputError(f"the dicts of the {what} do not all have the keys {list(names)}; give every row the same keys, None where missing")
        if not names:
            raise InputError(f"the dicts of the {what} are empty; expected at least one key, a column each")
        return Table("records", names, tuple(as_object([row[n] for row in data]) for n in names), None)
    try:
        return read_array(np.asarray(data, dtype=object if _mixed(data) else None), what)
    except ValueError as e:
        if isinstance(e, InputError):
            raise
        raise InputError(f"the rows of the {what} have different lengths; expected one value for each column") from e


def _mixed(data: Sequence[Any]) -> bool:
    """True where numpy would turn other cells into strings."""
    return any(isinstance(c, str) or c is None for row in data for c in (row if isinstance(row, (list, tuple)) or np.ndim(row) == 1 else [row]))


def integer_bounds(dtype: str) -> tuple[float, float]:
    """What an integer dtype holds, as floats that convert back."""
    try:
        info = np.iinfo(dtype)
    except TypeError:
        return (-WHOLE, WHOLE)
    return (max(float(info.min), -WHOLE), min(float(info.max), WHOLE))


def describe_array(name: Any, values: Array, *, categorical: bool) -> Column:
    """How a column of cells is read."""
    if values.dtype.kind in "cmMV":
        raise InputError(f"column {name!r} has dtype {values.dtype}; expected numbers, booleans, strings, categories or dates")
    if values.dtype.kind in "iu" and not categorical:
        return Column(name, "whole", values.dtype, integer_bounds(str(values.dtype)))
    if values.dtype.kind == "f" and not categorical:
        return Column(name, "number", values.dtype)
    return _describe_objects(name, values) if values.dtype.kind == "O" and not categorical else Column(name, "level", values.dtype)


def _describe_objects(name: Any, values: Array) -> Column:
    kept = [v for v in values if not is_missing(v)]
    lost = next((v for v in values if is_missing(v)), None)
    numeric = [isinstance(v, (int, float, np.integer, np.floating)) and not isinstance(v, bool) for v in kept]
    if kept and all(numeric):
        whole = all(isinstance(v, (int, np.integer)) for v in kept)
        return Column(name, "whole" if whole else "number", values.dtype, (-WHOLE, WHOLE) if whole else (-np.inf, np.inf), lost)
    if kept and all(isinstance(v, (datetime.date, np.datetime64)) for v in kept):
        if any(getattr(v, "tzinfo", None) for v in kept):
            raise InputError(f"column {name!r} holds times with a time zone as objects; convert them to naive UTC times")
        return Column(name, "date", type(kept[0]), missing=lost)
    odd = {type(v).__name__ for v, number in zip(kept, numeric, strict=True) if not number} - PLAIN
    if odd:
        raise InputError(f"column {name!r} holds {sorted(odd)} objects; expected numbers, strings, booleans, dates or missing (Decimal: cast to float)")
    return Column(name, "level", values.dtype)


def array_numbers(column: Column, values: Array) -> Array:
    """(n,) floats of cells, NaN where missing."""
    if values.dtype.kind == "M":
        return days(values)
    if values.dtype.kind in "OUS":
        if column.kind == "date":
            return days(np.array([np.datetime64("NaT") if is_missing(v) else _utc(column, v) for v in values], dtype="M8[us]"))
        return np.array([np.nan if is_missing(v) else float(v) for v in values])
    return values.astype(np.float64)


def _utc(column: Column, v: Any) -> np.datetime64:
    zone = getattr(v, "tzinfo", None)
    check_zone(column, zone)
    return np.datetime64(v if zone is None else v.astimezone(datetime.UTC).replace(tzinfo=None))


def check_zone(column: Column, zone: Any) -> None:
    """Refuse to guess a time zone."""
    own = getattr(column.dtype, "time_zone", None)
    if bool(own) != bool(zone):
        raise RowError(f"column {column.name!r} has time zone {own} in the background data and {zone} in the instance; give both one, or none")


def check_numbers(column: Column, out: Array, what: str) -> None:
    """Refuse what a drawn row could not hold."""
    if column.kind == "number" and column.bounds == UNBOUNDED and np.isfinite(out).all():
        return
    if np.isinf(out).any():
        raise RowError(f"column {column.name!r} of the {what} holds infinite values; replace them by a number or by missing")
    kept = out[~np.isnan(out)]
    if column.kind == "whole" and (kept % 1 != 0).any():
        raise RowError(f"column {column.name!r} of the {what} holds {kept[kept % 1 != 0][0]:g}; its dtype in the background data holds whole numbers only: round it, or cast the background to floats")
    odd = kept[(kept < column.bounds[0]) | (kept > column.bounds[1])]
    if len(odd):
        raise RowError(f"column {column.name!r} of the {what} holds {odd[0]:g}; its dtype {column.dtype} in the background data is kept exactly from {column.bounds[0]:g} to {column.bounds[1]:g}; cast or rescale the column")


def days(values: Array) -> Array:
    """(n,) days since 1970 of times, NaN where missing."""
    micros = values.astype("M8[us]")
    return np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / DAY)


def micros(days: Array) -> Array:
    """(n,) times of days since 1970, NaT where NaN."""
    out = np.where(np.isnan(days), 0, np.rint(days * DAY)).astype(np.int64).astype("M8[us]")
    out[np.isnan(days)] = np.datetime64("NaT")
    return out


def plain(column: Column, v: Array) -> list[Any]:
    """Floats as Python cells of the user's own kind."""
    lost = np.isnan(v)
    kept = np.where(lost, 0.0, v)
    made = [_as_date(column.dtype, m) for m in micros(kept)] if column.kind == "date" else kept.astype(np.int64 if column.kind == "whole" else np.float64).tolist()
    return [column.missing if gone else cell for gone, cell in zip(lost.tolist(), made, strict=True)] if lost.any() else made


def _as_date(kind: Any, m: np.datetime64) -> Any:
    if kind is datetime.date:
        return m.astype("M8[D]").item()
    return m if kind is np.datetime64 else m.item() if kind is datetime.datetime else kind(m)


def extend_array(column: Column, series: Array, values: Sequence[Any]) -> Array:
    """One column after another, in the dtype of the first."""
    try:
        made = as_object(values).astype(series.dtype)
    except (TypeError, ValueError, OverflowError):
        made = None
    return np.concatenate([series, held(column, values, made, series.dtype)])


def held(column: Column, values: Sequence[Any], made: Any, dtype: Any, known: Sequence[Any] = ()) -> Any:
    """The cells as they were made; refuse those that their column's dtype changed: cut strings, numbers as booleans, categories it does not know."""
    cells = [None] * len(values) if made is None else made.tolist() if isinstance(made, np.ndarray) else made.to_list()
    odd = [v for v, m in zip(values, cells, strict=True) if (made is None or is_missing(v) != is_missing(m) or (not is_missing(v) and v != m))]
    if odd:
        levels = f"; known: {sorted(map(str, known))[:20]}" if known else ""
        what = "is missing" if is_missing(odd[0]) else f"holds {odd[0]!r}"
        raise RowError(f"column {column.name!r} of the instance {what}, which its dtype {dtype} in the background data cannot hold{levels}")
    return made


def build_array(template: Array, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Array:
    """New rows of a numpy array's dtype."""
    out = np.empty((len(values[0][1]), len(columns)), dtype=template.dtype)
    for j, (column, (exemplars, v)) in enumerate(zip(columns, values, strict=True)):
        if template.dtype.kind in "iu" and exemplars is None:
            check_present(column, v)
        out[:, j] = exemplars[v] if exemplars is not None else plain(column, v) if template.dtype.kind == "O" else v
    return out


def check_present(column: Column, v: Array) -> None:
    """Refuse a missing cell of a dtype that has none."""
    if np.isnan(v).any():
        raise RowError(f"column {column.name!r} of the instance is missing, which its dtype {column.dtype} in the background data cannot hold")


def build_records(names: Sequence[Any], columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> list[dict[Any, Any]]:
    """New rows as dicts."""
    made = [plain(c, v) if e is None else e[v].tolist() for c, (e, v) in zip(columns, values, strict=True)]
    return [dict(zip(names, row, strict=True)) for row in zip(*made, strict=True)]
