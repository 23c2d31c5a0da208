"""torch modules: batches on the module's own device and dtype, in evaluation mode, without gradients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.errors import InputError
from kabosu.respond import Model, as_array, head
from kabosu.types import Array, Batch

ROWS = 8192
SEEN = 64  # background rows that show whether answers are probabilities
LOCK = RLock()  # held while a module is out of its training mode


@dataclass(frozen=True)
class AskModule:
    """A module asked in batches; softmax or sigmoid on top where probabilities of logits are wanted."""

    module: Any
    squash: bool = False

    def __call__(self, rows: Batch) -> Array:
        """(rows,) or (rows, outputs), in float64."""
        import torch

        X = np.ascontiguousarray(frames.matrix(rows, "a torch module"))
        tensors = [*self.module.parameters(), *self.module.buffers()]
        like = next((t for t in tensors if t.is_floating_point()), torch.empty(0))
        with evaluating(self.module), torch.no_grad():
            Y = np.concatenate([as_array(self.module(torch.tensor(X[i : i + ROWS]).to(like))) for i in range(0, len(X), ROWS)])
        return _squashed(Y) if self.squash else Y


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Evaluation mode; afterwards every part of the module is as it was."""
    with LOCK:
        training = [part for part in module.modules() if part.training]
        for part in training:
            part.training = False
        try:
            yield
        finally:
            for part in training:
                part.training = True


def _squashed(Y: Array) -> Array:
    from scipy.special import expit, softmax

    return expit(Y) if Y.ndim == 1 or Y.shape[1] == 1 else softmax(Y, axis=1)


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """A module's numbers as they are, or with a softmax or sigmoid on top where probabilities are wanted and they are none.

    "auto" takes numbers that are no probabilities as one logit a class where there are several ("margin"), as a prediction
    where there is one; say output="prediction" for a regression with several outputs.
    """
    if output == "label":
        raise InputError("output='label' is not what a torch module answers; use 'auto', 'probability' or 'margin'")
    plain = Model(AskModule(model), output, None, model)
    if output in ("prediction", "score") or background is None:
        return plain
    Y = replace(plain, scale="auto")(*head(background, SEEN))
    probable = _probable(model, Y)
    if output == "auto":
        return replace(plain, scale="probability" if probable else "margin" if Y.shape[1] > 1 else "prediction")
    if output == "margin" and probable:
        raise InputError("output='margin' is not what this torch module answers: its answers are probabilities; use 'probability', or pass the module without its last layer")
    done = probable or (Y.shape[1] == 1 and bool((Y >= 0).all() and (Y <= 1).all()))
    return plain if done or output == "margin" else replace(plain, ask=AskModule(model, squash=True))


def _probable(model: Any, Y: Array) -> bool:
    """True where the answers are probabilities: by the last layer or because they sum to 1."""
    last = type(list(model.modules())[-1]).__name__ in ("Softmax", "Sigmoid")
    sums = Y.shape[1] > 1 and np.allclose(Y.sum(axis=1), 1, atol=1e-4)
    return bool((Y >= 0).all() and (Y <= 1).all() and (last or sums))
