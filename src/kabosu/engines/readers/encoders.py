"""How the cells of a categorical column become the codes that the trees' category sets are written in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kabosu.frames import is_missing
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Listed:
    """The code of a cell is its place in a list.

    unseen : the code of other cells: -1 goes right everywhere, NaN goes where missing goes.
    """

    levels: tuple[Any, ...]
    unseen: float = -1.0

    @classmethod
    def of(cls, levels: Sequence[Any], unseen: float = -1.0) -> "Listed":
        """Missing levels have no code."""
        return cls(tuple(v.item() if isinstance(v, np.generic) else v for v in levels if not is_missing(v)), unseen)

    @cached_property
    def codes(self) -> dict[Any, float]:
        """Level -> code."""
        return {level: float(code) for code, level in enumerate(self.levels)}

    def __call__(self, cells: Array) -> Float[Array, "n"]:
        """Codes of cells."""
        return np.array([np.nan if is_missing(v) else self.codes.get(v, self.unseen) for v in cells], dtype=np.float64)
