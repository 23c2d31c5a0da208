"""From a family's own node arrays to the internal tree: stacked, put in pre-order, ancestors found. Plain numpy, a few passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.engines.ensemble import Ensemble
from kabosu.errors import EngineError
from kabosu.types import Array, Bool, Float, Int

MOST = 1 << 28  # cells of the matrix of category sets


@dataclass(frozen=True)
class Grown:
    """Trees as their family stores them: nodes in any order, children by position, ``left`` -1 at leaves.

    Other arrays are read at inner nodes only, ``value`` at leaves only. Letters and conventions are those of ``Ensemble``.
    """

    feature: Int[Array, "N"]
    threshold: Float[Array, "N"]
    left: Int[Array, "N"]
    right: Int[Array, "N"]
    missing_left: Bool[Array, "N"]
    value: Float[Array, "N k"]
    root: Int[Array, "T"]
    category: Int[Array, "N"]
    sets: Bool[Array, "S C"]

    @classmethod
    def numeric(cls, feature: Array, threshold: Array, left: Array, right: Array, missing_left: Array, value: Array) -> "Grown":
        """One tree without categorical splits, its root first."""
        return cls(feature, threshold, left, right, missing_left, value, np.zeros(1, dtype=np.int64), np.full(len(feature), -1), np.zeros((0, 0), dtype=bool))


def stack(trees: Sequence[Grown]) -> Grown:
    """Several as one."""
    if not trees:
        raise EngineError("the model holds no trees")
    nodes = np.cumsum([0, *(len(t.feature) for t in trees)])[:-1]
    rows = np.cumsum([0, *(len(t.sets) for t in trees)])[:-1]
    widest = max(t.sets.shape[1] for t in trees)
    if widest * (rows[-1] + len(trees[-1].sets)) > MOST:
        raise EngineError(f"the category codes go up to {widest - 1}, too many for a table; number the categories from 0")
    return Grown(
        np.concatenate([t.feature for t in trees]),
        np.concatenate([t.threshold for t in trees]),
        np.concatenate([_moved(t.left, n) for t, n in zip(trees, nodes, strict=True)]),
        np.concatenate([_moved(t.right, n) for t, n in zip(trees, nodes, strict=True)]),
        np.concatenate([t.missing_left for t in trees]),
        np.concatenate([t.value for t in trees]),
        np.concatenate([t.root + n for t, n in zip(trees, nodes, strict=True)]),
        np.concatenate([_moved(t.category, n) for t, n in zip(trees, rows, strict=True)]),
        np.concatenate([np.pad(t.sets, ((0, 0), (0, widest - t.sets.shape[1]))) for t in trees]),
    )


def _moved(index: Array, by: int) -> Array:
    return np.where(index >= 0, index + by, -1)


def swap(tree: Grown, nodes: Bool[Array, "N"]) -> Grown:
    """Exchange the children of some nodes, for families that name what goes right."""
    return replace(
        tree,
        left=np.where(nodes, tree.right, tree.left),
        right=np.where(nodes, tree.left, tree.right),
        missing_left=tree.missing_left ^ nodes,
    )


def one_output(value: Float[Array, "N"], c: int, k: int) -> Float[Array, "N k"]:
    """Values of a tree that adds to output c of k."""
    out = np.zeros((len(value), k))
    out[:, c] = value
    return out


def ensemble(
    trees: Sequence[Grown],
    base: Float[Array, "k"],
    n_features: int,
    scale: str,
    *,
    float32: bool,
    link: str = "identity",
    slope: float = 1.0,
    names: Sequence[Any] | None = None,
    encoders: Mapping | None = None,
) -> Ensemble:
    """The internal tree of a family's trees."""
    grown = stack(trees)
    order, place = _preorder(grown.left, grown.right, grown.root)
    left, right = (_at(place, child[order]) for child in (grown.left, grown.right))
    inner = left >= 0
    feature = np.where(inner, grown.feature[order], -1).astype(np.int32)
    parent = np.full(len(order), -1, dtype=np.int32)
    parent[left[inner]] = parent[right[inner]] = np.flatnonzero(inner)
    return Ensemble(
        feature=feature,
        threshold=np.where(inner, grown.threshold[order], 0.0),
        left=left,
        right=np.where(inner, right, -1).astype(np.int32),
        parent=parent,
        ancestor=_ancestors(feature, parent),
        missing_left=inner & grown.missing_left[order].astype(bool),
        category=np.where(inner, grown.category[order], -1).astype(np.int32),
        sets=grown.sets,
        value=np.where(inner[:, None], 0.0, grown.value[order]),
        root=place[grown.root].astype(np.int32),
        base=np.asarray(base, dtype=np.float64),
        n_features=n_features,
        scale=scale,
        float32=float32,
        link=link,
        slope=slope,
        output_names=None if names is None else tuple(map(str, names)),
        encoders=encoders or {},
    )


def _at(place: Array, child: Array) -> Int[Array, "N"]:
    return np.where(child >= 0, place[child], -1).astype(np.int32)


def _preorder(left: Array, right: Array, root: Array) -> tuple[Int[Array, "N"], Int[Array, "N"]]:
    """The nodes that a root reaches, in pre-order, and the new place of each; all trees go down level by level together."""
    levels, seen = [root], len(root)
    while len(levels[-1]):
        inner = levels[-1][left[levels[-1]] >= 0]
        levels.append(np.concatenate([left[inner], right[inner]]))
        seen += len(levels[-1])
        if seen > len(left):
            raise EngineError("the nodes of the model do not form trees")
    inners = [level[left[level] >= 0] for level in levels]
    size = np.ones(len(left), dtype=np.int64)
    for inner in reversed(inners):
        size[inner] += size[left[inner]] + size[right[inner]]
    place = np.full(len(left), -1, dtype=np.int64)
    place[root] = np.cumsum(size[root]) - size[root]
    for inner in inners:
        place[left[inner]] = place[inner] + 1
        place[right[inner]] = place[inner] + 1 + size[left[inner]]
    reached = np.flatnonzero(place >= 0)
    order = np.empty(len(reached), dtype=np.int64)
    order[place[reached]] = reached
    return order, place


def _ancestors(feature: Array, parent: Array) -> Int[Array, "N"]:
    """anc(v): both children of a node share it, so it is looked for once a split, all splits climbing together."""
    found = np.full(len(feature), -1, dtype=np.int32)
    node = at = np.flatnonzero(feature >= 0).astype(np.int32)
    while len(node):
        above = parent[at]
        node, at, above = (a[above >= 0] for a in (node, at, above))
        same = feature[above] == feature[node]
        found[node[same]] = at[same]
        node, at = node[~same], above[~same]
    return np.where(parent >= 0, found[parent], -1)
