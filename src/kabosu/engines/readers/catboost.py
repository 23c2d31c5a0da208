"""CatBoost, from its JSON model: ``x > border`` goes right in float32; categories one at a time (one-hot), by their hashes."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble, swap
from kabosu.errors import EngineError
from kabosu.frames import is_missing
from kabosu.types import Array, Float

LINKS: Mapping[str, str] = MappingProxyType(
    {
        "CrossEntropy": "sigmoid",
        "LogLinQuantile": "exp",
        "Logloss": "sigmoid",
        "MultiClass": "softmax",
        "MultiClassOneVsAll": "sigmoid",
        "MultiCrossEntropy": "sigmoid",
        "MultiLogloss": "sigmoid",
        "Poisson": "exp",
        "Tweedie": "exp",
    }
)


@dataclass(frozen=True)
class Columns:
    """Where CatBoost's numbered features are in the user's table.

    numbers, categories : column of each.  missing_left : where NaN goes, of each number.  hashes : asked of each category, in order.
    """

    numbers: Mapping[int, int]
    missing_left: Mapping[int, bool]
    categories: Mapping[int, int]
    hashes: Mapping[int, tuple[int, ...]]


def read(model: Any) -> Ensemble:
    """Any CatBoost model, on its raw scale."""
    saved = _saved(model)
    columns = _columns(saved["features_info"])
    scale, bias = saved["scale_and_bias"]
    k, oblivious = len(bias), saved.get("oblivious_trees", ())
    trees = [_oblivious(t, columns, k, scale) for t in oblivious] + [_nested(t, columns, k, scale) for t in saved.get("trees", ())]
    link = LINKS.get(_loss(saved["model_info"]), "identity")
    classes = getattr(model, "classes_", ())
    names = None if not len(classes) else classes[1:] if k == 1 else classes
    on = "prediction" if link == "identity" and names is None else "margin"
    return ensemble(trees, np.array(bias), len(model.feature_names_), on, float32=True, link=link, names=names, encoders=_encoders(model, oblivious, columns))


def _saved(model: Any) -> dict:
    if model.get_text_feature_indices() or model.get_embedding_feature_indices():
        raise EngineError("the model has text or embedding features, which are no columns of numbers or categories")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        return json.loads(path.read_text(encoding="utf-8"))


def _loss(info: dict) -> str:
    """Name of the loss; a sum of models that share one keeps it as text."""
    return (info["params"]["loss_function"] if "params" in info else json.loads(info.get("loss_function", '{"type": ""}')))["type"]


def _columns(info: dict) -> Columns:
    numbers, categories = info.get("float_features", ()), info.get("categorical_features", ())
    return Columns(
        {f["feature_index"]: f["flat_feature_index"] for f in numbers},
        {f["feature_index"]: f["nan_value_treatment"] != "AsTrue" for f in numbers},
        {f["feature_index"]: f["flat_feature_index"] for f in categories},
        {f["feature_index"]: tuple(f.get("values", ())) for f in categories},
    )


def _oblivious(tree: dict, columns: Columns, k: int, scale: float) -> Grown:
    """A full binary tree in the order of a heap; bit i of a leaf's number is the answer to split i, so the last one is asked first."""
    asked = [s for level, split in enumerate(reversed(tree.get("splits") or [])) for s in [split] * 2**level]
    inner, leaves = len(asked), len(asked) + 1
    left = np.concatenate([2 * np.arange(inner) + 1, np.full(leaves, -1)])
    value = np.concatenate([np.zeros((inner, k)), np.array(tree["leaf_values"]).reshape(leaves, k) * scale])
    return _grown([*asked, *[None] * leaves], left, np.where(left >= 0, left + 1, -1), value, columns)


def _nested(tree: dict, columns: Columns, k: int, scale: float) -> Grown:
    """Trees that are not oblivious are nested in the file."""
    nodes: list[dict] = []
    children: tuple[list[int], list[int]] = ([], [])
    pending = [(tree, -1, 0)]
    while pending:
        node, parent, side = pending.pop()
        if parent >= 0:
            children[side][parent] = len(nodes)
        if "split" in node:
            if node["split"]["split_type"] == "OneHotFeature":
                raise EngineError("categorical splits are read in oblivious trees only (grow_policy='SymmetricTree')")
            pending += [(node["left"], len(nodes), 0), (node["right"], len(nodes), 1)]
        nodes.append(node)
        children[0].append(-1)
        children[1].append(-1)
    value = np.array([np.broadcast_to(n.get("value", 0.0), (k,)) for n in nodes], dtype=np.float64) * scale
    return _grown([n.get("split") for n in nodes], np.array(children[0]), np.array(children[1]), value, columns)


def _grown(asked: Sequence[dict | None], left: Array, right: Array, value: Float[Array, "N k"], columns: Columns) -> Grown:
    n = len(left)
    feature, threshold, category = np.full(n, -1), np.zeros(n), np.full(n, -1)
    missing_left, codes = np.zeros(n, dtype=bool), []
    for v, split in enumerate(asked):
        if split is None:
            continue
        if split["split_type"] == "FloatFeature":
            i = split["float_feature_index"]
            feature[v], threshold[v], missing_left[v] = columns.numbers[i], np.float32(split["border"]), columns.missing_left[i]
        else:
            feature[v], code = _one_hot(split, columns)
            category[v] = len(codes)
            codes.append(code)
    sets = np.zeros((len(codes), max(codes, default=-1) + 1), dtype=bool)
    sets[np.arange(len(codes)), codes] = True
    return swap(Grown(feature, threshold, left, right, missing_left, value, np.zeros(1, dtype=np.int64), category, sets), category >= 0)


def _one_hot(split: dict, columns: Columns) -> tuple[int, int]:
    """Column and code of a split "is this category"."""
    if split["split_type"] != "OneHotFeature":
        raise EngineError("the model splits on target statistics (CTR) of categorical features, which training rows decide; a larger one_hot_max_size avoids them")
    i = split["cat_feature_index"]
    return columns.categories[i], columns.hashes[i].index(split["value"])


def _encoders(model: Any, trees: Sequence[dict], columns: Columns) -> Mapping[int, "Asked"]:
    """For each category that some split asks for: where its answer is in the model's leaf numbers."""
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for t, tree in enumerate(trees):
        for bit, split in enumerate(tree.get("splits") or []):
            if split["split_type"] == "OneHotFeature":
                places.setdefault((split["cat_feature_index"], split["value"]), (t, bit))
    return MappingProxyType(
        {columns.categories[i]: Asked(model, columns.categories[i], tuple(places.get((i, h), (-1, -1)) for h in hashes)) for i, hashes in columns.hashes.items()}
    )


@dataclass(frozen=True)
class Asked:
    """The code of a cell is the place of its hash among those that splits ask for; -1 for others.

    The model hashes, not we: bit i of a row's leaf number is the row's answer to split i of the tree.
    questions : (tree, bit) of each code.
    """

    model: Any
    column: int
    questions: tuple[tuple[int, int], ...]

    def __call__(self, cells: Array) -> Float[Array, "n"]:
        """Codes of cells; each distinct one is asked once."""
        distinct = [v for v in dict.fromkeys(cells.tolist()) if not is_missing(v)]
        codes = dict(zip(distinct, self._codes(distinct), strict=True))
        return np.array([codes.get(v, np.nan) for v in cells.tolist()], dtype=np.float64)

    def _codes(self, cells: list[Any]) -> Float[Array, "m"]:
        if not cells or not self.questions:
            return np.full(len(cells), -1.0)
        answers = self.model.calc_leaf_indexes(self._pool(cells)).astype(np.int64)
        yes = np.column_stack([(answers[:, t] >> bit) & 1 if t >= 0 else np.zeros(len(cells), dtype=np.int64) for t, bit in self.questions])
        return np.where(yes.any(axis=1), yes.argmax(axis=1), -1).astype(np.float64)

    def _pool(self, cells: list[Any]) -> Any:
        """Rows that differ in this column only."""
        from catboost import Pool

        categories = self.model.get_cat_feature_indices()
        rows = [["0" if j in categories else 0.0 for j in range(len(self.model.feature_names_))] for _ in cells]
        for row, cell in zip(rows, cells, strict=True):
            row[self.column] = cell
        return Pool(rows, cat_features=categories, feature_names=self.model.feature_names_)
