"""The code spaces that a sampler fills; what a point means is the representation's business."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array, Bool, Float

ROWS = 1024  # points read at once


@dataclass(frozen=True)
class Cube:
    """The open unit cube (0, 1)^m: tables. Every column's law reads its coordinate by its quantile function, so one set of
    points serves every instance, every law and every width.
    """

    m: int

    @property
    def coordinates(self) -> int:
        """Uniform numbers that make one point."""
        return self.m

    def read(self, points: Float[Array, "s m"]) -> Float[Array, "s m"]:
        """The points themselves, unit by unit in memory, as they are read."""
        return np.asfortranarray(points)


@dataclass(frozen=True)
class Masks:
    """{0, 1}^m, 1 = kept: texts, images, series, prompts. Every subset of the same size is as likely as another.

    counts : (m + 1,) probability that 0, 1, ..., m parts are kept.
    """

    m: int
    counts: tuple[float, ...]

    @property
    def coordinates(self) -> int:
        """One uniform number for how many are kept, m for which."""
        return self.m + 1

    def read(self, points: Float[Array, "s q"]) -> Bool[Array, "s m"]:
        """The first coordinate is the quantile of the number kept; the smallest of the others are kept."""
        kept = np.searchsorted(np.cumsum(self.counts[:-1]), points[:, 0], side="right")
        others, masks = points[:, 1:], np.empty((len(points), self.m), dtype=bool)
        for i in range(0, len(points), ROWS):  # sorted rows are a copy
            at = slice(i, i + ROWS)
            largest = np.take_along_axis(np.sort(others[at], axis=1), np.maximum(kept[at] - 1, 0)[:, None], axis=1)
            masks[at] = (others[at] <= largest) & (kept[at] > 0)[:, None]
        tied = np.flatnonzero(masks.sum(axis=1) != kept)  # of equal numbers the first come first
        masks[tied] = others[tied].argsort(axis=1, kind="stable").argsort(axis=1) < kept[tied, None]
        return masks


@dataclass(frozen=True)
class Varied:
    """Masks, and one uniform number in (0, 1): which of many things stands in the place of what is hidden."""

    masks: Masks

    @property
    def m(self) -> int:
        """One bit a part, and the number."""
        return self.masks.m + 1

    @property
    def coordinates(self) -> int:
        """Those of the masks, and one."""
        return self.masks.coordinates + 1

    def read(self, points: Float[Array, "s q"]) -> Float[Array, "s m"]:
        """The last coordinate is the number."""
        return np.column_stack([self.masks.read(points[:, :-1]), points[:, -1]])


Space = Cube | Masks | Varied


def _bits(a: Array) -> bool:
    return a.dtype.kind == "b" or bool(((a == 0) | (a == 1)).all())


def _open(a: Array) -> bool:
    return bool(a.min() > 0 and a.max() < 1)


INSIDE = {
    Cube: (_open, "strictly between 0 and 1"),
    Masks: (_bits, "0 and 1"),
    Varied: (lambda a: _bits(a[..., :-1]) and _open(a[..., -1]), "0 and 1, and a last one strictly between them"),
}


def checked(draws: Any, space: Space, n: int, sampler: Any) -> Array:
    """A sampler's draws, if they are n points of the space."""
    a = np.asarray(draws)
    if a.ndim != 3 or a.shape[1:] != (n, space.m) or a.dtype.kind not in "fbiu":
        raise InputError(f"the sampler {sampler!r} gave draws of shape {a.shape} and dtype {a.dtype}; expected numbers of shape (1, {n}, {space.m})")
    inside, words = INSIDE[type(space)]
    if not inside(a):
        raise InputError(f"the sampler {sampler!r} gave draws outside {space}; expected numbers {words}")
    return a
