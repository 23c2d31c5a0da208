"""Tables in, tables out: the only file that knows narwhals.

A user's table is read column by column into cells (floats, or codes into a list of levels) and new rows are built from
cells as the user's own kind of table: same columns, order, dtypes, category levels. Arrays and lists of dicts are in
``kabosu.columns``; here are the data frames.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, TypeGuard

import numpy as np

from kabosu.columns import (
    Column,
    Table,
    array_numbers,
    as_object,
    build_array,
    build_records,
    check_numbers,
    check_present,
    check_zone,
    days,
    describe_array,
    extend_array,
    held,
    integer_bounds,
    is_missing,
    micros,
    plain,
    read_array,
    read_rows,
)
from kabosu.errors import InputError, MissingExtra, RowError
from kabosu.types import Array, Batch

LIBRARIES = ("pandas", "polars", "pyarrow")


def read(data: Batch, what: str = "background data") -> Table:
    """Read a numpy array, data frame (pandas, polars, pyarrow, ...) or list of dicts or rows."""
    if isinstance(data, np.ndarray):
        return read_array(data if np.ma.isMaskedArray(data) else np.asarray(data), what)
    if isinstance(data, (list, tuple)) and len(data):
        return read_rows(data, what)
    return _read_frame(data, what)


def _read_frame(data: Any, what: str) -> Table:
    import narwhals.stable.v2 as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as e:
        late = "; collect() the lazy frame first" if "Lazy" in type(data).__name__ else ""
        raise InputError(
            f"the {what} is a {type(data).__name__}; expected a numpy array, a data frame (pandas, polars, pyarrow), a scipy sparse matrix or a list of dicts{late}"
        ) from e
    except ValueError as e:
        raise InputError(f"the {what} cannot be read, rename duplicate columns: {e}") from e
    names = tuple(frame.columns)
    if any(isinstance(n, tuple) for n in names):
        raise InputError(f"the {what} has a column MultiIndex; flatten it to one level of names")
    if not names:
        raise InputError(f"the {what} has no columns; expected at least one")
    return Table("frame", names, tuple(frame.get_column(n) for n in names), frame[:0])


def rows_like(x: Any, like: Table, what: str = "instance") -> Table:
    """Read one or more instances (row, Series, dict, frame, array) with the columns of ``like``, in its order."""
    if isinstance(x, (list, tuple)) and not len(x):
        return like
    table = read(_as_rows(x, like), what)
    if table.named and not like.named:
        table = _by_position(table, like, what)
    if not table.named or not like.named:
        if len(table.names) != len(like.names):
            raise InputError(f"the {what} has {len(table.names)} values; the background data has {len(like.names)} columns")
        return replace(table, names=like.names)
    missing = [n for n in like.names if n not in table.names]
    extra = [n for n in table.names if n not in like.names]
    if missing or extra:
        raise InputError.columns(missing, extra)
    return replace(table, names=like.names, columns=tuple(table.columns[table.names.index(n)] for n in like.names))


def _by_position(table: Table, like: Table, what: str) -> Table:
    """Named columns for a background of positions: by x0, x1, ... or 0, 1, ... where these are the names, else as they stand."""
    for names in (like.names, tuple(range(len(like.names)))):
        if set(table.names) == set(names):
            return replace(table, columns=tuple(table.columns[table.names.index(n)] for n in names))
    if table.kind == "records":
        raise InputError(f"the {what} has keys {list(table.names)[:20]}; the background data has positions: pass a list of {len(like.names)} values, or the keys {like.names[0]} to {like.names[-1]}")
    return table


def _as_rows(x: Any, like: Table) -> Any:
    """One instance as a table of one row; several as they are."""
    if isinstance(x, dict):
        return [x]
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return x[None]
    if isinstance(x, (list, tuple)) and len(x) and all(map(_is_pandas_series, x)):
        return [_as_rows(row, like)[0] for row in x]
    if isinstance(x, (list, tuple)) and len(x) and not isinstance(x[0], (dict, list, tuple, np.ndarray)):
        return [list(x)]
    if _is_pandas_series(x):
        labeled = set(x.index) & set(like.names) or any(isinstance(n, str) for n in x.index)
        return [dict(zip(x.index, x.tolist(), strict=True))] if like.named and labeled else [x.tolist()]
    return x


def _is_pandas_series(x: Any) -> TypeGuard[Any]:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.Series)


def describe(name: Any, series: Any, *, categorical: bool = False) -> Column:
    """Decide how a column of the background is read."""
    if isinstance(series, np.ndarray):
        return describe_array(name, series, categorical=categorical)
    import narwhals.stable.v2 as nw

    dtype = series.dtype
    if isinstance(dtype, (nw.List, nw.Struct, nw.Array, nw.Duration, nw.Time, nw.Binary)):
        raise InputError(f"column {name!r} has dtype {dtype}; expected numbers, booleans, strings, categories or dates")
    if isinstance(dtype, nw.Object):
        return describe_array(name, series.to_numpy(), categorical=categorical)
    zone = _zone(series)
    if zone and not categorical:
        return Column(name, "date", nw.Datetime("us", zone))
    if isinstance(dtype, nw.Unknown) and not zone and series.null_count() < len(series):
        raise InputError(f"column {name!r} has dtype {series.to_native().dtype}; expected numbers, booleans, strings, categories or dates (sparse columns: make them dense)")
    if isinstance(dtype, (nw.Datetime, nw.Date)) and not categorical:
        return Column(name, "date", dtype)
    if not dtype.is_numeric() or categorical:
        return Column(name, "level", dtype)
    if dtype.is_integer():
        return Column(name, "whole", dtype, integer_bounds(str(dtype).lower()))
    return Column(name, "number", dtype, missing=np.nan if dtype.is_float() and series.is_nan().any() else None)


def numbers(column: Column, series: Any, what: str = "background data") -> Array:
    """(n,) floats of a number, whole or date column, NaN where missing."""
    try:
        out = array_numbers(column, series) if isinstance(series, np.ndarray) else _series_numbers(column, series)
    except (TypeError, ValueError) as e:
        wanted = "dates" if column.kind == "date" else "numbers"
        raise RowError(f"column {column.name!r} of the {what} should hold {wanted}, as in the background data: {e}") from e
    check_numbers(column, out, what)
    return out


def _series_numbers(column: Column, series: Any) -> Array:
    import narwhals.stable.v2 as nw

    if isinstance(series.dtype, nw.Object) or (column.kind == "date" and isinstance(series.dtype, nw.String)):
        return array_numbers(column, as_object(series.to_list()))
    if column.kind != "date":
        return np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if isinstance(series.dtype, nw.Date):
        return days(as_object(series.to_list()).astype("M8[us]"))
    zone = _zone(series)
    check_zone(column, zone)
    if zone and series.implementation.is_pandas_like():
        series = nw.from_native(series.to_native().dt.tz_convert("UTC").dt.tz_localize(None), series_only=True)
    elif zone:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return days(series.cast(nw.Datetime("us")).to_numpy())


def _zone(series: Any) -> str | None:
    """Time zone of a column; of pandas from its own dtype, as narwhals does not know every zone's name."""
    own = getattr(series.to_native().dtype, "tz", None) if series.implementation.is_pandas_like() else None
    return getattr(series.dtype, "time_zone", None) if own is None else str(own)


def cells(series: Any) -> Array:
    """(n,) Python objects of a level column, None where missing."""
    values = series.tolist() if isinstance(series, np.ndarray) else series.to_list()
    return as_object([None if is_missing(v) else v for v in values])


def gather(series: Any, rows: Sequence[int] | Array) -> Any:
    """Some cells of a column, kept as the user's own."""
    return series[np.asarray(rows, dtype=np.int64)]


def append(column: Column, series: Any, more: Any) -> Any:
    """One column after another, in the dtype of the first; cells that it cannot hold are refused."""
    values = more.tolist() if isinstance(more, np.ndarray) else more.to_list()
    if isinstance(series, np.ndarray):
        return extend_array(column, series, values)
    import narwhals.stable.v2 as nw

    open_ended = isinstance(series.dtype, nw.Categorical) and not series.implementation.is_pandas_like()  # any string is a category
    known = series.cat.get_categories().to_list() if isinstance(series.dtype, (nw.Categorical, nw.Enum)) and not open_ended else None
    made = _like(series, values) if known is None or all(is_missing(v) or v in known for v in values) else None
    made = held(column, values, made, series.dtype, known or ())
    return nw.concat([series.to_frame(), made.alias(series.name).to_frame()]).get_column(series.name)


def _like(series: Any, values: Sequence[Any]) -> Any:
    """Cells as a series of the same native dtype; None where it does not take them."""
    import narwhals.stable.v2 as nw

    native, kind = series.to_native(), series.implementation
    try:
        if kind.is_pyarrow():
            pyarrow = kind.to_native_namespace()
            made = pyarrow.chunked_array([pyarrow.array(values, type=native.type, from_pandas=True)])
        elif kind.is_polars():
            made = type(native)(series.name, [None if is_missing(v) else v for v in values], dtype=native.dtype)
        else:
            made = type(native)(values, dtype=native.dtype)
    except Exception:  # every library has errors of its own for a cell that does not fit
        return None
    return nw.from_native(made, series_only=True)


def build(table: Table, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Batch:
    """New rows as the user's own kind of table.

    values : for each column (None, floats) or (exemplars, codes into them).
    """
    if table.kind == "array":
        return build_array(table.template, columns, values)
    if table.kind == "records":
        return build_records(table.names, columns, values)
    library = table.template.implementation
    make = _pyarrow if library.is_pyarrow() else _polars if library.is_polars() else _pandas
    return make(table.template.to_native(), columns, values)


def _pandas(native: Any, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Any:
    """pandas, and what has its methods (modin, cuDF)."""
    made = {}
    for i, (column, dtype, (exemplars, v)) in enumerate(zip(columns, native.dtypes, values, strict=True)):
        one = native.iloc[:, i]
        if exemplars is not None:
            made[i] = type(one)(exemplars.to_native().array.take(v), dtype=dtype)
        elif isinstance(dtype, np.dtype) and dtype.kind == "O":
            made[i] = type(one)(as_object(plain(column, v)), dtype=dtype)
        elif column.kind == "date":
            made[i] = _pandas_dates(type(one)(micros(v)), column, dtype)
        else:
            if isinstance(dtype, np.dtype) and dtype.kind in "iu":
                check_present(column, v)
            made[i] = v if dtype == v.dtype else type(one)(v).astype(dtype)
    frame = type(native)(made)
    frame.columns = native.columns
    return frame


def _pandas_dates(naive: Any, column: Column, dtype: Any) -> Any:
    zone = getattr(column.dtype, "time_zone", None)
    return (naive.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else naive).astype(dtype)


def _polars(native: Any, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Any:
    made = {}
    for column, one, (exemplars, v) in zip(columns, native.get_columns(), values, strict=True):
        if exemplars is not None:
            made[one.name] = exemplars.to_native().gather(v)
        elif column.kind == "date":
            times = type(one)(one.name, micros(v))
            made[one.name] = (times.dt.replace_time_zone("UTC") if getattr(one.dtype, "time_zone", None) else times).cast(one.dtype)
        else:
            made[one.name] = type(one)(one.name, v, nan_to_null=column.missing is None).cast(one.dtype)
    return type(native)(made)


def _pyarrow(native: Any, columns: Sequence[Column], values: Sequence[tuple[Any, Array]]) -> Any:
    pyarrow = sys.modules["pyarrow"]
    made = []
    for column, field, (exemplars, v) in zip(columns, native.schema, values, strict=True):
        if exemplars is not None:
            made.append(exemplars.to_native().take(v))
        else:
            cells = micros(v) if column.kind == "date" else v
            made.append(pyarrow.array(cells, from_pandas=column.missing is None).cast(field.type, safe=False))
    return type(native).from_arrays(made, schema=native.schema)


def native(columns: dict[str, Any], table: Table | None) -> Any:
    """A dict of columns as the user's own kind of frame; pandas where the user brought none."""
    import narwhals.stable.v2 as nw

    if table is not None and table.kind == "frame":
        return nw.from_dict(columns, backend=table.template.implementation).to_native()
    try:
        import pandas
    except ImportError as e:
        raise MissingExtra.of("pandas", "frames") from e
    return pandas.DataFrame(columns)


def write(frame: Any, path: Any, kind: str) -> None:
    """Write a frame as "csv" or "parquet"."""
    import narwhals.stable.v2 as nw

    made = nw.from_native(frame, eager_only=True)
    (made.write_csv if kind == "csv" else made.write_parquet)(str(path))


def category_codes(series: Any) -> Array | None:
    """(n,) codes of a category column as its dtype numbers them, NaN where missing; None for other columns."""
    if isinstance(series, np.ndarray):
        return None
    import narwhals.stable.v2 as nw

    if not isinstance(series.dtype, (nw.Categorical, nw.Enum)):
        return None
    known = {v: float(i) for i, v in enumerate(series.cat.get_categories().to_list())}
    return np.array([np.nan if is_missing(v) else known[v] for v in series.to_list()])


def arrays(rows: Batch) -> dict[Any, Array]:
    """Every column as an (n,) numpy array, objects where not numbers: for models that know no frames."""
    if type(rows).__module__.startswith("scipy.sparse"):
        raise InputError("this kind of model takes dense tables; pass a function that takes the sparse rows and asks the model")
    table = read(rows, "rows")
    described = [describe(n, s) for n, s in zip(table.names, table.columns, strict=True)]
    return {c.name: cells(s) if c.kind == "level" else numbers(c, s, "rows") for c, s in zip(described, table.columns, strict=True)}


def plain_array(rows: Batch) -> Array:
    """A data frame as its library makes an array of it."""
    import narwhals.stable.v2 as nw

    return nw.from_native(rows, eager_only=True).to_numpy()


def matrix(rows: Batch, reader: str) -> Array:
    """(n, d) numbers of any table, booleans as 0 and 1; ``reader`` names the kind of model that wants it."""
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiub":
        return rows
    made = arrays(rows)
    for name, values in made.items():
        odd = [v for v in values if isinstance(v, str)] if values.dtype == object else []
        if odd:
            raise InputError(f"column {name!r} holds {odd[0]!r}, {reader} takes numbers only; pass a function that encodes the columns and asks the model")
    return np.column_stack([v.astype(np.float64) for v in made.values()])


def names_of(data: Batch) -> tuple[Any, ...] | None:
    """Column names of a data frame; None for tables that have none, and for what is no table."""
    try:
        table = read(data[:1] if isinstance(data, (list, tuple)) else data, "rows")
    except InputError:
        return None
    return table.names if table.kind == "frame" else None


def named(rows: Array, names: Sequence[str]) -> Any:
    """An array as a data frame of a library that is in use."""
    import narwhals.stable.v2 as nw

    backend = import_module(next((library for library in LIBRARIES if library in sys.modules), "pandas"))
    return nw.from_dict(dict(zip(names, rows.T, strict=True)), backend=backend).to_native()
