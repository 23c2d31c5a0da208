"""scikit-learn estimators and pipelines, and anything with their methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError, LabelsOnly, ModelError
from kabosu.respond import METHODS, Model, label_model
from kabosu.types import Array, Batch

AUTO = (("predict_proba", "probability"), ("decision_function", "margin"), ("predict", "prediction"))
WANTED = {"probability": "predict_proba", "margin": "decision_function", "prediction": "predict", "score": "decision_function", "label": "predict"}

SAY_SO = ("sklearn", "xgboost", "lightgbm")


@dataclass(frozen=True)
class Ask:
    """A method of an estimator, by name, so that it pickles."""

    estimator: Any
    method: str
    combine: Callable[[Any], Array] | None = None

    def __call__(self, rows: Batch) -> Any:
        answer = getattr(self.estimator, self.method)(rows)
        return answer if self.combine is None else self.combine(answer)


@dataclass(frozen=True)
class EachOutput:
    """predict_proba of a multi-output classifier, one array an output, as columns "output = class" (0 of 0/1 left out)."""

    keep: tuple[tuple[int, int], ...]

    def __call__(self, answer: Sequence[Array]) -> Array:
        return np.column_stack([np.asarray(answer[i])[:, c] for i, c in self.keep])


def read(model: Any, output: str) -> Model:
    """An estimator: its probabilities, else its decision function, else its predictions."""
    _check_fitted(model)
    classes = _classes(model)
    method, scale = _method(model, output, classes)
    if scale == "label":
        return label_model(model, Ask(model, "predict"), _flat(classes, model))
    if classes is None or method == "predict":
        return Model(Ask(model, method), scale, None, model)
    if isinstance(classes, (list, tuple)):
        return _multi_output(model, method, scale, classes)
    names = tuple(map(str, classes))
    if method == "decision_function":
        return _margins(model, names)
    return Model(Ask(model, method), scale, names, model)


def _check_fitted(model: Any) -> None:
    """Refuse estimators and steps of libraries that say so when they are not fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    for part in (step for _, step in getattr(model, "steps", ((None, model),))):
        if type(part).__module__.split(".")[0] in SAY_SO:
            try:
                check_is_fitted(part)
            except NotFittedError as e:
                raise ModelError(f"{type(part).__name__} is not fitted; call its fit before it is explained") from e


def _classes(model: Any) -> Any:
    try:
        return model.classes_
    except (AttributeError, ValueError):
        return None


def _method(model: Any, output: str, classes: Any) -> tuple[str, str]:
    """Which method answers the wanted output, and on which scale."""
    have = [name for name in METHODS if _has(model, name)]
    if output == "auto":
        method, scale = next(((m, s) for m, s in AUTO if m in have), ("", ""))
        if method == "predict" and (classes is not None or _has(model, "fit_predict")):  # a clusterer's number of the cluster is a label
            raise LabelsOnly.of(0 if classes is None else _flat(classes, model)[0])
        if not method:
            raise ModelError(f"{type(model).__name__} has no predict_proba, decision_function or predict; is it fitted?")
        return method, "score" if method == "decision_function" and classes is None else scale
    method = WANTED[output]
    if output == "score" and method not in have:
        method = "score_samples" if _has(model, "score_samples") else "predict"
    if method not in have and method != "score_samples":
        raise InputError(f"output={output!r} needs {method}, which {type(model).__name__} lacks; it has {have}")
    if method == "predict" and output in ("prediction", "score") and classes is not None:
        raise LabelsOnly.of(_flat(classes, model)[0])
    return method, output


def _has(model: Any, name: str) -> bool:
    try:
        return callable(getattr(model, name))
    except (AttributeError, ValueError):
        return False


def _flat(classes: Any, model: Any) -> list[Any]:
    if classes is None:
        raise InputError(f"output='label' needs a classifier with classes_; {type(model).__name__} has none")
    if isinstance(classes, (list, tuple)):
        raise InputError("output='label' of a multi-output classifier is not one label a row; wrap the output you mean in a function")
    return list(classes)


def _margins(model: Any, names: tuple[str, ...]) -> Model:
    """A binary decision function has one column, towards the second class."""
    return Model(Ask(model, "decision_function"), "margin", names[1:] if len(names) == 2 else _pairs(model, names), model)


def _pairs(model: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of one-vs-one margins, which SVC(decision_function_shape='ovo') gives."""
    if getattr(model, "decision_function_shape", "ovr") != "ovo":
        return names
    return tuple(f"{a} vs {b}" for i, a in enumerate(names) for b in names[i + 1 :])


def _multi_output(model: Any, method: str, scale: str, classes: Sequence[Any]) -> Model:
    if method != "predict_proba":
        raise InputError(f"a multi-output classifier is explained by its probabilities; {type(model).__name__} offers {method}")
    keep = tuple((i, c) for i, cs in enumerate(classes) for c in range(len(cs)) if not (len(cs) == 2 and c == 0))
    names = tuple(f"y{i} = {classes[i][c]}" for i, c in keep)
    return Model(Ask(model, method, EachOutput(keep)), "score", names, model)
