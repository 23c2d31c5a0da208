"""Distances between points and the origin, in interpretable coordinates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array, Float, Points

CACHE = 1 << 15  # numbers that stay in the cache
Distance = Callable[[Float[Array, "#B s p"], Float[Array, "#B p"]], Float[Array, "#B s"]]


def euclidean(Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
    """sqrt(sum_j (z_j - o_j)^2); the square root of the number of differences where coordinates are 0/1."""
    if Z.dtype == bool and ((origin == 0) | (origin == 1)).all():
        differs = np.not_equal(Z, origin.astype(bool)[:, None])
        return np.sqrt(differs.sum(axis=2, dtype=np.uint8 if Z.shape[2] < 256 else np.int64), dtype=np.float64)
    out = np.zeros((max(len(Z), len(origin)), Z.shape[1]))
    step = max(1, CACHE // Z.shape[1])
    for b, row in enumerate(out):  # some coordinates at a time, whose differences stay in the cache
        points, around = Z[b if len(Z) > 1 else 0], origin[b if len(origin) > 1 else 0]
        for a in range(0, Z.shape[2], step):
            difference = points[:, a : a + step] - around[a : a + step]
            row += np.einsum("sp,sp->s", difference, difference)
    return np.sqrt(out, out=out)


def cosine(Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
    """1 - cos(z, o); 1 where one of them is zero. Of masks around the instance, whose bits are all set, counts say it."""
    if Z.dtype == bool and (origin == 1).all():
        return 1 - np.sqrt(np.count_nonzero(Z, axis=2) / Z.shape[2])
    inner = np.einsum("bsp,bp->bs", Z, origin) if len(Z) == len(origin) else Z @ origin[0]
    norms = np.linalg.norm(Z, axis=-1) * np.linalg.norm(origin, axis=-1)[:, None]
    return 1 - np.divide(inner, norms, out=np.zeros_like(inner), where=norms > 0)


@dataclass(frozen=True)
class Metric:
    """Any metric of ``scipy.spatial.distance.cdist``, by name.

    Examples
    --------
    >>> import numpy as np
    >>> Metric("cityblock")(np.array([[[1.0, 2.0]]]), np.array([[0.0, 0.0]]))
    array([[3.]])

    """

    name: str

    def __call__(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        from scipy.spatial.distance import cdist

        Z, origin = np.broadcast_arrays(Z, origin[:, None, :])
        try:
            return np.stack([cdist(z, o[:1], metric=cast(Any, self.name))[:, 0] for z, o in zip(Z, origin, strict=True)])
        except (TypeError, ValueError) as e:
            raise InputError(f"the metric {self.name!r} cannot be used ({e}); expected a name that scipy.spatial.distance.cdist knows, such as 'cityblock'") from e
