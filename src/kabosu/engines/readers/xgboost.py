"""XGBoost, from its JSON model: ``x < t`` goes left in float32, listed categories go right and unknown ones left."""

import json
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Encoder, Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble, one_output, swap
from kabosu.engines.readers.encoders import Listed
from kabosu.errors import EngineError
from kabosu.types import Array, Bool, Float

SIGMOIDS = ("binary:logistic", "reg:logistic")
EXPONENTIALS = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox")
SOFTMAXES = ("multi:softmax", "multi:softprob")
IDENTITIES = ("reg:absoluteerror", "reg:linear", "reg:pseudohubererror", "reg:quantileerror", "reg:squarederror", "reg:squaredlogerror", "rank:map", "rank:ndcg", "rank:pairwise")


def read(model: Any) -> Ensemble:
    """A scikit-learn style estimator: its best iteration where it stopped early."""
    if not np.isnan(model.missing):
        raise EngineError(f"{type(model).__name__}(missing={model.missing!r}) treats a number as missing; use NaN")
    booster = model.get_booster()
    best = booster.attr("best_iteration")
    classes = getattr(model, "classes_", None)
    return _read(booster, None if best is None else int(best) + 1, None if classes is None else classes[1:] if len(classes) == 2 else classes)


def read_booster(booster: Any) -> Ensemble:
    """A raw booster, all iterations, as its own ``predict`` does."""
    return _read(booster, None, None)


def _read(booster: Any, rounds: int | None, names: Any) -> Ensemble:
    learner = json.loads(booster.save_raw("json"))["learner"]
    shape = learner["learner_model_param"]
    objective = learner["objective"]["name"]
    model, drops = _model(learner["gradient_booster"])
    k = max(int(shape["num_class"]), int(shape["num_target"]), 1)
    last = len(model["trees"]) if rounds is None else model["iteration_indptr"][rounds]
    trees = [_tree(t, group, k, w) for t, group, w in zip(model["trees"][:last], model["tree_info"], drops, strict=False)]
    link, scale = _answer(objective)
    return ensemble(trees, _base(shape["base_score"], objective, k), int(shape["num_feature"]), scale, float32=True, link=link, names=names, encoders=_encoders(model))


def _model(booster: dict) -> tuple[dict, Any]:
    """The trees and the weight of each: dart scales the trees that it keeps."""
    if booster["name"] == "gblinear":
        raise EngineError("booster='gblinear' is a linear model, it has no trees")
    if booster["name"] == "dart":
        model = booster["gbtree"]["model"]
        return model, booster["weight_drop"]
    return booster["model"], np.ones(len(booster["model"]["trees"]))


def _answer(objective: str) -> tuple[str, str]:
    """Inverse link, and the scale of the sum."""
    if objective == "binary:logitraw":
        return "identity", "margin"
    if objective == "binary:hinge":
        return "step", "margin"
    for link, objectives in (("sigmoid", SIGMOIDS), ("softmax", SOFTMAXES), ("exp", EXPONENTIALS)):
        if objective in objectives:
            return link, "margin"
    if objective not in IDENTITIES:
        raise EngineError(f"objective {objective!r} is not known, and so is the scale of its base_score")
    return "identity", "prediction"


def _base(text: str, objective: str, k: int) -> Float[Array, "k"]:
    """base_score, one number or one an output, on the margin scale."""
    score = np.array([float(s) for s in text.strip("[]").split(",")])
    if objective in SIGMOIDS:
        score = np.log(score) - np.log1p(-score)
    elif objective in EXPONENTIALS:
        score = np.log(score)
    return np.broadcast_to(score, (k,)).copy()


def _tree(tree: dict, group: int, k: int, weight: float) -> Grown:
    left = np.array(tree["left_children"])
    leaf = left < 0
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    category, sets = _categories(tree)
    grown = Grown(
        feature=np.array(tree["split_indices"]),
        threshold=np.nextafter(condition, np.float32(-np.inf)).astype(np.float64),
        left=left,
        right=np.array(tree["right_children"]),
        missing_left=np.array(tree["default_left"], dtype=bool),
        value=_values(tree, condition, leaf, group, k) * np.float64(weight),
        root=np.zeros(1, dtype=np.int64),
        category=category,
        sets=sets,
    )
    return swap(grown, (category >= 0) & ~leaf)


def _values(tree: dict, condition: Array, leaf: Bool[Array, "N"], group: int, k: int) -> Float[Array, "N k"]:
    """A leaf's number, for one output; or its vector, which ``right_children`` points to."""
    if int(tree["tree_param"]["size_leaf_vector"]) <= 1:
        return one_output(condition.astype(np.float64), group, k)
    if "leaf_weights" not in tree:
        raise EngineError("trees with vector leaves are read from XGBoost 3.2 on; use multi_strategy='one_output_per_tree'")
    vectors = np.array(tree["leaf_weights"], dtype=np.float32).astype(np.float64).reshape(-1, k)
    return vectors[np.where(leaf, tree["right_children"], 0)]


def _categories(tree: dict) -> tuple[Array, Bool[Array, "S C"]]:
    """Row of each categorical split, and the categories that go right in XGBoost, left once the children are swapped."""
    nodes, codes = tree["categories_nodes"], tree["categories"]
    category = np.full(len(tree["left_children"]), -1)
    category[nodes] = np.arange(len(nodes))
    sets = np.zeros((len(nodes), max(codes, default=-1) + 1), dtype=bool)
    sets[np.repeat(np.arange(len(nodes)), tree["categories_sizes"]), codes] = True
    return category, sets


def _encoders(model: dict) -> Mapping[int, Encoder]:
    """Category lists that XGBoost keeps from data frames; without one the cell is the code."""
    lists = model.get("cats", {}).get("enc", [])
    return MappingProxyType({i: Listed.of(_levels(stored)) for i, stored in enumerate(lists) if stored["values"]})


def _levels(stored: dict) -> list[Any]:
    """Texts are stored as one run of bytes and where each begins."""
    if "offsets" not in stored:
        return stored["values"]
    if min(stored["values"]) < 0:
        raise EngineError("a category's text is not ASCII, which XGBoost cuts in its model; rename the categories")
    text = bytes(stored["values"]).decode()
    return [text[a:b] for a, b in pairwise(stored["offsets"])]
