"""The instance: of the wrong kind, the wrong length, with wrong cells, outside of what the background knows."""

import decimal
from collections import namedtuple

import numpy as np
import pandas as pd
import polars as pl
from outcomes import LINE, Case, Outcome, Value, X, catalogue, explain, finite, flags, linear, wrong, wrong_row

import kabosu as kb

DF = pd.DataFrame(X, columns=list("abcd"))
ARRAY, FRAME = kb.TabularExplainer(linear, X), kb.TabularExplainer(linear, DF)
SOME_MISSING = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
WHOLE = (3 * X).round().astype(int)
CONSTANT = np.column_stack([X[:, :3], np.full(len(X), 7.0)])
ONE_HOT = np.eye(3)[np.arange(60) % 3]
Row = namedtuple("Row", "a b c d")


def of(x, explainer=ARRAY):
    return lambda: explainer.explain(x)


def with_first(value, data=X):
    """The first row with another first value, as objects where it is not a number."""
    return [value, *data[0, 1:].tolist()]


def values(*wanted):
    return Value(lambda e: e.values == wanted and finite(e))


KINDS = "expected a numpy array, a data frame"
LINEAR = Value(LINE)

SHAPE: list[Case] = [
    ("None", of(None), wrong(f"the instance is a NoneType; {KINDS}")),
    ("a number", of(3.0), wrong(f"the instance is a float; {KINDS}")),
    ("a string", of("1,2,3,4"), wrong(f"the instance is a str; {KINDS}")),
    ("a generator", of(v for v in X[0]), wrong(f"the instance is a generator; {KINDS}")),
    ("a set", of({1.0, 2.0, 3.0, 4.0}), wrong(f"the instance is a set; {KINDS}")),
    ("a number in an array", of(np.array(3.0)), wrong(r"shape \(\).*expected a 2-D table")),
    ("three dimensions", of(X[None, :1]), wrong(r"shape \(1, 1, 4\).*expected a 2-D table")),
    ("complex", of(X[0] + 1j), wrong("the instance has dtype complex128")),
    ("a masked array", of(np.ma.masked_less(X[0], 0)), wrong("the instance is a masked array; fill it first")),
    ("an empty row", of(np.array([])), wrong("shape|0 values; the background data has 4 columns")),
    ("an empty list", of([]), wrong("explain takes one instance, 0 were given")),
    ("no rows", of(X[:0]), wrong("explain takes one instance, 0 were given")),
    ("two rows", of(X[:2]), wrong("explain takes one instance, 2 were given; use explain_many")),
    ("two rows of a frame", of(DF[:2], FRAME), wrong("explain takes one instance, 2 were given; use explain_many")),
    ("too short", of(X[0, :3]), wrong("the instance has 3 values; the background data has 4 columns")),
    ("too long", of(np.append(X[0], 1)), wrong("the instance has 5 values; the background data has 4 columns")),
    ("a polars Series", of(pl.Series(X[0])), wrong(f"the instance is a Series; {KINDS}")),
    ("a row as a matrix", of(X[:1]), LINEAR),
    ("a tuple", of(tuple(X[0])), LINEAR),
    ("a named tuple", of(Row(*X[0]), FRAME), LINEAR),
    ("an array for a frame", of(X[0], FRAME), LINEAR),
    ("a polars row for a pandas frame", of(pl.DataFrame(X[:1], schema=list("abcd"), orient="row"), FRAME), LINEAR),
    ("a frame for an array", of(DF[:1]), LINEAR),
    ("read-only", of(np.broadcast_to(np.float64(0.1), (4,))), LINEAR),
]

NAMES: list[Case] = [
    ("a dict that lacks columns", of({"a": 1.0}, FRAME), wrong(r"lacks column\(s\) .'b', 'c', 'd'.; pass exactly the columns")),
    ("a dict with another column", of(dict(zip("abcde", [1.0] * 5, strict=True)), FRAME), wrong(r"has column\(s\) .'e'. that the background data lacks")),
    ("an empty dict", of({}, FRAME), wrong("the dicts of the instance are empty")),
    ("a dict of lists", of({"a": [1.0], "b": [1.0], "c": [1.0], "d": [1.0]}, FRAME), wrong_row("column 'a' of the instance should hold numbers")),
    ("a dict in another order", of({"d": 4.0, "b": 2.0, "c": 3.0, "a": 1.0}, FRAME), values(1.0, 2.0, 3.0, 4.0)),
    ("a frame in another order", of(DF[["d", "b", "a", "c"]][:1], FRAME), values(*X[0].tolist())),
    ("a frame that lacks columns", of(DF[["a", "b"]][:1], FRAME), wrong(r"lacks column\(s\) .'c', 'd'.")),
    ("a frame with a column twice", of(pd.DataFrame(X[:1], columns=list("aabc")), FRAME), wrong("rename duplicate columns")),
    ("a Series with other labels", of(pd.Series(X[0], index=list("wxyz")), FRAME), wrong(r"lacks column\(s\) .'a', 'b', 'c', 'd'. and has")),
    ("a Series with a label twice", of(pd.Series(X[0], index=list("aabc")), FRAME), wrong(r"lacks column\(s\) .'d'.")),
    ("a Series without labels", of(pd.Series(X[0]), FRAME), LINEAR),
    ("a dict of positions", of({3: 4.0, 1: 2.0, 2: 3.0, 0: 1.0}), values(1.0, 2.0, 3.0, 4.0)),
    ("a dict of x0, x1, ...", of({"x3": 4.0, "x1": 2.0, "x2": 3.0, "x0": 1.0}), values(1.0, 2.0, 3.0, 4.0)),
    ("a dict of names for an array", of({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}), wrong("has keys .*; the background data has positions: pass a list of 4 values")),
]

CELLS: list[Case] = [
    ("infinity", of(with_first(np.inf)), wrong_row("column 'x0' of the instance holds infinite values; replace them")),
    ("missing where nothing was", of(with_first(np.nan)), wrong_row("column 'x0' is missing in the instance and never in the background data.*fill it")),
    ("None where nothing was", of(with_first(None)), wrong_row("column 'x0' is missing in the instance and never in")),
    ("NaN in a frame", of({"a": np.nan, "b": 1.0, "c": 1.0, "d": 1.0}, FRAME), wrong_row("column 'a' is missing in the instance")),
    ("missing where some were", lambda: explain(lambda A: linear(np.nan_to_num(A)), SOME_MISSING, with_first(np.nan)), Value(lambda e: finite(e) and e.feature_names[1] == "x0 is missing" and e.values[:2] == (None, True))),
    ("missing integer", lambda: explain(data=WHOLE, x=with_first(np.nan, WHOLE)), wrong_row("column 'x0' is missing in the instance")),
    ("text in a number", of(with_first("abc")), wrong_row("column 'x0' of the instance should hold numbers, .*'abc'")),
    ("a number as text", of(with_first("0.5")), LINEAR),
    ("a date in a number", of({"a": pd.Timestamp("2020"), "b": 1.0, "c": 1.0, "d": 1.0}, FRAME), wrong_row("column 'a' of the instance should hold numbers")),
    ("a dict in a number", of({"a": {}, "b": 1.0, "c": 1.0, "d": 1.0}, FRAME), wrong_row("column 'a' of the instance should hold numbers")),
    ("booleans in numbers", of([True, False, True, True]), LINEAR),
    ("Decimal in numbers", of([decimal.Decimal("0.5")] * 4), LINEAR),
    ("half of an integer", lambda: explain(data=WHOLE, x=with_first(0.5, WHOLE)), wrong_row("holds 0.5; its dtype .* whole numbers only")),
    ("a huge integer", lambda: explain(data=WHOLE, x=with_first(1e30, WHOLE)), wrong_row("holds 1e.30; its dtype int64 .* is kept exactly from")),
    ("a negative unsigned integer", lambda: explain(data=np.abs(WHOLE).astype("u1"), x=[-5, 1, 2, 3]), wrong_row("holds -5; its dtype uint8 .* from 0 to 255")),
    ("300 in eight bits", lambda: explain(data=np.abs(WHOLE).astype("u1"), x=[300, 1, 2, 3]), wrong_row("holds 300; its dtype uint8")),
    ("half of a boolean", lambda: explain(data=X > 0, x=[0.5, 1, 0, 1]), wrong_row("holds 0.5, which its dtype bool .* cannot hold")),
    ("text in a boolean", lambda: explain(data=X > 0, x=["yes", True, False, True]), wrong_row("holds 'yes', which its dtype bool")),
    ("a long text the background never has", lambda: explain(lambda A: (A[:, 0] == "hello world") * 1.0, np.array([["a"], ["b"]] * 20), ["hello world"]), wrong_row("holds 'hello world', which its dtype .U1 .* cannot hold")),
    ("a long text among objects", lambda: explain(lambda A: (A[:, 0] == "hello world") * 1.0, np.array([["a"], ["b"]] * 20, dtype=object), ["hello world"]), flags("unseen-level", and_=lambda e: e.prediction[0] == 1.0)),
]

OUTSIDE: list[Case] = [
    ("outside the training range", of(X[0] + 100), flags("outside-training-range", and_=lambda e: np.allclose(e.coef[:, 0], LINE, atol=1e-6))),
    ("far outside", of(X[0] + 1e30), flags("outside-training-range", "did-not-react", "constant-feature", and_=lambda e: np.isnan(e.certificate.fidelity[0]))),
    ("as far as floats go", of(X[0] + 1e300), flags("outside-training-range", "did-not-react", "constant-feature")),
    ("a constant column that differs", lambda: explain(data=CONSTANT, x=[*X[0, :3], 8.0]), flags("outside-training-range", and_=lambda e: len(e) == 3)),
    ("a constant column that is missing", lambda: explain(lambda A: linear(np.nan_to_num(A)), CONSTANT, [*X[0, :3], np.nan]), flags("outside-training-range")),
    ("a constant column as it was", lambda: explain(data=CONSTANT, x=[*X[0, :3], 7.0]), Value(LINE[:3])),
    ("two of a one-hot block", lambda: explain(lambda A: A @ np.arange(3.0), ONE_HOT, [1.0, 1.0, 0.0]), Value(lambda e: "unseen-level" in {f.code for f in e.certificate.flags})),
    ("none of a one-hot block", lambda: explain(lambda A: A @ np.arange(3.0), ONE_HOT, [0.0, 0.0, 0.0]), Value(lambda e: "unseen-level" in {f.code for f in e.certificate.flags})),
    ("outside, in bins", lambda: explain(data=X, x=X[0] + 100, neighborhood="bins"), Value(lambda e: "outside-training-range" in {f.code for f in e.certificate.flags} and finite(e))),
]


@catalogue(SHAPE + NAMES + CELLS + OUTSIDE)
def test_instance(make, outcome: Outcome):
    outcome.check(make)


CASES = SHAPE + NAMES + CELLS + OUTSIDE
