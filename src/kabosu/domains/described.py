"""What a block of rows says of its features: their values, where they are counted from, what is unusual about them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.domains.laws import Law, NumberLaw
from kabosu.domains.levels import together
from kabosu.domains.units import Levels, Number, Unit
from kabosu.types import Array

COMMONPLACE = 0.95  # share of training rows with the instance's own value, from which a feature need not vary in the draws


def shown(unit: Unit, law: Law) -> Array:
    """(B, q) the instances' values."""
    if isinstance(unit, Number):
        return unit.shown(law.at())
    out = np.empty((len(law.own), 1), dtype=object)
    keys = [unit.levels[i] for i in law.own] if law.x is None else [None if np.isnan(v) else float(v) for v in law.x]
    out[:, 0] = [(together(k) if unit.stays else str(k)) if isinstance(k, tuple) else k.item() if isinstance(k, np.generic) else k for k in keys]
    return out


def centers(unit: Unit, law: Law) -> Array:
    """Own units where the coordinate is 0."""
    if not isinstance(law, NumberLaw):
        return np.zeros((1, 1))
    return np.stack([law.center, np.zeros_like(law.center)], axis=1)[:, : law.width]


def usual(unit: Unit, law: Law) -> tuple[Array, Array]:
    """The average training row, as these coordinates see it, and (B, q) where hardly any training row differs from the instance."""
    if not isinstance(unit, Number):
        share = unit.rate[law.own][:, None]
        return share, share >= COMMONPLACE
    atoms, rates, x = np.array(unit.atoms), np.array(unit.rates), law.at()[:, None]
    missing = rates[np.isnan(atoms)].sum()
    same = ((atoms == x) * rates).sum(axis=1)
    lost = np.where(np.isnan(x[:, 0]), missing, 1 - missing)
    reference = np.array([[unit.mean, *([unit.rates[-1]] if law.width > 1 else [])]])
    return reference, np.stack([same, lost], axis=1)[:, : law.width] >= COMMONPLACE


def differs(cells: tuple[Any, Array], value: Any) -> Array:
    """(B,) where an instance's cell is another than the background's only one."""
    exemplars, v = cells
    own = v if exemplars is None else frames.cells(exemplars)[v]
    return np.array([not (frames.is_missing(o) and value is None) and o != value for o in own], dtype=bool)


def beyond(unit: Levels, own: Array) -> list[tuple[str, Array]]:
    """Columns of a group of numbers, and (B,) where an instance's number is outside the range of the training rows."""
    return [(str(c.name), _outside(frames.cells(e), unit.rate > 0, own)) for c, e in zip(unit.filled, unit.exemplars, strict=True)]


def _outside(cells: Array, trained: Array, own: Array) -> Array:
    known = [v for v in cells[trained] if v is not None]
    if not known or any(isinstance(v, str | bool) for v in known):
        return np.zeros(len(own), dtype=bool)
    low, high = min(known), max(known)
    return np.array([v is not None and not low <= v <= high for v in cells[own]], dtype=bool)


def named(pairs: Sequence[tuple[str, Array]], size: int) -> Array:
    """(B,) names of the columns that are marked in an instance, after one another."""
    out = np.full(size, "", dtype=object)
    for name, where in ((name, where) for name, where in pairs if where.any()):
        out[where] = [f"{have}, {name}" if have else name for have in out[where]]
    return out


def equal(cells: tuple[Any, Array]) -> bool:
    """True where all instances have the same cell, to the bit."""
    exemplars, v = cells
    return len(set(v.view(np.int64).tolist() if exemplars is None else [(type(c), c) for c in frames.cells(exemplars)[v]])) == 1
