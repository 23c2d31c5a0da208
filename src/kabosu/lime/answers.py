"""What a model answers, as lime's explainers want it."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime.exceptions import LimeError
from kabosu.respond import as_array, as_model
from kabosu.types import Array, Float


def asking(predict: Any) -> Callable[[Any], Any]:
    """A function of rows; of an estimator its probabilities or predictions."""
    return predict if callable(predict) else as_model(predict).ask


def probabilities(answer: Any, mended: frozenset[str]) -> Float[Array, "s k"]:
    """Probabilities (s, k); with one column or none, of the second class."""
    Y = as_array(answer)
    if "one_column" in mended and (Y.ndim == 1 or (Y.ndim == 2 and Y.shape[1] == 1)):
        p = _numbers(Y).reshape(-1)
        if p.min() < 0 or p.max() > 1:
            raise NotImplementedError(f"the model answers one number a row, from {p.min():.4g} to {p.max():.4g}, which is no probability; pass predict_proba, or explain with mode='regression'")
        return np.column_stack([1 - p, p])
    if Y.ndim == 1:
        raise NotImplementedError("the model answers one number a row; classification needs the probabilities of the classes: pass predict_proba, or wrap the scores with CalibratedClassifierCV")
    if Y.ndim != 2:
        raise ValueError(f"the model answers arrays of {Y.ndim} dimensions; classification needs one row a sample and one column a class")
    Y = _numbers(Y)
    if np.abs(Y @ np.ones(Y.shape[1]) - 1.0).max() > 1e-5:
        warnings.warn("the answers of the model do not sum to 1 in each row, so they are no probabilities: what is explained is each number itself", UserWarning, stacklevel=4)
    return Y


def predictions(answer: Any, mended: frozenset[str]) -> Float[Array, "s"]:
    """The predictions (s,) of a regression."""
    Y = as_array(answer)
    if Y.ndim == 2 and Y.shape[1] > 1 and "multi_output" in mended:
        raise LimeError(f"the model answers {Y.shape[1]} outputs a row; a regression is of one: pass a function that returns one of them, lambda X: model.predict(X)[:, 0]")
    if Y.ndim not in (1, 2):
        raise ValueError(f"the model answers arrays of {Y.ndim} dimensions; a regression is one number a row")
    return _numbers(Y[:, 0] if Y.ndim == 2 else Y)


def _numbers(Y: Array) -> Float[Array, "..."]:
    if Y.dtype.kind not in "fiub":
        raise InputError(f"the model answers {Y.dtype}; expected numbers: pass predict_proba of a classifier, predict of a regression")
    bad = ~np.isfinite(Y)
    if bad.any():
        raise ValueError(f"the model answers NaN or infinite numbers for {int(bad.reshape(len(Y), -1).any(axis=1).sum())} of {len(Y)} samples; it must be finite in the whole neighborhood")
    return Y
