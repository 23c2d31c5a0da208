"""Curves explain most of what tree ensembles do around a row, on real tables; straight lines do not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import kabosu as kb

DATA = Path(__file__).parents[4] / "shared/data/tabular"
SHIPPED = {"breast cancer": load_breast_cancer, "wine": load_wine}


def table(name: str) -> tuple[pd.DataFrame, pd.Series]:
    if name in SHIPPED:
        return SHIPPED[name](return_X_y=True, as_frame=True)
    if not DATA.exists():
        pytest.skip("real tables are not here")
    if name == "california":
        data = pd.read_csv(DATA / "california_housing.csv.gz").sample(3000, random_state=0)
        return data.drop(columns="MedHouseVal"), data["MedHouseVal"]
    if name == "bike":
        data = pd.read_csv(DATA / "bike_daily.csv")
        return data.drop(columns=["instant", "dteday", "casual", "registered", "cnt"]), data["cnt"]
    data = pd.read_csv(DATA / "adult.csv.gz", header=None, skipinitialspace=True, na_values="?").dropna().iloc[:3000].rename(columns=str)
    return data.drop(columns="14"), data["14"]


def fidelities(name: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Additive and linear R2 of a forest's target around some rows."""
    X, y = table(name)
    forest = (RandomForestRegressor if y.dtype.kind == "f" or name == "bike" else RandomForestClassifier)(60, min_samples_leaf=3, random_state=0)
    words = [c for c in X if X[c].dtype.kind not in "iuf"]
    encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), words), remainder="passthrough")
    model = (make_pipeline(encoded, forest) if words else forest).fit(X, y)
    explainer = kb.TabularExplainer(model, X, engine="exact")
    es = [explainer.explain(X.iloc[i]) for i in np.random.default_rng(0).choice(len(X), rows, replace=False)]
    return tuple(np.array(pairs) for pairs in zip(*((e.curves.fidelity[e.target_index], e.certificate.fidelity[e.target_index]) for e in es), strict=True))


@pytest.mark.parametrize("name", ["breast cancer", "wine", "california", "adult", "bike"])
def test_curves_explain_three_quarters(name: str) -> None:
    additive, linear = fidelities(name, 6)
    assert np.nanmedian(additive) >= 0.75
    assert np.nanmedian(additive) > np.nanmedian(linear) + 0.1


def test_a_width_path_reads_the_trees_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from kabosu.engines import readers

    asked, read = [], readers.read
    monkeypatch.setattr(readers, "read", lambda model: asked.append(model) or read(model))
    X, y = load_wine(return_X_y=True)
    explainer = kb.TabularExplainer(RandomForestClassifier(10, random_state=0).fit(X, y), X)
    widths = [0.3, 0.6, 2.0]
    path = explainer.width_path(X[0], widths=widths)
    assert len(asked) == 1
    for width, coef in zip(widths, path.coef, strict=True):
        np.testing.assert_array_equal(coef, kb.TabularExplainer(explainer.model.original, X, kernel_width=width).explain(X[0]).coef)
