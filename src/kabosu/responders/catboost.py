"""CatBoost estimators and the raw model, all asked by kind of prediction."""

from dataclasses import dataclass
from typing import Any

from kabosu.errors import InputError, LabelsOnly
from kabosu.respond import Model, label_model
from kabosu.types import Array, Batch

KINDS = {"auto": "Probability", "probability": "Probability", "margin": "RawFormulaVal", "score": "RawFormulaVal", "label": "Class"}


@dataclass(frozen=True)
class AskCatBoost:
    """``predict`` with its prediction type; None: the model's own."""

    model: Any
    kind: str | None

    def __call__(self, rows: Batch) -> Array:
        """(rows,) or (rows, classes)."""
        return self.model.predict(rows) if self.kind is None else self.model.predict(rows, prediction_type=self.kind)


def read(model: Any, output: str, _background: Batch | None = None) -> Model:
    """Classes where the loss has them, else what ``predict`` answers."""
    classes = [str(c) for c in model.classes_] if len(model.classes_) else []
    if not classes:
        return _numbers(model, output)
    if output == "prediction":
        raise LabelsOnly.of(model.classes_[0])
    ask = AskCatBoost(model, KINDS[output])
    if output == "label":
        return label_model(model, ask, classes)
    return Model(ask, "margin" if output in ("margin", "score") else "probability", tuple(classes), model)


def _numbers(model: Any, output: str) -> Model:
    if output in ("probability", "label"):
        raise InputError(f"output={output!r} needs a classification loss; this {type(model).__name__} predicts numbers")
    ask = AskCatBoost(model, "RawFormulaVal" if output == "margin" else None)
    return Model(ask, "score" if output == "score" else "prediction", None, model)
