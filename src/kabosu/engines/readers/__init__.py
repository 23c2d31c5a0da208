"""Readers: a fitted tree model becomes the internal tree, or a reason why not. Found by type name, imported when needed."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from kabosu.engines.ensemble import Ensemble
from kabosu.errors import EngineError

READERS: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("catboost", "CatBoost"): ("catboost", "read"),
        ("lightgbm", "Booster"): ("lightgbm", "read_booster"),
        ("lightgbm", "LGBMModel"): ("lightgbm", "read"),
        ("sklearn", "AdaBoostClassifier"): ("sklearn", "adaboost"),
        ("sklearn", "AdaBoostRegressor"): ("sklearn", "weighted_median"),
        ("sklearn", "BaggingClassifier"): ("sklearn", "bagging"),
        ("sklearn", "BaggingRegressor"): ("sklearn", "bagging"),
        ("sklearn", "DecisionTreeClassifier"): ("sklearn", "tree"),
        ("sklearn", "DecisionTreeRegressor"): ("sklearn", "tree"),
        ("sklearn", "ExtraTreesClassifier"): ("sklearn", "forest"),
        ("sklearn", "ExtraTreesRegressor"): ("sklearn", "forest"),
        ("sklearn", "GradientBoostingClassifier"): ("sklearn_boosting", "gradient_boosting"),
        ("sklearn", "GradientBoostingRegressor"): ("sklearn_boosting", "gradient_boosting"),
        ("sklearn", "HistGradientBoostingClassifier"): ("sklearn_boosting", "histogram_boosting"),
        ("sklearn", "HistGradientBoostingRegressor"): ("sklearn_boosting", "histogram_boosting"),
        ("sklearn", "IsolationForest"): ("sklearn", "isolation"),
        ("sklearn", "RandomForestClassifier"): ("sklearn", "forest"),
        ("sklearn", "RandomForestRegressor"): ("sklearn", "forest"),
        ("xgboost", "Booster"): ("xgboost", "read_booster"),
        ("xgboost", "XGBModel"): ("xgboost", "read"),
    }
)
"""(package, class) of a model or of one of its bases -> (module here, function)."""

METHODS = ("predict", "predict_proba", "decision_function", "score_samples")


def read(model: Any) -> Ensemble | str:
    """The internal tree of a fitted model, or the reason why it has none.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> read(LinearRegression())
    'LinearRegression is not a kind of tree model that can be read'

    """
    key = next((k for k in kinds(model) if k in READERS), None)
    if key is None:
        return f"{type(model).__name__} is not a kind of tree model that can be read"
    own = own_answer(model, key[0])
    if own is not None:
        return own
    module, function = READERS[key]
    try:
        return getattr(import_module(f"{__name__}.{module}"), function)(model)
    except EngineError as e:
        return str(e)


def kinds(model: Any) -> list[tuple[str, str]]:
    """(package, class) of a model and of its bases."""
    return [(c.__module__.split(".")[0], c.__name__) for c in type(model).__mro__]


def own_answer(model: Any, package: str) -> str | None:
    """A subclass that answers by code of its own is not read."""
    for name in METHODS:
        owner = next((c for c in type(model).__mro__ if name in vars(c)), None)
        if owner is not None and owner.__module__.split(".")[0] != package:
            return f"{owner.__name__} has a {name} of its own, so what can be read may not be its answer"
    return None


__all__ = ["METHODS", "READERS", "kinds", "own_answer", "read"]
