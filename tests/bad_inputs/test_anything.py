"""Anything anywhere: whatever is put in the place of data, rows, options and answers, only our own errors come out."""

import datetime
import decimal
import fractions
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import X, explain, finite, linear
from scipy import sparse

import kabosu as kb

ANYTHING = [
    None, True, 0, -1, 3, 10**30, 0.0, 0.5, float("nan"), float("inf"), 1j, "", "a", "x0", b"a", [], [None], ["x0"], ["a", 1], [[1], [1, 2]], [[]], (), (1.0, 2.0, 3.0, 4.0),
    {}, {"x0": 1}, {"g": ["x0"]}, {None: None}, set(), {1}, range(4), iter([1]), object(), object, int, len, lambda *a: a, Ellipsis, NotImplemented, slice(2), np, KeyError("a"),
    decimal.Decimal("NaN"), fractions.Fraction(1, 3), datetime.date(2020, 1, 1), datetime.timedelta(1), pathlib.Path("a"), memoryview(b"abc"),
    np.float32(2), np.int8(-1), np.array(3.0), np.array([]), np.zeros((0, 4)), np.zeros((2, 0)), np.zeros((2, 2, 2)), np.array(["a"] * 4), np.array([object()] * 4), np.ma.masked_all(4), np.datetime64("NaT"), np.dtype("f4"),
    np.random.default_rng(0), pd.DataFrame(), pd.DataFrame({"x0": [1]}), pd.Series(dtype=float), pd.Series([1.0] * 4), pd.NA, pd.NaT, pd.Timestamp("2020"), pl.DataFrame(), pl.Series([1]), pl.col("a"), sparse.csr_array((2, 4)), sparse.coo_array([1.0, 2.0]),
]  # fmt: skip
THING = pytest.mark.parametrize("thing", ANYTHING, ids=[f"{i}-{type(v).__name__}" for i, v in enumerate(ANYTHING)])
LINES = kb.TabularExplainer(linear, X)
FRAME = kb.TabularExplainer(lambda f: f["a"], pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] > 0, "u", "v"), "c": X[:, 2] > 0, "d": pd.date_range("2020", periods=len(X))}))
OPTIONS = ("recipe", "neighborhood", "kernel_width", "surrogate", "engine", "output", "categorical", "groups", "budget", "random_state", "strict")
OF_A_CALL = ("outputs", "features", "max_features", "budget", "tolerance", "time_limit", "progress")


def works_or_says_why(make, but=()):
    try:
        made = make()
    except but:
        return
    except kb.KabosuError as e:
        assert len(str(e)) > 15
        return
    assert not isinstance(made, kb.Explanation) or finite(made)


@THING
def test_as_data(thing):
    works_or_says_why(lambda: explain(data=thing, x=X[0]))


@THING
def test_as_a_row(thing):
    for explainer in (LINES, FRAME):
        works_or_says_why(lambda: explainer.explain(thing))  # noqa: B023
        works_or_says_why(lambda: explainer.explain_many(thing))  # noqa: B023


@THING
def test_as_a_cell(thing):
    for name in "abcd":
        row = {"a": 0.1, "b": "u", "c": True, "d": pd.Timestamp("2020-02-02")} | {name: thing}
        works_or_says_why(lambda: FRAME.explain(row))  # noqa: B023
    works_or_says_why(lambda: LINES.explain([thing, 1.0, 2.0, 3.0]))


@THING
@pytest.mark.parametrize("option", OPTIONS)
def test_as_an_option(option, thing):
    works_or_says_why(lambda: explain(**{option: thing}))


@THING
@pytest.mark.parametrize("option", OF_A_CALL)
def test_as_an_option_of_a_call(option, thing):
    works_or_says_why(lambda: LINES.explain(X[0], **{option: thing}), but=Exception if option == "progress" and callable(thing) else ())


@THING
def test_as_a_model(thing):
    works_or_says_why(lambda: explain(thing))


@THING
def test_as_an_answer(thing):
    works_or_says_why(lambda: explain(lambda rows: thing))
    works_or_says_why(lambda: explain(lambda rows: [thing] * len(rows)))
    works_or_says_why(lambda: explain(lambda rows: [thing] * len(rows), output="label"))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.binary(max_size=3)
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2) | st.integers(0, 4), inner, max_size=4), max_leaves=12)


@settings(max_examples=150)
@given(nested)
def test_any_tree_of_values_as_a_row(thing):
    for explainer in (LINES, FRAME):
        works_or_says_why(lambda: explainer.explain(thing))  # noqa: B023


@settings(max_examples=150)
@given(st.lists(st.lists(scalars, min_size=1, max_size=3), max_size=6))
def test_any_table_of_values_as_data(rows):
    works_or_says_why(lambda: explain(lambda A: np.arange(len(A)) * 1.0, rows, rows[0] if rows else None))
