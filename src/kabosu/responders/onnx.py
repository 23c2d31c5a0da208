"""ONNX Runtime sessions: one matrix input, or one input a column; probabilities also as ZipMap's list of dicts."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.respond import Model
from kabosu.types import Batch

DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object, "tensor(bool)": np.bool_, "tensor(int32)": np.int32}


@dataclass(frozen=True)
class AskSession:
    """A session asked for one of its outputs."""

    session: Any
    output: str

    def __call__(self, rows: Batch) -> Any:
        inputs = self.session.get_inputs()
        if len(inputs) == 1:
            matrix = rows if isinstance(rows, np.ndarray) else rows.to_numpy()
            feed = {inputs[0].name: np.ascontiguousarray(matrix).astype(_dtype(inputs[0]))}
        else:
            feed = {i.name: np.asarray(rows[i.name]).astype(_dtype(i)).reshape(-1, 1) for i in inputs}
        return self.session.run([self.output], feed)[0]


def _dtype(node: Any) -> Any:
    if node.type not in DTYPES:
        raise InputError(f"the ONNX input {node.name!r} has type {node.type}; expected one of {sorted(DTYPES)}")
    return DTYPES[node.type]


def read(model: Any, output: str) -> Model:
    """The session's probabilities where it has them, else its first output."""
    if output == "label":
        raise InputError("output='label' is not supported for ONNX sessions; use 'auto' or 'probability'")
    outputs = model.get_outputs()
    probable = [o for o in outputs if "prob" in o.name.lower() or o.type.startswith("seq(map")]
    if output == "probability" and not probable:
        raise InputError(f"the ONNX session has no probability output; its outputs are {[o.name for o in outputs]}")
    chosen = (probable or outputs)[0] if output in ("auto", "probability") else outputs[0]
    return Model(AskSession(model, chosen.name), "probability" if chosen in probable else "auto", _names(chosen, model), model)


def _names(node: Any, session: Any) -> tuple[str, ...] | None:
    """ZipMap's keys are the class names; they are asked with the first rows, so only a hint from the metadata is used here."""
    classes = session.get_modelmeta().custom_metadata_map.get("classes")
    return tuple(classes.split(",")) if classes else None
