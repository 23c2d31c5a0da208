"""LiteRT (TensorFlow Lite) interpreters: one row at a time, quantized numbers as real ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.errors import InputError
from kabosu.respond import Model
from kabosu.types import Array, Batch

LOCK = RLock()  # an interpreter has one set of tensors
SHARES = (np.float32(1 / 256), np.float32(1 / 255))  # steps of quantized probabilities (LiteRT quantization specification)


@dataclass(frozen=True)
class AskInterpreter:
    """An interpreter with its tensors in place, asked row by row: batches of many models cannot be resized."""

    interpreter: Any

    def __call__(self, rows: Batch) -> Any:
        """(rows, outputs); a dict of arrays where the model has several outputs."""
        X = np.ascontiguousarray(frames.matrix(rows, "a LiteRT interpreter"))
        into, out = self.interpreter.get_input_details()[0], self.interpreter.get_output_details()
        wanted = tuple(int(side) for side in into["shape"])
        if (1, *X.shape[1:]) != wanted:
            raise InputError(f"the LiteRT model takes {wanted[1:]} and the rows have shape {X.shape[1:]}; resize the instance first, or pass a function that does")
        X = _stored(X, into)
        with LOCK:
            answers = [self._one(row[None], into, out) for row in X]
        stacked = {d["name"]: np.stack([a[i] for a in answers]) for i, d in enumerate(out)}
        return stacked if len(stacked) > 1 else stacked[out[0]["name"]]

    def _one(self, row: Array, into: Mapping[str, Any], out: list[Mapping[str, Any]]) -> list[Array]:
        self.interpreter.set_tensor(into["index"], row)
        self.interpreter.invoke()
        return [_real(self.interpreter.get_tensor(d["index"])[0], d) for d in out]


def _stored(X: Array, into: Mapping[str, Any]) -> Array:
    """Rows as the input tensor stores them; rows of its own dtype stay."""
    step, zero = into["quantization"]
    if X.dtype == into["dtype"] or not step:
        return X.astype(into["dtype"], copy=False)
    info = np.iinfo(into["dtype"])
    return np.clip(np.rint(X / step) + zero, info.min, info.max).astype(into["dtype"])


def _real(a: Array, out: Mapping[str, Any]) -> Array:
    step, zero = out["quantization"]
    return (a.astype(np.float64) - zero) * step if step else a


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """An interpreter's numbers; probabilities where they are stored in steps of 1/256, else as they are."""
    if output == "label":
        raise InputError("output='label' is not what a LiteRT interpreter answers; use 'auto', 'probability' or 'prediction'")
    if not hasattr(model, "allocate_tensors"):
        raise InputError(f"the model is a {type(model).__name__}; expected an interpreter: Interpreter(model_path)")
    model.allocate_tensors()
    details = model.get_output_details()
    shares = len(details) == 1 and np.float32(details[0]["quantization"][0]) in SHARES
    return Model(AskInterpreter(model), "probability" if shares and output == "auto" else output, None, model, several="margin")
