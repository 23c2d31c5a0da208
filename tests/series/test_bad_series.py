"""What is asked for wrongly of series is refused in words."""

import numpy as np
import pytest

import kabosu as kb

mean = lambda X: X.reshape(len(X), -1).mean(axis=1)  # noqa: E731
X = np.sin(np.arange(20.0))
NAN = np.where(np.arange(20) == 3, np.nan, X)

SERIES = {
    "one number": (3.0, "shape"),
    "nothing": ([], "without a single number"),
    "a batch": (np.zeros((2, 20, 3)), "explain_many"),
    "a word": ("1 2 3", "dtype"),
    "None": (None, "dtype"),
    "complex": (X.astype(complex), "complex"),
    "ragged channels": ([[1.0], [1.0, 2.0]], "makes no array"),
    "NaN": (NAN, "NaN"),
    "infinity": (np.where(np.isnan(NAN), -np.inf, NAN), "infinity"),
}


@pytest.mark.parametrize("x, words", SERIES.values(), ids=SERIES)
def test_series(x, words):
    with pytest.raises(kb.InputError, match=words):
        kb.SeriesExplainer(mean).explain(x)


OPTIONS = {
    "unknown segments": ({"segments": "sax"}, "segments='sax'"),
    "float labels": ({"segments": X}, "whole-number labels"),
    "no labels": ({"segments": np.zeros(0, dtype=int)}, "whole-number labels"),
    "labels of another length": ({"segments": np.zeros(7, dtype=int)}, r"cover \(7,\)"),
    "only negative labels": ({"segments": np.full(20, -1)}, "no label of at least 0"),
    "an empty mask": ({"segments": np.zeros((2, 20), dtype=bool)}, "covers no step"),
    "a function of words": ({"segments": lambda x: "cut"}, "shape"),
    "ragged labels": ({"segments": [[1], [1, 2]]}, "makes no array"),
    "no stretches": ({"n_segments": 0}, "n_segments=0"),
    "a number for labels": ({"segments": np.zeros(20, dtype=int), "n_segments": 3}, "n_segments=3"),
    "unknown channels": ({"channels": "each"}, "channels='each'"),
    "unknown order": ({"order": "NCT"}, "order='NCT'"),
    "unknown fill": ({"fill": "zero"}, "fill='zero'"),
    "a fill of another length": ({"fill": np.zeros(7)}, "fill has shape"),
    "NaN as fill": ({"fill": np.nan}, "NaN"),
    "words from a function": ({"fill": lambda x: "none"}, "fill has shape"),
    "swap without data": ({"fill": "swap"}, "pass data="),
    "background without data": ({"fill": "background"}, "pass data="),
    "background of other lengths": ({"fill": "background", "data": [np.zeros(7)]}, "the instance's length"),
    "a word as data": ({"fill": "swap", "data": "GunPoint"}, "data is a str"),
    "no data": ({"fill": "swap", "data": []}, "background series"),
    "NaN in the data": ({"data": [NAN]}, "background series 0 holds NaN"),
    "no rows at once": ({"batch_size": -1}, "batch_size=-1"),
    "another law": ({"neighborhood": "bins"}, "neighborhood='bins'"),
    "too few rows": ({"budget": 5, "engine": "sampled"}, "at least"),
    "no exact engine": ({"n_segments": 20, "engine": "exact"}, "more than the budget"),
}


@pytest.mark.parametrize("options, words", OPTIONS.values(), ids=OPTIONS)
def test_options(options, words):
    data = options.get("data")
    with pytest.raises(kb.KabosuError, match=words):
        kb.SeriesExplainer(mean, data, **{k: v for k, v in options.items() if k != "data"}).explain(X)


@pytest.mark.parametrize("many", [5, "series", {"a": X}, None])
def test_many_of_no_series(many):
    with pytest.raises(kb.InputError, match="explain_many takes series"):
        kb.SeriesExplainer(mean).explain_many(many)


def test_features_that_are_not_there():
    with pytest.raises(kb.InputError, match="not parts"):
        kb.SeriesExplainer(mean).explain(X, features=["steps 1 to 2"])
    e = kb.SeriesExplainer(mean, fill=0.0).explain(X, features=["steps 0 to 1", "steps 4 to 5"])
    np.testing.assert_allclose(e.coef[:, 0], [X[:2].sum() / 20, X[4:6].sum() / 20], atol=1e-12)


def test_swapping_cannot_be_exact():
    with pytest.raises(kb.EngineError, match="changes from draw to draw"):
        kb.SeriesExplainer(mean, [X + 1, X - 1], fill="swap", engine="exact").explain(X)


def test_a_bad_series_does_not_lose_the_others():
    es = kb.SeriesExplainer(mean).explain_many([X, NAN, X[:9]], on_error="record")
    assert list(es.errors) == [1] and "NaN" in es.errors[1] and len(es[2]) == 9


@pytest.mark.parametrize("x", [[5.0], [1, 1, 1], list(range(3)), np.zeros(2000)])
def test_short_flat_and_long_series_are_explained(x):
    e = kb.SeriesExplainer(mean, segments="change points").explain(x)
    assert 1 <= len(e) <= 10 and np.isfinite(e.coef).all()
