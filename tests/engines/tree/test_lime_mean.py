"""The exact answer is the mean of lime's answers: 200 runs of lime 0.2.0.1 on real data, with its first row and its penalty."""

from dataclasses import replace

import numpy as np
import pytest
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

import kabosu as kb
from kabosu.domains import Bins, Gaussian
from kabosu.recipes import TABLES
from kabosu.surrogates import Ridge

SETTINGS = {
    "bins": (Bins("quartile"), {"discretize_continuous": True}),
    "instance": (Gaussian("instance"), {"discretize_continuous": False, "sample_around_instance": True}),
    "mean": (Gaussian("mean"), {"discretize_continuous": False, "sample_around_instance": False}),
}


def z_scores(data: str, neighborhood: str, runs: int, samples: int = 1000) -> np.ndarray:
    """(p,) z-scores of lime's mean coefficients around the exact ones."""
    regression = data == "diabetes"
    X, y = (load_diabetes if regression else load_breast_cancer)(return_X_y=True)
    X = np.delete(X, [1, 7], axis=1) if regression else X[:, :10]  # diabetes' sex has two values and s4 repeats some: points of ours, normal in lime
    model = (RandomForestRegressor if regression else RandomForestClassifier)(20, max_depth=6, random_state=0).fit(X, y)
    f = model.predict if regression else model.predict_proba
    ours, theirs = SETTINGS[neighborhood]
    recipe = replace(TABLES["lime"], neighborhood=ours, surrogate=Ridge(1.0, per="fit"), samples=samples - 1, budget=samples)
    e = kb.TabularExplainer(model, X, recipe=recipe, engine="exact").explain(X[7])
    lime = LimeTabularExplainer(X, mode="regression" if regression else "classification", random_state=1, feature_selection="none", **theirs)
    drawn = np.array([[w for _, w in sorted(lime.explain_instance(X[7], f, num_features=X.shape[1], num_samples=samples).local_exp[1])] for _ in range(runs)])
    exact = e.coef_scaled[:, 0 if regression else 1]
    return (drawn.mean(axis=0) - exact) / (drawn.std(axis=0, ddof=1) / np.sqrt(runs))


@pytest.mark.slow
@pytest.mark.parametrize("neighborhood", SETTINGS)
@pytest.mark.parametrize("data", ["breast cancer", "diabetes"])
def test_exact_is_the_mean_of_lime(data: str, neighborhood: str) -> None:
    assert np.abs(z_scores(data, neighborhood, 200)).max() < 4


def test_exact_is_near_the_mean_of_a_few_runs_of_lime() -> None:
    assert np.abs(z_scores("breast cancer", "bins", 20)).max() < 4.5


def test_the_first_row_and_the_penalty_are_in_the_normal_equations() -> None:
    """[N C E_q aa' + a0 a0' + diag(0, 1..1)] b = N C E_q[a f] + a0 f(x) of MATH section 3, with few samples, so that both count."""
    X, y = load_breast_cancer(return_X_y=True)
    X, samples, width = X[:, :6], 40, 1.2
    model = RandomForestClassifier(20, max_depth=6, random_state=0).fit(X, y)
    recipe = replace(TABLES["lime"], surrogate=Ridge(0.0), instance_first=False)
    limit = kb.TabularExplainer(model, X, recipe=recipe, kernel_width=width, engine="exact").explain(X[7])["1"]
    recipe = replace(TABLES["lime"], surrogate=Ridge(1.0, per="fit"), samples=samples - 1, budget=samples)
    e = kb.TabularExplainer(model, X, recipe=recipe, kernel_width=width, engine="exact").explain(X[7])["1"]
    edges = [np.percentile(column, (25, 50, 75)) for column in X.T]
    rate = np.array([np.mean(np.searchsorted(t, c) == np.searchsorted(t, v)) for t, c, v in zip(edges, X.T, X[7], strict=True)])
    c = np.exp(-0.5 / width**2)
    q, C = rate / (rate + (1 - rate) * c), np.prod(rate + (1 - rate) * c)
    a, a0 = np.append(1.0, q), np.ones(7)
    gram = np.outer(a, a)
    gram[1:, 1:] += np.diag(q * (1 - q))
    mean_f = limit.local_prediction[0] - (1 - q) @ limit.coef[:, 0]
    cross = np.append(mean_f, q * mean_f + q * (1 - q) * limit.coef[:, 0])
    weight = (samples - 1) * C
    b = np.linalg.solve(weight * gram + np.outer(a0, a0) + np.diag([0.0] + [1.0] * 6), weight * cross + a0 * model.predict_proba(X[7:8])[0, 1])
    np.testing.assert_allclose(e.coef[:, 0], b[1:], rtol=1e-9)
    np.testing.assert_allclose(e.local_prediction, b.sum(), rtol=1e-9)
