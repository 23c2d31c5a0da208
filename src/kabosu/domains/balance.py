"""Optimum allocation of draws (Neyman 1934): rare levels and points are drawn more often than they are, at as much less weight.

A coefficient's error goes with the variance of its coordinate, v = Var_q(z), which a level that hardly ever occurs makes small:
with residuals of one size, s draws leave

    Var(b_j)  ~  1/v_j  T_j / X_j  prod_i X_i / s,     T_j = sum_c p_c^2 m_c / (v_j p'_c),     X_i = sum_c p_c^2 / p'_c,

p_c the probability of component c (a level, a repeated value, the normal) under q, p'_c the one it is drawn with, m_c =
E[(z_j - E z_j)^2 | c]. The sum over features is least where

    p'_c  proportional to  p_c sqrt(m_c / v_j^2 + sum over i != j of T_i / (v_i X_i)),

which a few rounds settle. The net of the sampler stays: a coordinate of its points is stretched where a component is enlarged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from typing import Any

import numpy as np

from kabosu.domains.laws import EDGE, LONG, Key, Law, LevelLaw, NumberLaw
from kabosu.types import Array, Bool, Float, Int, Rows

NEVER = 1e-100  # variance of what no number of draws shows; its square is still a number
ROUNDS = 6


def _stretched(old: bytes, new: bytes, u: Key) -> tuple[Float[Array, "s"], Float[Array, "s"]]:
    """Points at which the law is read, and the logarithm of what each draw weighs."""
    before, after = np.frombuffer(old), np.frombuffer(new)
    c = np.minimum(np.searchsorted(after, u.array, side="right"), len(after) - 1)
    low, high = (np.concatenate([[0.0], edges]) for edges in (before, after))
    p, drawn = np.diff(low), np.diff(high)
    place = np.clip((u.array - high[c]) / np.maximum(drawn[c], EDGE), EDGE, 1 - EDGE)
    points, log = np.clip(low[c] + place * p[c], EDGE, 1 - EDGE), np.log(p[c]) - np.log(drawn[c])
    for array in (points, log):
        array.setflags(write=False)
    return points, log


_remembered = lru_cache(maxsize=128)(_stretched)  # a block of draws is read as rows, as coordinates and as weights


@dataclass(frozen=True)
class BalancedLaw:
    """A law that is drawn from at other probabilities of its components: instance by instance, by the same points.

    drawn : (B, c) cumulative probabilities with which the components are drawn.
    """

    law: Law
    drawn: Float[Array, "B c"]

    @property
    def width(self) -> int:
        """Interpretable coordinates of this unit."""
        return self.law.width

    @property
    def alike(self) -> bool:
        """Instances have probabilities of their own."""
        return False

    @property
    def origin(self) -> Float[Array, "#B q"]:
        """The instances' coordinates."""
        return self.law.origin

    @property
    def own(self) -> Array:
        """The instances' own levels or coordinates."""
        return self.law.own

    @cached_property
    def _cumulative(self) -> Float[Array, "B c"]:
        return _cumulative(self.law)

    def take(self, rows: Rows) -> "BalancedLaw":
        """Some of the instances."""
        return BalancedLaw(self.law.take(rows), self.drawn[rows])

    def _of(self, b: int, u: Float[Array, "s"]) -> tuple[Float[Array, "s"], Float[Array, "s"]]:
        owner = u if u.base is None else u.base
        read = _stretched if len(u) > LONG or owner.flags.writeable else _remembered
        return read(self._cumulative[b].tobytes(), self.drawn[b].tobytes(), Key(u))

    def _read(self, reading: str, u: Float[Array, "s"]) -> Array:
        """One of the law's readings, each instance at its own points."""
        return np.concatenate([getattr(self.law.take([b]), reading)(self._of(b, u)[0]) for b in range(len(self.drawn))])

    def coordinates(self, u: Float[Array, "s"]) -> Array:
        """(B, s, q) coordinates of the draws."""
        return self._read("coordinates", u)

    def cells(self, u: Float[Array, "s"]) -> Array:
        """(B, s) cells of the draws."""
        return self._read("cells", u)

    def levels(self, u: Float[Array, "s"]) -> Int[Array, "B s"]:
        """Codes of the levels that are drawn."""
        return self._read("levels", u)

    def log_ratio(self, u: Float[Array, "s"]) -> Float[Array, "B s"]:
        """Logarithm of the probability of each draw under the law, relative to that with which it was drawn."""
        return np.stack([self._of(b, u)[1] for b in range(len(self.drawn))])

    def at(self) -> Array:
        """The instances' own cells."""
        return self.law.at()


def first_alike(laws: Sequence[Any], u: Float[Array, "s m"]) -> Int[Array, "B s"] | None:
    """For each draw the number of the first draw that is the same row; None where a column is drawn from a continuum."""
    if any(_endless(law) for law in laws):
        return None
    cells = [law.cells(u[:, j]).astype(np.float64) for j, law in enumerate(laws)]
    return np.stack([_first([cell[b % len(cell)] for cell in cells]) for b in range(len(laws[0].at()))])


def _first(cells: Sequence[Float[Array, "s"]]) -> Int[Array, "s"]:
    rows = np.stack(cells, axis=1)
    _, first, which = np.unique(rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize)))[:, 0], return_index=True, return_inverse=True)
    return first[which]


def _endless(law: Any) -> bool:
    if isinstance(law, BalancedLaw):
        return _endless(law.law)
    return bool((law.rates[:, -1] > 0).any()) if isinstance(law, NumberLaw) else law.inside is not None and bool((law.inside.sd > 0).any())


def mixed(laws: Sequence[Any]) -> bool:
    """True where some unit has levels or points, whose probabilities can be chosen."""
    return any(isinstance(law, LevelLaw) or law.points.shape[1] > 0 for law in laws)


def log_ratio(laws: Sequence[Any], u: Float[Array, "s m"]) -> Float[Array, "B s"] | None:
    """Logarithm of what the draws of some laws weigh; None where none is balanced."""
    parts = [law.log_ratio(u[:, j]) for j, law in enumerate(laws) if isinstance(law, BalancedLaw)]
    return sum(parts[1:], parts[0]) if parts else None


def log_enlarged(several: Sequence[Sequence[Any]], own: int, u: Float[Array, "s m"]) -> Float[Array, "T s"]:
    """How much more often the components of draws of the ``own`` laws are drawn under each of several than they are: sums of log(p' / p).

    several : laws of the same units around one instance, at several widths.
    """
    out = np.zeros((len(several), len(u)))
    for j, law in enumerate(several[own]):
        if isinstance(law, BalancedLaw):
            c = np.minimum(np.searchsorted(law.drawn[0], u[:, j], side="right"), law.drawn.shape[1] - 1)
            for t, laws in enumerate(several):
                p, drawn = (np.diff(edges[0], prepend=0.0)[c] for edges in (laws[j]._cumulative, laws[j].drawn))
                there = (p > 0) & (drawn > 0)
                out[t] += np.where(there, np.log(np.where(there, drawn, 1.0)) - np.log(np.where(there, p, 1.0)), 0.0)
    return out


def balanced(local: Any) -> Any:
    """A block under q that is drawn from by optimum allocation; None as it is."""
    return None if local is None else replace(local, laws=_balanced(local.laws))


def _balanced(laws: Sequence[Law]) -> tuple[Any, ...]:
    """Laws with levels or points at the optimum's probabilities; the others as they are."""
    parts = [_parts(law) for law in laws]
    B, most = len(laws[0].at()), max(p.shape[1] for p, _ in parts)
    P, M = np.zeros((len(laws), B, most)), np.zeros((len(laws), B, 2, most))
    for j, (p, m) in enumerate(parts):
        P[j, :, : p.shape[1]], M[j, :, : m.shape[1], : m.shape[2]] = p, m
    factor = _factor(P, M)
    return tuple(_enlarged(law, factor[j]) for j, law in enumerate(laws))


def _factor(P: Float[Array, "J B c"], M: Float[Array, "J B q c"]) -> Float[Array, "J B c"]:
    """Square root of the optimum's probabilities over those of the law."""
    V = (P[:, :, None] * M).sum(axis=-1)
    seen = V > NEVER
    gain = np.where(seen[..., None], M / np.where(seen, V, 1.0)[..., None] ** 2, 0.0).sum(axis=2)  # sum over coordinates of m_c / v^2
    factor = np.ones_like(P)
    for _ in range(ROUNDS):
        share = (P * gain / factor).sum(axis=-1) / (P / factor).sum(axis=-1)
        factor = np.sqrt(gain + (reduce(np.add, share) - share)[..., None])  # unit after unit: sums must not see B
        factor = np.where(factor > 0, factor, 1.0)
    return factor


def _parts(law: Law) -> tuple[Float[Array, "#B c"], Float[Array, "#B q c"]]:
    """Probabilities of the components under the law, and E[(z - E z)^2 | component] of each coordinate."""
    if isinstance(law, LevelLaw):
        own = np.take_along_axis(_probabilities(law), law.own[:, None], axis=1)
        p = np.concatenate([own, 1 - own], axis=1)
        return p, np.concatenate([1 - own, own], axis=1)[:, None] ** 2
    cumulative, mean, sd = law._local
    p = np.diff(cumulative, axis=1, prepend=0.0)
    points = np.broadcast_to(law._spread, (max(len(law._spread), len(mean)), law.points.shape[1]))
    lost = np.isnan(points)
    filled = np.where(lost, law.own[: len(points), None], points)
    z = np.concatenate([filled, np.broadcast_to(mean[:, None], (len(points), 1))], axis=1)
    missing = np.concatenate([lost, np.zeros((len(points), 1), dtype=bool)], axis=1).astype(np.float64)
    each = np.stack([z, missing][: law.width], axis=1)
    away = each - (p[:, None] * each).sum(axis=-1, keepdims=True)
    away *= away
    away[:, 0, -1] += sd**2
    return p, away


def _probabilities(law: LevelLaw) -> Float[Array, "B L"]:
    """Of every level."""
    return np.diff(_cumulative(law), axis=1, prepend=0.0)


def _cumulative(law: Law) -> Float[Array, "B c"]:
    if isinstance(law, LevelLaw):
        table, which = law._table, law._distinct[1]
        return table[which]
    cumulative = law._local[0]
    return np.broadcast_to(cumulative, (len(law.own), cumulative.shape[1]))


def _enlarged(law: Law, factor: Float[Array, "B c"]) -> Any:
    """The law drawn from at its probabilities times these factors; of levels: the own one's, and the others'."""
    if isinstance(law, NumberLaw) and not law.points.shape[1]:
        return law
    p = np.diff(_cumulative(law), axis=1, prepend=0.0)
    each = factor[:, : p.shape[1]] if isinstance(law, NumberLaw) else np.where(_is_own(law, p.shape[1]), factor[:, :1], factor[:, 1:2])
    drawn = np.cumsum(p * each, axis=1)
    return BalancedLaw(law, drawn / drawn[:, -1:])


def _is_own(law: LevelLaw, levels: int) -> Bool[Array, "B L"]:
    return np.arange(levels) == law.own[:, None]
