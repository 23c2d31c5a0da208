"""What a column's local law is made of: levels and points of known probability, and a normal."""

import numpy as np

from kabosu.domains.laws import Law, LevelLaw, NumberLaw
from kabosu.types import Array, Float

FAINT = 1e-14  # probability of a component that no number of draws shows
STEPS = 4.0  # whole numbers in one standard deviation, from which rounding is noise of variance 1/12
REACH = 8.0  # standard deviations between the normal and bounds that never clip it

Components = tuple[Float[Array, "c"], Float[Array, "c"], Float[Array, "c"]]


def components(law: Law, b: int = 0) -> Components | None:
    """Probability, coordinate and standard deviation (0: a point) of each component of the law of instance number b.

    None where a unit has two coordinates (numbers that may be missing), or where rounding or bounds bend its normal.

    Examples
    --------
    >>> from kabosu.domains.laws import LevelLaw
    >>> [a.tolist() for a in components(LevelLaw(np.array([0.25, 0.75]), np.array([1])))]
    [[0.75, 0.25], [1.0, 0.0], [0.0, 0.0]]

    """
    if isinstance(law, LevelLaw):
        own = float(np.diff(law._table[law._distinct[1][b]], prepend=0.0)[law.own[b]])
        return np.array([own, 1 - own]), np.array([1.0, 0.0]), np.zeros(2)
    cumulative, means, sd = law._local
    p, mean = np.diff(_of(cumulative, b), prepend=0.0), float(_of(means, b))
    if law.missable or (p[-1] > 0 and _bent(law, b, mean, sd)):
        return None
    if law.whole:
        sd = float(np.hypot(sd, 1 / (law.scale * np.sqrt(12))))
    z, width = np.append(_of(law._spread, b), mean), np.append(np.zeros(len(p) - 1), sd)
    kept = p > FAINT
    return p[kept] / p[kept].sum(), z[kept], width[kept]


def _of(a: Array, b: int) -> Array:
    """An instance's own, of what may be the same for all."""
    return a[b] if len(a) > 1 else a[0]


def _bent(law: NumberLaw, b: int, mean: float, sd: float) -> bool:
    """Whether the drawn numbers are not normal: few whole ones, near a bound, or coarse in floating point."""
    low, high = (law.center[b] + law.scale * (mean + side * REACH * sd) for side in (-1, 1))
    return bool(law._coarse[b]) or (law.whole and law.scale * sd < STEPS) or low < law.bounds[0] or high > law.bounds[1]
