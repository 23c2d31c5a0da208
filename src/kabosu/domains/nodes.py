"""Local laws as finitely many weighted points: what smooth functions of a drawn number need of its law.

Gauss-Legendre panels for normals, Gauss sums for whole numbers: exact for polynomials of degree 31 times the density,
panel by panel, so that functions with kinks are exact where a panel begins at each kink.
"""

from functools import lru_cache

import numpy as np

from kabosu.domains.laws import Inside, NumberLaw
from kabosu.types import Array, Float, Int

ORDER = 16
REACH = 8.5  # standard deviations beyond which a normal has a mass of 2e-17
FEW = 512  # whole numbers that are summed one by one
MANY = 4096  # ... where a kink may lie among them
NARROW = 2e-3  # width of a cell, in standard deviations, whose mass is taken from the density
SHORT = 2.0**17  # range of integer types that end among ordinary numbers


class TooMany(Exception):  # noqa: N818  an answer, not a fault
    """Why a law cannot be written as points."""


@lru_cache(maxsize=1)
def legendre() -> tuple[Float[Array, "m"], Float[Array, "m"]]:
    """Nodes and weights of Gauss-Legendre quadrature on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(ORDER)
    return (x + 1) / 2, w / 2


@lru_cache(maxsize=1024)
def gauss_sum(n: int) -> tuple[Float[Array, "m"], Float[Array, "m"]]:
    """Nodes and weights of a sum over 0, 1, ..., n - 1, exact for polynomials of degree 31 (Gram's orthogonal polynomials).

    Examples
    --------
    >>> x, w = gauss_sum(1000)
    >>> len(x), round(float(w @ x**3)) == sum(i**3 for i in range(1000))
    (16, True)

    """
    if n <= ORDER:
        return np.arange(float(n)), np.ones(n)
    k = np.arange(1, ORDER, dtype=np.float64)
    off = k * np.sqrt((float(n) ** 2 - k**2) / (4 * (4 * k**2 - 1)))
    x, V = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    return x + (n - 1) / 2, n * V[0] ** 2


def inside_nodes(inside: Inside, knots: Float[Array, "K"], finest: float) -> tuple[Float[Array, "C"], Float[Array, "C"], Int[Array, "L"]]:
    """Values, their weights within their bin, and where each bin starts.

    knots : values at which functions have kinks.  finest : the scale on which they vary.
    """
    parts = [_bin(inside, b, knots, finest) for b in range(len(inside.mean))]
    start = np.cumsum([0, *(len(x) for x, _ in parts[:-1])])
    return np.concatenate([x for x, _ in parts]), np.concatenate([w for _, w in parts]), start


def _bin(inside: Inside, b: int, knots: Array, finest: float) -> tuple[Float[Array, "C"], Float[Array, "C"]]:
    from scipy.special import ndtr

    mean, sd, low, high = (float(a[b]) for a in (inside.mean, inside.sd, inside.low, inside.high))
    if not sd > 0:
        return np.array([mean if not np.isnan(low) else np.nan]), np.ones(1)
    total = ndtr((high - mean) / sd) - ndtr((low - mean) / sd)
    x, w = (_whole_panels if inside.whole else _panels)(mean, sd, low, high, knots, min(sd, finest))
    return x, w / total


def _panels(mean: float, sd: float, low: float, high: float, knots: Array, length: float) -> tuple[Float[Array, "C"], Float[Array, "C"]]:
    a, b = max(low, mean - REACH * sd), min(high, mean + REACH * sd)
    edges = np.union1d(np.linspace(a, b, _count((b - a) / length) + 1), np.clip(knots, a, b))
    t, w = legendre()
    x = (edges[:-1, None] + np.diff(edges)[:, None] * t).ravel()
    z = (x - mean) / sd
    return x, (np.diff(edges)[:, None] * w).ravel() * np.exp(-0.5 * z * z) / (sd * np.sqrt(2 * np.pi))


def _count(panels: float) -> int:
    if panels > MANY:
        raise TooMany(f"its functions vary on a {panels:.0f}th of a bin")
    return max(1, int(np.ceil(panels)))


def _whole_panels(mean: float, sd: float, low: float, high: float, knots: Array, length: float) -> tuple[Float[Array, "C"], Float[Array, "C"]]:
    """A truncated normal rounded: its ends are half cells and stand alone, between them are panels of whole numbers."""
    a, b = max(low + 1, np.floor(mean - REACH * sd)), min(high - 1, np.ceil(mean + REACH * sd))
    n = max(0, int(b - a) + 1)
    cuts = np.linspace(0, n, _count(n / max(length, ORDER)) + 1).astype(np.int64) if n > FEW else np.arange(n + 1)
    cuts = np.unique(np.concatenate([cuts, *(np.clip(around(knots) - a, 0, n) for around in (np.ceil, lambda t: np.floor(t) + 1))])).astype(np.int64)
    rules = [gauss_sum(int(m)) for m in np.diff(cuts)]
    x = np.concatenate([[low], *(a + c + r for c, (r, _) in zip(cuts[:-1], rules, strict=True)), [high]])
    w = np.concatenate([[1.0], *(r for _, r in rules), [1.0]])
    return x, w * _cell_mass(np.maximum(x - 0.5, low), np.minimum(x + 0.5, high), mean, sd)


def _cell_mass(a: Array, b: Array, mean: Array | float, sd: float) -> Array:
    """Normal probability of (a, b], to relative precision: from the nearer tail; narrow cells by the density, whose curve is integrated."""
    from scipy.special import ndtr

    a, b = (a - mean) / sd, (b - mean) / sd
    up = a > 0
    mass = ndtr(np.where(up, -a, b)) - ndtr(np.where(up, -b, a))
    width = b - a
    narrow = width < NARROW
    middle = np.where(narrow, a + 0.5 * np.where(narrow, width, 0.0), 0.0)
    return np.where(narrow, width * np.exp(-0.5 * middle**2) / np.sqrt(2 * np.pi) * (1 + width**2 / 24 * (middle**2 - 1)), mass)


def is_plain(law: NumberLaw) -> bool:
    """True where the law's normal is as it is: neither rounded nor cut off by the dtype."""
    return not law.whole and bool(np.isinf(law.bounds).all())


def is_counted(law: NumberLaw) -> bool:
    """True where the law's normal is rounded to so few whole numbers, or near the ends of so short a type, that each is a point."""
    return law.whole and (2 * REACH * law.scale * law._local[2] + 3 <= FEW or bool(np.ptp(law.bounds) < SHORT))


def normal_nodes(law: NumberLaw, knots: Float[Array, "K"], finest: float) -> tuple[Float[Array, "B C"], Float[Array, "b C"], Float[Array, "b C"]]:
    """The law's normal as points: values, the same in standard deviations from the center, probabilities.

    knots : values at which functions have kinks.  finest : the scale on which they vary.
    The last two have one row where all instances share them.
    """
    _, mu, s = law._local
    center = law.center[:1] if law._shared and not len(knots) else law.center
    mu = np.broadcast_to(mu, center.shape)
    if law.whole:
        v, p = _whole_normal(law, center, mu, s, knots, finest)
        base = np.floor(center)
        return np.floor(law.center)[:, None] + v, (base - center)[:, None] / law.scale + v / law.scale, p
    u, w = _standard(law, center, mu, s, knots, finest)
    d = mu[:, None] + s * u
    return law.center[:, None] + law.scale * d, d, w * np.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)


def _standard(law: NumberLaw, center: Array, mu: Array, s: float, knots: Array, finest: float) -> tuple[Float[Array, "b C"], Float[Array, "b C"]]:
    """Nodes and weights of the line in the normal's own standard deviations; a panel begins at each knot."""
    reach = np.linspace(-REACH, REACH, _count(2 * REACH * max(1.0, s * law.scale / finest)) + 1)
    kinks = ((knots - center[:, None]) / law.scale - mu[:, None]) / s
    edges = np.sort(np.concatenate([np.broadcast_to(reach, (len(center), len(reach))), np.clip(kinks, -REACH, REACH)], axis=1), axis=1)
    t, w = legendre()
    length = np.diff(edges, axis=1)[..., None]
    return (edges[:, :-1, None] + length * t).reshape(len(center), -1), (length * w).reshape(len(center), -1)


def _whole_normal(law: NumberLaw, center: Array, mu: Array, s: float, knots: Array, finest: float) -> tuple[Float[Array, "b C"], Float[Array, "b C"]]:
    """Of a rounded normal, values apart from the integer below the center, and probabilities: a point for each whole number; or, where they are many, the density that it has between them.

    The sum over all whole numbers of a smooth function is its integral, to exp(-2 pi^2 sd^2) (Poisson), here below 1e-300.
    """
    base, sd = np.floor(center), law.scale * s
    middle = (center - base) + law.scale * mu
    n, first = int(2 * REACH * sd) + 3, np.floor(middle - REACH * sd)
    low, high = (b - base for b in law.bounds)
    if is_counted(law) or (n <= MANY and len(knots)):
        n = int(min(n, np.ptp(law.bounds) + 1))
        v, weight = np.maximum(first, low)[:, None] + np.arange(n), np.ones(1)
    elif ((first <= low) | (first + n >= high)).any():
        raise TooMany("its integer type ends within the neighborhood")
    else:
        u, weight = _standard(law, center, mu, s, knots, finest)
        v, weight = middle[:, None] + sd * u, sd * weight
    ends = (np.where(v <= low[:, None], -np.inf, v - 0.5), np.where(v >= high[:, None], np.inf, v + 0.5))
    p = np.where((v < low[:, None]) | (v > high[:, None]), 0.0, _cell_mass(*ends, middle[:, None], sd))
    return v, p * weight
