"""Fidelity is what R2 is on draws that nobody has seen: folds of a scrambled net must each be a net, or held-out draws lie outside of the others."""

import numpy as np
import pytest
from sklearn.datasets import load_wine, make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.moments import Moments, fold_of, folds_of


def friedman():
    X, y = make_friedman1(600, 8, random_state=0)
    return X, RandomForestRegressor(30, min_samples_leaf=3, random_state=0).fit(X, y).predict, X[0]


def wine():
    X, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=2000, random_state=0)).fit(X, y)
    return X, lambda A: model.predict_proba(A)[:, 1], X[60]


def fresh(X, ask, x, n):
    """R2 of scikit-learn's line on independent draws that it has not seen."""
    whole = (X % 1 == 0).all(axis=0)
    A, B = (np.where(whole, np.rint(d), d) for d in x + 0.5 * X.std(axis=0) * np.random.default_rng(5).normal(size=(2, n, X.shape[1])))
    return LinearRegression().fit(A, ask(A)).score(B, ask(B))


@pytest.mark.parametrize("table", [friedman, wine])
def test_fidelity_is_that_of_fresh_draws(table):
    X, ask, x = table()
    explainers = [kb.TabularExplainer(ask, X, engine="sampled", random_state=s) for s in range(6)]
    found = [e.explain(x, budget=2049, tolerance=1e-9).certificate.fidelity[0] for e in explainers]
    truth = fresh(X, ask, x, 20_000)
    assert np.mean(found) == pytest.approx(truth, abs=0.008)
    assert np.std(found) < 0.012


@pytest.mark.parametrize("p", [3, 130])
@pytest.mark.parametrize("s", [5, 16, 63, 256])
@pytest.mark.parametrize("replicates", [0, 1, 2, 3, 8, 16])
def test_moments_are_those_of_the_folds(s, p, replicates):
    rng, folds = np.random.default_rng(0), folds_of(replicates)
    Z, Y, w = rng.normal(size=(1, s, p)), rng.normal(size=(1, s, 2)), rng.uniform(size=(1, s))
    moments, fold, A = Moments.of(Z, Y, w, folds, None, replicates), fold_of(s, folds, replicates), np.column_stack([np.ones(s), Z[0]])
    for f in range(folds):
        B = A * (w[0] * (fold == f))[:, None]
        np.testing.assert_allclose(moments.gram[0, f], B.T @ A, atol=1e-10)
        np.testing.assert_allclose(moments.cross[0, f], B.T @ Y[0], atol=1e-10)
    assert (fold % (replicates or folds) == np.arange(s) % (replicates or folds)).all()


def test_folds_of_a_scramble_follow_one_another():
    assert fold_of(32, 8, 2)[::2].tolist() == [0] * 4 + [2] * 4 + [4] * 4 + [6] * 4
    assert fold_of(16, 8, 0).tolist() == [*range(8)] * 2


def bent(A):
    return np.sin(2 * A[:, 0]) + A[:, 1] * A[:, 2] + np.abs(A[:, 3])


def test_the_other_half_of_a_net_is_not_fresh():
    """Points of one scramble fill the gaps between each other: held out, they lie where the others are not, and a line looks worse than it is."""
    X = np.random.default_rng(5).normal(size=(600, 8))
    found = [kb.TabularExplainer(bent, X, engine="sampled", random_state=s).explain(X[0], budget=257, tolerance=1e-9).certificate.fidelity[0] for s in range(40)]
    assert np.mean(found) == pytest.approx(fresh(X, bent, X[0], 20_000), abs=0.016)
