"""Exact LIME of linear models on columns of words that are divided by the length of their row, as TF-IDF is (MATH section 4).

    f(z) = base + A(z) / sqrt(S(z)),    A, S sums over groups of parts that share no column

1 / sqrt(S) = 2 / sqrt(pi) int_0^inf exp(-t^2 S) dt turns the length into a product over the groups. Its expectation over
subsets of each size is a product of polynomials in a variable that counts the kept parts; that times A is its derivative along
A, and that times z_k leaves the states without k out of one factor.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kabosu.domains.masks import moments_of_kept
from kabosu.types import Array, Bool, Float, Int

STEP = 0.125  # of the trapezoid rule, which then errs by 1e-14
ROOM = 2_000_000  # numbers in memory at once, of each kind
Dual = tuple[Float[Array, "n q"], Float[Array, "k n q"]]
"""Polynomials at some nodes, and their derivatives along A, one an output."""


@dataclass(frozen=True, eq=False)
class Group:
    """Parts that move columns together.

    parts : (g,).  masks : (2^g, g) all of them.  along, squares : (2^g, k), (2^g,) what each adds to A and to S.
    """

    parts: Int[Array, "g"]
    masks: Bool[Array, "m g"]
    along: Float[Array, "m k"]
    squares: Float[Array, "m"]

    def factor(self, t: Float[Array, "n"], with_part: int | None = None) -> Dual:
        """Sum over the states, by how many parts they keep; over those that keep one of the parts."""
        some = slice(None) if with_part is None else self.masks[:, with_part]
        e = np.exp(-(t[:, None] ** 2) * self.squares[some])
        by_count = np.eye(len(self.parts) + 1)[self.masks[some].sum(axis=1)]
        return e @ by_count, (e * self.along[some].T[:, None]) @ by_count


@dataclass(frozen=True, eq=False)
class Normed:
    """f(z) = base + (still + sum of A) / sqrt(square + sum of S) over the groups; base where nothing is left.

    base, still : (k,).  square : of the columns that no part moves.
    """

    base: Float[Array, "k"]
    still: Float[Array, "k"]
    square: float
    groups: tuple[Group, ...]

    def __call__(self, masks: Array) -> Float[Array, "s k"]:
        """Value at some masks."""
        A, S = np.tile(self.still, (len(masks), 1)), np.full(len(masks), self.square)
        for group in self.groups:
            state = masks[:, group.parts].astype(np.int64) @ (1 << np.arange(len(group.parts)))
            A, S = A + group.along[state], S + group.squares[state]
        return self.base + A / np.sqrt(np.where(S > 0, S, 1.0))[:, None]

    def nodes(self) -> tuple[Float[Array, "n"], Float[Array, "n"]]:
        """Points and weights of int_0^inf: t = exp(y - exp(-y)), in units of the greatest length."""
        highest = self.square + sum(float(g.squares.max()) for g in self.groups)
        lowest = self.square or min((float(s) for g in self.groups for s in g.squares[g.squares > 0]), default=1.0)
        y = np.arange(-3.8, np.log(7) + 0.5 * np.log(max(highest, lowest) / lowest) + 0.5, STEP)
        unit = 1 / np.sqrt(max(highest, lowest))
        t = np.exp(y - np.exp(-y)) * unit
        return t, STEP * t * (1 + np.exp(-y)) * 2 / np.sqrt(np.pi)


def moments_of_normed(f: Normed, counts: Float[Array, "q"]) -> tuple[Float[Array, "k"], Float[Array, "p k"]]:
    """E f and Cov(z, f)."""
    from scipy.special import gammaln

    p, (t, weight) = len(counts) - 1, f.nodes()
    c = np.arange(p + 1.0)
    each = counts * np.exp(gammaln(c + 1) + gammaln(p - c + 1) - gammaln(p + 1.0))  # probability of one subset
    mean, kept = np.zeros_like(f.base), np.zeros((p, len(f.base)))
    step = max(1, ROOM // (p + 1) ** 2)
    for first in range(0, len(t), step):
        some = slice(first, first + step)
        at, at_kept = _expected(f, each, t[some])
        mean, kept = mean + at @ weight[some], kept + (at_kept @ weight[some])
    return f.base + mean, kept - moments_of_kept(counts)[0] * mean


def _expected(f: Normed, each: Float[Array, "q"], t: Float[Array, "n"]) -> tuple[Float[Array, "k n"], Float[Array, "p k n"]]:
    """E[A exp(-t^2 S)], and with each part kept."""
    factors, k, q = [group.factor(t) for group in f.groups], len(f.base), len(each)
    after: list[Dual] = [(np.tile(each, (len(t), 1)), np.zeros((k, len(t), q)))]
    for factor in reversed(factors):
        after.append(_dual(_onto, after[-1], factor))
    after.reverse()
    left = np.exp(-(t**2) * f.square)
    mean = left * (f.still[:, None] * after[0][0][:, 0] + after[0][1][..., 0])
    before = np.zeros((len(t), q)), np.zeros((k, len(t), q))
    before[0][:, 0] = 1.0
    kept = np.zeros((q - 1, k, len(t)))
    for group, factor, rest in zip(f.groups, factors, after[1:], strict=True):
        value, slope = _dual(_inner, before, rest, len(group.parts) + 1)
        for i, part in enumerate(group.parts.tolist()):
            own, along = group.factor(t, i)
            kept[part] = left * (f.still[:, None] * (own * value).sum(axis=-1) + (along * value + own * slope).sum(axis=-1))
        before = _dual(_times, before, factor)
    return mean, kept


def _dual(product: Callable[..., Array], a: Dual, b: Dual, *more: int) -> Dual:
    """A product and its derivative."""
    return product(a[0], b[0], *more), product(a[1], b[0], *more) + product(a[0], b[1], *more)


def _times(P: Float[Array, "*k n q"], F: Float[Array, "*j n g"]) -> Float[Array, "*l n q"]:
    """Product of polynomials."""
    out = P * F[..., :1]
    for d in range(1, F.shape[-1]):
        out[..., d:] += F[..., d : d + 1] * P[..., :-d]
    return out


def _onto(B: Float[Array, "*k n q"], F: Float[Array, "*j n g"]) -> Float[Array, "*l n q"]:
    """What a further factor makes of the values of the powers."""
    out = B * F[..., :1]
    for d in range(1, F.shape[-1]):
        out[..., :-d] += F[..., d : d + 1] * B[..., d:]
    return out


def _inner(P: Float[Array, "*k n q"], B: Float[Array, "*j n q"], most: int) -> Float[Array, "*l n g"]:
    """Value of each further power."""
    q = P.shape[-1]
    return np.stack([(P[..., : q - d] * B[..., d:]).sum(axis=-1) for d in range(most)], axis=-1)
