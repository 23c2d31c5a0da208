"""torch modules: batches on the module's own device and dtype, in evaluation mode, without gradients."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.respond import Model
from kabosu.types import Array, Batch

ROWS = 8192


@dataclass(frozen=True)
class AskModule:
    """A module asked in batches; softmax or sigmoid on top where probabilities of logits are wanted."""

    module: Any
    squash: bool = False

    def __call__(self, rows: Batch) -> Array:
        import torch

        X = np.ascontiguousarray(rows if isinstance(rows, np.ndarray) else rows.to_numpy())
        parameter = next(self.module.parameters(), None)
        device, dtype = (parameter.device, parameter.dtype) if parameter is not None else (None, torch.float32)
        was_training = self.module.training
        self.module.eval()
        try:
            with torch.no_grad():
                parts = [self.module(torch.tensor(X[i : i + ROWS], device=device, dtype=dtype)) for i in range(0, len(X), ROWS)]
        finally:
            self.module.train(was_training)
        Y = torch.cat(parts)
        if self.squash:
            Y = torch.sigmoid(Y) if Y.ndim == 1 or Y.shape[1] == 1 else torch.softmax(Y, dim=1)
        return Y.double().cpu().numpy()


def read(model: Any, output: str) -> Model:
    """A module's numbers as they are ("auto"), as probabilities ("probability": softmax or sigmoid unless the last layer is one)."""
    if output == "label":
        raise InputError("output='label' is not what a torch module answers; use 'auto', 'probability' or 'margin'")
    last = list(model.modules())[-1]
    squashed = type(last).__name__ in ("Softmax", "Sigmoid")
    scale = "probability" if squashed and output == "auto" else output
    return Model(AskModule(model, squash=output == "probability" and not squashed), scale, None, model)
