"""Tables in, tables out: the only file that knows narwhals.

A user's table is read column by column into cells (floats, or codes into a list of levels) and new rows are built from
cells as the user's own kind of table: same columns, order, dtypes, category levels. Cells that are not numbers are
never re-made: they are gathered from the user's own cells, so that nothing is converted on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError, RowError
from kabosu.types import Array, Batch

MISSING = "missing"
DAY = 86_400_000_000  # microseconds


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
    bounds : what the dtype can hold.
    """

    name: Any
    kind: str
    dtype: Any
    bounds: tuple[float, float] = (-np.inf, np.inf)


def read(data: Batch, what: str = "background data") -> Table:
    """Read a numpy array, data frame (pandas, polars, pyarrow, ...) or list of dicts."""
    if isinstance(data, np.ndarray):
        return _read_array(data, what)
    if isinstance(data, Sequence) and len(data) and all(isinstance(row, dict) for row in data):
        names = tuple(data[0])
        if any(set(row) != set(names) for row in data):
            raise InputError(f"the dicts of the {what} do not all have the keys {list(names)}; give every row the same keys, None where missing")
        return Table("records", names, tuple(_object([row[n] for row in data]) for n in names), None)
    if isinstance(data, (list, tuple)) and len(data):
        return _read_array(np.asarray(data) if not _ragged(data) else np.asarray(data, dtype=object), what)
    return _read_frame(data, what)


def _ragged(data: Sequence[Any]) -> bool:
    cells = [c for row in data[:100] for c in (row if isinstance(row, (list, tuple, np.ndarray)) else [row])]
    return any(isinstance(c, str) or c is None for c in cells)


def _read_array(data: Array, what: str) -> Table:
    if np.ma.isMaskedArray(data):
        raise InputError(f"the {what} is a masked array; fill it first, e.g. data.filled(np.nan)")
    if data.dtype.names or data.ndim != 2 or not data.shape[1]:
        raise InputError(f"the {what} has shape {data.shape} and dtype {data.dtype}; expected a 2-D table, one row an instance")
    if data.dtype.kind in "cmMSV":
        raise InputError(f"the {what} has dtype {data.dtype}; expected numbers, booleans, strings or objects")
    return Table("array", tuple(f"x{j}" for j in range(data.shape[1])), tuple(data.T), data[:0], named=False)


def _read_frame(data: Any, what: str) -> Table:
    import narwhals.stable.v2 as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as e:
        raise InputError(
            f"the {what} is a {type(data).__name__}; expected a numpy array, a data frame (pandas, polars, pyarrow), a scipy sparse matrix or a list of dicts"
        ) from e
    except ValueError as e:
        raise InputError(f"the {what} cannot be read: {e}") from e
    names = tuple(frame.columns)
    if any(isinstance(n, tuple) for n in names):
        raise InputError(f"the {what} has a column MultiIndex; flatten it to one level of names")
    if len(set(names)) < len(names):
        raise InputError(f"the {what} has duplicate column names {sorted({str(n) for n in names if names.count(n) > 1})}; rename them")
    return Table("frame", names, tuple(frame[n] for n in names), frame[:0])


def _object(values: Sequence[Any]) -> Array:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def rows_like(x: Any, like: Table, what: str = "instance") -> Table:
    """Read one or more instances (row, Series, dict, frame, array) with the columns of ``like``, in its order."""
    if isinstance(x, dict):
        x = [x]
    elif isinstance(x, np.ndarray) and x.ndim == 1:
        x = x[None]
    elif isinstance(x, (list, tuple)) and len(x) and not isinstance(x[0], (dict, list, tuple, np.ndarray)):
        x = [list(x)]
    elif _is_pandas_series(x):
        x = [{k: x[k] for k in x.index}] if like.named else [list(x)]
    table = read(x, what)
    if not table.named or not like.named:
        if len(table.names) != len(like.names):
            raise InputError(f"the {what} has {len(table.names)} values; the background data has {len(like.names)} columns")
        return Table(table.kind, like.names, table.columns, table.template)
    missing = [n for n in like.names if n not in table.names]
    extra = [n for n in table.names if n not in like.names]
    if missing or extra:
        raise InputError.columns(missing, extra)
    return Table(table.kind, like.names, tuple(table.columns[table.names.index(n)] for n in like.names), table.template)


def _is_pandas_series(x: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.Series)


def is_missing(x: Any) -> bool:
    """None, NaN, NaT or pandas' NA."""
    return x is None or type(x).__name__ in ("NAType", "NaTType") or (isinstance(x, (float, np.floating)) and bool(np.isnan(x)))


def describe(name: Any, series: Any, *, categorical: bool = False) -> Column:
    """Decide how a column of the background is read."""
    if isinstance(series, np.ndarray):
        return _describe_array(name, series, categorical)
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if isinstance(dtype, (nw.Datetime, nw.Date)) and not categorical:
        if getattr(dtype, "time_zone", None):
            raise InputError(f"column {name!r} has time zone {dtype.time_zone}; convert it to naive UTC times")
        return Column(name, "date", dtype)
    if isinstance(dtype, (nw.List, nw.Struct, nw.Array, nw.Duration, nw.Time, nw.Binary)):
        raise InputError(f"column {name!r} has dtype {dtype}; expected numbers, booleans, strings, categories or dates")
    if not dtype.is_numeric() or categorical:
        return _describe_array(name, series.to_numpy(), categorical) if isinstance(dtype, nw.Object) else Column(name, "level", dtype)
    if dtype.is_integer():
        return Column(name, "whole", dtype, _integer_bounds(str(dtype).lower()))
    return Column(name, "number", dtype)


def _integer_bounds(dtype: str) -> tuple[float, float]:
    try:
        info = np.iinfo(dtype)
    except TypeError:
        return (-(2.0**62), 2.0**62)
    return (max(float(info.min), -(2.0**62)), min(float(info.max), 2.0**62))


def _describe_array(name: Any, values: Array, categorical: bool) -> Column:
    if values.dtype.kind in "iu" and not categorical:
        return Column(name, "whole", values.dtype, _integer_bounds(str(values.dtype)))
    if values.dtype.kind == "f" and not categorical:
        return Column(name, "number", values.dtype)
    if values.dtype.kind == "O" and not categorical:
        kept = [v for v in values if not is_missing(v)]
        if kept and all(isinstance(v, (int, float, np.number)) and not isinstance(v, (bool, np.bool_)) for v in kept):
            whole = all(isinstance(v, (int, np.integer)) for v in kept)
            return Column(name, "whole" if whole else "number", values.dtype, (-(2.0**62), 2.0**62) if whole else (-np.inf, np.inf))
        if kept and all(type(v).__name__ in ("Timestamp", "datetime", "date", "datetime64") for v in kept):
            return Column(name, "date", values.dtype)
        odd = {type(v).__name__ for v in kept} - {"str", "bool", "bool_", "str_", "int", "float", "int64", "float64"}
        if odd:
            raise InputError(f"column {name!r} holds {sorted(odd)} objects; expected numbers, strings, booleans or missing (Decimal: cast to float)")
    return Column(name, "level", values.dtype)


def numbers(column: Column, series: Any, what: str = "background data") -> Array:
    """(n,) floats of a number, whole or date column, NaN where missing."""
    try:
        out = _numbers(column, series)
    except (TypeError, ValueError) as e:
        raise InputError(f"column {column.name!r} of the {what} should hold numbers, as in the background data: {e}") from e
    if np.isinf(out).any():
        raise RowError(f"column {column.name!r} of the {what} holds infinite values; replace them by a number or by missing")
    return out


def _numbers(column: Column, series: Any) -> Array:
    if isinstance(series, np.ndarray):
        if series.dtype.kind == "M":
            return _days(series)
        if series.dtype.kind in "OUS":
            if column.kind == "date":
                return _days(np.array([np.datetime64("NaT") if is_missing(v) else np.datetime64(v) for v in series], dtype="M8[us]"))
            return np.array([np.nan if is_missing(v) else float(v) for v in series])
        return series.astype(np.float64)
    import narwhals.stable.v2 as nw

    if column.kind == "date":
        if isinstance(series.dtype, (nw.String, nw.Object)):
            return _numbers(column, _object(series.to_list()))
        return _days(_object(series.to_list()).astype("M8[us]") if series.dtype == nw.Date else series.cast(nw.Datetime("us")).to_numpy())
    return np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _days(values: Array) -> Array:
    micros = values.astype("M8[us]")
    return np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / DAY)


def cells(series: Any) -> Array:
    """(n,) Python objects of a level column; missing ones are ``MISSING``-free None."""
    values = series.tolist() if isinstance(series, np.ndarray) else series.to_list()
    return _object([None if is_missing(v) else v for v in values])


def gather(series: Any, rows: Sequence[int]) -> Any:
    """Some cells of a column, kept as the user's own."""
    return series[np.asarray(rows, dtype=np.int64)] if isinstance(series, np.ndarray) else series[list(map(int, rows))]


def append(series: Any, more: Any) -> Any:
    """One column after another; levels that the dtype cannot hold are refused."""
    if isinstance(series, np.ndarray):
        return np.concatenate([_object(series.tolist()), _object(more.tolist() if isinstance(more, np.ndarray) else more.to_list())])
    import narwhals.stable.v2 as nw

    if isinstance(more, np.ndarray):
        more = nw.new_series(series.name, more.tolist(), backend=series.implementation)
    if isinstance(series.dtype, (nw.Categorical, nw.Enum)):
        known = set(series.cat.get_categories().to_list())
        odd = [v for v in more.to_list() if not is_missing(v) and v not in known]
        if odd:
            raise RowError(f"column {series.name!r} has category {odd[0]!r}, which its dtype does not know; known: {sorted(map(str, known))[:20]}")
    more = more.cast(series.dtype).alias(series.name)
    return nw.concat([series.to_frame(), more.to_frame()])[series.name]


def build(table: Table, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Batch:
    """New rows as the user's own kind of table.

    values : for each column (None, floats) or (exemplars, codes into them).
    """
    if table.kind == "array":
        return _build_array(table.template, columns, values)
    if table.kind == "records":
        made = [_plain(c, e, v) for c, (e, v) in zip(columns, values, strict=True)]
        return [dict(zip(table.names, row, strict=True)) for row in zip(*made, strict=True)]
    if table.template.implementation.is_pandas_like():
        return _build_pandas(table, columns, values)
    return _build_frame(table, columns, values)


def _build_array(template: Array, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Array:
    out = np.empty((len(values[0][1]), len(columns)), dtype=template.dtype)
    for j, (column, (exemplars, v)) in enumerate(zip(columns, values, strict=True)):
        out[:, j] = v if exemplars is None and template.dtype.kind != "O" else _plain(column, exemplars, v) if exemplars is None else exemplars[v]
    return out


def _plain(column: Column, exemplars: Any, v: Array) -> list[Any]:
    if exemplars is not None:
        return exemplars[v].tolist()
    if column.kind == "whole":
        return [None if np.isnan(x) else int(x) for x in v]
    return _micros(v).tolist() if column.kind == "date" else v.tolist()


def _build_pandas(table: Table, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Any:
    native = table.template.to_native()
    made, cast = {}, {}
    for column, (exemplars, v) in zip(columns, values, strict=True):
        dtype = native.dtypes[column.name]
        if exemplars is not None:
            made[column.name] = exemplars.to_native().array.take(v)
        else:
            made[column.name] = _micros(v) if column.kind == "date" else v
            if dtype != made[column.name].dtype:
                cast[column.name] = dtype
    frame = type(native)(made)
    return frame.astype(cast) if cast else frame


def _micros(days: Array) -> Array:
    micros = np.where(np.isnan(days), 0, np.rint(days * DAY)).astype(np.int64).astype("M8[us]")
    micros[np.isnan(days)] = np.datetime64("NaT")
    return micros


def _build_frame(table: Table, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Any:
    import narwhals.stable.v2 as nw

    backend = table.template.implementation
    made = {}
    for column, (exemplars, v) in zip(columns, values, strict=True):
        if exemplars is not None:
            made[column.name] = exemplars[v.tolist()]
            continue
        lost = np.isnan(v)
        filled = np.where(lost, 0.0, v)
        raw = filled.astype("M8[D]" if column.dtype == nw.Date else np.int64) if column.kind == "whole" else filled
        series = nw.new_series(column.name, _micros(filled) if column.kind == "date" else raw, backend=backend).cast(column.dtype)
        made[column.name] = series.zip_with(nw.new_series("keep", ~lost, backend=backend), nw.new_series(column.name, [None], backend=backend).cast(column.dtype)[[0] * len(v)]) if lost.any() else series
    return nw.from_dict(made, backend=backend).select(list(table.names)).to_native()


def native(columns: dict[str, Any], table: Table | None) -> Any:
    """A dict of columns as the user's own kind of frame; pandas where the user brought none."""
    import narwhals.stable.v2 as nw

    if table is not None and table.kind == "frame":
        return nw.from_dict(columns, backend=table.template.implementation).to_native()
    try:
        import pandas
    except ImportError as e:
        from kabosu.errors import MissingExtra

        raise MissingExtra.of("pandas", "frames") from e
    return pandas.DataFrame(columns)


def category_codes(series: Any) -> Array | None:
    """(n,) codes of a category column as its dtype numbers them, NaN where missing; None for other columns."""
    if isinstance(series, np.ndarray):
        return None
    import narwhals.stable.v2 as nw

    if not isinstance(series.dtype, (nw.Categorical, nw.Enum)):
        return None
    known = {v: float(i) for i, v in enumerate(series.cat.get_categories().to_list())}
    return np.array([np.nan if is_missing(v) else known[v] for v in series.to_list()])
