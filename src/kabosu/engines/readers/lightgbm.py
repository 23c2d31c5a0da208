"""LightGBM, from its text model: ``x <= t`` goes left in double precision, categories by bit sets, unknown and missing ones right."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Encoder, Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble, one_output
from kabosu.engines.readers.encoders import Listed
from kabosu.engines.readers.lightgbm_zeros import ZERO, zeros_as_missing
from kabosu.errors import EngineError
from kabosu.types import Array, Bool, Float, Int

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of decision_type; the two above are the kind of missing value
NONE, ZEROS, NAN = 0, 1, 2

LINKS: Mapping[str, str] = MappingProxyType(
    {
        "binary": "sigmoid",
        "cross_entropy": "sigmoid",
        "cross_entropy_lambda": "log1p exp",
        "gamma": "exp",
        "multiclass": "softmax",
        "multiclassova": "sigmoid",
        "poisson": "exp",
        "tweedie": "exp",
    }
)


def read(model: Any) -> Ensemble:
    """A scikit-learn style estimator."""
    classes = getattr(model, "classes_", None)
    return _read(model.booster_, None if classes is None else classes[1:] if len(classes) == 2 else classes)


def read_booster(booster: Any) -> Ensemble:
    """A raw booster, to its best iteration where it stopped early, as its own ``predict`` does."""
    return _read(booster, None)


def _read(booster: Any, names: Any) -> Ensemble:
    head, *blocks = booster.model_to_string().split("\nTree=")
    if booster.params.get("pred_early_stop"):
        raise EngineError("pred_early_stop=True leaves out trees by row")
    header, tail = _fields(head), blocks[-1] if blocks else head
    k = int(header["num_tree_per_iteration"])
    rounds = len(blocks) // k if "average_output" in head.split("\n") else 1
    link, slope = _link(header.get("objective", "custom"))
    predicts = link == "identity" and names is None
    scale, divisor = ("prediction", rounds) if predicts else ("margin", 1)  # a random forest's raw score is a sum, its prediction a mean
    trees = [_tree(_fields(block), t % k, k, divisor) for t, block in enumerate(blocks)]
    slope = slope * divisor / rounds
    encoders = _encoders(booster.pandas_categorical, tail)
    return ensemble(trees, np.zeros(k), int(header["max_feature_idx"]) + 1, scale, float32=False, link=link, slope=slope, names=names, encoders=encoders)


def _fields(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)


def _link(objective: str) -> tuple[str, float]:
    """Inverse link and the slope inside it, such as of "binary sigmoid:1"."""
    name, *options = objective.split()
    slope = next((float(o.split(":")[1]) for o in options if o.startswith("sigmoid:")), 1.0)
    return ("signed square" if "sqrt" in options else LINKS.get(name, "identity")), slope


def _numbers(fields: dict[str, str], name: str, kind: type = float) -> Array:
    return np.array(fields.get(name, "").split(), dtype=kind)


def _tree(fields: dict[str, str], c: int, k: int, divisor: int) -> Grown:
    """Splits first, then leaves: the child -1 - l is leaf l."""
    if fields.get("is_linear", "0") == "1":
        raise EngineError("linear_tree=True has linear models in the leaves, not constants")
    leaves = _numbers(fields, "leaf_value")
    splits = len(leaves) - 1
    decision = _numbers(fields, "decision_type", int)
    categorical = (decision & CATEGORICAL) > 0
    threshold = _numbers(fields, "threshold")
    missing, default_left = (decision >> 2) & 3, (decision & DEFAULT_LEFT) > 0
    numeric = np.where(categorical, 0.0, flushed(threshold))
    at_leaf = np.full(len(leaves), -1)
    tree = Grown(
        feature=np.concatenate([_numbers(fields, "split_feature", int), at_leaf]),
        threshold=np.concatenate([numeric, np.zeros(len(leaves))]),
        left=np.concatenate([_children(fields, "left_child", splits), at_leaf]),
        right=np.concatenate([_children(fields, "right_child", splits), at_leaf]),
        missing_left=np.concatenate([~categorical & np.where(missing == NONE, numeric >= 0, default_left), np.zeros(len(leaves), dtype=bool)]),
        value=one_output(np.concatenate([np.zeros(splits), leaves / divisor]), c, k),
        root=np.zeros(1, dtype=np.int64),
        category=np.concatenate([np.where(categorical, threshold, -1).astype(np.int64), at_leaf]),
        sets=_sets(fields),
    )
    zeros = np.concatenate([~categorical & (missing == ZEROS), np.zeros(len(leaves), dtype=bool)])
    return zeros_as_missing(tree, zeros) if zeros.any() else tree


def flushed(threshold: Float[Array, "m"]) -> Float[Array, "m"]:
    """Thresholds that do to x what the given ones do to x with |x| <= ZERO set to 0, which LightGBM does to rows first."""
    below, above = (threshold >= -ZERO) & (threshold < 0), (threshold >= 0) & (threshold < ZERO)
    return np.where(below, np.nextafter(-ZERO, -np.inf), np.where(above, ZERO, threshold))


def _children(fields: dict[str, str], name: str, splits: int) -> Int[Array, "m"]:
    child = _numbers(fields, name, int)
    return np.where(child < 0, splits - 1 - child, child)


def _sets(fields: dict[str, str]) -> Bool[Array, "S C"]:
    """Bit sets of different lengths, one after another."""
    from kabosu.engines.readers.sklearn_boosting import unpacked

    bounds, words = _numbers(fields, "cat_boundaries", int), _numbers(fields, "cat_threshold", np.uint32)
    if not len(bounds):
        return np.zeros((0, 0), dtype=bool)
    table = np.zeros((len(bounds) - 1, np.diff(bounds).max(initial=0)), dtype=np.uint32)
    for row, (a, b) in enumerate(pairwise(bounds)):
        table[row, : b - a] = words[a:b]
    return unpacked(table)


def _encoders(lists: list[list[Any]] | None, tail: str) -> Mapping[int, Encoder]:
    """Category lists that LightGBM keeps from pandas, in the order of the columns; without one the cell is the code."""
    if not lists:
        return MappingProxyType({})
    named = next((line for line in tail.split("\n") if line.startswith("[categorical_feature:")), "")
    columns = sorted(int(i) for i in named.removeprefix("[categorical_feature:").rstrip("]").split(",") if i.strip())
    if len(columns) != len(lists):
        raise EngineError(f"the model keeps {len(lists)} lists of pandas categories for {len(columns)} categorical columns, and not which is whose")
    return MappingProxyType({i: Listed.of(levels) for i, levels in zip(columns, lists, strict=True)})
