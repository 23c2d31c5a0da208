"""Kernel width and what it means: the radius of the neighborhood in training standard deviations.

A unit-variance normal draw law tilted by exp(-d^2 / (2 width^2)) is normal with standard deviation
width / sqrt(1 + width^2) (MATH (6)), in every feature, however many there are.
"""

from math import inf, isinf, sqrt

from kabosu import checks


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
