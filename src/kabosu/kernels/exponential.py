"""The exponential kernel of the paper, in log space."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.kernels.distances import Distance, cosine, euclidean
from kabosu.types import Array, Float, Points


@dataclass(frozen=True)
class Exponential:
    """Proximity exp(-d^2 / (2 width^2)) of Ribeiro et al. (2016), as the reference code weights it.

    The paper writes exp(-d^2 / width^2); the code takes the square root before it weights squares.

    width : float > 0, in units of the distance; ``None`` means 0.75 sqrt(p), ``inf`` weighs all points equally.

    Examples
    --------
    >>> import numpy as np
    >>> Exponential(width=1.0)(np.array([[[0.0], [2.0]]]), np.array([[0.0]])).round(4)
    array([[1.    , 0.1353]])

    """

    width: float | None = None
    distance: Distance = euclidean

    def __post_init__(self) -> None:
        if self.width is not None:
            width = checks.above_zero("kernel_width", self.width, "a number above 0, or None for 0.75 times the root of the number of features")
            if not 1e-100 <= width <= 1e100 and width != inf:
                raise InputError(f"kernel_width={self.width!r} is out of range; expected 1e-100 to 1e100, or inf to weigh all points equally")
            object.__setattr__(self, "width", width)
        checks.has("distance", self.distance, "__call__", "a function of (Z, origin), such as kernels.euclidean or kernels.Metric('cityblock')")

    def __call__(self, Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        return np.exp(self.log(Z, origin))

    def log(self, Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        """-d^2 / (2 width^2)."""
        Z = Z if self.distance in (euclidean, cosine) else Z.astype(np.float64, copy=False)  # a function of numbers
        with np.errstate(over="ignore"):
            return -0.5 * (self.distance(Z, origin) / self.at(Z.shape[-1])) ** 2

    def at(self, p: int) -> float:
        """The width in use for p features."""
        return 0.75 * sqrt(p) if self.width is None else self.width

    def precision(self, p: int) -> float | None:
        """1 / width^2 where the squared distance is a sum over features, so that q is a product; else None."""
        return self.at(p) ** -2 if self.distance is euclidean else None


@dataclass(frozen=True)
class Uniform:
    """Weight 1 everywhere: the neighborhood as it was drawn."""

    def __call__(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        return np.ones(Z.shape[:-1])

    def log(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        """0."""
        return np.zeros(Z.shape[:-1])
