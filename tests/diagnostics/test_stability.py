"""Repeats and neighbors, against what is known of them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.diagnostics import compared, neighbors_stability, stability

X = np.random.default_rng(0).normal(size=(300, 4)) * [1.0, 2.0, 0.5, 1.0]


def waves(A):
    return np.sin(3 * A).sum(axis=1)


@pytest.mark.parametrize("neighborhood", ["gaussian", "bins", "copula"])
def test_the_same_call_gives_the_same_bytes(neighborhood):
    data, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((16,), solver="lbfgs", max_iter=5000, random_state=0)).fit(data, y)
    found = stability(kb.TabularExplainer(model, data, neighborhood=neighborhood), data[3], repeats=3)
    assert (found.vsi, found.csi, found.rank_agreement, found.sign_flips, found.identical) == (100, 100, 1, 0, True)
    assert found.spread.max() < 1e-15


def test_other_seeds_vary_as_the_standard_errors_say():
    found = stability(kb.TabularExplainer(waves, X), X[0], seeds=range(1, 25), options={"budget": 600})
    assert not found.identical
    assert found.csi > 90
    assert 0.7 < np.median(found.spread / found.std_error) < 1.4


def made(*rows, error=0.1):
    """Explanations with these coefficients."""
    e = kb.TabularExplainer(lambda A: A.sum(axis=1), X).explain(X[0])
    return [replace(e, coef=(np.array(row, dtype=float) / e.scale)[:, None], std_error=np.full((4, 1), error) / e.scale[:, None], dof=np.inf) for row in rows]


def test_indices_by_hand():
    """First two of each: {0, 1}, {0, 1}, {0, 2}; feature 0 is at the head of all with intervals [2.8, 3.2], [2.8, 3.2], [-3.2, -2.8]."""
    found = compared(made([3, 2, 1, 0], [3, 2, 1, 0], [-3, 1, 2, 0]), K=2)
    assert found.vsi == pytest.approx(100 * (1 + 0.5 + 0.5) / 3)
    assert found.csi == pytest.approx(100 * (1 / 3 + 1) / 2)
    assert found.sign_flips == pytest.approx((0 + 1 + 1) / 3)
    assert found.rank_agreement == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


def test_rank_agreement_is_kendalls_tau():
    from scipy.stats import kendalltau

    rows = np.random.default_rng(1).normal(size=(2, 4))
    assert compared(made(*rows)).rank_agreement == pytest.approx(kendalltau(*np.abs(rows)).statistic)


def test_a_line_has_no_variation_of_its_own():
    found = neighbors_stability(kb.TabularExplainer(lambda A: A @ np.arange(4.0), X), X[0], n=6)
    assert found.model.max() < 1e-9
    assert found.max_sensitivity < 1e-9


def test_a_parabola_varies_with_the_point():
    """The slope of sd^2 u^2 at u is 2 sd^2 u, exact from draws of any width: its spread over the points is 2 sd^2 radius."""
    found = neighbors_stability(kb.TabularExplainer(lambda A: A[:, 0] ** 2, X), X[0], n=60, radius=0.2)
    sd = X[:, 0].std()
    assert found.model[0] == pytest.approx(2 * sd**2 * 0.2, rel=0.25)
    assert found.share > 0.99
    assert found.lipschitz == pytest.approx(2 * sd**2, rel=0.25)  # where the first column alone moves
    assert found.max_sensitivity == pytest.approx(found.lipschitz * 0.2 * 2.5 / abs(2 * sd * X[0, 0]), rel=0.5)


def test_the_error_of_few_draws_is_the_methods():
    explainer = kb.TabularExplainer(lambda A: np.sin(40 * A).sum(axis=1), X)
    found = neighbors_stability(explainer, X[0], n=30, radius=1e-6, options={"budget": 200})
    assert found.share < 0.5
    assert found.method == pytest.approx(found.total, rel=0.6)


def test_neighbors_of_a_frame_with_categories():
    data = load_breast_cancer(as_frame=True).data.iloc[:, :3].assign(kind=np.tile(["a", "b"], 285)[:569])
    explainer = kb.TabularExplainer(lambda f: f["mean radius"].to_numpy() * (f["kind"] == "a").to_numpy(), data)
    assert neighbors_stability(explainer, data.iloc[0], n=4, radius=0.3).total.shape == (4,)


@pytest.mark.parametrize(("call", "words"), [
    (lambda e: stability(e, X[0], seeds=[1]), "expected at least 2 seeds"),
    (lambda e: stability(e, X[0], repeats=1), "repeats=1"),
    (lambda e: neighbors_stability(e, X[:2]), "one instance is needed"),
    (lambda e: compared([e.explain(X[0]), kb.TabularExplainer(waves, X[:, :3]).explain(X[0, :3])]), "different features"),
])  # fmt: skip
def test_wrong_questions_are_refused(call, words):
    with pytest.raises(kb.InputError, match=words):
        call(kb.TabularExplainer(waves, X))
