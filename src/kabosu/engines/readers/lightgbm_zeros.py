"""LightGBM's ``zero_as_missing``: a split sends zeros its default way, so that one child may get a hole cut out of the other's half line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from kabosu.engines.readers.assemble import Grown
from kabosu.errors import EngineError
from kabosu.types import Array, Bool

ZERO = float(np.float32(1e-35))  # |x| <= ZERO is zero to LightGBM
BELOW = float(np.nextafter(-ZERO, -np.inf))  # the largest x that is negative to it
GROWTH = 16  # most nodes after copying, for each node before


@dataclass(frozen=True)
class Piece:
    """The part of the line in (lower, upper], and the side that it is sent to; missing is where zero is."""

    lower: float
    upper: float
    left: bool

    @property
    def zero(self) -> bool:
        """Whether zero is in it."""
        return self.lower < 0 <= self.upper


LINE = Piece(-np.inf, np.inf, left=True)


def pieces(threshold: float, default_left: bool, within: Piece = LINE) -> list[Piece]:  # noqa: FBT001  the two together are the split
    """A part of the line as LightGBM splits it; neighbors that go the same way are one.

    Examples
    --------
    >>> [(p.upper, p.left) for p in pieces(2.0, True)]
    [(2.0, True), (inf, False)]
    >>> [(round(p.upper, 3), p.left) for p in pieces(2.0, False)]
    [(-0.0, True), (0.0, False), (2.0, True), (inf, False)]
    >>> [(round(p.upper, 3), p.left) for p in pieces(2.0, False, within=Piece(1.0, 3.0, left=True))]
    [(2.0, True), (3.0, False)]

    """
    ends = sorted({BELOW, ZERO, threshold, np.inf})
    out: list[Piece] = []
    for low, high in pairwise([-np.inf, *ends]):
        left = default_left if high == ZERO else high <= threshold
        lower, upper = max(low, within.lower), min(high, within.upper)
        if lower >= upper:
            continue
        joins = bool(out) and out[-1].left == left
        lower = out.pop().lower if joins else lower
        out.append(Piece(lower, upper, left))
    return out


def zeros_as_missing(tree: Grown, zeros: Bool[Array, "N"]) -> Grown:
    """The same tree in plain splits; subtrees that several pieces of a line lead to are copied.

    zeros : splits that send zero and missing to the side of ``missing_left``.
    """
    copy = _Copy(tree, zeros)
    copy.add(0, {})
    at = np.array(copy.source)
    return replace(
        tree,
        feature=tree.feature[at],
        value=tree.value[at],
        category=tree.category[at],
        threshold=np.array(copy.threshold),
        missing_left=np.array(copy.missing_left),
        left=np.array(copy.left),
        right=np.array(copy.right),
    )


@dataclass(frozen=True)
class _Copy:
    """The new nodes: which node of the tree each is a copy of, and what differs."""

    tree: Grown
    zeros: Array
    source: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    missing_left: list[bool] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def add(self, node: int, reached: Mapping[int, Piece]) -> int:
        """Copy a subtree, as far as the parts of the lines that reach it go."""
        t, f = self.tree, int(self.tree.feature[node])
        default, threshold = bool(t.missing_left[node]), float(t.threshold[node])
        if t.left[node] < 0:
            return self._new(node)
        if self.zeros[node]:
            return self._chain(node, pieces(threshold, default, reached.get(f, LINE)), reached)
        at = self._new(node, threshold, missing_left=default)
        self.left[at], self.right[at] = self.add(int(t.left[node]), reached), self.add(int(t.right[node]), reached)
        return at

    def _chain(self, node: int, line: Sequence[Piece], reached: Mapping[int, Piece]) -> int:
        """Splits that cut one piece after another off to the left."""
        first, *rest = line
        child, inside = int(self.tree.left[node] if first.left else self.tree.right[node]), {**reached, int(self.tree.feature[node]): first}
        if not rest:
            return self.add(child, inside)
        at = self._new(node, first.upper, missing_left=first.zero)
        self.left[at] = self.add(child, inside)
        self.right[at] = self._chain(node, rest, reached)
        return at

    def _new(self, node: int, threshold: float = 0.0, *, missing_left: bool = False) -> int:
        if len(self.source) >= GROWTH * len(self.tree.feature):
            raise EngineError(f"zero_as_missing=True sends zeros against their order at so many splits that plain splits need over {GROWTH} times the nodes")
        self.source.append(node)
        self.threshold.append(threshold)
        self.missing_left.append(missing_left)
        self.left.append(-1)
        self.right.append(-1)
        return len(self.source) - 1
