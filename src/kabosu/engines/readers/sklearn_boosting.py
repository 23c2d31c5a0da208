"""scikit-learn's two gradient boostings, on the raw scale: log-odds of classifiers, the link of regressors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Encoder, Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble, one_output
from kabosu.engines.readers.encoders import Listed
from kabosu.engines.readers.sklearn import grown
from kabosu.errors import EngineError
from kabosu.types import Array, Bool, Float, Int

LOG_LINKS = ("gamma", "poisson")


def gradient_boosting(model: Any) -> Ensemble:
    """Base of a constant ``init`` + learning_rate times every tree; float32 inputs."""
    stages, k = model.estimators_.shape
    trees = [grown(model.estimators_[m, c], one_output(model.estimators_[m, c].tree_.value[:, 0, 0] * model.learning_rate, c, k)) for m in range(stages) for c in range(k)]
    scale, link, names = _answer(model, k)
    return ensemble(trees, _start(model, k), model.n_features_in_, scale, float32=True, link=link, slope=2.0 if model.loss == "exponential" else 1.0, names=names)


def _answer(model: Any, k: int) -> tuple[str, str, Any]:
    """Scale, inverse link and names of the outputs."""
    from sklearn.base import is_classifier

    if not is_classifier(model):
        return ("margin", "exp", None) if model.loss in LOG_LINKS else ("prediction", "identity", None)
    return "margin", "softmax" if k > 1 else "sigmoid", model.classes_ if k > 1 else model.classes_[1:]


def _start(model: Any, k: int) -> Float[Array, "k"]:
    """The raw prediction before the first tree."""
    init, kind = model.init_, type(model.init_).__name__
    if isinstance(init, str):  # "zero"
        return np.zeros(k)
    if kind not in ("DummyClassifier", "DummyRegressor") or init.strategy == "stratified":
        raise EngineError(f"{type(model).__name__} starts from the predictions of init={init!r}, which is not a constant")
    origin = np.zeros((1, model.n_features_in_))
    if kind == "DummyRegressor":
        return np.full(k, float(np.ravel(init.predict(origin))[0]))
    p = np.clip(np.ravel(init.predict_proba(origin)), np.finfo(float).eps, 1 - np.finfo(float).eps)
    if k > 1:
        return np.log(p) - np.log(p).mean()
    return np.array([(np.log(p[1]) - np.log1p(-p[1])) * (0.5 if model.loss == "exponential" else 1.0)])


def histogram_boosting(model: Any) -> Ensemble:
    """Double inputs; categories are coded by the model's own ordinal encoder, and unknown ones go where missing goes."""
    columns = _columns(model)
    stages = model._predictors
    k = len(stages[0]) if stages else 0
    trees = [_histogram_tree(p, columns, c, k) for stage in stages for c, p in enumerate(stage)]
    scale, link, names = _answer(model, k)
    base = np.ravel(model._baseline_prediction)
    return ensemble(trees, base, model.n_features_in_, scale, float32=False, link=link, names=names, encoders=_encoders(model))


def _columns(model: Any) -> Int[Array, "d"]:
    """The user's column behind each column of the trees: the model moves categorical ones to the front."""
    categorical = model.is_categorical_
    if categorical is None:
        return np.arange(model.n_features_in_)
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])


def _encoders(model: Any) -> Mapping[int, Encoder]:
    if model.is_categorical_ is None:
        return MappingProxyType({})
    lists = model._preprocessor.named_transformers_["encoder"].categories_
    return MappingProxyType({int(i): Listed.of(levels, unseen=np.nan) for i, levels in zip(np.flatnonzero(model.is_categorical_), lists, strict=True)})


def _histogram_tree(predictor: Any, columns: Int[Array, "d"], c: int, k: int) -> Grown:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    return Grown(
        feature=np.where(leaf, -1, columns[np.where(leaf, 0, nodes["feature_idx"])]),
        threshold=nodes["num_threshold"],
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=one_output(nodes["value"], c, k),
        root=np.zeros(1, dtype=np.int64),
        category=np.where(nodes["is_categorical"].astype(bool) & ~leaf, nodes["bitset_idx"].astype(np.int64), -1),
        sets=unpacked(predictor.raw_left_cat_bitsets),
    )


def unpacked(bits: Array) -> Bool[Array, "S C"]:
    """Rows of 32-bit words as rows of booleans.

    Examples
    --------
    >>> unpacked(np.array([[5]], dtype=np.uint32))[0, :4]
    array([ True, False,  True, False])

    """
    words = np.ascontiguousarray(bits, dtype="<u4")
    return np.unpackbits(words.view(np.uint8).reshape(len(words), 4 * words.shape[1]), axis=1, bitorder="little").astype(bool)
