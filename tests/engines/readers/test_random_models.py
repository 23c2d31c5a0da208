"""Small random models of every family on random tables: constant columns, few distinct values, whole columns missing, one leaf."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import RNG, off, on_thresholds, read

FAMILIES = ("tree", "forest", "histogram", "xgboost", "lightgbm", "catboost")


def random_table(rng, missing: float):
    n, d = int(rng.integers(20, 150)), int(rng.integers(1, 5))
    X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 4, d)
    steps = rng.choice([0, 1, 3], d)
    X = np.where(steps == 1, np.round(X), np.where(steps == 3, np.sign(X), X))
    X[:, rng.random(d) < 0.15] = 1.0
    y = np.nan_to_num(X).sum(axis=1) * 0.1 + np.sin(X[:, 0]) + rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    if missing and rng.random() < 0.2:
        X[:, 0] = np.nan
    return X, y


def fitted(family: str, rng, X, y):
    """The model, and how its raw answer is asked."""
    depth, seed, trees = int(rng.integers(1, 7)), int(rng.integers(100)), int(rng.integers(1, 9))
    if family == "tree":
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(max_depth=depth, random_state=seed, splitter=str(rng.choice(["best", "random"]))).fit(X, y).predict
    if family == "forest":
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(trees, max_depth=depth, random_state=seed).fit(X, y).predict
    if family == "histogram":
        from sklearn.ensemble import HistGradientBoostingRegressor

        X[0], X[1] = 0.0, 1.0  # it cannot be fitted where a column has no two numbers
        return HistGradientBoostingRegressor(max_iter=trees, max_depth=depth, min_samples_leaf=int(rng.integers(1, 30)), max_bins=int(rng.choice([5, 255]))).fit(X, y).predict
    if family == "xgboost":
        from xgboost import XGBRegressor

        method = str(rng.choice(["hist", "exact", "approx"]))
        return XGBRegressor(n_estimators=trees, max_depth=depth, tree_method=method, n_jobs=1).fit(X, y).predict
    if family == "lightgbm":
        from lightgbm import LGBMRegressor

        options = {"min_child_samples": int(rng.integers(1, 30)), "zero_as_missing": bool(rng.random() < 0.3), "linear_tree": False}
        return LGBMRegressor(n_estimators=trees, max_depth=depth, num_leaves=2**depth, n_jobs=1, verbose=-1, **options).fit(X, y).predict
    from catboost import CatBoostRegressor

    return CatBoostRegressor(iterations=trees, depth=depth, nan_mode=str(rng.choice(["Min", "Max"])), verbose=0, allow_writing_files=False, thread_count=1).fit(X, y).predict


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=st.integers(0, 2**32), missing=st.sampled_from([0.0, 0.3]))
@settings(max_examples=25)
def test_read_as_they_predict(family, seed, missing):
    rng = RNG(seed)
    X, y = random_table(rng, missing)
    if family == "catboost" and all(len(np.unique(column[~np.isnan(column)])) + np.isnan(column).any() < 2 for column in X.T):
        return  # it will not be fitted to constants
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predict = fitted(family, rng, X, y)
        trees = read(predict.__self__)
        rows = on_thresholds(trees, missing=missing > 0, n=500, seed=seed)
        own = predict(rows)
    assert off(trees.predict(rows), own) < 1e-6
