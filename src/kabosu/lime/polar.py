"""Standard normal draws, bit for bit those of ``RandomState.normal``, an array at a time."""

from functools import lru_cache
from typing import Any

import numpy as np

from kabosu.types import Array, Float

LEAST = 1000  # draws from which arrays pay


def normals(random_state: Any, n: int) -> Float[Array, "n"]:
    """What ``random_state.normal(0, 1, n)`` gives. It draws one by one, and keeps one of each pair for later: an odd number is left to it."""
    if n < LEAST or n % 2 or not _agrees() or random_state.get_state(legacy=False)["has_gauss"]:
        return random_state.normal(0, 1, n)
    return _pairs(random_state, n // 2)


def _pairs(random_state: Any, n: int) -> Float[Array, "n"]:
    """Marsaglia's polar method: points in the square until n are in the disk, never more of them at once than are wanted, so none is too many."""
    from scipy.special import xlogy  # with the logarithm of the C library, as the generator has it; that of numpy differs in last bits

    points, squares, done = np.empty(n, dtype=np.complex128), np.empty(n), 0
    while done < n:
        u = random_state.random_sample(2 * (n - done))
        u *= 2
        u -= 1
        square = u * u
        square = square[::2] + square[1::2]
        inside = np.flatnonzero((square < 1) & (square > 0))
        now = slice(done, done := done + len(inside))
        points[now], squares[now] = u.view(np.complex128).take(inside), square.take(inside)
    factor = xlogy(-2.0, squares)
    factor /= squares
    np.sqrt(factor, out=factor)
    made = np.empty((n, 2))
    np.multiply(points.imag, factor, out=made[:, 0])
    np.multiply(points.real, factor, out=made[:, 1])
    return made.reshape(-1)


@lru_cache(maxsize=1)
def _agrees() -> bool:
    """Whether that is this numpy's to the last bit; where compilers fuse products and sums it may not be."""
    from sklearn.utils import check_random_state

    old, new = check_random_state(0), check_random_state(0)
    return bool((old.normal(0, 1, 10000) == _pairs(new, 5000)).all()) and old.random_sample() == new.random_sample()
