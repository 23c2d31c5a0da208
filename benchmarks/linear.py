"""The exact engines for linear, logistic, additive and radial models beside lime, one thread, in one run.

Engine time is reading the instances, the expectations and the solution; the certificate's model calls are apart (``whole``
has them). lime draws its default 5,000 samples a row.
"""

from typing import Any

import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.svm import SVR

import kabosu as kb
from benchmarks.clock import Row, milli, show
from benchmarks.trees import seconds
from kabosu.blocks import choose
from kabosu.engines import means
from kabosu.engines.exact import certified

ROWS, P = 10_000, 100


def table(n: int = ROWS, p: int = P) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    return X, X @ rng.normal(size=p) / np.sqrt(p) + 0.3 * rng.normal(size=n)


def engine_seconds(explainer: kb.TabularExplainer, X: Any, repeat: int = 3) -> tuple[str, float]:
    """Name of the engine, and CPU seconds a row without the certificate's draws."""
    name = choose(explainer.model, next(explainer.domain.represent(X[:1])), explainer.recipe)[0].name
    kept = means.outcome_of

    def without(model: Any, block: Any, local: Any, recipe: Any, found: Any, prediction: Any) -> Any:
        return certified(local, recipe, found, prediction, None)

    means.outcome_of = without
    try:
        return name, seconds(lambda: explainer.explain_many(X), repeat) / len(X)
    finally:
        means.outcome_of = kept


def lime_seconds(X: Any, predict: Any, mode: str, rows: int, **options: Any) -> float:
    peer = LimeTabularExplainer(X, mode=mode, random_state=0, **options)
    return seconds(lambda: [peer.explain_instance(x, predict, num_features=10) for x in X[:rows]], 1) / rows


def compared(what: str, peer: float, ours: float, target: float) -> Row:
    """Rows a second."""
    return Row(what, milli(peer), milli(ours), f"{1 / ours:,.0f} rows/s", f">= {target:,.0f} rows/s", bool(1 / ours >= target))


def logistic() -> list[Row]:
    X, y = table()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y > 0)
    gaussian = lime_seconds(X, model.predict_proba, "classification", 3, discretize_continuous=False, sample_around_instance=True)
    explainer = kb.TabularExplainer(model, X)
    name, ours = engine_seconds(explainer, X, 1)
    whole = seconds(lambda: explainer.explain_many(X[:2000]), 1) / 2000
    bins = lime_seconds(X, model.predict_proba, "classification", 3)
    other, binned = engine_seconds(kb.TabularExplainer(model, X, recipe="lime"), X[:300], 1)
    return [
        compared(f"logistic regression, p = {P}, {ROWS:,} rows, Gaussian: {name}", gaussian, ours, 2000),
        compared("the same, whole: with 257 model calls a row", gaussian, whole, 200),
        compared(f"the same in lime's bins, its recipe: {other}", bins, binned, 200),
    ]


def others() -> list[Row]:
    X, y = table(2000, 20)
    found = []
    for what, model in (
        ("linear regression", LinearRegression()),
        ("splines and linear regression", make_pipeline(SplineTransformer(), LinearRegression())),
        ("network, 50 rectified units", MLPRegressor(hidden_layer_sizes=(50,), max_iter=30, random_state=0)),
        ("support vector regression", SVR()),
    ):
        fitted = model.fit(X, y)
        for neighborhood, options in (("gaussian", {"discretize_continuous": False, "sample_around_instance": True}), ("bins", {})):
            explainer = kb.TabularExplainer(fitted, X, neighborhood=neighborhood, engine="auto")
            if choose(explainer.model, next(explainer.domain.represent(X[:1])), explainer.recipe)[0].exact:
                name, ours = engine_seconds(explainer, X[:256], 1)
                peer = lime_seconds(X, fitted.predict, "regression", 2, **options)
                found.append(compared(f"{what}, p = 20, {neighborhood}: {name}", peer, ours, 1 / peer))
    return found


def rows() -> list[Row]:
    return [*logistic(), *others()]


if __name__ == "__main__":
    show(rows())
