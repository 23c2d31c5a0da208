"""Exact means of lime's own finite-sample answers: linear and logistic models on real data, 120 runs of lime each."""

from pathlib import Path

import numpy as np
import pytest
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.surrogates import Ridge

RUNS = 120
SAMPLES = {"classification": 2000, "regression": 20_000}  # a linear model has little noise, so that terms of 1 / samples^2 would show
HOUSES = Path(__file__).parents[4] / "shared/data/tabular/california_housing.csv.gz"
MODES = {
    "bins": ({}, "bins"),
    "around the instance": ({"discretize_continuous": False, "sample_around_instance": True}, "gaussian"),
    "around the mean": ({"discretize_continuous": False}, "gaussian-global"),
}


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return X, model, model.predict_proba, "classification"


def area():
    """Real numbers alone: repeated ones and whole ones are drawn otherwise by lime."""
    X, _ = load_breast_cancer(return_X_y=True)
    X, y = np.delete(X, 3, axis=1), X[:, 3]
    model = LinearRegression().fit(X, y)
    return X, model, model.predict, "regression"


def houses():
    if not HOUSES.exists():
        pytest.skip("the data folder is not here")
    data = np.genfromtxt(HOUSES, delimiter=",", skip_header=1)[:4000]
    X, y = data[:, :8], data[:, 8]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y > np.median(y))
    return X, model, model.predict_proba, "classification"


def lime_runs(X, x, predict, mode, options):
    """(runs, p) coefficients of the second class or of the prediction, per training standard deviation or bin."""
    found = np.empty((RUNS, X.shape[1]))
    for seed in range(RUNS):
        peer = LimeTabularExplainer(X, mode=mode, feature_selection="none", random_state=seed, **options)
        e = peer.explain_instance(x, predict, num_features=X.shape[1], num_samples=SAMPLES[mode])
        for j, weight in e.local_exp[1]:
            found[seed, j] = weight
    return found


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("world", [cancer, area, houses])
def test_the_mean_of_many_runs(world, mode):
    X, model, predict, kind = world()
    options, neighborhood = MODES[mode]
    x = X[7]
    recipe = kb.TabularExplainer(model, X, recipe="lime", neighborhood=neighborhood, surrogate=Ridge(1.0, per="fit"), budget=SAMPLES[kind], engine="exact")
    e = recipe.explain(x)
    assert e.engine in ("linear", "single-index")
    runs = lime_runs(X, x, predict, kind, options)
    z = (runs.mean(axis=0) - e.coef_scaled[:, -1]) / (runs.std(axis=0, ddof=1) / np.sqrt(RUNS))
    assert np.abs(z).max() < 4, z
    assert 0.4 < z.std() < 1.8, z
