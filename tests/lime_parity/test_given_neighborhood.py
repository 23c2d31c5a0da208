"""Given lime's own sampled neighborhood (its Z, Y and distances), the surrogate is lime's number for number, for every feature selection.

lime 0.2.0.1 draws with its own generator; what it hands to its regression is recorded on the way and given to ours.
"""

from functools import lru_cache

import numpy as np
import pytest
from lime.lime_base import LimeBase
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kabosu.surrogates import Ridge, Select

METHODS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")
FOREST = RandomForestClassifier(15, random_state=0)
LOGISTIC = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def _categories(n=300, p=12, seed=0):
    """Integer codes, as lime wants categories."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.choice(int(rng.integers(2, 6)), n) for _ in range(p)]).astype(float)
    return X, (X[:, 0] == 1) ^ (X[:, 1] > 1) | (rng.random(n) < 0.1)


WORLDS = {
    "breast cancer, forest": (load_breast_cancer, FOREST, "classification"),
    "wine, logistic": (load_wine, LOGISTIC, "classification"),
    "iris, forest": (load_iris, FOREST, "classification"),
    "diabetes, forest": (load_diabetes, RandomForestRegressor(15, random_state=0), "regression"),
    "categories, forest": (_categories, FOREST, "classification"),
}


@lru_cache
def fitted(world):
    load, model, mode = WORLDS[world]
    X, y = load() if load is _categories else load(return_X_y=True)
    model = model.fit(X, y)
    return X, model.predict if mode == "regression" else model.predict_proba, mode


def recorded(world, method, K, discretize, row):
    """What lime gave to its regression, and what came out, for each output."""
    X, ask, mode = fitted(world)
    names = list(range(X.shape[1])) if world.startswith("categories") else None
    lime = LimeTabularExplainer(X, mode=mode, feature_selection=method, discretize_continuous=discretize, categorical_features=names, random_state=np.random.RandomState(row))
    inner, seen = lime.base.explain_instance_with_data, []

    def spy(Z, Y, distances, label, *args, **kwargs):
        out = inner(Z, Y, distances, label, *args, **kwargs)
        seen.append((np.array(Z), np.array(Y), lime.base.kernel_fn(distances), label, out))
        return out

    lime.base.explain_instance_with_data = spy
    lime.explain_instance(X[row], ask, num_features=K, num_samples=400, top_labels=None if mode == "regression" else 3)
    return seen


CASES = [(w, d) for w in WORLDS for d in (True, False) if not (w.startswith("categories") and not d)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("world", "discretize"), CASES)
def test_surrogate_is_limes(world, discretize, method):
    p = fitted(world)[0].shape[1]
    slow = p > 13 and method == "forward_selection"  # lime refits for every candidate of every step
    for row, K in enumerate(sorted({1, 3, min(7, p), 9 if slow else p})):
        seen = recorded(world, method, K, discretize, 3 + 7 * row)
        Z, Y, w = seen[0][:3]
        fit = Select(K, method, Ridge(1.0, per="fit")).fit(Z[None], Y[None], w[None], Z[None, 0])
        for _, _, _, label, (intercept, exp, score, local) in seen:
            theirs = np.zeros(p)
            theirs[[j for j, _ in exp]] = [b for _, b in exp]
            chosen = {int(j) for j, _ in exp}
            size = max(np.abs(theirs).max(), np.abs(Y[:, label]).max())
            assert set(np.flatnonzero(~np.isnan(fit.std_error[0, :, label]))) == chosen
            np.testing.assert_allclose(fit.coef[0, :, label], theirs, rtol=0, atol=1e-10 * size)
            np.testing.assert_allclose(fit.intercept[0, label], intercept, rtol=0, atol=1e-10 * size)
            np.testing.assert_allclose(fit.local[0, label], local[0], rtol=0, atol=1e-10 * size)
            np.testing.assert_allclose(fit.r2[0, label], score, rtol=0, atol=1e-10)


def test_many_instances_at_once_are_each_limes():
    """Blocks, shared selection code and all outputs in one call: still each one by itself."""
    seen = [recorded("wine, logistic", "auto", 5, True, row) for row in (0, 70, 150)]
    Z, Y, w = (np.stack([s[0][i] for s in seen]) for i in range(3))
    fit = Select(5, "auto", Ridge(1.0, per="fit")).fit(Z, Y, w, Z[:, 0])
    for b, parts in enumerate(seen):
        for _, _, _, label, (intercept, exp, score, _) in parts:
            theirs = np.zeros(13)
            theirs[[j for j, _ in exp]] = [c for _, c in exp]
            np.testing.assert_allclose(fit.coef[b, :, label], theirs, rtol=0, atol=1e-10)
            np.testing.assert_allclose([fit.intercept[b, label], fit.r2[b, label]], [intercept, score], rtol=0, atol=1e-10)


def test_the_kernel_is_limes():
    from kabosu.kernels import Exponential

    Z, _, w, _, _ = recorded("wine, logistic", "none", 5, True, 0)[0]
    np.testing.assert_allclose(Exponential()(Z[None], Z[None, 0])[0], w, rtol=1e-13)
    Z, _, w, _, _ = recorded("wine, logistic", "none", 5, False, 0)[0]
    np.testing.assert_allclose(Exponential()(Z[None], Z[None, 0])[0], w, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(4))
def test_correlated_neighborhoods(method, seed):
    """lime's own sampler draws columns independently; its regression is also given columns that move together."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12)) + rng.normal(size=12)
    Y = np.stack([np.sin(Z[:, 0]) + Z[:, 3] * Z[:, 5] + Z[:, 7], np.abs(Z).sum(axis=1)], axis=1)
    distances = np.linalg.norm(Z - Z[0], axis=1)
    base = LimeBase(lambda d: np.exp(-0.5 * (d / 6) ** 2), random_state=np.random.RandomState(0))
    for K in (2, 5, 8):
        fit = Select(K, method, Ridge(1.0, per="fit")).fit(Z[None], Y[None], base.kernel_fn(distances)[None], Z[None, 0])
        for label in range(2):
            intercept, exp, score, local = base.explain_instance_with_data(Z, Y, distances, label, K, feature_selection=method)
            theirs = np.zeros(12)
            theirs[[j for j, _ in exp]] = [b for _, b in exp]
            np.testing.assert_allclose(fit.coef[0, :, label], theirs, rtol=0, atol=1e-10 * np.abs(theirs).max())
            np.testing.assert_allclose([fit.intercept[0, label], fit.local[0, label], fit.r2[0, label]], [intercept, local[0], score], rtol=1e-9, atol=1e-9)
