"""Links as sums of exponentials: h(s) = constant + slope s + Re sum_n a_n exp(kappa_n s) on an interval |s| <= R.

The expectation of an exponential of a sum over independent units is a product, whatever the laws: E exp(kappa S) =
prod_u E exp(kappa S_u). So the mean of any link is a short sum of products (Fourier inversion, Gil-Pelaez 1951).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from kabosu.types import Array, Float

TAILS = MappingProxyType({"exp": 0.0, "logistic": 38.0, "relu": 0.0})  # beyond it the link is straight, to rounding
LOGISTIC = 12.0  # highest frequency: 1 / sinh(12 pi) is below rounding
NORMAL = 8.8  # of a normal with sd 1: exp(-8.8^2 / 2) is below rounding


@dataclass(frozen=True)
class Series:
    """constant + slope s + Re sum_n a_n exp(kappa_n s)."""

    constant: float
    slope: float
    a: Float[Array, "N"]
    kappa: Float[Array, "N"]

    def __call__(self, s: Array) -> Array:
        return self.constant + self.slope * s + (np.exp(np.multiply.outer(s, self.kappa)) @ self.a).real


def period(reach: Float[Array, "b"], link: str) -> Float[Array, "b"]:
    """Period of a link's series for |s| <= reach: a power of two, so that neighbors share it."""
    return 2.0 ** np.ceil(np.log2(np.maximum(reach + TAILS[link], 1e-30)))


@lru_cache(maxsize=256)
def exponential(period: float, sd: float) -> Series:
    """Exp itself."""
    return Series(0.0, 0.0, np.ones(1), np.ones(1))


@lru_cache(maxsize=256)
def logistic(period: float, sd: float) -> Series:
    """1/2 + integral of sin(t s) / sinh(pi t) over t > 0, by midpoints: the error is that of wrapping around the period.

    Examples
    --------
    >>> bool(abs(float(logistic(64.0, 0.0)(np.array(3.0))) - 1 / (1 + np.exp(-3.0))) < 1e-15)
    True

    """
    step = 2 * np.pi / period
    t = (np.arange(np.ceil(LOGISTIC / step)) + 0.5) * step
    return Series(0.5, 0.0, step / (1j * np.sinh(np.pi * t)), 1j * t)


@lru_cache(maxsize=256)
def rectified(period: float, sd: float) -> Series:
    """(s + |s|) / 2, |s| as a triangle wave; its slow series is cut where a normal part of standard deviation sd ends it."""
    step = 2 * np.pi / period
    t = (np.arange(np.ceil(NORMAL / sd / step)) + 0.5) * step
    return Series(period / 4, 0.5, -2 / (period * t**2), 1j * t)


SERIES: Mapping[str, Callable[[float, float], Series]] = MappingProxyType({"exp": exponential, "logistic": logistic, "relu": rectified})
"""(period, standard deviation of the normal part) -> series, by link."""
