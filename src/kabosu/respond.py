"""Asking the model: any estimator or callable becomes rows -> (rows, k) floats, with named outputs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.errors import InputError, KabosuError, LabelsOnly, ModelError
from kabosu.types import Array, Batch, Float, Int

OUTPUTS = ("auto", "probability", "margin", "prediction", "score", "label")

ANY = 1 << 30  # rows at once, where nobody said how many

LARGEST = 1e300  # answers beyond it leave floating point when they are subtracted

METHODS = {"predict_proba": "probability", "decision_function": "margin", "predict": "prediction", "score_samples": "score"}

READERS = (
    ("transformers", "kabosu.responders.transformers"),
    ("fasttext", "kabosu.responders.fasttext"),
    ("onnxruntime", "kabosu.responders.onnx"),
    ("ai_edge_litert", "kabosu.responders.litert"),
    ("tflite_runtime", "kabosu.responders.litert"),
    ("torch", "kabosu.responders.torch"),
    ("xgboost", "kabosu.responders.boosters"),
    ("lightgbm", "kabosu.responders.boosters"),
    ("catboost", "kabosu.responders.catboost"),
    ("sklearn", "kabosu.responders.sklearn"),
)


@dataclass(frozen=True)
class Model:
    """A model as the line sees it.

    ask : rows -> array of numbers, (rows,) or (rows, k).  names : of the outputs, None: by number. Where two classes have
        one margin or one probability, both classes are named.
    scale : "probability", "margin", "prediction", "score" or "label": what the numbers are; "auto": see ``scale_of``.
    original : what the user passed, for exact engines to read.  chunk : most rows asked at once.
    several : what several numbers are where the scale is "auto" and they are no probabilities; networks have one margin a class.
    """

    ask: Callable[[Batch], Any]
    scale: str
    names: tuple[str, ...] | None
    original: Any
    chunk: int = ANY
    several: str = "prediction"

    def __call__(self, rows: Batch, n: int) -> Float[Array, "n k"]:
        """The model's answers for n rows, checked."""
        try:
            answer = self.ask(rows)
        except (InputError, ModelError):
            raise
        except Exception as e:
            wanted = "here it is asked with a dict of inputs; pass a row of a frame, and it gets frames" if isinstance(rows, Mapping) else "it must answer any table like the background data"
            raise ModelError(f"the model failed on {n} row(s) of {type(rows).__name__}: {type(e).__name__}: {e}; {wanted}") from e
        Y = numbers(answer, n)
        if self.scale == "probability" and (self.names is None or Y.shape[1] < len(self.names) == 2):
            Y = _probabilities(Y)
        if self.names is not None and len(self.names) != Y.shape[1] and not self._one_sided(Y.shape[1]):
            raise ModelError(f"the model gave {Y.shape[1]} output(s) for {len(self.names)} name(s) {list(self.names)[:10]}")
        return Y

    def _one_sided(self, k: int) -> bool:
        """Two classes with one margin, towards the second."""
        return self.scale == "margin" and k == 1 and self.names is not None and len(self.names) == 2

    def output_names(self, k: int) -> tuple[str, ...]:
        """Names of k outputs."""
        if self.names is not None:
            return self.names[1:] if self._one_sided(k) else self.names
        single = "1" if self.scale == "margin" else "prediction"
        return (single,) if k == 1 else tuple(map(str, range(k)))

    def scale_of(self, prediction: Float[Array, "B k"]) -> str:
        """What the numbers are; a function's answers are probabilities where they sum to 1."""
        if self.scale != "auto":
            return self.scale
        sums = prediction.shape[1] > 1 and (prediction >= 0).all() and np.allclose(prediction.sum(axis=1), 1, atol=1e-6)
        return "probability" if sums else self.several if prediction.shape[1] > 1 else "prediction"

    def targets(self, prediction: Float[Array, "B k"]) -> Int[Array, "B"]:
        """Output explained first: the predicted class, else the first output."""
        classes = self.scale_of(prediction) in ("probability", "margin", "label")
        return prediction.argmax(axis=1) if classes else np.zeros(len(prediction), dtype=np.int64)


def _probabilities(Y: Float[Array, "n k"]) -> Float[Array, "n c"]:
    """Both classes where one is given; numbers that are no probabilities are refused."""
    if Y.min() < -1e-4 or Y.max() > 1 + 1e-4:
        odd = Y.reshape(-1)[np.abs(Y - 0.5).argmax()]
        raise ModelError(f"the model was to answer probabilities and answered {odd:.6g}; use output='auto', 'margin' or 'score' for numbers that are none")
    return np.concatenate([1 - Y, Y], axis=1) if Y.shape[1] == 1 else Y


def numbers(answer: Any, n: int) -> Float[Array, "n k"]:
    """A model's answer as (n, k) floats; anything that cannot be explained is refused with a reason."""
    Y = as_array(answer)
    if Y.dtype.kind in "cmMV":
        raise ModelError(f"the model answered {Y.dtype}; expected real numbers")
    if Y.dtype.kind in "OUS":
        Y = _floats(Y)
    if Y.ndim == 0:
        raise ModelError(f"the model answered a {type(answer).__name__} ({answer!s:.60}) for {n} row(s); expected shape ({n},) or ({n}, outputs)")
    if len(Y) != n:
        raise ModelError(f"the model answered {len(Y)} row(s) for {n}; it must answer one row for each row it is given")
    if sum(side > 1 for side in Y.shape[1:]) > 1:
        raise ModelError(f"the model answered shape {Y.shape} for {n} row(s); expected ({n},) or ({n}, outputs): of a map, explain numbers by target=, such as kabosu.targets.Region")
    Y = Y.reshape(n, -1).astype(np.float64)
    if not Y.shape[1]:
        raise ModelError("the model answered no outputs; expected at least one number a row")
    usable = np.abs(Y) <= LARGEST
    if not usable.all():
        bad = ~usable.all(axis=1)
        raise ModelError(f"the model answered {Y[bad][0].tolist()} for {int(bad.sum())} of {n} row(s), first row {int(bad.argmax())}; it must be finite (and below {LARGEST:g}) everywhere in the neighborhood")
    return Y


def _floats(Y: Array) -> Array:
    try:
        return Y.astype(np.float64)
    except (TypeError, ValueError):
        odd = next((v for v in Y.reshape(-1) if not isinstance(v, (int, float, np.number))), None)
        if isinstance(odd, (str, bytes)):
            raise LabelsOnly.of(odd) from None
        raise ModelError(f"the model answered {odd!r}; expected numbers") from None


def as_array(answer: Any) -> Array:
    """Numpy array of an array, frame, tensor, list, or ONNX ZipMap's list of dicts."""
    package = type(answer).__module__.split(".")[0]
    if package == "torch":
        return answer.detach().cpu().double().numpy() if answer.is_floating_point() else answer.detach().cpu().numpy()
    if package == "scipy":
        return answer.toarray()
    if np.ma.is_masked(answer):
        raise ModelError("the model answered masked values; it must answer a number everywhere in the neighborhood")
    if isinstance(answer, (list, tuple, Mapping)) and len(answer):
        return _from_parts(answer)
    try:
        return np.asarray(answer)
    except ValueError as e:
        raise ModelError(f"the model answered rows of different lengths ({e}); expected (rows,) or (rows, outputs)") from e


def _from_parts(answer: Any) -> Array:
    """One row an entry; a container of one matrix is that matrix."""
    if isinstance(answer, (list, tuple)) and isinstance(answer[0], dict):
        if any(not isinstance(row, dict) or set(row) != set(answer[0]) for row in answer):
            raise ModelError(f"the model answered dicts that do not all have the keys {list(answer[0])[:10]}; it must answer the same outputs for each row")
        return _of_dicts(answer)
    parts = list(answer.values()) if isinstance(answer, Mapping) else list(answer)
    if isinstance(answer, Mapping) or any(getattr(part, "ndim", 0) in (2, 3, 4) for part in parts):
        if len(parts) == 1:
            return as_array(parts[0])
        what = f"a dict with the keys {list(answer)}" if isinstance(answer, Mapping) else f"a {type(answer).__name__} of {len(parts)} arrays"
        raise ModelError(f"the model answered {what}; wrap it in a function that returns the one to explain, (rows,) or (rows, outputs)")
    try:
        return np.asarray([as_array(part) if type(part).__module__.startswith("torch") else part for part in parts])
    except ValueError as e:
        raise ModelError(f"the model answered rows of different lengths ({e}); expected (rows,) or (rows, outputs)") from e


def _of_dicts(answer: Sequence[Mapping[Any, Any]]) -> Array:
    """One row a dict of numbers; boxes and the like are no numbers."""
    cells = [[np.asarray(as_array(row[key])) if type(row[key]).__module__.startswith("torch") else np.asarray(row[key], dtype=object) for key in answer[0]] for row in answer]
    if any(cell.ndim for row in cells for cell in row):
        raise ModelError(f"the model answered dicts of arrays, with the keys {list(answer[0])[:10]}; explain numbers by target=, such as kabosu.targets.Box or Count")
    return np.array([[row[key] for key in answer[0]] for row in answer])


def as_model(model: Any, output: str = "auto", background: Batch | None = None) -> Model:
    """Find out how a model is asked.

    background : rows that say what the model eats, and on which ``output="label"`` of a callable finds the labels; functions
        are not asked otherwise.
    """
    checks.one_of("output", output, OUTPUTS)
    if isinstance(model, Model):
        return model
    if isinstance(model, type):
        raise InputError(f"the model is the class {model.__name__}; pass a fitted instance of it")
    reader = reader_of(model)
    if reader is not None:
        return _read(model, reader, output, background)
    owner, method = getattr(model, "__self__", None), getattr(model, "__name__", "")
    if owner is not None and method in METHODS and reader_of(owner) is not None and not (method == "predict" and _says_nothing(owner)):
        return as_model(owner, _wanted(owner, method) if output == "auto" else output, background)
    if not callable(model):
        raise InputError(f"the model is a {type(model).__name__}; expected a fitted estimator, pipeline, booster, torch module, ONNX session or a function of rows")
    return labels_found(model, model, background) if output == "label" else Model(model, output, None, model)


def _read(model: Any, reader: str, output: str, background: Batch | None) -> Model:
    try:
        return import_module(reader).read(model, output, background)
    except KabosuError:
        raise
    except Exception as e:
        raise ModelError(f"the {type(model).__name__} cannot be read: {type(e).__name__}: {e!s:.200}; a model must be fitted before it is explained") from e


def reader_of(model: Any) -> str | None:
    """Module that reads this kind of model, by the packages of its classes, else by its methods; None for functions."""
    family = {c.__module__.split(".")[0] for c in type(model).__mro__}
    known = next((reader for package, reader in READERS if package in family), None)
    return known or ("kabosu.responders.sklearn" if any(callable(getattr(model, name, None)) for name in METHODS) else None)


def kind_of(model: Any) -> str | None:
    """"classifier", "regressor", "clusterer", ... as scikit-learn's estimators call themselves."""
    try:
        return model.__sklearn_tags__().estimator_type
    except AttributeError:
        return getattr(model, "_estimator_type", None)  # scikit-learn before 1.6


def _says_nothing(owner: Any) -> bool:
    """True of models, such as Keras networks, whose ``predict`` may answer probabilities: it is read as a function."""
    return reader_of(owner) == "kabosu.responders.sklearn" and kind_of(owner) is None and getattr(owner, "classes_", None) is None


def _wanted(owner: Any, method: str) -> str:
    """What a bound method answers; a raw booster's ``predict`` is what it answers by itself."""
    return "auto" if method == "predict" and type(owner).__name__ == "Booster" else METHODS[method]


@dataclass(frozen=True)
class Indicators:
    """Labels as one 0/1 column a label; labels that are 0/1 columns already stay."""

    predict: Callable[[Batch], Any]
    labels: tuple[str, ...]

    def __call__(self, rows: Batch) -> Array:
        """1 in the column of each row's label."""
        answer = as_array(self.predict(rows))
        if answer.ndim == 2 and answer.shape[1] == len(self.labels) > 1:
            return answer.astype(np.float64)
        words = np.array([str(v) for v in _flat(answer)], dtype=object)
        odd = sorted(set(words) - set(self.labels))
        if odd:
            raise ModelError(f"the model answered the label {odd[0]!r}, which it gave for no row of the background data; add rows that get it")
        return (words[:, None] == np.array(self.labels, dtype=object)).astype(np.float64)


def _flat(answer: Array) -> Array:
    if answer.ndim == 0 or answer.size != len(answer):
        raise ModelError(f"the model answered shape {answer.shape}; output='label' needs one label a row")
    return answer.reshape(-1)


def label_model(original: Any, predict: Callable[[Batch], Any], labels: Iterable[Any]) -> Model:
    """A labels-only model as indicators of its labels."""
    names = tuple(map(str, labels))
    return Model(Indicators(predict, names), "label", names, original)


def labels_found(original: Any, predict: Callable[[Batch], Any], background: Batch | None) -> Model:
    """A labels-only model whose labels are those that it answers on the background."""
    if background is None:
        raise InputError("output='label' needs background data, whose labels are the outputs")
    try:
        answer = _flat(as_array(predict(background)))
    except (InputError, ModelError):
        raise
    except Exception as e:
        raise ModelError(f"the model failed on the background data, which output='label' asks for its labels: {type(e).__name__}: {e}; it must answer a label a row") from e
    odd = next((v for v in answer if isinstance(v, (float, np.floating)) and not float(v).is_integer()), None)
    if odd is not None:
        raise InputError(f"output='label' needs a model that answers labels; this one answered the number {odd:g}")
    try:
        labels = sorted({v.item() if isinstance(v, np.generic) else v for v in answer}, key=lambda v: (type(v).__name__, v))
    except TypeError as e:
        raise ModelError(f"the model answered {answer[0]!s:.60} as a label; expected strings, numbers or booleans") from e
    return label_model(original, predict, labels)


def head(background: Batch, most: int) -> tuple[Batch, int]:
    """Some background rows, as they are, and how many."""
    rows = background.tocsr()[:most] if type(background).__module__.startswith("scipy.sparse") else background[:most]
    return rows, rows.shape[0] if type(rows).__module__.startswith("scipy.sparse") else len(rows)


def with_names(model: Model, names: Sequence[str] | None) -> Model:
    """The same model with other output names."""
    return model if names is None else replace(model, names=tuple(map(str, names)))
