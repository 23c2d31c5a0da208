"""ONNX Runtime sessions: one matrix, or several named inputs of one or more columns; probabilities also as ZipMap's list of dicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.errors import InputError, LabelsOnly
from kabosu.respond import Model, as_array, head, label_model, labels_found
from kabosu.types import Array, Batch

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}
LABELS = ("tensor(string)", "tensor(int64)", "tensor(int32)")
SEEN = 16  # background rows that show class names, and whether answers are probabilities


@dataclass(frozen=True)
class AskSession:
    """A session asked for some of its outputs; several are one column each."""

    session: Any
    outputs: tuple[str, ...]

    def __call__(self, rows: Batch) -> Any:
        """Matrix, vector, or ZipMap's list of dicts."""
        answers = self.session.run(list(self.outputs), _feed(self.session.get_inputs(), rows))
        return answers[0] if len(answers) == 1 else np.column_stack([np.asarray(a).reshape(len(a), -1) for a in answers])


def _feed(inputs: Sequence[Any], rows: Batch) -> dict[str, Array]:
    if isinstance(rows, Mapping):
        return {node.name: _named(node, rows) for node in inputs}
    if len(inputs) == 1 and isinstance(rows, np.ndarray):
        return {inputs[0].name: np.ascontiguousarray(rows).astype(_dtype(inputs[0]))}
    columns = frames.arrays(rows)
    return {node.name: _block(node, names, columns) for node, names in zip(inputs, _shares(inputs, columns), strict=True)}


def _named(node: Any, rows: Mapping[str, Any]) -> Array:
    """One of several inputs, by its name; values as a column where the session takes a matrix."""
    if node.name not in rows:
        raise InputError(f"the ONNX session takes the input {node.name!r}, and the inputs are {list(rows)}; call them alike")
    a = np.ascontiguousarray(np.asarray(rows[node.name])).astype(_dtype(node))
    return a[:, None] if a.ndim == 1 and len(node.shape) == 2 else a


def _shares(inputs: Sequence[Any], columns: Mapping[Any, Array]) -> list[list[Any]]:
    """Columns of each input: those of its own name, else the next ones of the table by the input's width."""
    if all(node.name in columns for node in inputs):
        return [[node.name] for node in inputs]
    names = list(columns)
    widths = [node.shape[1] if len(node.shape) > 1 and isinstance(node.shape[1], int) else 1 for node in inputs]
    widths = [len(names)] if len(inputs) == 1 else widths
    if sum(widths) != len(names):
        raise InputError(f"the ONNX inputs {[node.name for node in inputs]} take {sum(widths)} columns and match no names; the rows have {names}")
    ends = np.cumsum(widths).tolist()
    return [names[end - width : end] for end, width in zip(ends, widths, strict=True)]


def _block(node: Any, names: Sequence[Any], columns: Mapping[Any, Array]) -> Array:
    dtype = _dtype(node)
    if dtype is object:
        return np.array([[str(v) for v in columns[n]] for n in names], dtype=object).T
    try:
        return np.column_stack([columns[n].astype(dtype) for n in names])
    except (TypeError, ValueError) as e:
        raise InputError(f"the ONNX input {node.name!r} takes {node.type}; the columns {list(names)} do not fit: {e}") from e


def _dtype(node: Any) -> Any:
    if node.type not in DTYPES:
        raise InputError(f"the ONNX input {node.name!r} has type {node.type}; expected one of {sorted(DTYPES)}")
    return DTYPES[node.type]


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """The session's probabilities where it has them, else its numbers; the class names of ZipMap name the outputs."""
    labels = [o for o in model.get_outputs() if o.type in LABELS]
    chosen, names = _chosen(model, labels, background)
    ask = AskSession(model, tuple(o.name for o in labels[:1]))
    if output == "label":
        return _labels(model, ask, names, background)
    if labels and (not chosen or output == "prediction"):
        raise LabelsOnly.of(as_array(ask(background[:1]))[0] if background is not None else labels[0].name)
    found = Model(AskSession(model, tuple(o.name for o in chosen)), "auto", names, model)
    likely = any("prob" in o.name.lower() or o.type.startswith("seq(map") for o in chosen) or len(chosen) > 1
    return replace(found, scale=_scale(found, output, "margin" if likely else "score" if labels else "prediction", background))


def _chosen(model: Any, labels: Sequence[Any], background: Batch | None) -> tuple[list[Any], tuple[str, ...] | None]:
    """Outputs to explain and their class names: ZipMap's dicts, a probability matrix, one column a class, else the first numbers."""
    numeric = [o for o in model.get_outputs() if o not in labels]
    maps = [o for o in numeric if o.type.startswith("seq(map")]
    if maps:
        keys = None if background is None else AskSession(model, (maps[0].name,))(background[:1])[0]
        return maps[:1], keys and tuple(map(str, keys))
    columns = [o.name for o in numeric if len(o.shape) == 1]
    if labels and len(columns) == len(numeric) > 1:
        letter = "s" if labels[0].type == "tensor(string)" else "i"  # skl2onnx's zipmap="columns" puts it before the class
        return numeric, tuple(c[1:] if all(n.startswith(letter) for n in columns) else c for c in columns)
    return ([o for o in numeric if "prob" in o.name.lower()] or numeric)[:1], None


def _labels(model: Any, ask: AskSession, names: tuple[str, ...] | None, background: Batch | None) -> Model:
    if not ask.outputs:
        raise InputError(f"output='label' needs a label output; the ONNX session's outputs are {[o.name for o in model.get_outputs()]}")
    return labels_found(model, ask, background) if names is None else label_model(model, ask, names)


def _scale(found: Model, output: str, other: str, background: Batch | None) -> str:
    """What the numbers are, by the answers for some background rows; ``other``: by the output's name, where they are no probabilities."""
    likely = other == "margin"  # named probabilities, as skl2onnx also names an SVC's margins
    probable, inside = likely, True
    if background is not None:
        rows, n = head(background, SEEN)
        Y = found(rows, n)
        inside = bool((Y >= 0).all() and (Y <= 1).all())
        probable = inside and (likely or (Y.shape[1] > 1 and np.allclose(Y.sum(axis=1), 1, atol=1e-4)))
    if output == "auto":
        return "probability" if probable else other
    if (output == "probability") != (probable or (output == "probability" and inside)):
        what = "probabilities" if probable else "numbers that are no probabilities"
        raise InputError(f"output={output!r} is not what this ONNX session answers: {what}, from {[o.name for o in found.original.get_outputs()]}")
    return output
