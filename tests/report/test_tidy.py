"""Tidy frames: every row is the number it says, in the user's own kind of frame."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kabosu as kb

X = np.random.default_rng(0).normal(size=(60, 3)) * [1, 2, 3]
MODEL = lambda d: np.asarray(d["a"]) * 2 - np.asarray(d["b"]) * np.asarray(d["c"])  # noqa: E731
COLUMNS = ["output", "is_target", "feature", "column", "value", "z", "unit", "coef", "std_error", "low", "high", "coef_scaled", "std_error_scaled", "contribution", "rank", "fidelity", "prediction", "local_prediction", "flagged"]


def check(frame, e, row=None):
    """Against the arrays of the explanation, cell by cell."""
    names = ([] if row is None else ["row"]) + COLUMNS
    assert list(frame.columns) == names
    low, high = e.interval()
    at = 0
    for t, output in enumerate(e.output_names):
        rank = {int(j): r + 1 for r, j in enumerate(np.argsort(-np.abs(e.coef_scaled[:, t]), kind="stable"))}
        for j in range(len(e)):
            got = frame.iloc[at]
            assert (got["output"], got["feature"], got["column"], got["unit"]) == (output, e.feature_names[j], e.columns[j], e.units[j])
            assert got["is_target"] == (output == e.target)
            expected = [e.z[j], e.coef[j, t], e.std_error[j, t], low[j, t], high[j, t], e.coef_scaled[j, t], e.std_error_scaled[j, t], e.contributions[j, t], rank[j]]
            expected += [e.certificate.fidelity[t], e.prediction[t], e.local_prediction[t]]
            numbers = got[["z", "coef", "std_error", "low", "high", "coef_scaled", "std_error_scaled", "contribution", "rank", "fidelity", "prediction", "local_prediction"]]
            np.testing.assert_allclose(numbers.to_numpy(dtype=float), expected, rtol=1e-12)
            assert got["flagged"] == ", ".join(flag.code for flag in e.certificate.flags)
            assert row is None or got["row"] == row
            at += 1
    assert at == len(frame)


def test_one_explanation(e):
    check(e.to_frame(), e)


def test_values_are_text_and_missing_is_missing(mixed, mixed_frame):
    x = mixed_frame[mixed_frame["income"].isna()].iloc[0]
    frame = mixed.explain(x).to_frame().set_index("column")
    one = frame[frame["output"] == "yes"]
    assert one.loc["age", "value"] == str(x["age"])
    assert one.loc["income", "value"] is None or pd.isna(one.loc["income", "value"])
    assert one.loc["income is missing", "value"] == "yes"
    assert one.loc["color", "value"] == x["color"]
    assert one.loc["since", "value"] == str(x["since"].date())


def test_many_explanations_with_the_row_they_are_about(es):
    frame = es.to_frame()
    for i, one in enumerate(es):
        check(frame[frame["row"] == i].reset_index(drop=True), one, i)


def test_ragged_rows_and_failed_ones(ragged):
    frame = ragged.to_frame()
    assert sorted(set(frame["row"])) == [0, 1, 3]
    for i in (0, 1, 3):
        check(frame[frame["row"] == i].reset_index(drop=True), ragged[i], i)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda d: pd.DataFrame(d), pd.DataFrame),
        (lambda d: pl.DataFrame(d), pl.DataFrame),
        (lambda d: pa.table(d), pa.Table),
    ],
    ids=["pandas", "polars", "pyarrow"],
)
def test_the_users_own_kind_of_frame_with_the_same_numbers(make, kind):
    data = make({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "k": np.where(X[:, 0] > 0, "u", "v")})
    explainer = kb.TabularExplainer(MODEL, data, engine="sampled")
    es = explainer.explain_many(data[:4] if kind is not pd.DataFrame else data.iloc[:4])
    for frame in (es.to_frame(), es[0].to_frame(), es.summary()):
        assert isinstance(frame, kind)
    frame = es.to_frame()
    pandas = frame if kind is pd.DataFrame else frame.to_pandas()
    for i, one in enumerate(es):
        check(pandas[pandas["row"] == i].reset_index(drop=True), one, i)


@pytest.mark.parametrize("make", [lambda d: np.stack(list(d.values()), axis=1), lambda d: [dict(zip(d, row, strict=False)) for row in zip(*(v.tolist() for v in d.values()), strict=False)]], ids=["array", "records"])
def test_arrays_and_records_give_pandas(make):
    data = make({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
    model = (lambda d: d[:, 0] * 2) if isinstance(data, np.ndarray) else (lambda d: np.array([r["a"] * 2 for r in d]))
    assert isinstance(kb.TabularExplainer(model, data).explain(data[0]).to_frame(), pd.DataFrame)


def test_a_frame_from_json_is_the_same(es):
    pd.testing.assert_frame_equal(kb.Explanations.from_json(es.to_json()).to_frame(), es.to_frame())
