"""Each booster's exact margin against 2^20 independent draws of the local law, answered by the booster itself, within their own error."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

import kabosu as kb
from kabosu.samplers import Plain
from kabosu.surrogates import Ridge

BOOSTERS = ("gradient", "histogram", "xgboost", "lightgbm", "catboost")


def booster(name: str) -> Any:
    if name == "xgboost":
        import xgboost

        return xgboost.XGBClassifier(n_estimators=40, max_depth=4, n_jobs=1)
    if name == "lightgbm":
        import lightgbm

        return lightgbm.LGBMClassifier(n_estimators=40, num_leaves=12, n_jobs=1, verbose=-1)
    if name == "catboost":
        import catboost

        return catboost.CatBoostClassifier(iterations=40, depth=4, verbose=0, thread_count=1, allow_writing_files=False)
    return {"gradient": GradientBoostingClassifier(n_estimators=40), "histogram": HistGradientBoostingClassifier(max_iter=40)}[name]


def worst_z(name: str, neighborhood: str, draws: int, step: int) -> float:
    """Largest |z| of the direct estimate's coefficients around the exact ones."""
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :8]
    X[::7, 3] = np.where(name in ("gradient",), X[::7, 3], np.nan)
    explainer = kb.TabularExplainer(booster(name).fit(X, y), X, neighborhood=neighborhood, output="margin")
    exact = explainer.explain(X[8])
    assert exact.engine == "tree"
    (block,) = explainer.domain.represent(X[8:9])
    hood = kb.measure(explainer.model, block, Plain(), 0, step, tilt=explainer.recipe.kernel, seed=3)
    for start in range(step, draws, step):
        hood = hood + kb.measure(explainer.model, block, Plain(), start, start + step, tilt=explainer.recipe.kernel, seed=3, prediction=hood.prediction)
    drawn = kb.fit(hood, explainer.recipe.kernel, Ridge())
    return float(np.abs((drawn.coef[0] - exact.coef_scaled) / drawn.std_error[0]).max())


@pytest.mark.slow
@pytest.mark.parametrize("neighborhood", ["gaussian", "bins"])
@pytest.mark.parametrize("name", BOOSTERS)
def test_exact_is_within_the_error_of_a_million_draws(name: str, neighborhood: str) -> None:
    assert worst_z(name, neighborhood, 2**20, 2**17) < 4


@pytest.mark.parametrize("name", ["histogram", "xgboost"])
def test_exact_is_within_the_error_of_some_draws(name: str) -> None:
    assert worst_z(name, "gaussian", 2**14, 2**14) < 4
