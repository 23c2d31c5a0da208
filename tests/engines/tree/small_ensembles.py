"""Small random ensembles of every family on small random tables: ties at thresholds, few distinct values, missing, categories."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tree_cells import last_left

from kabosu.engines.ensemble import Ensemble
from kabosu.engines.readers import read

GAPS = ("tree", "forest", "extra", "bagging", "histogram", "xgboost", "lightgbm", "catboost")  # families that take missing numbers
NATIVE = ("histogram", "xgboost", "lightgbm", "catboost")  # ... and categories themselves
FAMILIES = ("tree", "forest", "extra", "gradient", "histogram", "adaboost", "bagging", "isolation", "xgboost", "lightgbm", "catboost")


@dataclass(frozen=True)
class Case:
    """A model, its table and instance, its trees as read, what they see of rows, and the largest raw numbers that go left."""

    model: Any
    data: pd.DataFrame
    x: pd.Series
    trees: Ensemble
    see: Callable[[pd.DataFrame], np.ndarray]
    cuts: dict[Any, np.ndarray]
    output: str
    answer: Callable[[pd.DataFrame], np.ndarray]


def table(rng: np.random.Generator, *, gaps: bool, levels: bool, n: int = 90) -> pd.DataFrame:
    """Two to four columns of different kinds; even numbers only, so that thresholds between them are whole numbers themselves."""
    make = {
        "real": lambda: rng.normal(rng.uniform(-5, 5), rng.uniform(0.5, 4), n),
        "count": lambda: rng.poisson(3, n),
        "even": lambda: 2 * rng.integers(0, 5, n),
        "half": lambda: np.round(rng.normal(size=n)) / 2,
        "flag": lambda: rng.integers(0, 2, n),
        "spend": lambda: np.where(rng.random(n) < 0.5, 0.0, rng.gamma(2, 2, n)),
    }
    kinds = rng.choice(list(make), int(rng.integers(1, 4)))
    data = pd.DataFrame({f"{kind}{j}": make[kind]() for j, kind in enumerate(kinds)})
    if gaps:
        data[data.columns[0]] = data[data.columns[0]].astype(float).where(rng.random(n) > 0.2)
    if levels:
        data["level"] = pd.Categorical(rng.choice(["a", "b", "c", "d"], n, p=[0.4, 0.3, 0.2, 0.1]))
    return data


def target(rng: np.random.Generator, data: pd.DataFrame, classes: int) -> np.ndarray:
    """A response to every column and a product; classes of it where asked."""
    parts = [(data[c] == "a") * 1.0 if data[c].dtype.kind not in "iuf" else data[c].fillna(0.5) / (data[c].std() or 1.0) for c in data]
    y = np.asarray(sum(rng.normal() * v for v in parts) + parts[0] * parts[-1] + 0.2 * rng.normal(size=len(data)))
    return y if classes < 2 else np.digitize(y, np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1]))


def estimator(family: str, rng: np.random.Generator, classes: int, levels: list[str]) -> Any:
    """An unfitted model of few shallow trees."""
    trees, depth, seed = int(rng.integers(1, 4)), int(rng.integers(1, 5)), int(rng.integers(1000))
    kind = "Classifier" if classes > 1 else "Regressor"
    if family in ("xgboost", "lightgbm", "catboost"):
        return booster(family, kind, trees, min(depth, 3), seed, levels)
    from sklearn import ensemble, tree

    one = getattr(tree, f"DecisionTree{kind}")(max_depth=depth, random_state=seed)
    return {
        "tree": lambda: one,
        "forest": lambda: getattr(ensemble, f"RandomForest{kind}")(trees, max_depth=depth, random_state=seed),
        "extra": lambda: getattr(ensemble, f"ExtraTrees{kind}")(trees, max_depth=depth, random_state=seed),
        "gradient": lambda: getattr(ensemble, f"GradientBoosting{kind}")(n_estimators=trees, max_depth=min(depth, 3), random_state=seed),
        "histogram": lambda: getattr(ensemble, f"HistGradientBoosting{kind}")(
            max_iter=trees, max_depth=depth, min_samples_leaf=5, max_bins=int(rng.choice([5, 255])), categorical_features="from_dtype"
        ),
        "adaboost": lambda: ensemble.AdaBoostClassifier(one, n_estimators=trees, random_state=seed),
        "bagging": lambda: getattr(ensemble, f"Bagging{kind}")(one, n_estimators=trees, max_features=0.9, random_state=seed),
        "isolation": lambda: ensemble.IsolationForest(n_estimators=trees, max_samples=int(rng.integers(4, 20)), random_state=seed),
    }[family]()


def booster(family: str, kind: str, trees: int, depth: int, seed: int, levels: list[str]) -> Any:
    if family == "xgboost":
        import xgboost

        return getattr(xgboost, f"XGB{kind}")(n_estimators=trees, max_depth=depth, enable_categorical=True, max_cat_to_onehot=1 + seed % 5, n_jobs=1)
    if family == "lightgbm":
        import lightgbm

        return getattr(lightgbm, f"LGBM{kind}")(n_estimators=trees, num_leaves=2**depth, min_child_samples=5, min_data_per_group=1, cat_smooth=1.0, verbose=-1, n_jobs=1)
    import catboost

    return getattr(catboost, f"CatBoost{kind}")(
        iterations=trees, depth=depth, cat_features=levels, one_hot_max_size=10, verbose=0, allow_writing_files=False, thread_count=1, nan_mode=("Min", "Max")[seed % 2]
    )


def piped(model: Any, data: pd.DataFrame, rng: np.random.Generator) -> Any:
    """Behind encoders of categories, and sometimes a scaler of numbers."""
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers = [c for c in data if data[c].dtype.kind in "iuf"]
    encoder = OneHotEncoder(sparse_output=False) if rng.random() < 0.5 else OrdinalEncoder()
    return make_pipeline(make_column_transformer((StandardScaler() if rng.random() < 0.5 else "passthrough", numbers), *([(encoder, ["level"])] if "level" in data else [])), model)


def case(family: str, seed: int) -> Case:
    """Draw a table, fit a model, read it."""
    rng = np.random.default_rng([seed, FAMILIES.index(family)])
    levels = bool(rng.random() < 0.5)
    data = table(rng, gaps=family in GAPS and bool(rng.random() < 0.5), levels=levels)
    classes = {"adaboost": int(rng.integers(2, 4)), "isolation": 0}.get(family, int(rng.choice([0, 2, 3])))
    y = target(rng, data, classes)
    model = estimator(family, rng, classes, ["level"] if levels else [])
    pipeline = family not in NATIVE and family != "isolation" and (levels or bool(rng.random() < 0.4))
    if family == "isolation":
        data = data.drop(columns="level", errors="ignore")
    model = piped(model, data, rng) if pipeline else model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data, y)
    return seen(family, model, data, data.iloc[int(rng.integers(len(data)))], classes, pipeline)


def seen(family: str, model: Any, data: pd.DataFrame, x: pd.Series, classes: int, pipeline: bool) -> Case:
    final, before = (model[-1], model[:-1]) if pipeline else (model, None)
    trees = read(final)
    assert isinstance(trees, Ensemble), trees
    columns = list(data) if before is None else [*(c for c in data if data[c].dtype.kind in "iuf")]
    see = trees.encode if before is None else before.transform
    scaler = None if before is None else before[0].transformers_[0][1]
    scaled = hasattr(scaler, "scale_") and scaler.scale_ is not None
    cuts = {}
    for j, name in enumerate(columns):
        shift, scale = (scaler.mean_[j], scaler.scale_[j]) if scaled else (0.0, 1.0)
        thresholds = np.unique(trees.threshold[(trees.feature == j) & (trees.category < 0) & np.isfinite(trees.threshold)])
        left = lambda raw, t, a=shift, b=scale: trees.rounded(np.array((raw - a) / b)) <= t  # noqa: E731
        cuts[name] = np.array([last_left(t * scale + shift, lambda raw, t=t, f=left: f(raw, t)) for t in thresholds])
    output = "auto" if family == "isolation" else "prediction" if classes < 2 else "probability" if family in ("tree", "forest", "extra", "bagging") else "margin"
    return Case(model, data, x, trees, see, cuts, output, answers(family, model, output))


def answers(family: str, model: Any, output: str) -> Callable[[pd.DataFrame], np.ndarray]:
    """The model's own sum."""
    if output in ("auto", "prediction"):
        return getattr(model, "score_samples" if family == "isolation" else "predict")
    if output == "probability":
        return model.predict_proba
    own = {"xgboost": "output_margin", "lightgbm": "raw_score"}.get(family)
    if own:
        return lambda rows: model.predict(rows, **{own: True})
    return (lambda rows: model.predict(rows, prediction_type="RawFormulaVal")) if family == "catboost" else model.decision_function
