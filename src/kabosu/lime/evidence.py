"""What an explanation knows beyond lime's numbers: worked out when somebody asks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kabosu.fits import Fit
from kabosu.surrogates import Select
from kabosu.types import Array, Float

MOST = 1 << 20  # numbers that a neighborhood may hold to be kept for later


@dataclass(frozen=True)
class Evidence:
    """The fit with its errors.  mean : (p,) the average sample.  spread : (k,) deviation of the answers.  reacted : (k,) share that differ from the instance's."""

    fit: Fit
    mean: Float[Array, "p"]
    spread: Float[Array, "k"]
    reacted: Float[Array, "k"]

    @classmethod
    def of(cls, fit: Fit, Z: Array, answers: Float[Array, "s k"]) -> "Evidence":
        """Of a neighborhood whose first row is the instance."""
        return cls(fit, Z.mean(axis=0, dtype=np.float64), answers.std(axis=0), (answers != answers[:1]).mean(axis=0))


@dataclass(frozen=True)
class Neighborhood:
    """Samples until somebody asks for the evidence.

    cells : zeros and ones eight to a byte along an axis; or numbers in single precision, which is enough for an error.
    shape : (s, p) of them.
    """

    cells: Array
    shape: tuple[int, int]
    axis: int
    answers: Float[Array, "s k"]
    weights: Float[Array, "s"]
    select: Select

    @classmethod
    def of(cls, Z: Array, answers: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> "Neighborhood":
        """Kept in little room."""
        axis = 0 if Z.flags.f_contiguous else 1
        cells = np.packbits(Z, axis=axis) if Z.dtype == bool else Z.astype(np.float32)
        return cls(cells, Z.shape, axis, answers, weights, select)

    def points(self) -> Float[Array, "s p"]:
        """The samples as they were."""
        packed = self.cells.dtype == np.uint8
        rows = np.unpackbits(self.cells, axis=self.axis, count=self.shape[self.axis]) if packed else self.cells
        return np.ascontiguousarray(rows, dtype=np.float64)

    @cached_property
    def evidence(self) -> Evidence:
        """All there is to know."""
        Z = self.points()
        return Evidence.of(whole(Z, self.answers, self.weights, self.select), Z, self.answers)


def whole(Z: Float[Array, "s p"], answers: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> Fit:
    """The fit with its errors, of answers relative to the instance's."""
    around = answers[:1]
    return select.fit(Z[None], (answers - around)[None], weights[None], Z[:1]).shifted(around)
