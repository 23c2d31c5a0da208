"""Half of the draws where the kernel looks, half where the draw law does: what far draws lose in weight they often make up in variance."""

from dataclasses import dataclass

import numpy as np

from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Halfway:
    """(kernel / E_D[kernel] + 1) / 2: the draw law times this is the even mixture of the draw law and the local law.

    Draws from it weigh at most twice the mean, and cover the draws that the kernel makes rare and the model answers most differently.

    log_total : log of E_D[kernel].
    """

    kernel: Kernel
    log_total: float

    def __call__(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        return np.exp(self.log(Z, origin))

    def log(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        """Logarithm of the weights."""
        return self.of(log_weights(self.kernel, Z, origin))

    def of(self, log: Float[Array, "#B s"]) -> Float[Array, "#B s"]:
        """Logarithm of the weights, of those of the kernel."""
        return np.logaddexp(log - self.log_total, 0.0) - np.log(2)
