"""XGBoost and LightGBM: their estimators, and raw boosters that want their own matrices."""

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from kabosu import frames
from kabosu.errors import InputError, LabelsOnly
from kabosu.respond import Model, label_model
from kabosu.types import Array, Batch

Package = Literal["xgboost", "lightgbm"]
PROBABLE = ("binary:logistic", "multi:softprob", "binary", "multiclass", "multiclassova", "cross_entropy", "xentropy", "reg:logistic")
CLASSES = ("multi:softmax", "binary:hinge")  # answer class numbers: explained by their margins


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """Estimators go by scikit-learn's rules plus margins; boosters by what their objective predicts."""
    kinds = [c.__module__.split(".")[0] for c in type(model).__mro__]
    package: Package = "xgboost" if "xgboost" in kinds else "lightgbm"
    if type(model).__name__ == "Booster":
        return _booster(model, package, output)
    classes = tuple(map(str, getattr(model, "classes_", ())))
    if package == "xgboost" and (targets := _targets(model)) > 1 and classes:
        return _multilabel(model, output, targets)
    if output == "margin" or (output == "score" and classes):
        one_sum = classes or package == "lightgbm" or _targets(model) == 1
        return Model(Margin(model, package), "margin" if one_sum else "prediction", classes or (("prediction",) if one_sum else None), model)
    return import_module("kabosu.responders.sklearn").read(model, output, background)


@dataclass(frozen=True)
class Margin:
    """Raw scores (log-odds) of a boosted estimator."""

    model: Any
    package: Package

    def __call__(self, rows: Batch) -> Array:
        """(rows,) or (rows, classes) scores."""
        return self.model.predict(rows, output_margin=True) if self.package == "xgboost" else self.model.predict(rows, raw_score=True)


def _learner(booster: Any) -> dict[str, Any]:
    return json.loads(booster.save_config())["learner"]


def _targets(model: Any) -> int:
    """Columns of the target that an XGBoost estimator was fitted to."""
    return int(_learner(model.get_booster())["learner_model_param"]["num_target"])


def _multilabel(model: Any, output: str, targets: int) -> Model:
    """XGBoost's multi-label classifier: one column a label."""
    names = tuple(f"y{i} = 1" for i in range(targets))
    if output in ("margin", "score"):
        return Model(Margin(model, "xgboost"), "margin", names, model)
    found = import_module("kabosu.responders.sklearn").read(model, output)
    return label_model(model, found.ask.predict, names) if output == "label" else Model(found.ask, found.scale, names, model)


@dataclass(frozen=True)
class AskBooster:
    """A raw booster, asked through its own matrix."""

    booster: Any
    package: Package
    margin: bool

    def __call__(self, rows: Batch) -> Array:
        """What the objective predicts, or the margin."""
        records = isinstance(rows, list)
        table = frames.matrix(rows, "a raw booster") if records else rows
        if self.package == "lightgbm":
            return self.booster.predict(table, raw_score=self.margin)
        import xgboost

        named = list(rows[0]) if records else self.booster.feature_names if isinstance(rows, np.ndarray) else None
        return self.booster.predict(xgboost.DMatrix(table, feature_names=named, enable_categorical=True), output_margin=self.margin)


def _booster(model: Any, package: Package, output: str) -> Model:
    objective = _learner(model)["objective"]["name"] if package == "xgboost" else str(model.dump_model(num_iteration=1).get("objective", "")).split(" ")[0]
    if output == "label":
        raise InputError("output='label' is not what a raw booster answers; use its scikit-learn estimator")
    if output == "probability" and objective not in PROBABLE:
        raise InputError(f"a booster with objective {objective!r} answers no probabilities; use output='auto' or 'margin'")
    if output == "prediction" and objective in CLASSES:
        raise LabelsOnly.of(0)
    margin = output == "margin" or objective in CLASSES
    scale = "margin" if margin else "probability" if objective in PROBABLE else "prediction"
    return Model(AskBooster(model, package, margin), scale, None, model)
