"""A kernel whose draws are balanced: rare levels more often than they are, at as much less weight."""

from dataclasses import dataclass

import numpy as np

from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Balanced:
    """The local law of the kernel, drawn from by optimum allocation (domains/balance.py); as a kernel it weighs the same.

    Examples
    --------
    >>> from kabosu.kernels import Exponential
    >>> Balanced(Exponential(0.5)) == Balanced(Exponential(0.5))
    True

    """

    kernel: Kernel

    def __call__(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        return np.exp(self.log(Z, origin))

    def log(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        """Logarithm of the weights, those of the allocation left out."""
        return log_weights(self.kernel, Z, origin)
