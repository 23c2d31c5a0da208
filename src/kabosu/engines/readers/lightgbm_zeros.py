"""LightGBM's ``zero_as_missing``: a split sends zeros its default way, so that one child may get a hole cut out of the other's half line."""

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
    """A part of the line up to ``upper``, and the side that it is sent to.

    zero : zero is in it.  alone : nothing else is.
    """

    upper: float
    left: bool
    zero: bool = False
    alone: bool = False


def pieces(threshold: float, default_left: bool) -> list[Piece]:
    """The line as LightGBM splits it; neighbors that go the same way are one.

    Examples
    --------
    >>> [(round(p.upper, 3), p.left) for p in pieces(2.0, default_left=False)]
    [(-0.0, True), (0.0, False), (2.0, True), (inf, False)]
    >>> [(p.upper, p.left) for p in pieces(2.0, default_left=True)]
    [(2.0, True), (inf, False)]

    """
    ends = sorted({BELOW, ZERO, threshold, np.inf})
    line = [Piece(u, default_left, True, True) if u == ZERO else Piece(u, u <= threshold) for u in ends]
    merged = [line[0]]
    for last, piece in pairwise(line):
        if last.left == piece.left:
            merged[-1] = Piece(piece.upper, piece.left, merged[-1].zero or piece.zero)
        else:
            merged.append(piece)
    return merged


def zeros_as_missing(tree: Grown, zeros: Bool[Array, "N"]) -> Grown:
    """The same tree in plain splits; subtrees that several pieces of a line lead to are copied.

    zeros : splits that send zero and missing to the side of ``missing_left``.
    """
    copy = _Copy(tree, zeros)
    copy.add(0, frozenset())
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

    def add(self, node: int, known: frozenset[int]) -> int:
        """Copy a subtree that is reached only where the ``known`` features are zero or missing."""
        t, f = self.tree, int(self.tree.feature[node])
        default, threshold = bool(t.missing_left[node]), float(t.threshold[node])
        if t.left[node] < 0:
            return self._new(node, 0.0, False)
        if not self.zeros[node]:
            at = self._new(node, threshold, default)
            self.left[at], self.right[at] = self.add(int(t.left[node]), known), self.add(int(t.right[node]), known)
            return at
        if f in known:
            return self.add(int(t.left[node] if default else t.right[node]), known)
        return self._chain(node, pieces(threshold, default), known)

    def _chain(self, node: int, line: list[Piece], known: frozenset[int]) -> int:
        """Splits that cut one piece after another off to the left; missing goes where zero goes."""
        first, *rest = line
        child = int(self.tree.left[node] if first.left else self.tree.right[node])
        inside = known | {int(self.tree.feature[node])} if first.alone else known
        if not rest:
            return self.add(child, inside)
        at = self._new(node, first.upper, first.zero)
        self.left[at] = self.add(child, inside)
        self.right[at] = self._chain(node, rest, known)
        return at

    def _new(self, node: int, threshold: float, missing_left: bool) -> int:
        if len(self.source) >= GROWTH * len(self.tree.feature):
            raise EngineError(f"zero_as_missing=True sends zeros against their order at so many splits that plain splits need over {GROWTH} times the nodes")
        self.source.append(node)
        self.threshold.append(threshold)
        self.missing_left.append(missing_left)
        self.left.append(-1)
        self.right.append(-1)
        return len(self.source) - 1
