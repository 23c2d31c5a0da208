"""scikit-learn estimators and pipelines, and anything with their methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.errors import InputError, LabelsOnly, ModelError
from kabosu.respond import METHODS, Model, kind_of, label_model, labels_found
from kabosu.types import Array, Batch

AUTO = ("predict_proba", "decision_function", "predict", "score_samples")
WANTED = {
    "probability": ("predict_proba",),
    "margin": ("decision_function",),
    "prediction": ("predict",),
    "score": ("score_samples", "decision_function", "predict"),
    "label": ("predict",),
}
SAY_SO = ("sklearn", "xgboost", "lightgbm")  # libraries whose estimators say whether they are fitted
LABELERS = ("classifier", "clusterer", "outlier_detector")


@dataclass(frozen=True)
class Ask:
    """A method of an estimator, by name, so that it pickles.

    prepare : of the rows, where the estimator was fitted on another kind of table.  combine : of the answer.
    """

    estimator: Any
    method: str
    combine: Callable[[Any], Array] | None = None
    prepare: Callable[[Batch], Batch] | None = None

    def __call__(self, rows: Batch) -> Any:
        """What the method answers."""
        answer = getattr(self.estimator, self.method)(rows if self.prepare is None else self.prepare(rows))
        return answer if self.combine is None else self.combine(answer)


@dataclass(frozen=True)
class Named:
    """Arrays with the column names that the estimator was fitted with."""

    names: tuple[str, ...]

    def __call__(self, rows: Array) -> Any:
        """A data frame."""
        return frames.named(rows, self.names)


@dataclass(frozen=True)
class Nameless:
    """Frames as arrays, for an estimator that was fitted on arrays."""

    def __call__(self, rows: Batch) -> Array:
        """An array."""
        return frames.plain_array(rows)


@dataclass(frozen=True)
class EachOutput:
    """Answers of a multi-output classifier as columns "output = class" (0 of 0/1 left out).

    Probabilities come as one array an output, or as one column an output: that of its second class; labels as one column an output.
    """

    keep: tuple[tuple[int, int], ...]
    labels: tuple[tuple[Any, ...], ...] | None = None

    def __call__(self, answer: Any) -> Array:
        """One matrix."""
        if self.labels is not None:
            return np.column_stack([np.asarray(answer)[:, i] == self.labels[i][c] for i, c in self.keep]).astype(np.float64)
        if isinstance(answer, np.ndarray) and answer.ndim == 2:
            return answer
        return np.column_stack([np.asarray(answer[i])[:, c] for i, c in self.keep])


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """An estimator: its probabilities, else its decision function, else its predictions."""
    _check_fitted(model)
    classes = _classes(model)
    method, scale = _method(model, output, classes)
    prepare = _prepare(model, background)
    if isinstance(classes, (list, tuple)):
        return _multi_output(model, method, scale, classes, prepare)
    ask = Ask(model, method, prepare=prepare)
    if scale == "label":
        return labels_found(model, ask, background) if classes is None else label_model(model, ask, classes)
    if classes is None or method in ("predict", "score_samples"):
        return Model(ask, scale, None, model)
    names = tuple(map(str, classes))
    return Model(ask, "margin" if method == "decision_function" else scale, _pairs(model, names) if method == "decision_function" else names, model)


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
    """Class labels; None for regressors and what is not fitted."""
    try:
        classes = model.classes_
    except (AttributeError, ValueError):
        return None
    if isinstance(classes, (list, tuple)) and len(classes) and np.ndim(classes[0]) == 0:
        return np.array(classes, dtype=object)  # one list of labels, not one array an output
    return classes if len(classes) else None


def _method(model: Any, output: str, classes: Any) -> tuple[str, str]:
    """Which method answers the wanted output, and on which scale."""
    have = [name for name in METHODS if _has(model, name)]
    method = next((m for m in (AUTO if output == "auto" else WANTED[output]) if m in have), None)
    if method is None:
        raise _lacks(model, output, have)
    labels = classes is not None or kind_of(model) in LABELERS
    if method == "predict" and labels != (output == "label"):
        raise LabelsOnly.of(_example(model, classes)) if labels else InputError(f"output='label' needs a model that answers labels; {type(model).__name__} predicts numbers")
    return method, _scale(model, method, classes) if output == "auto" else output


def _scale(model: Any, method: str, classes: Any) -> str:
    """What a method answers; the predictions of estimators that do not say what they are show it themselves."""
    if method == "decision_function" and classes is None:
        return "score"
    return "auto" if method == "predict" and kind_of(model) is None else METHODS[method]


def _lacks(model: Any, output: str, have: Sequence[str]) -> Exception:
    name = type(model).__name__
    if not have:
        return ModelError(f"{name} has none of {', '.join(METHODS)}; pass a fitted model, or a function of rows")
    logit = "; its log-odds are a function of yours: lambda rows: scipy.special.logit(model.predict_proba(rows)[:, 1])" if output == "margin" and "predict_proba" in have else ""
    return InputError(f"output={output!r} needs {' or '.join(WANTED[output])}, which {name} lacks; it has {', '.join(have)}{logit}")


def _has(model: Any, name: str) -> bool:
    try:
        return callable(getattr(model, name))
    except (AttributeError, ValueError):
        return False


def _example(model: Any, classes: Any) -> Any:
    if classes is None:
        return -1 if kind_of(model) == "outlier_detector" else 0
    return classes[0][0] if isinstance(classes, (list, tuple)) else classes[0]


def _innermost(model: Any, position: int) -> Any:
    """First (0) or last (-1) estimator of pipelines and searches."""
    while True:
        if getattr(model, "best_estimator_", None) is not None:
            model = model.best_estimator_
        elif isinstance(getattr(model, "steps", None), list) and model.steps:
            model = model.steps[position][1]
        else:
            return model


def _prepare(model: Any, background: Batch | None) -> Callable[[Batch], Batch] | None:
    """Estimators warn of, or fail on, tables that have names where they learned none, and the other way round."""
    fitted = getattr(model, "feature_names_in_", None)
    if isinstance(background, np.ndarray):
        return Named(tuple(fitted)) if fitted is not None and background.ndim == 2 and background.shape[1] == len(fitted) else None
    if fitted is not None or background is None or not type(_innermost(model, 0)).__module__.startswith("sklearn."):
        return None
    names = frames.names_of(background) if _has_width(model) else None
    return Nameless() if names and all(isinstance(n, str) for n in names) else None


def _has_width(model: Any) -> bool:
    try:
        return model.n_features_in_ is not None
    except AttributeError:
        return False


def _pairs(model: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of one-vs-one margins, which SVC(decision_function_shape='ovo') gives."""
    if len(names) == 2 or getattr(_innermost(model, -1), "decision_function_shape", "ovr") != "ovo":
        return names
    return tuple(f"{a} vs {b}" for i, a in enumerate(names) for b in names[i + 1 :])


def _multi_output(model: Any, method: str, scale: str, classes: Sequence[Any], prepare: Any) -> Model:
    """Columns "output = class"; of two classes 0 and 1, or of a margin, the second only."""
    keep = tuple((i, c) for i, cs in enumerate(classes) for c in range(len(cs)) if not (len(cs) == 2 and c == 0))
    names = tuple(f"y{i} = {classes[i][c]}" for i, c in keep)
    labels = tuple(tuple(cs) for cs in classes) if method == "predict" else None
    return Model(Ask(model, method, EachOutput(keep, labels), prepare), scale, names, model)
