"""Data frames of every library with odd names, dtypes and cells; scipy sparse matrices."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from outcomes import LINE, Case, Outcome, Value, X, catalogue, explain, flags, wrong, wrong_row
from scipy import sparse

import kabosu as kb

N = len(X)
DF = pd.DataFrame(X, columns=list("abcd"))
PL = pl.DataFrame(X, schema=list("abcd"), orient="row")
SPARSE = sparse.csr_array((X > 1) * X)
HALF = np.arange(N) < N // 2


def a_and_b(rows):
    """A model that reads two columns of a frame."""
    return np.asarray(rows["a"], dtype=np.float64) + np.asarray(rows["b"], dtype=np.float64)


def beside(column, **more):
    """a, b and one odd column, t."""
    return pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "t": column, **more})


def fit(data, **options):
    return lambda: kb.TabularExplainer(a_and_b, data, **options)


def both(data, x=None):
    """Explained where it works: 1, 1 and nothing for the odd column."""
    return lambda: explain(a_and_b, data, data.iloc[:1] if x is None else x)


def named(*names):
    return pd.DataFrame(X[:, : len(names)], columns=list(names))


def by_name(name, *others):
    """The model reads one column by its odd name."""
    data = named(name, *others)
    return lambda: explain(lambda rows: rows[name], data, X[0, : 1 + len(others)])


def nullable(values, dtype):
    return beside(pd.array(values * (N // 4), dtype=dtype))


ODD = "expected numbers, booleans, strings, categories or dates"
KEPT = Value(lambda e: np.allclose(e.coef[:2, 0], 1, atol=1e-6) and np.allclose(e.coef[2:, 0], 0, atol=1e-6) and not e.certificate.flags)
ONE = Value([1.0, 0.0])

NAMES: list[Case] = [
    ("no rows and no columns", fit(pd.DataFrame()), wrong("has no columns; expected at least one")),
    ("rows without columns", fit(pd.DataFrame(index=range(5))), wrong("has no columns")),
    ("columns without rows", fit(DF[:0]), wrong(r"has 0 row\(s\); expected at least 2")),
    ("duplicate names", fit(pd.DataFrame(X, columns=list("aabc"))), wrong("rename duplicate columns")),
    ("a column MultiIndex", fit(pd.DataFrame(X, columns=pd.MultiIndex.from_product([["u", "v"], ["a", "b"]]))), wrong("has a column MultiIndex; flatten it")),
    ("a tuple among the names", fit(pd.DataFrame({("a", 1): X[:, 0], "b": X[:, 1]})), wrong("flatten it to one level")),
    ("1 and '1'", fit(named(1, "1")), wrong(r"several features are named \['1'\]; rename the columns")),
    ("numbers as names", by_name(0, 1), ONE),
    ("numbers, None and text as names", by_name(1.5, "a"), ONE),
    ("an empty name", by_name("", "b"), ONE),
    ("spaces as a name", by_name("  ", "b"), ONE),
    ("a name in Japanese", by_name("年収", "🍋\u202e"), ONE),
    ("a name that is a script", by_name("</script><script>alert(1)</script>", "b"), ONE),
    ("a name with a line break", by_name("a\nb", "b"), ONE),
    ("a name of 10,000 characters", by_name("a" * 10_000, "b"), ONE),
    ("a name that looks like a condition", by_name("x <= 3", "x > 3"), ONE),
    ("an index of duplicates", lambda: explain(data=DF.set_axis([0] * N), x=DF.iloc[0]), Value(LINE)),
    ("a row MultiIndex", lambda: explain(a_and_b, DF.set_index(["c", "d"]), DF.iloc[0][["a", "b"]]), Value([1.0, 1.0])),
]

DTYPES: list[Case] = [
    ("dates", both(beside(pd.date_range("2020", periods=N))), KEPT),
    ("dates before 1970", both(beside(pd.date_range("1800", periods=N))), KEPT),
    ("dates with a time zone", both(beside(pd.date_range("2020", periods=N, tz="UTC"))), KEPT),
    ("dates with NaT", both(beside(pd.Series(pd.date_range("2020", periods=N)).where(HALF))), KEPT),
    ("durations", fit(beside(pd.to_timedelta(range(N), unit="D"))), wrong(f"column 't' has dtype Duration.*{ODD}")),
    ("periods", fit(beside(pd.period_range("2020", periods=N))), wrong(f"column 't' has dtype period.*{ODD}")),
    ("intervals", fit(beside(pd.arrays.IntervalArray.from_breaks(range(N + 1)))), wrong(f"column 't' has dtype interval.*{ODD}")),
    ("categories of intervals", both(beside(pd.cut(X[:, 0], [-9, 0, 9]))), KEPT),
    ("a sparse column", fit(beside(pd.arrays.SparseArray(np.maximum(X[:, 2], 0)))), wrong(f"column 't' has dtype Sparse.*{ODD}.*make them dense")),
    ("complex numbers", fit(beside(X[:, 0] + 1j)), wrong(f"column 't' has dtype complex128; {ODD}")),
    ("Decimal", fit(beside([decimal.Decimal(i) for i in range(N)])), wrong("column 't' holds .*Decimal.*cast to float")),
    ("lists", fit(beside([[1]] * N)), wrong("column 't' holds .*list.* objects")),
    ("dicts", fit(beside([{1: 1}] * N)), wrong("column 't' holds .*dict.* objects")),
    ("sets", fit(beside([{1}] * N)), wrong("column 't' holds .*set.* objects")),
    ("bytes", fit(beside([b"x", b"y"] * (N // 2))), wrong("column 't' holds .*bytes.* objects")),
    ("frames in cells", fit(beside([DF] * N)), wrong("column 't' holds .*DataFrame.* objects")),
    ("text and numbers", both(beside(["x", 1] * (N // 2))), KEPT),
    ("booleans and None", both(beside([True, None] * (N // 2))), KEPT),
    ("Int64 with NA", both(nullable([1, None, 3, 4], "Int64")), KEPT),
    ("Float64 with NA", both(nullable([1.5, None, 3.0, 4.0], "Float64")), KEPT),
    ("boolean with NA", both(nullable([True, None, False, True], "boolean")), KEPT),
    ("string with NA", both(nullable(["x", None, "y", "z"], "string")), KEPT),
    ("pyarrow dtypes", both(DF[["a", "b"]].convert_dtypes(dtype_backend="pyarrow")), Value([1.0, 1.0])),
    ("numbers as categories", both(beside(pd.Categorical(np.arange(N) % 3))), KEPT),
    ("one category only", both(beside(pd.Categorical(["x"] * N))), Value([1.0, 1.0])),
    ("a category the background never has", both(beside(pd.Categorical(["x", "y"] * (N // 2), categories=list("xyz"))), {"a": 0.0, "b": 0.0, "t": "z"}), flags("unseen-level")),
    ("a category its dtype does not know", both(beside(pd.Categorical(["x", "y"] * (N // 2))), {"a": 0.0, "b": 0.0, "t": "q"}), wrong_row("holds 'q', which its dtype .* cannot hold; known: .'x', 'y'")),
    ("a text the background never has", both(beside(["x", "y"] * (N // 2)), {"a": 0.0, "b": 0.0, "t": "q"}), flags("unseen-level", and_=lambda e: e.feature_names[2] == "t = q")),
    ("a column all missing", both(beside([None] * N)), Value([1.0, 1.0])),
]

OTHER_LIBRARIES: list[Case] = [
    ("a pandas Series as data", fit(DF["a"]), wrong("is a Series; expected a numpy array, a data frame")),
    ("a polars Series as data", fit(PL["a"]), wrong("is a Series; expected a numpy array, a data frame")),
    ("a polars LazyFrame", fit(PL.lazy()), wrong(r"is a LazyFrame;.*collect\(\) the lazy frame first")),
    ("a polars GroupBy", fit(PL.group_by("a")), wrong("is a GroupBy; expected")),
    ("a pandas GroupBy", fit(DF.groupby("a")), wrong("is a DataFrameGroupBy; expected")),
    ("polars lists", fit(PL.select("a", "b").with_columns(t=pl.Series([[1]] * N))), wrong(f"column 't' has dtype List.*{ODD}")),
    ("polars structs", fit(PL.select("a", t=pl.struct("b"))), wrong(f"column 't' has dtype Struct.*{ODD}")),
    ("polars durations", fit(PL.with_columns(t=pl.Series([datetime.timedelta(1)] * N))), wrong(f"column 't' has dtype Duration.*{ODD}")),
    ("polars times", fit(PL.with_columns(t=pl.Series([datetime.time(1)] * N))), wrong(f"column 't' has dtype Time.*{ODD}")),
    ("polars bytes", fit(PL.with_columns(t=pl.Series([b"x"] * N))), wrong(f"column 't' has dtype Binary.*{ODD}")),
    ("polars objects", fit(PL.with_columns(t=pl.Series([object()] * N, dtype=pl.Object))), wrong("column 't' holds .*object")),
    ("polars nulls", lambda: explain(a_and_b, PL.select("a", "b", t=pl.lit(None)), [1.0, 0.5, None]), Value([1.0, 1.0])),
    ("polars Decimal", lambda: explain(a_and_b, PL.select("a", "b", t=pl.col("c").cast(pl.Decimal(10, 2))), [1.0, 0.5, 0.5]), KEPT),
    ("an arrow table", lambda: explain(a_and_b, PL.select("a", "b").to_arrow(), [1.0, 0.5]), Value([1.0, 1.0])),
    ("an arrow column of structs", fit(pa.table({"a": [1.0, 2.0], "b": [{"x": 1}, {"x": 2}]})), wrong(f"column 'b' has dtype Struct.*{ODD}")),
    ("an arrow record batch", fit(pa.RecordBatch.from_pydict({"a": X[:, 0]})), wrong("is a RecordBatch; expected")),
    ("an arrow array", fit(pa.array([1.0, 2.0])), wrong("is a DoubleArray; expected")),
]


def wide(data=SPARSE, x=(1.0, 0.0, 2.0, 0.0), **options):
    """A sparse table; the model sums its entries."""
    return lambda: explain(lambda A: np.asarray(A.sum(axis=1)).ravel(), data, np.array(x), **options)


SPARSE_TABLES: list[Case] = [
    *((f"sparse {form}", wide(SPARSE.asformat(form)), Value([1.0, 1.0])) for form in ("csr", "csc", "coo", "lil", "dok", "bsr")),
    ("sparse matrix instead of array", wide(sparse.csr_matrix(SPARSE)), Value([1.0, 1.0])),
    ("sparse booleans", wide(sparse.csr_array(X > 1)), Value([1.0, 1.0])),
    ("sparse integers", wide(sparse.csr_array((X > 1) * 3)), Value([1.0, 1.0])),
    ("sparse complex", wide(sparse.csr_array((X > 1) * 1j)), wrong("dtype complex128; expected numbers")),
    ("sparse with one dimension", wide(sparse.coo_array(X[0])), wrong(r"shape \(4,\); expected a 2-D table")),
    ("sparse without columns", wide(sparse.csr_array((5, 0))), wrong(r"shape \(5, 0\); expected a 2-D table")),
    ("sparse and categorical=", wide(categorical=[0]), wrong("do not apply to sparse tables")),
    ("sparse and bins", wide(neighborhood="bins"), wrong("do not apply to sparse tables.*pass a dense table")),
    ("sparse and a row of zeros", wide(x=np.zeros(4)), wrong_row("has no non-zero entries to vary")),
    ("sparse and a missing entry", wide(x=np.array([1.0, np.nan, 0, 0])), wrong_row("has missing or infinite entries; replace them")),
    ("sparse and a row too long", wide(x=np.zeros(5)), wrong("has 5 columns; the background data has 4")),
    ("sparse and a row of text", wide(x=list("abcd")), wrong("dtype .U1; expected numbers")),
    ("sparse and two rows", wide(x=np.ones((2, 4))), wrong("explain takes one instance, 2 were given")),
    ("sparse and a feature that is not there", lambda: kb.TabularExplainer(lambda A: A.sum(axis=1), SPARSE).explain(np.ones(4), features=["x9"]), wrong(r"features=.'x9'. are not columns; use positions 0..3")),
]


@catalogue(NAMES + DTYPES + OTHER_LIBRARIES + SPARSE_TABLES)
def test_frame(make, outcome: Outcome):
    outcome.check(make)


CASES = NAMES + DTYPES + OTHER_LIBRARIES + SPARSE_TABLES
