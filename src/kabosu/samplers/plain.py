"""Independent uniform draws."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kabosu.errors import InputError
from kabosu.spaces import Space
from kabosu.types import Array, Drawn, Float

CHUNK = 1024


@dataclass(frozen=True)
class Plain:
    """Independent points of the unit cube, in chunks seeded by (seed, chunk number) so that more draws continue the sequence.

    Examples
    --------
    >>> from kabosu.spaces import Cube
    >>> a, b = Plain().draw(Cube(2), 0, 10, seed=0), Plain().draw(Cube(2), 5, 10, seed=0)
    >>> bool((a[:, 5:] == b).all())
    True

    """

    @property
    def replicates(self) -> int:
        """None: every draw stands for itself."""
        return 0

    def draw(self, space: Space, start: int, stop: int, seed: int) -> Drawn:
        """Draws start..stop-1, the same whoever asks, in however many calls."""
        if not isinstance(space, Space):
            raise InputError(f"plain points fill the unit cube or masks; got the space {space}")
        return _points(space, start, stop, seed)


@lru_cache(maxsize=4)
def _points(space: Space, start: int, stop: int, seed: int) -> Drawn:
    """The same array for the same draws."""
    first, last = start // CHUNK, -(-stop // CHUNK)
    points = np.concatenate([_chunk(space.coordinates, seed, i) for i in range(first, last)])
    points = space.read(points[start - first * CHUNK : stop - first * CHUNK])
    points.setflags(write=False)
    return points[None]


def _chunk(m: int, seed: int, i: int) -> Float[Array, "1024 m"]:
    return np.random.default_rng([seed, i]).random((CHUNK, m)) * (1 - 2.0**-52) + 2.0**-54
