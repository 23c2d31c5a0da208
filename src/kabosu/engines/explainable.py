"""Explainable boosting machines (interpret): a sum of steps of single columns and of pairs of them.

Attributes that are read: ``term_features_``, ``term_scores_`` (first entry missing, last entry unknown), ``bins_`` (cuts or
category numbers, for single terms and for pairs), ``intercept_``, ``link_``, ``classes_`` (Nori et al. 2019, InterpretML).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.engines.binding import Refusal, Source
from kabosu.engines.layers import Interaction, Layer, binary
from kabosu.engines.shapes import Stairs, bent
from kabosu.types import Array, Float

KINDS = ("DPExplainableBoostingClassifier", "DPExplainableBoostingRegressor", "ExplainableBoostingClassifier", "ExplainableBoostingRegressor")


def is_explainable(model: Any) -> bool:
    """An explainable boosting machine, by its name and attributes."""
    return type(model).__name__ in KINDS and all(hasattr(model, name) for name in ("term_features_", "term_scores_", "bins_", "intercept_", "link_"))


def read(model: Any, method: str, sources: Sequence[Source]) -> tuple[Layer, tuple[Source, ...]]:
    """The terms as columns of their own: a single term is its score, a pair the indicators of its bins."""
    singles = [(features, np.asarray(scores)) for features, scores in zip(model.term_features_, model.term_scores_, strict=True)]
    if odd := [f for f, _ in singles if len(f) > 2]:
        raise Refusal(f"the terms {odd[:3]} join more than two columns")
    k = singles[0][1].shape[1] if singles[0][1].ndim == 2 else 1
    columns: list[Source] = []
    weight: list[Array] = []
    pairs: list[Interaction] = []
    for features, scores in singles:
        made = [_columns(model, f, sources[f], scores.reshape(len(scores), k) if len(features) == 1 else None) for f in features]
        at = np.cumsum([len(columns), *map(len, made)])
        columns += [s for part in made for s in part]
        weight += [np.eye(k) if len(features) == 1 else np.zeros((at[-1] - at[0], k))]
        if len(features) == 2:
            pairs.append(Interaction(tuple(range(at[0], at[1])), tuple(range(at[1], at[2])), scores.reshape(*scores.shape[:2], k)))
    bias = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), k)
    layer = Layer(np.concatenate(weight), bias, np.eye(k), np.zeros(k), pairs=tuple(pairs))
    return _answer(model, method, layer), tuple(columns)


def _answer(model: Any, method: str, layer: Layer) -> Layer:
    if method == "decision_function" or (method == "predict" and model.link_ == "identity"):
        return layer
    if method == "predict" and model.link_ == "log":
        return replace(layer, link="exp")
    if method == "predict_proba" and model.link_ == "logit":
        return binary(replace(layer, link="logistic"))
    raise Refusal(f"{type(model).__name__} with link {model.link_!r} is no sum on the scale of {method}: output='margin' is exact")


def _columns(model: Any, feature: int, source: Source, scores: Float[Array, "bins k"] | None) -> list[Source]:
    """A column's score for each output, or the indicator of each of its bins in pairs."""
    bins = model.bins_[feature][0 if scores is not None else min(1, len(model.bins_[feature]) - 1)]
    if isinstance(bins, dict):
        count = max(bins.values()) + 2
        values = np.eye(count) if scores is None else scores
        if source.steps or source.codes is not None:
            raise Refusal("a category that is encoded before an explainable boosting machine is not read")
        return [replace(source, codes=Category(bins, values[:, i])) for i in range(values.shape[1])]
    cuts = np.asarray(bins, dtype=np.float64)
    values = np.eye(len(cuts) + 3) if scores is None else scores
    basis = Scores(cuts, values)
    return [bent(source, Stairs(basis, i, cuts, lost=float(values[0, i]))) for i in range(values.shape[1])]


@dataclass(frozen=True, eq=False)
class Scores:
    """Values of the bins of a number: first of missing, last of unknown."""

    cuts: Float[Array, "K"]
    values: Float[Array, "bins m"]

    def __call__(self, x: Array) -> Array:
        return self.values[np.where(np.isnan(x), 0, 1 + np.searchsorted(self.cuts, x, side="right"))]


@dataclass(frozen=True, eq=False)
class Category:
    """Value of a category by its text: first of missing, last of unknown."""

    numbers: dict[str, int]
    values: Float[Array, "bins"]

    def __call__(self, level: Any) -> float:
        if level is None:
            return float(self.values[0])
        return float(self.values[self.numbers.get(str(level), len(self.values) - 1)])
