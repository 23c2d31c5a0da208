"""SP-LIME against brute force, its bound against all subsets; summaries against loops."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import kabosu as kb
from kabosu.pick import aggregate, pick, summary
from kabosu.pick.submodular import clear_effects, greedy


def coverage(W, rows):
    """c(V) of the paper, written anew."""
    total = 0.0
    for j in range(W.shape[1]):
        if any(W[i, j] > 0 for i in rows):
            total += np.sqrt(sum(W[i, j] for i in range(len(W))))
    return total


def strength(W, rows):
    """The second criterion: how strongly the features are shown."""
    return sum(np.sqrt(W[:, j].sum()) * max((W[i, j] for i in rows), default=0.0) for j in range(W.shape[1]))


def plain_greedy(W, k):
    """Every gain anew in every round."""
    picked = []
    for _ in range(min(k, len(W))):
        left = [i for i in range(len(W)) if i not in picked]
        now = (coverage(W, picked), strength(W, picked))
        gains = {i: (round(coverage(W, [*picked, i]) - now[0], 9), round(strength(W, [*picked, i]) - now[1], 9)) for i in left}
        best = max(gains.values())
        picked.append(min(i for i in left if gains[i] == best))
    return picked


@pytest.mark.parametrize("seed", range(60))
def test_lazy_greedy_is_plain_greedy(seed):
    rng = np.random.default_rng(seed)
    n, p = rng.integers(1, 12), rng.integers(1, 9)
    W = rng.exponential(size=(n, p)) * (rng.random((n, p)) < rng.uniform(0.1, 1))
    for k in range(1, n + 2):
        assert greedy(W, k) == plain_greedy(W, k)


@pytest.mark.parametrize("seed", range(40))
def test_greedy_reaches_its_bound(seed):
    rng = np.random.default_rng(seed)
    W = rng.exponential(size=(9, 12)) * (rng.random((9, 12)) < 0.2)
    for k in (1, 2, 3, 4):
        best = max(coverage(W, rows) for rows in combinations(range(9), k))
        assert coverage(W, greedy(W, k)) >= (1 - 1 / np.e) * best - 1e-12
    assert coverage(W, greedy(W, 1)) == pytest.approx(max(coverage(W, [i]) for i in range(9)))


def test_equal_rows_are_taken_by_position():
    assert greedy(np.ones((5, 3)), 3) == [0, 1, 2]
    assert greedy(np.zeros((3, 2)), 5) == [0, 1, 2]


@pytest.fixture(scope="module")
def es():
    X = np.random.default_rng(0).normal(size=(200, 6))

    def model(X):
        which = np.clip(np.digitize(X[:, 0], [-1, 0, 1]), 0, 3)
        s = np.choose(which, [3 * X[:, 1], 3 * X[:, 2], 2 * X[:, 3], X[:, 4]])
        return np.stack([-s, s, 0 * s], axis=1)

    return kb.TabularExplainer(model, X, output="margin", kernel_width=0.1, engine="sampled").explain_many(X[:30])


def test_w_is_the_targets_effect_where_it_is_clear_of_zero(es):
    W = clear_effects(es)
    for i, e in enumerate(es):
        t = e.target_index
        low, high = e.interval()[:, :, t] * e.scale
        clear = (low > 0) | (high < 0)
        np.testing.assert_allclose(W[i], np.where(clear, np.abs(e.coef_scaled[:, t]), 0), rtol=1e-12)
    assert (W == 0).any() and (W > 0).any()


def test_picks_differ_and_cover_what_there_is(es):
    W = clear_effects(es)
    rows = es.pick(4)
    assert rows == pick(es, 4) == plain_greedy(W, 4)
    assert coverage(W, rows) == pytest.approx(coverage(W, range(30)))
    strongest = {int(es[i].order()[0]) for i in rows}
    assert len(strongest) >= 3
    assert sorted(es.pick(100)) == list(range(30))


@pytest.mark.parametrize("k", [0, -1, 2.5, "2", None, True])
def test_odd_numbers_of_picks_are_refused(es, k):
    with pytest.raises(kb.InputError, match="k="):
        pick(es, k)


def ragged(again=0):
    S = sparse.csr_array(np.array([[1.0, 0, 2, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 5]]))
    return kb.TabularExplainer(lambda S: S @ np.array([1.0, -2.5, 3, 4]), S).explain_many(S, on_error="record")


def test_ragged_rows_are_joined_on_their_columns_and_keep_their_positions():
    es = ragged()
    W = np.array([[1, 6, 0, 0], [0, 3, 2.5, 0], [1, 0, 0, 20.0]])  # columns x0 x2 x1 x3, rows 0 2 3
    np.testing.assert_allclose(clear_effects(es), W, atol=1e-9)
    assert es.pick(2) == [[0, 2, 3][i] for i in plain_greedy(W, 2)]
    assert 1 not in es.pick(10)


@pytest.mark.parametrize("again", range(12))
def test_rows_that_failed_do_not_trip_run_time_checkers(again):
    assert list(ragged().errors) == [1]


def test_nothing_to_pick_from():
    with pytest.raises(kb.InputError, match="no explanations to pick from"):
        pick(kb.Explanations.gather([]), 2)
    with pytest.raises(kb.InputError, match="all 2 rows failed"):
        pick(kb.Explanations.gather([["a", "b"]]), 2)


def test_summary_is_what_a_loop_says(es):
    frame = es.summary()
    coef = np.array([e.coef_scaled[:, e.target_index] for e in es])
    error = np.array([e.std_error_scaled[:, e.target_index] for e in es])
    assert list(frame.columns) == ["feature", "mean_abs", "mean", "spread", "share_positive", "mean_std_error", "rows"]
    assert frame["mean_abs"].is_monotonic_decreasing
    for _, row in frame.iterrows():
        j = es.feature_names.index(row["feature"])
        expected = [np.abs(coef[:, j]).mean(), coef[:, j].mean(), coef[:, j].std(), (coef[:, j] > 0).mean(), error[:, j].mean(), 30]
        np.testing.assert_allclose(row.iloc[1:].to_numpy(dtype=float), expected, rtol=1e-9)


def test_summary_of_ragged_rows_is_over_the_rows_that_have_the_feature():
    es = ragged()
    frame = summary(es).set_index("feature")
    assert frame["rows"].to_dict() == {"x3": 1, "x2": 2, "x1": 1, "x0": 2}
    np.testing.assert_allclose(frame.loc[["x3", "x2", "x1", "x0"], "mean_abs"], [20, 4.5, 2.5, 1], atol=1e-9)
    np.testing.assert_allclose(frame.loc["x1", "share_positive"], 0)
    assert isinstance(summary(es), pd.DataFrame)
    assert aggregate(es).feature[0] == "x3"


def test_features_that_never_varied_have_no_error_and_do_not_spoil_the_rest():
    X = np.zeros((100, 2))
    X[:, 0] = np.random.default_rng(0).normal(size=100)
    X[0, 1] = 1.0
    es = kb.TabularExplainer(lambda X: X[:, 0], X, kernel_width=1e-3, engine="sampled").explain_many(X[1:4])
    frame = es.summary().set_index("feature")
    assert np.isnan(frame.loc["x1", "mean_std_error"])
    assert not np.isfinite(es.std_error[:, 1]).any()
    assert np.isfinite(frame.loc["x0"].to_numpy(dtype=float)).all()
    assert es.pick(2)
