"""XGBoost, LightGBM and CatBoost: their estimators, and raw boosters that want their own matrices."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from kabosu.errors import InputError
from kabosu.respond import Model
from kabosu.types import Array, Batch


def read(model: Any, output: str) -> Model:
    """Estimators go by scikit-learn's rules plus margins; boosters by what their objective predicts."""
    kind = type(model).__name__
    package = next(c.__module__.split(".")[0] for c in type(model).__mro__ if c.__module__.split(".")[0] in ("xgboost", "lightgbm", "catboost"))
    if kind == "Booster":
        return _xgboost_booster(model, output) if package == "xgboost" else _lightgbm_booster(model, output)
    if output == "margin":
        return _margin(model, package)
    return import_module("kabosu.responders.sklearn").read(model, output)


@dataclass(frozen=True)
class Margin:
    """Raw scores (log-odds) of a boosted estimator."""

    model: Any
    package: str

    def __call__(self, rows: Batch) -> Array:
        if self.package == "catboost":
            return self.model.predict(rows, prediction_type="RawFormulaVal")
        return self.model.predict(rows, **({"output_margin": True} if self.package == "xgboost" else {"raw_score": True}))


def _margin(model: Any, package: str) -> Model:
    classes = [str(c) for c in getattr(model, "classes_", ())]
    names = tuple(classes[1:] if len(classes) == 2 else classes) or None
    return Model(Margin(model, package), "margin" if names else "prediction", names, model)


@dataclass(frozen=True)
class AskBooster:
    """A raw booster, asked through its own matrix."""

    booster: Any
    package: Literal["xgboost", "lightgbm"]
    margin: bool

    def __call__(self, rows: Batch) -> Array:
        if self.package == "lightgbm":
            return self.booster.predict(rows, raw_score=self.margin)
        import xgboost

        named = self.booster.feature_names if isinstance(rows, np.ndarray) else None
        matrix = xgboost.DMatrix(rows, feature_names=named, enable_categorical=True)
        return self.booster.predict(matrix, output_margin=self.margin)


def _xgboost_booster(model: Any, output: str) -> Model:
    import json

    objective = json.loads(model.save_config())["learner"]["objective"]["name"]
    return _booster(model, "xgboost", output, objective.startswith(("binary:logistic", "multi:softprob")), objective)


def _lightgbm_booster(model: Any, output: str) -> Model:
    objective = str(model.dump_model(num_iteration=1).get("objective", "")).split(" ")[0]
    return _booster(model, "lightgbm", output, objective in ("binary", "multiclass", "multiclassova"), objective)


def _booster(model: Any, package: Literal["xgboost", "lightgbm"], output: str, probabilistic: bool, objective: str) -> Model:
    if output == "label":
        raise InputError("output='label' is not what a raw booster answers; use its scikit-learn estimator")
    if output == "probability" and not probabilistic:
        raise InputError(f"a booster with objective {objective!r} answers no probabilities; use output='auto' or 'margin'")
    margin = output == "margin"
    scale = "margin" if margin else "probability" if probabilistic else "prediction"
    return Model(AskBooster(model, package, margin), scale, None, model)
