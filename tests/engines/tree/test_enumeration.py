"""The exact tree engine against enumeration of every unit's cells, with probabilities and moments from scipy.stats alone."""

from itertools import product
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

import kabosu as kb

WIDTH = 0.8
BIG = 60  # integers around the instance that are summed over


def frame(seed: int, missing: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 120
    d = pd.DataFrame(
        {
            "real": rng.normal(2, 3, n),
            "count": rng.poisson(3, n),
            "spend": np.where(rng.random(n) < 0.55, 0.0, rng.gamma(2, 2, n)),
            "flag": rng.integers(0, 2, n),
            "kind": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
        }
    )
    if missing:
        d.loc[rng.random(n) < 0.2, "real"] = np.nan
    return d


def numeric_cells(column: pd.Series, x: float, cuts: np.ndarray, center: str, tau: float) -> list[tuple[float, np.ndarray, np.ndarray, float]]:
    """(probability, E[z], E[zz'], a value) of each cell of a numeric column's local law; tau = 1 / width^2."""
    kept = column.dropna().to_numpy(dtype=float)
    distinct, counts = np.unique(kept, return_counts=True)
    two = len(distinct) == 2
    scale = distinct[1] - distinct[0] if two else kept.std()
    c = kept.mean() if center == "mean" or np.isnan(x) else x
    whole = (kept % 1 == 0).all()
    lost = column.isna().mean()
    mass: list[tuple[float, float, float]] = []  # weight, z, value of points
    if two:
        mass += [(n / len(column), (v - c) / scale, v) for v, n in zip(distinct, counts, strict=True)]
        normal = 0.0
    elif whole:
        k = np.arange(round(c) - BIG, round(c) + BIG + 1)
        p = stats.norm.cdf(k + 0.5, c, scale) - stats.norm.cdf(k - 0.5, c, scale)
        mass += [(w * (1 - lost), (v - c) / scale, v) for w, v in zip(p, k, strict=True)]
        normal = 0.0
    else:
        common = distinct[counts / len(kept) >= 0.2] if len(distinct) >= 10 else []
        mass += [((column == v).mean(), (v - c) / scale, v) for v in common]
        normal = 1 - lost - sum(m[0] for m in mass)
    own = 0.0 if np.isnan(x) else (x - c) / scale
    here = np.isnan(x)
    cells = [(w * np.exp(-tau / 2 * ((z - own) ** 2 + here)), np.array([z, 0.0]), np.outer([z, 0.0], [z, 0.0]), v) for w, z, v in mass]
    if normal:
        mu, s = own * tau / (1 + tau), sqrt(1 / (1 + tau))
        weight = normal * s * np.exp(-tau * own**2 / (2 * (1 + tau)) - tau / 2 * here)
        edges = np.concatenate([[-np.inf], np.unique(cuts), [np.inf]])
        law = stats.norm(mu, s)
        for lo, hi in zip(edges, edges[1:], strict=False):
            a, b = (lo - c) / scale, (hi - c) / scale
            p = law.cdf(b) - law.cdf(a)
            if p > 0:
                m1, m2 = (law.expect(lambda z, k=k: z**k, lb=a, ub=b, epsabs=1e-13, epsrel=1e-13, limit=200) for k in (1, 2))
                inside = (max(lo, hi - 2 if np.isfinite(hi) else -1) + min(hi, lo + 2 if np.isfinite(lo) else 1)) / 2
                cells.append((weight * p, np.array([m1, 0.0]) / p, np.diag([m2, 0.0]) / p, inside))
    if lost:
        z = np.array([own, 1.0])
        cells.append((lost * np.exp(-tau / 2 * (not here)), z, np.outer(z, z), np.nan))
    total = sum(w for w, *_ in cells)
    drop = slice(None) if lost else slice(0, 1)
    return [(w / total, z[drop], zz[drop, drop], v) for w, z, zz, v in cells]


def level_cells(column: pd.Series, x: str, tau: float) -> list[tuple[float, np.ndarray, np.ndarray, str]]:
    rates = column.value_counts(normalize=True)
    weights = {v: r * (1.0 if v == x else np.exp(-tau / 2)) for v, r in rates.items()}
    total = sum(weights.values())
    return [(w / total, np.array([float(v == x)]), np.array([[float(v == x)]]), v) for v, w in weights.items()]


def enumerate_lime(predict, data: pd.DataFrame, x: pd.Series, cuts: dict[str, np.ndarray], center: str) -> np.ndarray:
    """(p, k) limit explanation by summing over all joint cells: Cov(z)^-1 Cov(z, f)."""
    tau = WIDTH**-2
    cells = [level_cells(data[c], x[c], tau) if data[c].dtype.kind not in "if" else merged(numeric_cells(data[c], float(x[c]), cuts.get(c, np.zeros(0)), center, tau), cuts.get(c, np.zeros(0))) for c in data]
    joint = list(product(*cells))
    rows = pd.DataFrame([[cell[3] for cell in cs] for cs in joint], columns=data.columns).astype(data.dtypes.to_dict())
    f = np.asarray(predict(rows), dtype=float).reshape(len(rows), -1)
    w = np.array([np.prod([cell[0] for cell in cs]) for cs in joint])
    Z = np.array([np.concatenate([cell[1] for cell in cs]) for cs in joint])
    mean = w @ Z
    within = [sum(p * zz for p, _, zz, _ in cs) for cs in cells]
    cov, j = np.zeros((Z.shape[1],) * 2), 0
    for c, m in zip(cells, within, strict=True):
        k = len(m)
        ez = sum(p * z for p, z, _, _ in c)
        cov[j : j + k, j : j + k] = m - np.outer(ez, ez)
        j += k
    return np.linalg.solve(cov, (Z - mean).T @ (w[:, None] * f))


def merged(cells: list, cuts: np.ndarray) -> list:
    """Points between the same thresholds are one cell for a tree."""
    groups: dict = {}
    for p, z, zz, v in (c for c in cells if c[0] > 0):
        key = "missing" if np.isnan(v) else int(np.searchsorted(np.unique(cuts), v, side="left"))
        old = groups.get(key)
        groups[key] = (p, z, zz, v) if old is None else (old[0] + p, (old[0] * old[1] + p * z) / (old[0] + p), (old[0] * old[2] + p * zz) / (old[0] + p), old[3] if old[0] > p else v)
    return list(groups.values())


def last_left(threshold: float) -> float:
    """Where a model that rounds to float32 really splits, by bisection."""
    left, right = threshold - 1e-3 * (1 + abs(threshold)), threshold + 1e-3 * (1 + abs(threshold))
    while np.nextafter(left, np.inf) < right:
        middle = (left + right) / 2
        left, right = (middle, right) if np.float32(middle) <= threshold else (left, middle)
    return left


def forest(seed: int, kind: str, data: pd.DataFrame, y: np.ndarray):
    """A small model and the thresholds it uses on each raw column."""
    if kind == "histogram":
        numbers = data.drop(columns="kind")
        model = HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=5, min_samples_leaf=5, random_state=seed).fit(numbers, y)
        nodes = np.concatenate([p[0].nodes for p in model._predictors])
        cuts = {c: nodes["num_threshold"][(nodes["feature_idx"] == j) & (nodes["is_leaf"] == 0)] for j, c in enumerate(numbers)}
        return model, numbers, cuts
    tree = {"tree": DecisionTreeRegressor(max_depth=5, random_state=seed), "extra": ExtraTreesRegressor(3, max_depth=4, random_state=seed), "forest": RandomForestClassifier(3, max_depth=4, random_state=seed)}[kind]
    target = (y > np.median(y)).astype(int) + (y > np.quantile(y, 0.8)) if kind == "forest" else y
    names = [c for c in data if c != "kind"]
    model = make_pipeline(make_column_transformer(("passthrough", names), (OneHotEncoder(), ["kind"])), tree).fit(data, target)
    parts = [model[-1]] if kind == "tree" else list(model[-1].estimators_)
    cuts = {c: np.array([last_left(v) for t in parts for v in t.tree_.threshold[t.tree_.feature == j] if np.isfinite(v)]) for j, c in enumerate(names)}
    return model, data, cuts


@pytest.mark.parametrize("center", ["instance", "mean"])
@pytest.mark.parametrize("kind", ["tree", "extra", "forest", "histogram"])
@pytest.mark.parametrize("seed", range(4))
def test_equals_enumeration(seed: int, kind: str, center: str) -> None:
    data = frame(seed, missing=kind in ("histogram", "tree"))
    rng = np.random.default_rng(100 + seed)
    y = data["real"].fillna(-1) * (data["kind"] == "a") + data["count"] * data["flag"] + np.sqrt(data["spend"]) + rng.normal(0, 0.1, len(data))
    model, data, cuts = forest(seed, kind, data, y.to_numpy())
    x = data.iloc[int(rng.integers(len(data)))]
    neighborhood = "gaussian" if center == "instance" else "gaussian-global"
    e = kb.TabularExplainer(model, data, neighborhood=neighborhood, kernel_width=WIDTH, engine="exact").explain(x)
    predict = model.predict_proba if kind == "forest" else model.predict
    wanted = enumerate_lime(predict, data, x, cuts, center)
    assert e.engine == "tree"
    np.testing.assert_allclose(e.coef_scaled, wanted, rtol=1e-7, atol=2e-10 * np.abs(wanted).max())


def test_a_wrong_law_is_seen() -> None:
    data = frame(0, missing=False)
    model, data, cuts = forest(0, "extra", data, data["real"].to_numpy())
    e = kb.TabularExplainer(model, data, kernel_width=WIDTH * 1.01, engine="exact").explain(data.iloc[3])
    wanted = enumerate_lime(model.predict, data, data.iloc[3], cuts, "instance")
    assert np.abs(e.coef_scaled - wanted).max() > 1e-4 * np.abs(wanted).max()


def test_unused_features_get_exactly_zero() -> None:
    data = frame(1, missing=False)[["real", "count", "spend"]].to_numpy()
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(data[:, [0, 0, 0]] * [1, 0, 0], data[:, 0])
    e = kb.TabularExplainer(model, data, engine="exact").explain(data[0])
    assert e.coef[1, 0] == 0
    assert e.coef[2, 0] == 0
    assert e.coef[0, 0] != 0


def test_exact_on_a_probability_of_boosting_is_refused_with_the_way_out() -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    data = frame(1, missing=False)[["real", "count", "spend"]].to_numpy()
    model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(data, data[:, 0] > 2)
    with pytest.raises(kb.EngineError, match="output='margin' is exact"):
        kb.TabularExplainer(model, data, engine="exact").explain(data[0])
    assert kb.TabularExplainer(model, data, engine="exact", output="margin").explain(data[0]).engine == "tree"
    assert "margin" in kb.TabularExplainer(model, data).explain(data[0]).refusals["tree"]


def test_the_numbers_do_not_depend_on_the_block() -> None:
    data = frame(2, missing=False).drop(columns="kind")
    model = RandomForestClassifier(10, random_state=0).fit(data, data["flag"])
    explainer = kb.TabularExplainer(model, data)
    together = explainer.explain_many(data.iloc[:40])
    alone = np.array([explainer.explain(data.iloc[i]).coef for i in range(40)])
    assert together.coef.tobytes() == alone.tobytes()


