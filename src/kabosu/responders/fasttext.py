"""fastText classifiers: probabilities of all labels, text by text, as they answer one line at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.respond import Model
from kabosu.types import Array, Batch

PREFIX = "__label__"


@dataclass(frozen=True)
class AskFasttext:
    """A classifier asked for all its labels. A line break would end the text: it is read as a space."""

    classifier: Any
    labels: tuple[str, ...]

    def __call__(self, texts: Batch) -> Array:
        """(texts, labels), 0 where a label was not given."""
        out = np.zeros((len(texts), len(self.labels)))
        index = {label: i for i, label in enumerate(self.labels)}
        for row, text in zip(out, texts, strict=True):
            labels, probabilities = self.classifier.predict(text.replace("\n", " "), k=-1)
            row[[index[label] for label in labels]] = probabilities
        return np.clip(out, 0.0, 1.0)


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """Probabilities by label."""
    if output not in ("auto", "probability"):
        raise InputError(f"output={output!r} is not what a fastText classifier answers; use 'probability' or 'auto'")
    labels = tuple(sorted(model.predict("a", k=-1, threshold=-1.0)[0])) if not callable(getattr(model, "get_labels", None)) else tuple(model.get_labels())
    return Model(AskFasttext(model, labels), "probability", tuple(label.removeprefix(PREFIX) for label in labels), model)
