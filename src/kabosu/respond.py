"""Asking the model: any estimator or callable becomes rows -> (rows, k) floats, with named outputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from kabosu.errors import InputError, LabelsOnly, ModelError
from kabosu.types import Array, Batch, Float, Int

OUTPUTS = ("auto", "probability", "margin", "prediction", "score", "label")

SLACK = 1e-6  # rounding of probabilities
LARGEST = 1e300  # answers beyond it leave floating point when they are subtracted
MANY = 100  # labels

METHODS = {"predict_proba": "probability", "decision_function": "margin", "predict": "prediction"}

READERS = (
    ("onnxruntime", "kabosu.responders.onnx"),
    ("torch", "kabosu.responders.torch"),
    ("xgboost", "kabosu.responders.boosters"),
    ("lightgbm", "kabosu.responders.boosters"),
    ("catboost", "kabosu.responders.boosters"),
    ("sklearn", "kabosu.responders.sklearn"),
)


@dataclass(frozen=True)
class Model:
    """A model as the line sees it.

    ask : rows -> array of numbers, (rows,) or (rows, k).  names : of the outputs, None: by number.
    scale : "probability", "margin", "prediction", "score" or "label": what the numbers are; "auto": see ``scale_of``.
    original : what the user passed, for exact engines to read.  chunk : most rows asked at once.
    """

    ask: Callable[[Batch], Any]
    scale: str
    names: tuple[str, ...] | None
    original: Any
    chunk: int = 1 << 30

    def __call__(self, rows: Batch, n: int) -> Float[Array, "n k"]:
        """The model's answers for n rows, checked."""
        try:
            answer = self.ask(rows)
        except (InputError, ModelError):
            raise
        except Exception as e:
            raise ModelError(f"the model failed on {n} row(s) of {type(rows).__name__}: {type(e).__name__}: {e}") from e
        Y = numbers(answer, n)
        if self.scale == "probability" and (Y.min() < -SLACK or Y.max() > 1 + SLACK):
            raise ModelError(f"the model answered {Y.min():.6g} to {Y.max():.6g} where probabilities were asked for; expected 0 to 1: use output='margin' or 'prediction'")
        if self.scale == "probability" and Y.shape[1] == 1 and self.names is None:
            Y = np.concatenate([1 - Y, Y], axis=1)
        if self.names is not None and len(self.names) != Y.shape[1]:
            raise ModelError(f"the model gave {Y.shape[1]} output(s) for {len(self.names)} name(s) {list(self.names)[:10]}")
        return Y

    def output_names(self, k: int) -> tuple[str, ...]:
        """Names of k outputs."""
        if self.names is not None:
            return self.names
        return ("prediction",) if k == 1 else tuple(map(str, range(k)))

    def scale_of(self, prediction: Float[Array, "B k"]) -> str:
        """What the numbers are; a function's answers are probabilities where they sum to 1."""
        if self.scale != "auto":
            return self.scale
        sums = prediction.shape[1] > 1 and (prediction >= 0).all() and np.allclose(prediction.sum(axis=1), 1, atol=1e-6)
        return "probability" if sums else "prediction"

    def targets(self, prediction: Float[Array, "B k"]) -> Int[Array, "B"]:
        """Output explained first: the predicted class, else the first output."""
        classes = self.scale_of(prediction) in ("probability", "margin", "label")
        return prediction.argmax(axis=1) if classes else np.zeros(len(prediction), dtype=np.int64)


def numbers(answer: Any, n: int) -> Float[Array, "n k"]:
    """A model's answer as (n, k) floats; anything that cannot be explained is refused with a reason."""
    Y = _array(answer)
    if Y.ndim == 0 or (Y.ndim > 2 and np.prod(Y.shape[1:]) != Y.shape[1]):
        raise ModelError(f"the model answered a {type(answer).__name__} of shape {Y.shape} for {n} row(s); expected numbers of shape ({n},) or ({n}, outputs)")
    if len(Y) != n:
        raise ModelError(f"the model answered {len(Y)} row(s) for {n}; it must answer one row for each row it is given")
    if Y.ndim > 1 and not Y.shape[1]:
        raise ModelError("the model answered no outputs; expected at least one number a row")
    Y = _floats(Y).reshape(n, -1)
    usable = np.abs(Y) <= LARGEST
    if not usable.all():
        bad = ~usable.all(axis=1)
        raise ModelError(f"the model answered {Y[bad][0].tolist()} for {int(bad.sum())} of {n} row(s), first row {int(bad.argmax())}; it must be finite (and below {LARGEST:g}) everywhere in the neighborhood")
    return Y


def _floats(Y: Array) -> Array:
    """Numbers as floats; labels, dates and complex numbers have no slope."""
    if Y.dtype.kind not in "biufOUS":
        raise ModelError(f"the model answered dtype {Y.dtype}; expected real numbers")
    try:
        return Y.astype(np.float64)
    except (TypeError, ValueError):
        raise LabelsOnly.of(Y.reshape(-1)[0]) from None


def _array(answer: Any) -> Array:
    """Numpy array of an array, frame, tensor, list, or ONNX ZipMap's list of dicts."""
    if isinstance(answer, (list, tuple)) and len(answer) and isinstance(answer[0], dict):
        keys = list(answer[0])
        if any(not isinstance(row, dict) or set(row) != set(keys) for row in answer):
            raise ModelError(f"the model answered dicts that do not all have the keys {keys}; it must answer the same outputs for each row")
        return np.array([[row[key] for key in keys] for row in answer])
    if np.ma.is_masked(answer):
        raise ModelError("the model answered masked values; it must answer a number everywhere in the neighborhood")
    if type(answer).__module__.split(".")[0] == "torch":
        return answer.detach().cpu().numpy()
    if type(answer).__module__.split(".")[0] == "scipy":
        return answer.toarray()
    try:
        return np.asarray(answer)
    except ValueError as e:
        raise ModelError(f"the model answered rows of different lengths: {e}") from e


def as_model(model: Any, output: str = "auto", background: Batch | None = None, n: int = 0) -> Model:
    """Find out how a model is asked.

    background : n rows on which ``output="label"`` of a callable finds the labels; not asked otherwise.
    """
    if output not in OUTPUTS:
        raise InputError.choice("output", output, OUTPUTS)
    if isinstance(model, Model):
        return model
    family = {c.__module__.split(".")[0] for c in type(model).__mro__}
    for package, reader in READERS:
        if package in family:
            return import_module(reader).read(model, output)
    if isinstance(model, type):
        raise InputError(f"the model is the class {model.__name__}; pass a fitted instance of it")
    if any(callable(getattr(model, name, None)) for name in METHODS):
        return import_module("kabosu.responders.sklearn").read(model, output)
    owner, method = getattr(model, "__self__", None), getattr(model, "__name__", "")
    if owner is not None and method in METHODS and callable(getattr(owner, "fit", None)):
        return as_model(owner, METHODS[method] if output == "auto" else output, background, n)
    if not callable(model):
        raise InputError(f"the model is a {type(model).__name__}; expected a fitted estimator, pipeline, booster, torch module, ONNX session or a function of rows")
    if output == "label":
        return label_model(model, model, _labels_of(model, background))
    return Model(model, output, None, model)


def _labels_of(model: Callable[[Batch], Any], background: Batch) -> list[str]:
    """The labels that a function answers for the background data."""
    try:
        answer = np.asarray(model(background))
    except Exception as e:
        raise ModelError(f"the model failed on the background data, which output='label' asks for the labels: {type(e).__name__}: {e}") from e
    labels = sorted({str(v) for v in answer.reshape(-1)})
    if answer.ndim == 0 or len(labels) > max(MANY, len(answer) // 2):
        raise InputError(f"output='label' found {len(labels)} different answers in an answer of shape {answer.shape}; labels repeat: use output='auto' or 'prediction' for numbers")
    return labels


@dataclass(frozen=True)
class Indicators:
    """Labels as one 0/1 column a label."""

    predict: Callable[[Batch], Any]
    labels: tuple[str, ...]

    def __call__(self, rows: Batch) -> Array:
        answer = np.asarray(self.predict(rows)).reshape(-1)
        return np.array([[str(v) == label for label in self.labels] for v in answer], dtype=np.float64)


def label_model(original: Any, predict: Callable[[Batch], Any], labels: Sequence[Any]) -> Model:
    """A labels-only model as indicators of its labels."""
    names = tuple(map(str, labels))
    return Model(Indicators(predict, names), "label", names, original)


def with_names(model: Model, names: Sequence[str] | None) -> Model:
    """The same model with other output names."""
    return model if names is None else replace(model, names=tuple(map(str, names)))
