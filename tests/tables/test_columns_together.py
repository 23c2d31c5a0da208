"""One-hot blocks, groups, constants, frozen columns and point masses: what the model sees is what the background has."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from every_table import PANDAS, A, Keeps, N, cells_of
from scipy import integrate

import kabosu as kb
from kabosu.errors import InputError
from kabosu.recipes import TABLES

COLORS = np.array(["red", "green", "blue"])[np.arange(N) % 3]
ONES = pd.get_dummies(pd.Series(COLORS), prefix="color")
FRAME = pd.DataFrame(A, columns=list("abcd"))
FORMS = {
    "bool": pd.concat([FRAME[["a"]], ONES, FRAME[["b"]]], axis=1),
    "int": pd.concat([FRAME[["a"]], ONES.astype(int), FRAME[["b"]]], axis=1),
    "u1": pd.concat([FRAME[["a"]], ONES.astype("u1"), FRAME[["b"]]], axis=1),
    "float": pd.concat([FRAME[["a"]], ONES.astype(float), FRAME[["b"]]], axis=1),
}
FORMS |= {"polars": pl.from_pandas(FORMS["int"]), "array": FORMS["float"].to_numpy(), "dicts": FORMS["int"].to_dict("records")}


def explained(data, x, budget=300, **options):
    model = Keeps()
    explainer = kb.TabularExplainer(model, data, budget=budget, **options)
    return explainer, explainer.explain(x), model.got


@pytest.mark.parametrize("form", FORMS)
def test_one_hot_columns_are_found_and_drawn_as_one(form):
    data = FORMS[form]
    explainer, e, got = explained(data, data[3:4], kernel_width=3.0)
    names = ["x1", "x2", "x3"] if form == "array" else list(ONES)
    assert explainer.notes == (f"columns {names} always sum to 1 and are drawn as one category",)
    assert len(e) == 3
    assert e.feature_names[1] == ("one of x1, x2, x3 = x3" if form == "array" else "color = red")
    drawn = list(cells_of(got[1]).values())
    assert {tuple(map(float, row)) for row in zip(*drawn[1:4], strict=True)} == {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_what_only_looks_like_one_hot_is_not_grouped():
    """Dummies without their first column may all be 0; independent 0/1 columns may both be 1."""
    dropped = pd.concat([FRAME[["a"]], pd.get_dummies(pd.Series(COLORS), drop_first=True).astype(int)], axis=1)
    assert explained(dropped, dropped.iloc[3])[0].notes == ()
    free = FRAME[["a"]].assign(u=(A[:, 1] > 0).astype(int), v=(A[:, 2] > 0).astype(int))
    assert explained(free, free.iloc[3])[0].notes == ()


def test_two_blocks_side_by_side():
    both = pd.concat([ONES, pd.get_dummies(pd.Series(np.array(["S", "L"])[np.arange(N) % 2]), prefix="size"), FRAME], axis=1)
    explainer, e, _ = explained(both, both.iloc[3])
    assert len(explainer.notes) == 2
    assert e.feature_names[:2] == ("color = red", "size = L")
    assert len(e) == 6


def test_a_row_with_two_ones_is_a_level_that_was_never_seen():
    row = dict(FORMS["int"].iloc[3]) | {"color_red": 1, "color_blue": 1}
    _, e, got = explained(FORMS["int"], row)
    assert [f.code for f in e.certificate.flags if f.code == "unseen-level"]
    assert cells_of(got[0])["color_blue"] == [1]


@pytest.mark.parametrize("names", [["a", "b"], ["float", "str", "cat"], ["date", "boolean"]])
def test_groups_are_drawn_jointly(names):
    data = PANDAS if names[0] in PANDAS else FRAME
    _, e, got = explained(data, data.iloc[3], groups={"together": names}, kernel_width=3.0)
    pairs = {tuple(map(str, row)) for row in zip(*(cells_of(data)[n] for n in names), strict=True)}
    drawn = {tuple(map(str, row)) for row in zip(*(cells_of(got[1])[n] for n in names), strict=True)}
    assert len(drawn) > 3
    assert drawn <= pairs
    assert sum(name.startswith("together = ") for name in e.feature_names) == 1
    assert not set(names) & set(e.columns)


def test_numbers_may_be_categories():
    data = FRAME.assign(code=np.arange(N) % 4 * 10)
    _, e, got = explained(data, data.iloc[3], categorical=["code"])
    assert e.feature_names[-1] == "code = 30"
    assert set(cells_of(got[1])["code"]) == {0, 10, 20, 30}
    codes = np.column_stack([A, np.arange(N) % 4 * 10])
    assert explained(codes, codes[3], categorical=[4])[1].feature_names[-1] == "x4 = 30"


@pytest.mark.parametrize("features", [["float", "cat"], ["date"], ["string", "Int64", "zoned"]])
def test_features_freezes_the_other_columns_at_the_instance(features):
    x = PANDAS.iloc[[3]]
    model = Keeps()
    e = kb.TabularExplainer(model, PANDAS, budget=300).explain(x, features=features)
    assert {c.removesuffix(" is missing") for c in e.columns} == set(features)
    own, drawn = cells_of(x), cells_of(model.got[1])
    for name in PANDAS:
        if name in features:
            assert len(set(drawn[name])) > 1
        else:
            assert set(drawn[name]) == set(own[name]), name


def test_features_by_position_and_of_a_group():
    model = Keeps()
    explainer = kb.TabularExplainer(model, A, budget=300)
    assert explainer.explain(A[3], features=[2, "x0"]).columns == ("x0", "x2")
    one_hot = kb.TabularExplainer(Keeps(), FORMS["int"], budget=300)
    for name in ("color", "color_red"):
        assert one_hot.explain(FORMS["int"].iloc[3], features=[name]).feature_names == ("color = red",)
    with pytest.raises(InputError, match="do not vary"):
        explainer.explain(A[3], features=["x9"])


def test_constants_are_left_out_with_a_note_and_stay_at_the_instance():
    data = PANDAS[["float", "cat"]].assign(one=1, word="w", never=np.nan, when=pd.Timestamp("2020-01-01"))
    explainer, e, got = explained(data, data.iloc[3])
    assert explainer.notes == tuple(f"column '{c}' is constant and is left out" for c in ("one", "word", "never", "when"))
    assert set(e.columns) == {"float", "cat"}
    assert cells_of(got[1])["word"] == ["w"] * len(got[1])
    moved = dict(data.iloc[3]) | {"one": 7, "when": pd.Timestamp("2021-05-05")}
    _, e, got = explained(data, moved)
    assert [f.message for f in e.certificate.flags if f.code == "outside-training-range"] == ["one, when of this instance"]
    assert set(cells_of(got[1])["one"]) == {7}
    assert set(cells_of(got[1])["when"]) == {pd.Timestamp("2021-05-05")}
    with pytest.raises(InputError, match="every column of the background data is constant"):
        kb.TabularExplainer(Keeps(), np.ones((20, 3)))


def share_of_zeros(rate, x, scale, width):
    """By numeric integration of draw law times kernel: a point at 0 and a normal around the instance."""

    def kernel(v):
        return np.exp(-0.5 * ((v - x) / scale / width) ** 2)

    def density(v):
        return np.exp(-0.5 * ((v - x) / scale) ** 2) / scale / np.sqrt(2 * np.pi) * kernel(v)

    rest, _ = integrate.quad(density, x - 40 * scale, x + 40 * scale, points=[x], limit=500)
    return rate * kernel(0.0) / (rate * kernel(0.0) + (1 - rate) * rest)


@pytest.mark.parametrize("width", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("own", [0.0, 2.0, 5.0])
def test_zeros_stay_zeros_at_their_local_rate(own, width):
    rng = np.random.default_rng(1)
    column = np.where(np.arange(400) % 5 < 2, 0.0, rng.lognormal(1.0, 0.5, 400))
    data = np.column_stack([column, rng.normal(size=400)])
    got = explained(data, [own, 0.0], budget=4097, kernel_width=width, recipe=replace(TABLES["kabosu"], draws_from="q"))[2]
    drawn = np.concatenate(got[1:])[:, 0]
    want = share_of_zeros(0.4, own, column.std(), width)
    assert abs((drawn == 0.0).mean() - want) < 0.004
    assert ((np.abs(drawn) > 0) & (np.abs(drawn) < 1e-9)).sum() == 0


def test_zeros_of_the_draw_law_where_it_is_drawn_from():
    column = np.where(np.arange(400) % 5 < 2, 0.0, np.random.default_rng(1).lognormal(1.0, 0.5, 400))
    data = np.column_stack([column, np.arange(400.0)])
    drawn = np.concatenate(explained(data, [5.0, 3.0], budget=3000, recipe="article")[2][1:])[:, 0]
    assert abs((drawn == 0.0).mean() - 0.4) < 4 * np.sqrt(0.24 / 2999)


def test_a_bin_of_zeros_sends_zeros():
    column = np.where(np.arange(400) % 5 < 2, 0.0, np.random.default_rng(1).lognormal(1.0, 0.5, 400))
    data = np.column_stack([column, np.arange(400.0)])
    drawn = np.concatenate(explained(data, [0.0, 3.0], budget=3000, recipe="lime")[2][1:])[:, 0]
    assert abs((drawn == 0.0).mean() - 0.4) < 4 * np.sqrt(0.24 / 2999)
