"""The code spaces that a sampler fills; what a point means is the representation's business."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array, Bool, Float


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
        masks = np.empty((len(points), self.m), dtype=bool)
        np.put_along_axis(masks, points[:, 1:].argsort(axis=1, kind="stable"), np.arange(self.m) < kept[:, None], axis=1)
        return masks


Space = Cube | Masks


def checked(draws: Any, space: Space, n: int, sampler: Any) -> Array:
    """A sampler's draws, if they are n points of the space."""
    a = np.asarray(draws)
    if a.ndim != 3 or a.shape[1:] != (n, space.m) or a.dtype.kind not in "fbiu":
        raise InputError(f"the sampler {sampler!r} gave draws of shape {a.shape} and dtype {a.dtype}; expected numbers of shape (1, {n}, {space.m})")
    if not (a.min() > 0 and a.max() < 1 if isinstance(space, Cube) else a.dtype.kind == "b" or ((a == 0) | (a == 1)).all()):
        raise InputError(f"the sampler {sampler!r} gave draws outside {space}; expected numbers {'strictly between 0 and 1' if isinstance(space, Cube) else '0 and 1'}")
    return a
