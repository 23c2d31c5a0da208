"""Sufficient statistics of weighted least squares: they add, so that samples can be split, streamed or computed exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from kabosu.types import Array, Bool, Float, Int, Points

FOLDS = 8
CACHE = 1 << 15  # numbers that stay in the cache
MANY = 128  # coordinates from which the folds are taken one after the other, which needs less memory
FLAT = 1e-24  # a response whose variance is below this share of its mean square does not vary


@dataclass(frozen=True)
class Moments:
    """E[w a a'], E[w a f], E[w f^2] with a = (1, z), summed over draws, apart for each of R folds (``fold_of``).

    gram : G.  cross : c.  square : sum of w f^2.  weight2 : sum of w^2.  count : number of draws.
    """

    gram: Float[Array, "#B R q q"]
    cross: Float[Array, "B R q k"]
    square: Float[Array, "B R k"]
    weight2: Float[Array, "#B"]
    count: int

    @classmethod
    def of(cls, Z: Points, Y: Float[Array, "B s k"], w: Float[Array, "#B s"], folds: int = FOLDS, origin: Float[Array, "#B p"] | None = None, replicates: int = 0) -> "Moments":
        """Moments of a weighted sample, its coordinates counted from the origin."""
        if max(len(Z), len(w), 0 if origin is None else len(origin)) > 1:  # an instance at a time, whose draws stay in the cache
            at = lambda a, b: a[b : b + 1] if len(a) > 1 else a  # noqa: E731  broadcast leading axis
            return cls.stack([cls.of(at(Z, b), Y[b : b + 1], at(w, b), folds, None if origin is None else at(origin, b), replicates) for b in range(len(Y))])
        root = np.sqrt(w)
        if Z.shape[2] > MANY:
            return _fold_by_fold(Z, Y, w, folds, origin, replicates)
        cuts = _cuts(Z.shape[1], folds, replicates)
        wide, F = _folded(Z.swapaxes(1, 2), root, cuts, origin, constant=1, spare=int(Z.shape[2] % 8 == 6)), _folded(Y.swapaxes(1, 2), root, cuts)
        A = wide[:, :, : 1 + Z.shape[2]]
        gram = np.ascontiguousarray(np.matmul(wide, wide.swapaxes(-1, -2))[..., : A.shape[2], : A.shape[2]])
        return cls(gram, summed(A, F.swapaxes(-1, -2)), (F**2).sum(axis=3), np.einsum("bs,bs->b", w, w), Z.shape[1])

    @classmethod
    def stack(cls, parts: Sequence["Moments"]) -> "Moments":
        """Instances of several samples, one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("gram", "cross", "square", "weight2")), parts[0].count)  # pyright: ignore[reportCallIssue]

    def __add__(self, other: "Moments") -> "Moments":
        """Moments of both samples together, fold by fold."""
        return Moments(self.gram + other.gram, self.cross + other.cross, self.square + other.square, self.weight2 + other.weight2, self.count + other.count)

    @cached_property
    def pooled(self) -> "Moments":
        """All folds as one."""
        return Moments(self.gram.sum(1, keepdims=True), self.cross.sum(1, keepdims=True), self.square.sum(1, keepdims=True), self.weight2, self.count)

    def scrambles(self, replicates: int) -> "Moments":
        """Folds of the same replicate as one (``fold_of``)."""
        if replicates < 2 or self.gram.shape[1] == replicates:
            return self
        whole = lambda a: a.reshape(len(a), -1, replicates, *a.shape[2:]).sum(axis=1)  # noqa: E731
        return Moments(whole(self.gram), whole(self.cross), whole(self.square), self.weight2, self.count)

    def only(self, fold: int) -> "Moments":
        """One of the folds."""
        at = slice(fold, fold + 1)
        return Moments(self.gram[:, at], self.cross[:, at], self.square[:, at], self.weight2, self.count)

    def __sub__(self, other: "Moments") -> "Moments":
        """Moments without those of a part."""
        return Moments(self.gram - other.gram, self.cross - other.cross, self.square - other.square, self.weight2, self.count)

    def without(self) -> "Moments":
        """Fold r: everything but fold r."""
        pooled = self.pooled
        return Moments(pooled.gram - self.gram, pooled.cross - self.cross, pooled.square - self.square, self.weight2, self.count)

    def restrict(self, rows: Int[Array, "N"], outputs: Int[Array, "N n"], features: Int[Array, "N K"]) -> "Moments":
        """N problems: instance ``rows[i]``, the outputs ``outputs[i]`` and the features ``features[i]`` only."""
        q = np.concatenate([np.zeros((len(rows), 1), dtype=np.int64), features + 1], axis=1)
        g = rows if len(self.gram) > 1 else np.zeros_like(rows)
        gram = self.gram[g[:, None, None], :, q[:, :, None], q[:, None, :]].transpose(0, 3, 1, 2)
        cross = self.cross[rows[:, None, None], :, q[:, :, None], outputs[:, None]].transpose(0, 3, 1, 2)
        square = self.square[rows[:, None], :, outputs].swapaxes(1, 2)
        gram, cross, square = (np.ascontiguousarray(a) for a in (gram, cross, square))  # sums must not see the layout
        return Moments(gram, cross, square, self.weight2[g if len(self.weight2) > 1 else 0 * g], self.count)

    @property
    def weight(self) -> Float[Array, "#B R"]:
        """Sum of the weights."""
        return self.gram[..., 0, 0]

    @property
    def _positive(self) -> Float[Array, "#B R"]:
        """The weight; 1 in folds that a narrow kernel left without any, whose sums are 0."""
        return np.where(self.weight > 0, self.weight, 1.0)

    @property
    def center(self) -> Float[Array, "#B R p"]:
        """Weighted mean of z."""
        return self.gram[..., 0, 1:] / self._positive[..., None]

    @property
    def level(self) -> Float[Array, "B R k"]:
        """Weighted mean of the response."""
        return self.cross[..., 0, :] / self._positive[..., None]

    @property
    def covariance(self) -> Float[Array, "#B R p p"]:
        """Sum of w (z - center)(z - center)'."""
        m = self.center
        out = (self.weight[..., None] * m)[..., :, None] * m[..., None, :]
        return np.subtract(self.gram[..., 1:, 1:], out, out=out)

    @property
    def covariance_with_response(self) -> Float[Array, "B R p k"]:
        """Sum of w (z - center) f."""
        return self.cross[..., 1:, :] - self.center[..., :, None] * self.cross[..., :1, :]

    @property
    def total(self) -> Float[Array, "B R k"]:
        """Sum of w (f - level)^2, 0 where it is rounding noise."""
        total = self.square - self.weight[..., None] * self.level**2
        return np.where(total > FLAT**0.5 * self.square, total, 0.0)

    def residual(self, intercept: Float[Array, "B R k"], coef: Float[Array, "B R p k"]) -> Float[Array, "B R k"]:
        """Sum of w (f - intercept - coef . z)^2."""
        b = np.concatenate([intercept[..., None, :], coef], axis=-2)
        return self.square - 2 * (b * self.cross).sum(-2) + (b * np.matmul(self.gram, b)).sum(-2)

    @property
    def effective_sample_size(self) -> Float[Array, "#B"]:
        """(sum w)^2 / sum w^2."""
        return self.weight.sum(1) ** 2 / self.weight2


def _fold_by_fold(Z: Points, Y: Float[Array, "B s k"], w: Float[Array, "1 s"], folds: int, origin: Float[Array, "1 p"] | None, replicates: int) -> Moments:
    """Moments of one set of many coordinates."""
    rows = [slice(first + r, last, cuts.turns) for cuts in [_cuts(Z.shape[1], folds, replicates)] for first, last in pairwise(cuts.ends) for r in range(cuts.turns)]
    s, q = Z.shape[1], 1 + Z.shape[2]
    gram, cross, square = np.empty((1, folds, q, q)), np.empty((len(Y), folds, q, Y.shape[2])), np.empty((len(Y), folds, Y.shape[2]))
    for fold, at in enumerate(rows):
        weight = np.sqrt(w[0, at, None])
        A = np.empty((len(weight), q), order="F" if Z.strides[1] < Z.strides[2] else "C")  # as the coordinates lie in memory
        A[:, :1] = weight
        np.multiply(Z[0, at] if origin is None else Z[0, at] - origin, weight, out=A[:, 1:])
        F = Y[:, at] * weight
        np.matmul(A.T, A, out=gram[0, fold])
        cross[:, fold], square[:, fold] = summed(A.T[None], F), (F**2).sum(axis=1)
    return Moments(gram, cross, square, np.einsum("bs,bs->b", w, w), s)


def summed(a: Array, b: Array) -> Array:
    """Sums over draws: (..., q, s) @ (..., s, k), output by output, as products with a matrix of few columns are slow."""
    return np.ascontiguousarray(np.matmul(a[..., None, :, :], b.swapaxes(-1, -2)[..., None])[..., 0].swapaxes(-1, -2))


def folds_of(replicates: int) -> int:
    """At least eight folds for held-out draws, a whole number to each replicate: fold f is of replicate f mod R."""
    return replicates * max(1, FOLDS // replicates) if replicates else FOLDS


@dataclass(frozen=True)
class Cuts:
    """Draws in folds: fold b turns + r has every turns-th of the draws ends[b] to ends[b + 1], from the r-th on."""

    turns: int
    ends: tuple[int, ...]


def _cuts(s: int, folds: int, replicates: int) -> Cuts:
    """Replicates by turns, each cut into draws that follow one another; folds by turns where there are none."""
    turns = replicates or folds
    each, rounds = folds // turns, -(-s // turns)
    return Cuts(turns, (*(min(-(-b * rounds // each) * turns, s) for b in range(each)), s))


def fold_of(s: int, folds: int, replicates: int) -> Int[Array, "s"]:
    """Number of each draw's fold: points of one scramble that follow one another are a net of their own, and stand for all.

    Every eighth of them are not: in some coordinate they fill a part of the range only, and a held-out fold of these asks for
    extrapolation. Independent draws take turns.
    """
    cuts, i = _cuts(s, folds, replicates), np.arange(s)
    return (np.searchsorted(cuts.ends, i, side="right") - 1) * cuts.turns + i % cuts.turns


def _folded(a: Float[Array, "#B c s"] | Bool[Array, "#B c s"], root: Float[Array, "#B s"], cuts: Cuts, origin: Float[Array, "#B c"] | None = None, constant: int = 0, spare: int = 0) -> Float[Array, "#B R q n"]:
    """(constant, a - origin, spare zeros) times root, fold by fold; a short last round is filled with zeros, which weigh nothing.

    Some columns after the other, so that they stay in the cache. Products of 32 columns take four fifths of those of 31.
    """
    s, blocks = a.shape[2], len(cuts.ends) - 1
    longest = max(-(-(last - first) // cuts.turns) for first, last in pairwise(cuts.ends))
    out = np.empty((max(len(a), len(root)), constant + a.shape[1] + spare, blocks * cuts.turns, longest))
    out[:, constant + a.shape[1] :] = 0.0
    if constant:
        _fold(root[:, None], out[:, :1], cuts)
    step = max(1, CACHE // s)
    for first in range(0, a.shape[1], step):
        some = slice(first, first + step)
        part = a[:, some].astype(np.float64, order="C")
        if origin is not None:
            part -= origin[:, some, None]
        part = np.multiply(part, root[:, None], out=part if len(part) >= len(root) else None)
        _fold(part, out[:, constant + first : constant + first + part.shape[1]], cuts)
    return out.swapaxes(1, 2)


def _fold(values: Float[Array, "#B c s"], to: Float[Array, "#B c R n"], cuts: Cuts) -> None:
    """Draws to their folds."""
    for b, (first, last) in enumerate(pairwise(cuts.ends)):
        _deal(values[..., first:last], to[:, :, b * cuts.turns : (b + 1) * cuts.turns])


def _deal(values: Float[Array, "#B c s"], to: Float[Array, "#B c R n"]) -> None:
    """Draw i to round i // R of fold i mod R."""
    s, turns = values.shape[2], to.shape[2]
    whole = s // turns
    to[..., :whole] = values[..., : whole * turns].reshape(*values.shape[:2], whole, turns).swapaxes(2, 3)
    to[..., whole:] = 0.0
    if s > whole * turns:
        to[..., : s - whole * turns, whole] = values[..., whole * turns :]
