"""Shapes as annotations: executed in tests (jaxtyping with beartype), plain arrays in production.

Letters: B instances in a block, s samples, m code width, d model inputs, p interpretable features, k outputs.
"#B" is B, or 1 where a whole block shares the values.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

Array = np.ndarray
Batch = Any
"""B rows of whatever the model eats: an array, a data frame, a list of records."""
Rows = Sequence[int] | Array
"""Positions of some instances."""

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float, Int
else:

    class Float:
        """Stands for ``jaxtyping.Float`` where shapes are not checked."""

        def __class_getitem__(cls, item):
            return item[0]

    Int = Bool = Float

Drawn = Float[Array, "1 s m"] | Bool[Array, "1 s m"]
"""Points of the cube, or masks."""

Points = Float[Array, "#B s p"] | Bool[Array, "#B s p"]
"""Coordinates of draws; True stands for 1 where all of them are 0 or 1."""

__all__ = ["Array", "Batch", "Bool", "Drawn", "Float", "Int", "Points", "Rows"]
