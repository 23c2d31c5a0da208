"""Background data of every wrong kind, and of odd kinds that work."""

import decimal
import fractions
import pathlib

import numpy as np
import pytest
from outcomes import LINE, Case, Outcome, Value, X, catalogue, explain, first, linear, wrong, wrong_row

import kabosu as kb


def fit(data, model=linear, **options):
    return lambda: kb.TabularExplainer(model, data, **options)


def objects(*values):
    out = np.empty((len(values), 1), dtype=object)
    out[:, 0] = values
    return out


def read_only():
    data = X.copy()
    data.setflags(write=False)
    return explain(data=data)


def scaled(factor):
    """A table in other units; the model divides them out."""
    return lambda: explain(lambda A: linear(A / factor), X * factor)


KINDS = "expected a numpy array, a data frame"
SHAPE = "expected a 2-D table, one row an instance"

NOT_A_TABLE: list[Case] = [
    ("None", fit(None), wrong(f"is a NoneType; {KINDS}")),
    ("a string", fit("train.csv"), wrong(f"is a str; {KINDS}")),
    ("bytes", fit(b"1,2,3"), wrong(f"is a bytes; {KINDS}")),
    ("a path", fit(pathlib.Path("train.csv")), wrong(f"is a .*Path; {KINDS}")),
    ("a number", fit(3), wrong(f"is a int; {KINDS}")),
    ("a generator", fit(row for row in X), wrong(f"is a generator; {KINDS}")),
    ("a map", fit(map(list, X)), wrong(f"is a map; {KINDS}")),
    ("a set", fit({1, 2}), wrong(f"is a set; {KINDS}")),
    ("a dict of columns", fit({"a": [1.0, 2.0], "b": [3.0, 4.0]}), wrong(f"is a dict; {KINDS}")),
    ("a function", fit(linear), wrong(f"is a function; {KINDS}")),
    ("the model's class", fit(dict), wrong(f"is a type; {KINDS}")),
    ("an empty list", fit([]), wrong(f"is a list; {KINDS}")),
    ("a list of numbers", fit([1.0, 2.0]), wrong(SHAPE)),
    ("a list of strings", fit(["a", "b"]), wrong(SHAPE)),
    ("ragged rows", fit([[1, 2], [3]]), wrong("rows .* have different lengths")),
    ("ragged rows of strings", fit([["a", 2], ["b"]]), wrong("shape|different lengths")),
    ("dicts with other keys", fit([{"a": 1.0}, {"b": 1.0}]), wrong(r"do not all have the keys \['a'\]; give every row the same keys")),
    ("dicts and numbers", fit([{"a": 1.0}, 3]), wrong("do not all have the keys")),
    ("empty dicts", fit([{}, {}]), wrong("are empty; expected at least one key")),
    ("dicts in dicts", fit([{"a": float(i), "b": {"c": i}} for i in range(9)]), wrong("column 'b' holds .*dict.* objects; expected numbers")),
    ("lists in dicts", fit([{"a": float(i), "b": [i]} for i in range(9)]), wrong("column 'b' holds .*list.* objects; expected numbers")),
]

SHAPES: list[Case] = [
    ("no rows", fit(X[:0]), wrong(r"has 0 row\(s\); expected at least 2")),
    ("one row", fit(X[:1]), wrong(r"has 1 row\(s\); expected at least 2")),
    ("no columns", fit(X[:, :0]), wrong(rf"shape \(120, 0\).*{SHAPE}")),
    ("one dimension", fit(X[:, 0]), wrong(rf"shape \(120,\).*{SHAPE}")),
    ("three dimensions", fit(X.reshape(10, 12, 4)), wrong(rf"shape \(10, 12, 4\).*{SHAPE}")),
    ("two rows", lambda: explain(data=X[:2]), Value(LINE)),
    ("two rows that are one", fit(np.repeat(X[:1], 2, axis=0)), wrong("every column of the background data is constant; there is nothing to vary")),
    ("every row twice", lambda: explain(data=np.repeat(X, 2, axis=0)), Value(LINE)),
    ("more columns than rows", lambda: explain(first, np.random.default_rng(1).normal(size=(5, 40))), Value([1.0] + [0.0] * 39)),
]

DTYPES: list[Case] = [
    ("complex numbers", fit(X + 1j), wrong("dtype complex128; expected numbers")),
    ("a masked array", fit(np.ma.masked_less(X, 0)), wrong("is a masked array; fill it first")),
    ("a structured array", fit(np.zeros(5, dtype=[("a", float)])), wrong("shape .5,. and dtype .*expected a 2-D table")),
    ("a record array", fit(np.rec.fromarrays([X[:, 0], X[:, 1]], names="a,b")), wrong(SHAPE)),
    ("bytes in an array", fit(np.array([[b"a"], [b"b"]])), wrong(r"dtype \|S1; expected numbers")),
    ("datetimes in an array", fit(np.array([["2020-01-01"], ["2021-01-01"]], dtype="M8[D]")), wrong("dtype datetime64.*expected numbers")),
    ("durations in an array", fit(np.array([[1], [2]], dtype="m8[D]")), wrong("dtype timedelta64.*expected numbers")),
    ("void", fit(np.zeros((3, 1), dtype="V4")), wrong("dtype .V4; expected numbers")),
    ("Decimal objects", fit(objects(decimal.Decimal(1), decimal.Decimal(2))), wrong("column 'x0' holds .*Decimal.*cast to float")),
    ("Fraction objects", fit(objects(fractions.Fraction(1, 2), fractions.Fraction(2))), wrong("column 'x0' holds .*Fraction")),
    ("complex objects", fit(objects(1j, 2j)), wrong("column 'x0' holds .*complex")),
    ("arrays as cells", fit(objects(np.zeros(2), np.ones(2))), wrong("column 'x0' holds .*ndarray")),
    ("functions as cells", fit(objects(len, max)), wrong("column 'x0' holds .*builtin")),
    ("float16", lambda: explain(data=X.astype("f2")), Value(LINE)),
    ("float32", lambda: explain(data=X.astype("f4")), Value(LINE)),
    ("long double", lambda: explain(data=X.astype(np.longdouble)), Value(LINE)),
    ("big-endian floats", lambda: explain(data=X.astype(">f8")), Value(LINE)),
    ("int8", lambda: explain(data=(20 * X).astype("i1")), Value(LINE)),
    ("uint8", lambda: explain(data=np.abs(20 * X).astype("u1")), Value(LINE)),
    ("int64 of 2^60", lambda: explain(lambda A: linear(A / 2**60), (X * 2**59).astype("i8")), Value((np.array(LINE) / 2**60).tolist())),
    ("uint64 beyond the exact floats", fit((np.abs(X) * 2.0**62).astype("u8")), wrong_row("holds .*; its dtype uint64 in the background data is kept exactly from 0 to")),
    ("booleans", lambda: explain(data=X > 0), Value(lambda e: e.feature_names[0] == f"x0 = {bool(X[0, 0] > 0)}" and np.allclose(np.abs(e.coef[:, 0]), np.abs(LINE)))),
    ("numbers as objects", lambda: explain(lambda A: linear(A.astype(float)), X.astype(object)), Value(LINE)),
    ("numbers as text", lambda: kb.TabularExplainer(first, X.round(1).astype(str)).notes[0], Value(lambda note: "column 'x0' holds numbers as text" in note)),
    ("Fortran order", lambda: explain(data=np.asfortranarray(X)), Value(LINE)),
    ("a strided view", lambda: explain(data=np.repeat(X, 2, axis=0)[::2]), Value(LINE)),
    ("a read-only array", read_only, Value(LINE)),
    ("a list of lists", lambda: explain(data=X.tolist()), Value(LINE)),
    ("a list of tuples", lambda: explain(data=[tuple(row) for row in X.tolist()], x=X[0].tolist()), Value(LINE)),
    ("a list of arrays", lambda: explain(data=list(X)), Value(LINE)),
]

CONTENTS: list[Case] = [
    ("all missing", fit(X * np.nan), wrong("every column .* is constant")),
    ("all constant", fit(X * 0 + 1), wrong("every column .* is constant")),
    ("one column all missing", lambda: explain(lambda A: linear(np.nan_to_num(A)), np.column_stack([X[:, :3], np.full(120, np.nan)])), Value(LINE[:3])),
    ("infinity", fit(np.where(X > 2, np.inf, X)), wrong_row("column 'x0' of the background data holds infinite values; replace them")),
    ("minus infinity", fit(np.where(X > 2, -np.inf, X)), wrong_row("holds infinite values")),
    ("huge, 1e300", scaled(1e300), wrong("column 'x0' runs from .*too large a spread to square; rescale the column")),
    ("huge, 1e308", scaled(2e307), wrong("rescale the column")),
    ("tiny, 1e-300", scaled(1e-300), wrong("rescale the column")),
    ("denormal", fit(X * 1e-320), wrong("rescale the column")),
    ("large, 1e140", scaled(1e140), Value((np.array(LINE) / 1e140).tolist())),
    ("small, 1e-140", scaled(1e-140), Value((np.array(LINE) * 1e140).tolist())),
    ("a large level, 1e9", lambda: explain(lambda A: linear(A - 1e9), X + 1e9), Value(LINE)),
    ("a level without digits left, 1e17", fit(X + 1e17), wrong("every column .* is constant")),
    ("unicode text", lambda: explain(lambda A: (A[:, 0] == "年収🍋") * 1.0, np.array([["年収🍋"], ["\u202eevil"]] * 20)), Value([1.0])),
    ("empty strings", lambda: explain(lambda A: (A[:, 0] == "") * 1.0, np.array([[""], ["b"]] * 20)), Value([1.0])),
    ("a lone surrogate as text", lambda: explain(lambda A: (A[:, 0] == "\ud800") * 1.0, objects(*["\ud800", "b"] * 20)), Value([1.0])),
    ("a text of 100,000 characters", lambda: explain(lambda A: (A[:, 0] == "b") * 1.0, objects(*["b", "x" * 100_000] * 20)), Value([1.0])),
    ("NUL in a text", lambda: explain(lambda A: (A[:, 0] == "a\0b") * 1.0, objects(*["a\0b", "b"] * 20)), Value([1.0])),
    ("text and numbers in one column", lambda: explain(lambda A: (A[:, 0] == 1) * 1.0, objects(*[1, "x"] * 20)), Value([1.0])),
    ("ids", lambda: kb.TabularExplainer(lambda A: np.arange(len(A)), objects(*[f"u{i}" for i in range(50)])).notes, Value(lambda notes: "leave it out if it is an id" in notes[0])),
    ("one value nearly always", lambda: explain(lambda A: A[:, 0], np.column_stack([X[:, 0], np.arange(120) == 7])), Value(lambda e: "constant-feature" not in {f.code for f in e.certificate.flags})),
]


@catalogue(NOT_A_TABLE + SHAPES + DTYPES + CONTENTS)
def test_background(make, outcome: Outcome):
    outcome.check(make)


def test_a_matrix_is_an_array():
    with pytest.warns(PendingDeprecationWarning):
        data = np.asmatrix(X)
    e = explain(data=data, x=X[0])
    np.testing.assert_allclose(e.coef[:, 0], LINE, atol=1e-8)


def test_the_background_is_not_kept_nor_changed():
    data = X.copy()
    explainer = kb.TabularExplainer(linear, data)
    before = explainer.explain(X[0])
    data[:] = 0
    assert (explainer.explain(X[0]).coef == before.coef).all()


CASES = NOT_A_TABLE + SHAPES + DTYPES + CONTENTS
