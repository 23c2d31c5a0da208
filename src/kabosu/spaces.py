"""The code spaces that a sampler fills; what a point means is the representation's business."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array


@dataclass(frozen=True)
class Cube:
    """The open unit cube (0, 1)^m: tables. Every column's law reads its coordinate by its quantile function, so one set of
    points serves every instance, every law and every width.
    """

    m: int


@dataclass(frozen=True)
class Masks:
    """{0, 1}^m, 1 = kept: texts, images, series, prompts."""

    m: int


Space = Cube | Masks


def checked(draws: Any, space: Space, n: int, sampler: Any) -> Array:
    """A sampler's draws, if they are n points of the space."""
    a = np.asarray(draws)
    if a.ndim != 3 or a.shape[1:] != (n, space.m) or a.dtype.kind not in "fbiu":
        raise InputError(f"the sampler {sampler!r} gave draws of shape {a.shape} and dtype {a.dtype}; expected numbers of shape (1, {n}, {space.m})")
    if not (a.min() > 0 and a.max() < 1 if isinstance(space, Cube) else ((a == 0) | (a == 1)).all()):
        raise InputError(f"the sampler {sampler!r} gave draws outside {space}; expected numbers {'strictly between 0 and 1' if isinstance(space, Cube) else '0 and 1'}")
    return a
