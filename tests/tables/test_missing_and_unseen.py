"""Cells that the background never had: a level of its own where the dtype allows it, else an error that names the column."""

import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from every_table import ARROW, DICTS, PANDAS, POLARS, A, Keeps, N, cells_of, holes_of

import kabosu as kb
from kabosu.errors import InputError, RowError
from kabosu.recipes import TABLES as RECIPES

TABLES = {"pandas": PANDAS, "polars": POLARS, "arrow": ARROW, "dicts": DICTS}
ROW = 3


def explained(data, x, **options):
    model = Keeps()
    return kb.TabularExplainer(model, data, budget=300, **options).explain(x), model.got


def changed(data, **cells):
    row = {name: cells_of(data[ROW : ROW + 1])[name][0] for name in cells_of(data[ROW : ROW + 1])}
    assert set(cells) <= set(row)
    return row | cells


def codes(e):
    return [(f.code, f.message.split(" ")[0]) for f in e.certificate.flags if f.code in ("unseen-level", "outside-training-range")]


NEVER_MISSING = [
    ("pandas", "float"), ("pandas", "f4"), ("pandas", "int"), ("pandas", "u1"), ("pandas", "UInt8"), ("pandas", "seconds"), ("pandas", "dates as objects"),
    ("polars", "float"), ("polars", "int"), ("polars", "date"), ("polars", "time"), ("arrow", "float"), ("arrow", "int"), ("arrow", "date"), ("dicts", "a"), ("dicts", "k"), ("dicts", "d"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "column"), NEVER_MISSING, ids=["-".join(c) for c in NEVER_MISSING])
@pytest.mark.parametrize("missing", [None, float("nan")], ids=["None", "NaN"])
def test_a_number_that_never_was_missing(kind, column, missing):
    data = TABLES[kind]
    with pytest.raises(RowError, match=f"column '{column}' is missing in the instance and never in the background"):
        explained(data, changed(data, **{column: missing}))


@pytest.mark.parametrize("neighborhood", ["gaussian", "gaussian-global", "bins"])
def test_a_number_that_never_was_missing_in_every_neighborhood(neighborhood):
    with pytest.raises(RowError, match="column 'x0' is missing in the instance"):
        explained(A, [np.nan, *A[0, 1:]], neighborhood=neighborhood)


WAS_MISSING = [("pandas", "nan"), ("pandas", "Int64"), ("pandas", "Float64"), ("pandas", "ints as objects"), ("pandas", "date"), ("polars", "null"), ("polars", "nan"), ("polars", "date lost"), ("arrow", "int lost"), ("dicts", "m"), ("dicts", "n")]


@pytest.mark.parametrize(("kind", "column"), WAS_MISSING, ids=["-".join(c) for c in WAS_MISSING])
def test_a_number_that_was_missing(kind, column):
    data = TABLES[kind]
    e, got = explained(data, changed(data, **{column: None}))
    assert f"{column} is missing" in e.feature_names
    assert e.values[e.feature_names.index(f"{column} is missing")] is True
    assert cells_of(got[0])[column] == [None]
    assert [holes_of(rows)[column] for rows in got] == [holes_of(data)[column]] * len(got)
    drawn = cells_of(got[1])[column]
    assert len(set(drawn)) > 2


LEVELS = [("pandas", "str"), ("pandas", "cat"), ("pandas", "ordered"), ("pandas", "cat of ints"), ("polars", "bool"), ("polars", "string"), ("polars", "enum"), ("polars", "cat"), ("arrow", "bool"), ("arrow", "dictionary"), ("dicts", "s"), ("dicts", "b")]


@pytest.mark.parametrize(("kind", "column"), LEVELS, ids=["-".join(c) for c in LEVELS])
def test_a_category_that_never_was_missing(kind, column):
    data = TABLES[kind]
    e, got = explained(data, changed(data, **{column: None}))
    assert f"{column} is missing" in e.feature_names
    assert codes(e) == [("unseen-level", column.split(" ")[0])]
    assert cells_of(got[0])[column] == [None]
    assert None in cells_of(got[1])[column]
    assert [type(rows) for rows in got] == [type(data)] * len(got)


UNSEEN = [
    ("pandas", "str", "new"), ("pandas", "string", "new"), ("pandas", "object", "new"), ("pandas", "cat", "z"), ("pandas", "ordered", "max"),
    ("polars", "string", "new"), ("polars", "enum", "z"), ("arrow", "string", "new"), ("arrow", "dictionary", "new"), ("dicts", "s", "new"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "column", "value"), UNSEEN, ids=["-".join(c) for c in UNSEEN])
def test_a_level_that_never_was_seen(kind, column, value):
    data = TABLES[kind]
    e, got = explained(data, changed(data, **{column: value}))
    assert f"{column} = {value}" in e.feature_names
    assert codes(e) == [("unseen-level", column)]
    assert cells_of(got[0])[column] == [value]
    assert value in cells_of(got[1])[column]


CANNOT = [
    ("pandas", "cat", "new", r"column 'cat' of the instance holds 'new'.*known: \['a', 'b', 'c', 'z'\]"),
    ("pandas", "cat of ints", 9, "column 'cat of ints' of the instance holds 9.*known"),
    ("polars", "enum", "new", "column 'enum' of the instance holds 'new'.*known"),
    ("pandas", "bool", None, "column 'bool' of the instance is missing, which its dtype"),
    ("pandas", "bool", "True", "column 'bool' of the instance holds 'True'"),
    ("polars", "bool", "yes", "column 'bool' of the instance holds 'yes'"),
    ("pandas", "int", 2.5, "column 'int' of the instance holds 2.5; .* whole numbers only"),
    ("pandas", "Int64", 2.5, "holds 2.5; .* whole numbers only"),
    ("pandas", "u1", -1, "column 'u1' of the instance holds -1; .*0 to 255"),
    ("pandas", "UInt8", 300, "holds 300; .*0 to 255"),
    ("polars", "u1", 256, "holds 256; .*0 to 255"),
    ("arrow", "u1", -7, "holds -7; .*0 to 255"),
    ("pandas", "float", np.inf, "column 'float' of the instance holds infinite values"),
    ("dicts", "a", -np.inf, "column 'a' of the instance holds infinite values"),
    ("pandas", "float", "tall", "column 'float' of the instance should hold numbers.*tall"),
    ("pandas", "date", "soon", "column 'date' of the instance should hold dates"),
    ("pandas", "date", datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC), "column 'date' has time zone None in the background data and UTC in the instance"),
    ("pandas", "zoned", datetime.datetime(2020, 1, 2), "time zone America/New_York in the background data and None"),  # noqa: DTZ001
]


@pytest.mark.parametrize(("kind", "column", "value", "words"), CANNOT, ids=[f"{k}-{c}-{v}" for k, c, v, _ in CANNOT])
def test_what_the_dtype_cannot_hold(kind, column, value, words):
    data = TABLES[kind]
    with pytest.raises(RowError, match=words):
        explained(data, changed(data, **{column: value}))


@pytest.mark.parametrize("x", [["a", "longer than five", "c"], np.array(["a", "longer than five", "c"], dtype=object)], ids=["list", "objects"])
def test_strings_are_never_cut(x):
    data = np.column_stack([np.resize(list("ab"), N), np.resize(["short", "tall"], N), np.resize(list("xyz"), N)])
    with pytest.raises(RowError, match="column 'x1' of the instance holds 'longer than five', which its dtype <U5"):
        explained(data, x)
    assert explained(data, ["a", "brief", "c"])[0].feature_names == ("x0 = a", "x1 = brief", "x2 = c")


def test_times_of_other_zones_are_the_same_time():
    here = cells_of(PANDAS[ROW : ROW + 1])["zoned"][0]
    got = explained(PANDAS, changed(PANDAS, zoned=here.tz_convert("Asia/Tokyo").to_pydatetime()))[1]
    assert cells_of(got[0])["zoned"] == [here]


def test_a_bad_row_does_not_lose_the_others():
    rows = [changed(PANDAS), changed(PANDAS, u1=300), changed(PANDAS, cat="new"), changed(PANDAS, str="new")]
    es = kb.TabularExplainer(Keeps(), PANDAS, budget=300).explain_many(rows, on_error="record")
    assert set(es.errors) == {1, 2}
    assert "column 'u1'" in es.errors[1]
    assert "column 'cat'" in es.errors[2]
    assert "str = new" in es[3].feature_names


def test_infinite_backgrounds_are_refused():
    for data in (np.where(A > 2, np.inf, A), pd.DataFrame(A, columns=list("abcd")).mask(A > 2, -np.inf)):
        with pytest.raises(InputError, match="column '(x.|.)' of the background data holds infinite values"):
            kb.TabularExplainer(Keeps(), data)


@pytest.mark.parametrize("own", ["present", "missing"])
def test_missing_is_drawn_at_its_local_rate(own):
    """The two components of the law, weighed by the kernel: MATH section 2; "missing" is one difference."""
    rate, width = 0.25, 1.3
    column = np.where(np.arange(N) < rate * N, np.nan, A[:, 0])
    x = np.array([np.nan if own == "missing" else column[-1], A[0, 1]])
    _, got = explained(np.column_stack([column, A[:, 1]]), x, kernel_width=width, recipe=replace(RECIPES["kabosu"], draws_from="q"))
    gone = np.isnan(np.concatenate(got[1:])[:, 0]).mean()
    far = np.exp(-0.5 / width**2)
    around = 1 if own == "missing" else np.sqrt(width**2 / (1 + width**2))  # E exp(-d^2 / 2 width^2) of a standard normal around the instance
    weights = (rate, (1 - rate) * far * np.sqrt(width**2 / (1 + width**2))) if own == "missing" else (rate * far, (1 - rate) * around)
    assert abs(gone - weights[0] / sum(weights)) < 0.02
