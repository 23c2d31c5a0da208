"""The kernel of lime's explainers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from kabosu.types import Array


def exponential(d: Any, kernel_width: float) -> Any:
    """Square root of exp(-d^2 / kernel_width^2): a normal curve of this standard deviation."""
    return np.sqrt(np.exp(-(d**2) / kernel_width**2))


def bound(kernel: Callable[..., Any] | None, kernel_width: float) -> "partial[Array]":
    """The kernel, the user's own or the usual one, at its width."""
    return partial(exponential if kernel is None else kernel, kernel_width=kernel_width)


def width_of(kernel_fn: Any) -> float | None:
    """Width of the usual kernel; None of the user's own."""
    return kernel_fn.keywords["kernel_width"] if isinstance(kernel_fn, partial) and kernel_fn.func is exponential else None
