"""How far a neighborhood of columns drawn together reaches: measured on its draws, as no formula of the kernel's width says."""

import numpy as np

from kabosu.domains.joint import JointBlock
from kabosu.domains.observed import RowsLaw
from kabosu.domains.units import Number
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel, Representation
from kabosu.samplers import Sobol
from kabosu.types import Array, Float, Points

DRAWS = 256  # a standard deviation of one column within 5%, of ten within 2%


def effective_radius(representation: Representation, kernel: Kernel, seed: int) -> Float[Array, "B"] | None:
    """Root mean square, over the numbers, of their standard deviations in the local law, in training standard deviations.

    Of independent columns that is width / sqrt(1 + width^2) (kernels/width.py). Columns that vary together reach less far at the
    same width, observed rows as far as there are some. None: independent columns, or no numbers.
    """
    numbers = _numbers(representation) if isinstance(representation, JointBlock) else []
    if not isinstance(representation, JointBlock) or not numbers:
        return None
    Z, w = _drawn(representation, kernel, seed)
    Z = Z[..., numbers]
    w = (w / w.sum(axis=1, keepdims=True))[..., None]
    away = Z - (w * Z).sum(axis=1, keepdims=True)
    radius = np.sqrt((w * away**2).sum(axis=1).mean(axis=1))
    return np.broadcast_to(radius, (representation.size,)).copy()


def _numbers(representation: JointBlock) -> list[int]:
    """Positions of the coordinates that are numbers, not whether one is missing."""
    starts = np.cumsum([0, *(law.width for law in representation.block.laws)])
    return [int(start) for start, unit in zip(starts, representation.block.units, strict=False) if isinstance(unit, Number)]


def _drawn(representation: JointBlock, kernel: Kernel, seed: int) -> tuple[Points, Float[Array, "#B s"]]:
    """Coordinates and weights: rows that are listed, or draws, of the local law where it is known."""
    if isinstance(representation.law, RowsLaw):
        Z = representation.read(list(representation.law.lists))
        return Z, _weights(kernel, Z, representation.origin)
    local = representation.tilt(kernel)
    source = representation if local is None else local
    draws = Sobol(2).draw(source.space, 0, DRAWS, seed)
    Z = source.features(draws)
    if local is not None:
        return Z, np.ones((1, DRAWS))
    places = source.places(draws)
    return Z, _weights(kernel, Z, representation.origin) if places is None else _weights(kernel, places, np.zeros((1, places.shape[2])))


def _weights(kernel: Kernel, Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
    log = log_weights(kernel, Z, origin)
    return np.exp(log - log.max(axis=1, keepdims=True))
