"""Tables of every kind with every kind of column, and a model that keeps what it is handed."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

rng = np.random.default_rng(0)
N = 80
A = rng.normal(size=(N, 4))
I = np.arange(N)  # noqa: E741
DATES = pd.date_range("2020-01-01", periods=N)


def lost(values, every, start=0):
    return [None if i % every == start else v for i, v in enumerate(values)]


def words(letters):
    return [letters[i % len(letters)] for i in I]


PANDAS = pd.DataFrame(
    {
        "float": A[:, 0],
        "f4": A[:, 1].astype("f4"),
        "nan": pd.Series(lost(A[:, 2], 6), dtype=float),
        "int": rng.integers(-50, 50, N),
        "u1": rng.integers(0, 256, N).astype("u1"),
        "i2": (I % 9).astype("i2"),
        "bool": A[:, 2] > 0,
        "Int64": pd.array(lost((I % 7).tolist(), 10), dtype="Int64"),
        "UInt8": pd.array(I % 100, dtype="UInt8"),
        "Float64": pd.array(lost(A[:, 3].tolist(), 10, 1), dtype="Float64"),
        "boolean": pd.array(lost([bool(i % 2) for i in I], 10, 2), dtype="boolean"),
        "string": pd.array(lost(words("xyz"), 10, 3), dtype="string"),
        "str": words("pq"),
        "object": pd.Series(lost(words("rs"), 10, 4), dtype=object),
        "ints as objects": pd.Series(lost((I % 5).tolist(), 9), dtype=object),
        "dates as objects": pd.Series([d.date() for d in DATES], dtype=object),
        "cat": pd.Categorical(words("abc"), categories=list("zabc")),
        "ordered": pd.Categorical(words(["lo", "mid", "hi"]), categories=["lo", "mid", "hi", "max"], ordered=True),
        "cat lost": pd.Categorical(lost(words("ab"), 5)),
        "cat of ints": pd.Categorical(I % 4),
        "interval": pd.cut(A[:, 1], 3),
        "date": pd.Series(DATES).where(I % 11 != 0),
        "seconds": pd.Series(DATES + pd.to_timedelta(I * 61, "s")).astype("datetime64[s]"),
        "zoned": pd.Series(DATES.tz_localize("America/New_York")),
    }
)
ARROW_BACKED = pd.DataFrame(
    {
        "int": pd.array(I % 30, dtype="int64[pyarrow]"),
        "u1": pd.array(I % 200, dtype="uint8[pyarrow]"),
        "float": pd.array(A[:, 0], dtype="double[pyarrow]"),
        "float lost": pd.array(lost(A[:, 1].tolist(), 7), dtype="double[pyarrow]"),
        "string": pd.array(lost(words("ab"), 9), dtype="string[pyarrow]"),
        "bool": pd.array(lost([bool(i % 2) for i in I], 9), dtype="bool[pyarrow]"),
        "time": pd.array(DATES, dtype="timestamp[ns][pyarrow]"),
        "zoned": pd.array(DATES.tz_localize("Asia/Tokyo"), dtype=pd.ArrowDtype(pa.timestamp("us", "Asia/Tokyo"))),
        "date32": pd.Series(pd.array([d.date() for d in DATES], dtype="date32[pyarrow]")),
        "dictionary": pd.Series(words("uv"), dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    }
)
POLARS = pl.DataFrame(
    {
        "float": A[:, 0],
        "f4": A[:, 1].astype("f4"),
        "null": lost(A[:, 2].tolist(), 7),
        "nan": np.where(I % 8 == 0, np.nan, A[:, 2]),
        "int": I % 50,
        "int lost": lost(I.tolist(), 7),
        "u1": (I % 256).astype("u1"),
        "bool": A[:, 2] > 0,
        "bool lost": lost([bool(i % 2) for i in I], 6),
        "string": words("ab"),
        "string lost": lost(words("ab"), 4),
        "cat": pl.Series(words("uvw"), dtype=pl.Categorical),
        "enum": pl.Series(words("uvw"), dtype=pl.Enum(list("zuvw"))),
        "date": [d.date() for d in DATES],
        "date lost": lost([d.date() for d in DATES], 5),
        "time": DATES.to_pydatetime().tolist(),
        "ms": pl.Series(DATES.to_pydatetime().tolist(), dtype=pl.Datetime("ms")),
        "zoned": pl.Series(DATES.to_pydatetime().tolist()).dt.replace_time_zone("Asia/Tokyo"),
        "decimal": pl.Series((A[:, 0] * 10).round(2)).cast(pl.Decimal(10, 2)),
    }
)
ARROW = pa.table(
    {
        "float": A[:, 0],
        "f4": A[:, 1].astype("f4"),
        "float lost": pa.array(lost(A[:, 2].tolist(), 7)),
        "int": I % 50,
        "int lost": pa.array(lost(I.tolist(), 7)),
        "u1": (I % 256).astype("u1"),
        "bool": A[:, 2] > 0,
        "string": words("ab"),
        "string lost": pa.array(lost(words("ab"), 7)),
        "dictionary": pa.array(words("uv")).dictionary_encode(),
        "dictionary lost": pa.array(lost(words("uv"), 5)).dictionary_encode(),
        "date": pa.array([d.date() for d in DATES]),
        "time": pa.array(DATES.to_pydatetime().tolist()),
        "seconds": pa.array(DATES.to_pydatetime().tolist()).cast(pa.timestamp("s")),
    }
)
ARROW = ARROW.cast(pa.schema([pa.field(f.name, f.type, nullable=f.name != "int") for f in ARROW.schema], metadata={"made": "here"}))
DICTS = [
    {"a": float(A[i, 0]), "k": int(i % 5), "s": "xyz"[i % 3], "b": bool(i % 2), "m": None if i % 8 == 0 else float(i), "n": None if i % 9 == 0 else int(i), "d": DATES[i].date(), "t": DATES[i].to_pydatetime()} for i in I
]
MIXED = np.empty((N, 4), dtype=object)
MIXED[:, 0], MIXED[:, 1], MIXED[:, 2], MIXED[:, 3] = A[:, 0], words("uv"), lost((I % 5).tolist(), 9), [datetime.date(2020, 1, 1) + datetime.timedelta(int(i)) for i in I]


class Keeps:
    """Answers a number a row and keeps what it was handed."""

    def __init__(self):
        self.got = []

    def __call__(self, rows):
        self.got.append(rows)
        return np.arange(count(rows)) % 7 / 7


def count(rows):
    return rows.shape[0] if hasattr(rows, "shape") else len(rows)


def kind_of(rows):
    """Everything about a table but its cells."""
    if isinstance(rows, np.ndarray):
        return ("numpy", rows.dtype, rows.shape[1])
    if isinstance(rows, pd.DataFrame):
        levels = [(list(t.categories), t.ordered) if isinstance(t, pd.CategoricalDtype) else None for t in rows.dtypes]
        return ("pandas", list(rows.columns), list(map(type, rows.columns)), [str(t) for t in rows.dtypes], levels)
    if isinstance(rows, pl.DataFrame):
        return ("polars", dict(rows.schema))
    if isinstance(rows, pa.Table):
        return ("arrow", rows.schema, rows.schema.metadata)
    return ("dicts", [list(row) for row in rows[:1]])


def cells_of(rows):
    """Each column as Python cells, None where missing."""
    if isinstance(rows, np.ndarray):
        return {j: [None if v is None or v != v else v for v in column.tolist()] for j, column in enumerate(rows.T)}  # noqa: PLR0124
    if isinstance(rows, pd.DataFrame):
        return {c: [None if pd.isna(v) else v for v in rows[c].tolist()] for c in rows.columns}
    if isinstance(rows, pl.DataFrame):
        return {s.name: [None if v is None or v != v else v for v in s.to_list()] for s in rows.get_columns()}  # noqa: PLR0124
    if isinstance(rows, pa.Table):
        return rows.to_pydict()
    return {key: [None if row[key] is None or row[key] != row[key] else row[key] for row in rows] for key in rows[0]}  # noqa: PLR0124


def holes_of(rows):
    """What stands for missing in each column, by its type."""
    if isinstance(rows, pd.DataFrame):
        columns = {c: rows[c].tolist() for c in rows.columns}
    elif isinstance(rows, np.ndarray):
        columns = dict(enumerate(rows.T.tolist()))
    else:
        columns = {key: [row[key] for row in rows] for key in rows[0]} if isinstance(rows, list) else rows.to_pydict() if isinstance(rows, pa.Table) else rows.to_dict(as_series=False)
    return {name: {type(v).__name__ for v in cells if v is None or v is pd.NA or v != v} for name, cells in columns.items()}  # noqa: PLR0124
