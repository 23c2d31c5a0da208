"""The exact tree engine beside lime, TreeSHAP and the boosters' own contributions; one thread each.

Engine time is the tables and the sweep; the certificate's model calls are apart, as for the peers, who make none.
"""

from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

import kabosu as kb
from benchmarks.clock import Row, milli, show
from kabosu.engines.tree import Same, _read, compiled, exact_expectations

ADULT = Path(__file__).parents[2] / "shared/data/tabular/adult.csv.gz"


def seconds(call: Any, repeat: int = 3) -> float:
    """CPU seconds of the fastest run after one that is not counted."""
    call()
    best = np.inf
    for _ in range(repeat):
        began = process_time()
        call()
        best = min(best, process_time() - began)
    return best


def engine_seconds(explainer: kb.TabularExplainer, X: Any, repeat: int = 3) -> float:
    """CPU seconds of the exact engine alone for all rows of X."""
    block = next(explainer.domain.represent(X))
    ensemble, _ = _read(Same(explainer.model.original), Same(block.all_columns))
    binding, nodes = compiled(explainer.model, block)
    local = block.tilt(explainer.recipe.kernel)
    return seconds(lambda: exact_expectations(ensemble, binding, nodes, local), repeat)


def compared(what: str, peer: float, ours: float, target: float) -> Row:
    ratio = peer / ours
    return Row(what, milli(peer), milli(ours), f"{ratio:.3g}x", f">= {target:g}x", bool(ratio >= target))


def tree_shap(model: Any) -> Any:
    import shap

    return shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")


def breast_cancer() -> list[Row]:
    X, y = load_breast_cancer(return_X_y=True)
    model = RandomForestClassifier(100, random_state=0).fit(X, y)
    rows = np.resize(np.arange(len(X)), 1000)
    explainer = kb.TabularExplainer(model, X, recipe="lime")
    one = engine_seconds(explainer, X[:1], 20)
    many = engine_seconds(explainer, X[rows]) / len(rows)
    theirs = LimeTabularExplainer(X, random_state=0)
    lime = seconds(lambda: theirs.explain_instance(X[0], model.predict_proba, num_features=30, num_samples=5000))
    shap = tree_shap(model)
    peer = seconds(lambda: shap.shap_values(X[rows[:100]], check_additivity=False)) / 100
    exact = explainer.explain(X[0], max_features=30).coef_scaled[:, 1]
    drawn = dict(theirs.explain_instance(X[0], model.predict_proba, num_features=30, num_samples=5000).local_exp[1])
    worst = max(abs(drawn[j] - exact[j]) for j in range(30)) / np.abs(exact).max()
    whole = seconds(lambda: explainer.explain_many(X[rows]), 1) / len(rows)
    return [
        Row("forest 100 trees, breast cancer, one row, engine", f"{milli(lime)}, worst error {worst:.1%} (lime)", f"{milli(one)}, error 0", f"{lime / one:.0f}x", "<= 2 ms", one <= 2e-3),
        compared("the same, 1,000 rows, per row, against TreeSHAP", peer, many, 10),
        compared("the same, against lime", lime, many, 500),
        Row("the same, all of it: with 256 model calls a row for the certificate", milli(lime), milli(whole), f"{lime / whole:.0f}x", "", None),
    ]


def large_forest() -> list[Row]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1530, 40))
    y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + rng.normal(size=len(X))
    model = RandomForestRegressor(300, random_state=0, n_jobs=2).fit(X, y)
    nodes = sum(t.tree_.node_count for t in model.estimators_)
    began = process_time()
    _read(Same(model), Same(kb.TabularExplainer(model, X).domain.columns))
    reading = process_time() - began
    explainer = kb.TabularExplainer(model, X)
    ours = engine_seconds(explainer, X[:500], 1) / 500
    shap = tree_shap(model)
    peer = seconds(lambda: shap.shap_values(X[:8], check_additivity=False), 1) / 8
    return [
        compared(f"forest 300 trees, {nodes:,} nodes, p = 40, 500 rows, per row, against TreeSHAP", peer, ours, 30),
        Row(f"reading that forest of {nodes:,} nodes", "", milli(reading), "", "<= 1 s", reading <= 1),
    ]


def boosters(rows: int = 10_000) -> list[Row]:
    if not ADULT.exists():
        return []
    import lightgbm
    import xgboost

    table = pd.read_csv(ADULT, compression="gzip", header=None, skipinitialspace=True, na_values="?")
    X, y = table.iloc[:, :14].rename(columns=str), (table[14] == ">50K").astype(int)
    X = X.assign(**{c: X[c].astype("category").cat.codes.replace(-1, np.nan).astype(float) for c in X if X[c].dtype.kind == "O" or str(X[c].dtype) == "str"}).astype(float)
    xgb = xgboost.XGBClassifier(n_estimators=500, max_depth=6, n_jobs=1).fit(X.to_numpy(), y)
    lgb = lightgbm.LGBMClassifier(n_estimators=500, max_depth=6, n_jobs=1, verbose=-1).fit(X.to_numpy(), y)
    few = X.to_numpy()[:rows]
    matrix = xgboost.DMatrix(few, nthread=1)
    peers = {
        "XGBoost": (xgb, lambda: xgb.get_booster().predict(matrix, pred_contribs=True)),
        "LightGBM": (lgb, lambda: lgb.booster_.predict(few, pred_contrib=True, num_threads=1)),
    }
    out = []
    for name, (model, own) in peers.items():
        explainer = kb.TabularExplainer(model, X.to_numpy(), output="margin")
        ours = engine_seconds(explainer, few, 1)
        out.append(compared(f"{name} 500 trees, depth 6, adult, {rows:,} rows, against its own pred_contribs", seconds(own, 1), ours, 1))
        shap = tree_shap(model)
        out.append(compared(f"{name}, against shap's TreeExplainer", seconds(lambda s=shap: s.shap_values(few[: rows // 10], check_additivity=False), 1) * 10, ours, 1))
    return out


def rows() -> list[Row]:
    return [*breast_cancer(), *large_forest(), *boosters()]


if __name__ == "__main__":
    show(rows())
