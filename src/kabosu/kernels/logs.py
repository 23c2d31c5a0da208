"""The weights of any kernel in log space, checked: a narrow kernel must not become zeros, nor a wrong one numbers."""

import numpy as np

from kabosu.errors import InputError, KabosuError
from kabosu.kernels.exponential import Exponential
from kabosu.protocols import Kernel, LogKernel
from kabosu.types import Array, Float, Points


def log_weights(kernel: Kernel, Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
    """Logarithm of the weights; -inf where a weight is 0, finite for at least one draw of each instance."""
    Z = Z if isinstance(kernel, Exponential) else Z.astype(np.float64, copy=False)  # a function of numbers
    try:
        log = kernel.log(Z, origin) if isinstance(kernel, LogKernel) else _log(np.asarray(kernel(Z, origin), dtype=np.float64))
    except KabosuError:
        raise
    except Exception as e:
        raise InputError(f"the kernel {kernel!r} failed: {type(e).__name__}: {e}; a kernel must take points (B, s, p) and origins (B, p) and give weights (B, s)") from e
    if log.ndim != 2 or log.shape[1] != Z.shape[1] or np.isnan(log).any() or (log == np.inf).any():
        raise InputError(f"the kernel {kernel!r} gave weights of shape {log.shape} that are not all finite numbers >= 0; expected shape {Z.shape[:2]}")
    if not (log > -np.inf).any(axis=1).all():
        raise InputError(f"the kernel {kernel!r} gives every draw weight 0: the draws are too far away; widen kernel_width=, or draw from the local law (recipe='kabosu')")
    return log


def _log(w: Array) -> Array:
    """Negative weights have no logarithm: NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(w)
