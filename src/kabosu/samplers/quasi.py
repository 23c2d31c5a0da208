"""Scrambled Sobol points: randomized quasi-Monte Carlo with replicates, for error bars."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.spaces import Masks, Space
from kabosu.types import Array, Bool, Drawn, Float

FEWEST, SHARED = 32, 128  # coordinates of points that instances of several sizes share; masks of more parts: see ``_of_many_parts``
FEW = 2  # features
LIMIT = 21_201  # dimensions for which direction numbers are known (Joe and Kuo 2008, as scipy ships them)


@dataclass(frozen=True)
class Sobol:
    """R independent scrambles of the Sobol sequence; draw i is point i // R of scramble i mod R.

    Scrambled nets integrate smooth responses with smaller error than independent draws, and the spread over the
    scrambles estimates that error (Owen, *Monte Carlo theory, methods and examples*, chapter 17).

    Some pairs of Sobol coordinates fill their square worse than independent points do. Each scramble deals the coordinates out
    to the columns anew, so that no two columns have such a pair in all of them: else the errors of these columns are
    several times those of the others, which the others, that steady them, hide.

    replicates : number of scrambles, at least 2.  few : the number for one or two features, whose coefficients are too few to
        steady one another's errors (surrogates/errorbars.py, ``moderated``); None: the same.

    Examples
    --------
    >>> from kabosu.spaces import Cube
    >>> Sobol().draw(Cube(3), 0, 16, seed=0).shape
    (1, 16, 3)

    """

    replicates: int = 8
    few: int | None = None

    def __post_init__(self) -> None:
        checks.whole("replicates", self.replicates, 2, "a number of scrambles", most=1024)
        if self.few is not None:
            checks.whole("few", self.few, 2, "a number of scrambles, or None", most=1024)

    def for_features(self, p: int) -> "Sobol":
        """The sampler for p features."""
        return self if self.few is None or p > FEW else replace(self, replicates=self.few, few=None)

    def draw(self, space: Space, start: int, stop: int, seed: int) -> Drawn:
        """Draws start..stop-1, the same whoever asks, in however many calls."""
        rounds = -(-stop // self.replicates)
        return _points(space, self.replicates, rounds if _independent(space) else 1 << max(0, rounds - 1).bit_length(), seed)[:, start:stop]


@lru_cache(maxsize=8)
def _points(space: Space, R: int, n: int, seed: int) -> Drawn:
    """Scrambles by turns; the same array for the same draws."""
    m = space.coordinates
    if isinstance(space, Masks):
        points = _of_many_parts(space, R, n, seed) if _independent(space) else space.read(_shared(max(FEWEST, 1 << (m - 1).bit_length()), R, n, seed)[:, :m])
    else:
        points = space.read(_dealt(_by_turns(m, R, n, seed), R, seed))
    points.setflags(write=False)
    return points[None]


def _independent(space: Space) -> bool:
    """Whether the points are of ``_of_many_parts``, where later ones do not depend on how many there are."""
    return isinstance(space, Masks) and space.coordinates > SHARED


def _of_many_parts(space: Masks, R: int, n: int, seed: int) -> Bool[Array, "s m"]:
    """For masks of any number of parts: how many are kept by scrambled points, which ones independently.

    The ranks of many coordinates hide the order of a net; scrambling it would take longer than all the rest.
    """
    masks, m = np.empty((n, R, space.m), dtype=bool), space.coordinates
    for r in range(R):
        points = np.empty((n, m), dtype=np.float32)
        points[:, :1] = _scramble(1, 1 << max(0, n - 1).bit_length(), seed, r)[:n]
        points[:, 1:] = np.random.default_rng([seed, r, m]).random((n, m - 1), dtype=np.float32)
        masks[:, r] = space.read(points)
    return masks.reshape(n * R, space.m)


def _by_turns(m: int, R: int, n: int, seed: int) -> Float[Array, "s m"]:
    points = np.empty((n, R, m))
    for r in range(R):
        points[:, r] = _scramble(m, n, seed, r)
    return points.reshape(n * R, m)


def _dealt(points: Float[Array, "s m"], R: int, seed: int) -> Float[Array, "s m"]:
    """The coordinates of each scramble in an order of its own."""
    for r in range(R):
        points[r::R] = points[r::R, np.random.default_rng([seed, r, points.shape[1]]).permutation(points.shape[1])]
    return points


_shared = lru_cache(maxsize=4)(_by_turns)  # of instances of many sizes, such as texts, which take their first coordinates


def _scramble(m: int, n: int, seed: int, r: int) -> Float[Array, "n m"]:
    """N points of scramble r, moved to the middle of their cells so that none is 0 or 1."""
    from scipy.stats import qmc

    if m > LIMIT:
        raise InputError(f"Sobol points exist up to {LIMIT} dimensions, this instance has {m} columns or parts that vary; use a recipe with samplers.Plain()")
    engine = qmc.Sobol(m, scramble=True, rng=np.random.default_rng([seed, r]))
    return engine.random(n) + 2.0**-31
