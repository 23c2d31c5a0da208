"""Kernel width and what it means: the radius of the neighborhood in training standard deviations.

A unit-variance normal draw law tilted by exp(-d^2 / (2 width^2)) is normal with standard deviation
width / sqrt(1 + width^2) (MATH (6)), in every feature, however many there are.
"""

from math import inf, isinf, sqrt

import numpy as np

from kabosu import checks
from kabosu.types import Array, Float


def radius(width: float) -> float:
    """Standard deviation of the local law, in training standard deviations.

    Examples
    --------
    >>> round(radius(0.75 * 30**0.5), 2)  # the official default at 30 features is nearly global
    0.97

    """
    return 1.0 if isinf(width) else width / sqrt(1 + width**2)


def width_for(radius: float) -> float:
    """The kernel width that gives a radius in (0, 1]; inverse of :func:`radius`.

    Examples
    --------
    >>> round(width_for(0.6), 12)
    0.75

    """
    radius = checks.number("radius", radius, "a number in (0, 1], in training standard deviations", low=1e-100, high=1)
    return inf if radius == 1 else radius / sqrt(1 - radius**2)


def log_mixture(logs: Float[Array, "T s"]) -> Float[Array, "s"]:
    """Logarithm of the density, relative to the draw law D, of draws that come from T widths in equal numbers (multiple importance sampling).

    Draws of width t have density D k_t / C_t, all together the mean of these; beside them width w has the weight
    k_w / sum_t (k_t / C_t) (Veach and Guibas 1995, balance heuristic).

    logs : of k_t at the draws, with what any of them is drawn more often than that.
    """
    return np.logaddexp.reduce(logs - np.array(log_normalizers(logs))[:, None], axis=0)


def log_normalizers(logs: Float[Array, "T s"], rounds: int = 200) -> tuple[float, ...]:
    """Logarithms of C_t = E_D[k_t] up to a common constant, from draws of all T widths together, in equal numbers.

    The fixed point of C_t = mean_i k_t(z_i) / mean_u (k_u(z_i) / C_u) (Shirts and Chodera 2008, equation 11).
    """
    log_c = np.zeros(len(logs))
    for _ in range(rounds):
        mixture = np.logaddexp.reduce(logs - log_c[:, None], axis=0)
        new = np.logaddexp.reduce(logs - mixture, axis=1)
        new -= new[-1]
        if np.abs(new - log_c).max() < 1e-9:
            break
        log_c = new
    return tuple(float(c) for c in log_c)
