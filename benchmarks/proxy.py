"""Boosted probabilities at equal model calls: plain draws, and draws with the exact margin as proxy."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

import kabosu as kb
from benchmarks.clock import Row, show
from benchmarks.trees import ADULT
from kabosu.engines import Proxy, Sampled
from kabosu.explain import explain
from kabosu.recipes import TABLES

CALLS, INSTANCES, SEEDS, REFERENCE = 1024, 6, 4, 2**16


def models() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    import lightgbm
    import xgboost

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    yield "gradient boosting, breast cancer", GradientBoostingClassifier(random_state=0).fit(X, y), X
    yield "XGBoost, breast cancer", xgboost.XGBClassifier(n_jobs=1).fit(X, y), X
    if ADULT.exists():
        table = pd.read_csv(ADULT, compression="gzip", header=None, skipinitialspace=True, na_values="?").head(8000).rename(columns=str)
        table = table.assign(**{c: table[c].astype("category") for c in table if table[c].dtype.kind not in "iuf"})
        X, y = table.drop(columns="14"), (table["14"] == ">50K").astype(int)
        yield "histogram boosting, adult", HistGradientBoostingClassifier(categorical_features="from_dtype").fit(X, y), X
        yield "LightGBM, adult", lightgbm.LGBMClassifier(verbose=-1, n_jobs=1).fit(X, y), X


def errors(model: Any, X: pd.DataFrame) -> np.ndarray:
    """(instances, 2) root mean squared errors, relative to the largest coefficient, without and with the proxy."""
    explainer = kb.TabularExplainer(model, X)

    def coef(row: int, engine: Any, calls: int, seed: int) -> np.ndarray:
        recipe = replace(TABLES["kabosu"], samples=calls, budget=calls + 1, tolerance=None, engines=(engine,), seed=seed)
        e = explain(explainer.model, X.iloc[[row]], domain=explainer.domain, recipe=recipe)[0]
        return e.coef_scaled[:, e.target_index]

    out = np.empty((INSTANCES, 2))
    for row in range(INSTANCES):
        limit = coef(row, Sampled(), REFERENCE, 999)
        for n, engine in enumerate((Sampled(), Proxy())):
            off = [np.sum((coef(row, engine, CALLS, seed) - limit) ** 2) for seed in range(1, SEEDS + 1)]
            out[row, n] = np.sqrt(np.mean(off)) / np.abs(limit).max()
    return out


def rows() -> list[Row]:
    found = []
    for name, model, X in models():
        plain, proxy = np.median(errors(model, X), axis=0)
        found.append(
            Row(
                f"{name}: error of the probability's coefficients at {CALLS} calls, plain draws against the margin proxy",
                f"{plain:.3f}",
                f"{proxy:.3f}",
                f"{(plain / proxy) ** 2:.1f}x less variance",
                "",
                None,
            )
        )
    return found


if __name__ == "__main__":
    show(rows())
