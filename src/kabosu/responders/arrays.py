"""Models of whole arrays, such as pictures and series: batches go in as they are, and a target makes numbers of any answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.errors import InputError, KabosuError, ModelError
from kabosu.respond import ANY, OUTPUTS, Model, as_array, as_model, reader_of, with_names
from kabosu.types import Array, Batch

NETWORKS = ("kabosu.responders.torch", "kabosu.responders.onnx", "kabosu.responders.litert")


@dataclass(frozen=True)
class AskTensor:
    """A torch module asked with arrays or tensors on its own device, in evaluation mode; its answer as it is.

    Several inputs go to the arguments of their names; their texts stay lists, and whole numbers whole, as codes of an embedding are.
    """

    module: Any

    def __call__(self, rows: Batch) -> Any:
        """Whatever the module answers; rows in its own floating point."""
        import torch

        from kabosu.responders.torch import evaluating

        tensors = [*self.module.parameters(), *self.module.buffers()]
        like = next((t for t in tensors if t.is_floating_point()), torch.empty(0))
        with evaluating(self.module), torch.no_grad():
            if isinstance(rows, Mapping):
                return self.module(**{name: _tensor(part, like) for name, part in rows.items()})
            return self.module(torch.as_tensor(rows).to(like))


def _tensor(part: Batch, like: Any) -> Any:
    import torch

    if isinstance(part, list):
        return part
    made = torch.as_tensor(part)
    return made.to(like) if made.is_floating_point() else made.to(like.device)


@dataclass(frozen=True)
class AskGraph:
    """An ONNX Runtime session of one input asked with arrays; all its outputs by name, or its only one."""

    session: Any

    def __call__(self, rows: Batch) -> Any:
        """Batches of the session's own size where it has a fixed one."""
        from kabosu.responders.onnx import DTYPES

        node, names = self.session.get_inputs()[0], [o.name for o in self.session.get_outputs()]
        X = np.ascontiguousarray(rows).astype(DTYPES.get(node.type, np.float32), copy=False)
        step = 1 if node.shape and node.shape[0] == 1 else len(X)
        parts = [self.session.run(names, {node.name: X[i : i + step]}) for i in range(0, len(X), step)]
        joined = [np.concatenate([np.asarray(part[j]) for part in parts]) for j in range(len(names))]
        return joined[0] if len(names) == 1 else dict(zip(names, joined, strict=True))


@dataclass(frozen=True)
class Targeted:
    """A model of which a function of its whole answer is explained: boxes, maps, dicts become numbers."""

    ask: Callable[[Batch], Any]
    target: Callable[[Any], Any]

    def __call__(self, rows: Batch) -> Any:
        """The target's numbers."""
        answer = self.ask(rows)
        try:
            return self.target(answer)
        except KabosuError:
            raise
        except Exception as e:
            raise ModelError(f"the target failed on an answer of type {type(answer).__name__} for {length(rows)} row(s): {type(e).__name__}: {e}") from e


@dataclass(frozen=True)
class Squashed:
    """Logits as probabilities."""

    ask: Callable[[Batch], Any]

    def __call__(self, rows: Batch) -> Array:
        """Softmax of several numbers, sigmoid of one; probabilities as they are."""
        from scipy.special import expit, softmax

        Y = np.asarray(as_array(self.ask(rows)), dtype=np.float64)
        one = Y.ndim == 1 or Y.shape[1] == 1
        if (Y >= 0).all() and (Y <= 1).all() and (one or np.allclose(Y.sum(axis=1), 1, atol=1e-4)):
            return Y
        return expit(Y) if one else softmax(Y, axis=1)


@dataclass(frozen=True)
class Halved:
    """A model that is asked half as many rows at once where memory runs out, down to one.

    Examples
    --------
    >>> def small(rows):
    ...     if len(rows) > 2:
    ...         raise MemoryError
    ...     return rows.sum(axis=1)
    >>> Halved(small)(np.ones((5, 3)))
    array([3., 3., 3., 3., 3.])

    """

    ask: Callable[[Batch], Any]

    def __call__(self, rows: Batch) -> Any:
        """The same answers."""
        try:
            return self.ask(rows)
        except Exception as e:
            if length(rows) < 2 or not out_of_memory(e):
                raise
        n = length(rows)
        return np.concatenate([np.asarray(as_array(self(part))) for part in (piece(rows, 0, n // 2), piece(rows, n // 2, n))])


def length(rows: Batch) -> int:
    """Rows of a batch: an array, list or frame, or a dict of batches."""
    if isinstance(rows, Mapping):
        return length(next(iter(rows.values())))
    return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)


def piece(rows: Batch, start: int, stop: int) -> Batch:
    """Some rows of a batch that lie together."""
    if isinstance(rows, Mapping):
        return {name: piece(part, start, stop) for name, part in rows.items()}
    return rows[start:stop]


def out_of_memory(e: Exception) -> bool:
    """Whether a batch was too large: Python's, torch's and ONNX Runtime's ways of saying so."""
    return isinstance(e, MemoryError) or type(e).__name__ == "OutOfMemoryError" or "Failed to allocate memory" in str(e)


def array_model(
    model: Any, output: str = "auto", target: Callable[[Any], Any] | None = None, batch_size: int | None = None, names: Sequence[Any] | None = None, several: str = "margin"
) -> Model:
    """Find out how a model of arrays is asked.

    target : a function of the model's whole answer that gives a number, or some, a row.  batch_size : most rows at once.
    names : of the outputs.  several : what several numbers are that are no probabilities, where the output is "auto".
    """
    if target is not None and (isinstance(target, type) or not callable(target)):
        raise InputError(f"target={target!r}; expected a function of the model's answer to a batch, such as lambda maps: maps[:, 3].mean(axis=(1, 2))")
    chunk = ANY if batch_size is None else checks.whole("batch_size", batch_size, 1, "a number of rows asked at once")
    found = _plain(model, checks.one_of("output", output, OUTPUTS))
    if target is not None:
        found = replace(found, ask=Targeted(found.ask, target), scale=output, names=None)
    found = with_names(found, None if names is None else checks.listed("output_names", names))
    return replace(found, ask=Halved(found.ask), chunk=min(chunk, found.chunk), several=several)


def _plain(model: Any, output: str) -> Model:
    """A network's numbers as they are; other models as ever."""
    if isinstance(model, (Model, type)):
        return as_model(model, output)
    reader = reader_of(model)
    ask = {"kabosu.responders.torch": AskTensor, "kabosu.responders.onnx": AskGraph}.get(reader or "")
    if ask is None or (reader == "kabosu.responders.onnx" and len(model.get_inputs()) > 1):
        return as_model(model, output)
    if output == "label":
        raise InputError("output='label' is not what a network answers; use 'auto', 'probability', 'margin' or 'prediction'")
    return Model(Squashed(ask(model)) if output == "probability" else ask(model), output, None, model)
