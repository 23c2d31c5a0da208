"""scikit-learn: decision trees and their averages. Inputs are float32, ``x <= t`` goes left, missing has its own direction."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble
from kabosu.errors import EngineError
from kabosu.types import Array, Float, Int

TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
FORESTS = ("ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor")


def grown(estimator: Any, value: Float[Array, "N k"]) -> Grown:
    """The nodes of a fitted tree, with these leaf values."""
    t = estimator.tree_
    return Grown.numeric(t.feature, t.threshold, t.children_left, t.children_right, t.missing_go_to_left, value)


def tree(model: Any) -> Ensemble:
    """One decision tree."""
    return _average(model, [model])


def forest(model: Any) -> Ensemble:
    """Mean of the trees' predictions or probabilities."""
    return _average(model, model.estimators_)


def _average(model: Any, estimators: Sequence[Any]) -> Ensemble:
    columns = _columns(model)
    trees = [grown(e, columns(e.tree_.value) / len(estimators)) for e in estimators]
    k = trees[0].value.shape[1]
    return ensemble(trees, np.zeros(k), model.n_features_in_, _scale(model), float32=True, names=_names(model))


def _scale(model: Any) -> str:
    return "prediction" if _classes(model) is None else "probability"


def _classes(model: Any) -> Any:
    """Class labels, a list of them where there are several targets, None of a regressor."""
    from sklearn.base import is_classifier

    return model.classes_ if is_classifier(model) else None


def _columns(model: Any) -> Callable[[Array], Float[Array, "N k"]]:
    """tree_.value (N, targets, classes) as output columns; of several class targets, 0 of 0/1 is left out, as the responder does."""
    classes = _classes(model)
    if classes is None:
        return lambda value: value[:, :, 0]
    if not isinstance(classes, list):
        return lambda value: value[:, 0, :]
    keep = [(o, c) for o, labels in enumerate(classes) for c in range(len(labels)) if not (len(labels) == 2 and c == 0)]
    return lambda value: np.column_stack([value[:, o, c] for o, c in keep])


def _names(model: Any) -> Sequence[Any] | None:
    classes = _classes(model)
    if not isinstance(classes, list):
        return classes
    return [f"y{o} = {label}" for o, labels in enumerate(classes) for c, label in enumerate(labels) if not (len(labels) == 2 and c == 0)]


def bagging(model: Any) -> Ensemble:
    """Mean of trees or forests, each on columns and classes of its own."""
    classes = _classes(model)
    k = 1 if classes is None else len(classes)
    trees, n = [], len(model.estimators_)
    for estimator, features in zip(model.estimators_, model.estimators_features_, strict=True):
        for member, weight in _members(model, estimator):
            value = _columns(member)(member.tree_.value) * (weight / n)
            if classes is not None:
                value = _scattered(value, estimator.classes_, k)
            trees.append(_on(grown(member, value), features))
    return ensemble(trees, np.zeros(trees[0].value.shape[1]), model.n_features_in_, _scale(model), float32=True, names=_names(model))


def _members(model: Any, estimator: Any) -> list[tuple[Any, float]]:
    """Trees of a bagged estimator and the weight of each."""
    kind = type(estimator).__name__
    if kind in TREES:
        return [(estimator, 1.0)]
    if kind in FORESTS:
        return [(member, 1 / len(estimator.estimators_)) for member in estimator.estimators_]
    raise EngineError(f"{type(model).__name__} averages {kind}, which is not a tree that can be read")


def _scattered(value: Float[Array, "N c"], classes: Int[Array, "c"], k: int) -> Float[Array, "N k"]:
    """Probabilities of the classes that a member has seen, among all: the members' classes are numbers of classes."""
    if len(classes) == k:
        return value
    out = np.zeros((len(value), k))
    out[:, np.asarray(classes, dtype=np.int64)] = value
    return out


def _on(tree: Grown, features: Int[Array, "f"]) -> Grown:
    """A tree that was grown on some columns, in terms of all."""
    return replace(tree, feature=np.where(tree.left >= 0, np.asarray(features)[np.maximum(tree.feature, 0)], -1))


def adaboost(model: Any) -> Ensemble:
    """SAMME's decision function: a weighted mean of votes, 1 for the class voted for and -1/(K-1) for the others; one column for two classes."""
    if getattr(model, "algorithm", "SAMME") == "SAMME.R":
        raise EngineError("AdaBoostClassifier(algorithm='SAMME.R') adds logarithms of probabilities, not votes")
    K, weights = len(model.classes_), model.estimator_weights_[: len(model.estimators_)]
    if K == 1:
        raise EngineError("AdaBoostClassifier has seen one class only")
    trees = [grown(e, _votes(model, e, K) * (w / weights.sum())) for e, w in zip(model.estimators_, weights, strict=True)]
    names = model.classes_[1:] if K == 2 else model.classes_
    return ensemble(
        trees, np.zeros(trees[0].value.shape[1]), model.n_features_in_, "margin", float32=True, link="sigmoid" if K == 2 else "softmax", slope=1 / (K - 1), names=names
    )


def _votes(model: Any, estimator: Any, K: int) -> Float[Array, "N k"]:
    if type(estimator).__name__ not in TREES:
        raise EngineError(f"AdaBoostClassifier adds votes of {type(estimator).__name__}, which is not a tree that can be read")
    voted = estimator.classes_[estimator.tree_.value[:, 0].argmax(axis=1)]
    votes = np.where(voted[:, None] == model.classes_, 1.0, -1 / (K - 1))
    return votes if K > 2 else votes[:, 1:] - votes[:, :1]


def weighted_median(model: Any) -> Ensemble:
    """AdaBoost.R2 is no sum."""
    raise EngineError(f"{type(model).__name__} predicts a weighted median of its trees, not a sum")


def isolation(model: Any) -> Ensemble:
    """Mean path length h of an isolation forest; exact on h, while score_samples is -2^(-h / c(max_samples))."""
    if model.max_samples_ < 2:
        raise EngineError("IsolationForest of one sample a tree has no path lengths")
    n = len(model.estimators_)
    trees = [_on(grown(e, _path_lengths(e)[:, None] / n), f) for e, f in zip(model.estimators_, model.estimators_features_, strict=True)]
    slope = 1 / float(unsuccessful_search(np.array([model.max_samples_]))[0])
    return ensemble(trees, np.zeros(1), model.n_features_in_, "score", float32=True, link="isolation", slope=slope)


def _path_lengths(estimator: Any) -> Float[Array, "N"]:
    """Depth of a node, and the expected depth below it of the samples that it did not separate."""
    t = estimator.tree_
    return t.compute_node_depths() - 1 + unsuccessful_search(t.n_node_samples)


def unsuccessful_search(n: Int[Array, "m"]) -> Float[Array, "m"]:
    """Mean path length of a binary search tree of n keys, where the search fails: Liu, Ting & Zhou, *Isolation Forest*, ICDM 2008, eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> unsuccessful_search(np.array([1, 2, 256])).round(3)
    array([ 0.   ,  1.   , 10.245])

    """
    many = np.maximum(n, 3).astype(np.float64)
    length = 2 * (np.log(many - 1) + np.euler_gamma) - 2 * (many - 1) / many
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, length))
