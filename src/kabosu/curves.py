"""Local effect curves: what each feature alone does to the model under the local law."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array, Float


@dataclass(frozen=True, eq=False)
class Curve:
    """m(cell) = E_q[f | x_j in cell] - E_q f of one feature, for k outputs (MATH (10)).

    name : of the feature.  edges : (T,) the thresholds in own units, cell i is (edges[i-1], edges[i]]; empty for levels.
    levels : the levels in words; empty for numbers.  effect : (cells, k).  mass : (cells,) probability under the local law.
    missing, missing_mass : (k,) the effect of missing, and its probability; NaN and 0 where it does not occur.
    own : cell of the instance, -1 where it is missing.  x : the instance's value, NaN for levels.
    error : (cells, k) standard errors; 0 where the curve is exact.
    """

    name: str
    edges: Float[Array, "T"]
    levels: tuple[str, ...]
    effect: Float[Array, "cells k"]
    mass: Float[Array, "cells"]
    missing: Float[Array, "k"]
    missing_mass: float
    own: int
    x: float
    error: Float[Array, "cells k"]

    @property
    def variance(self) -> Float[Array, "k"]:
        """Var_q of the effect: what this feature alone explains of the model."""
        lost = np.where(np.isnan(self.missing), 0.0, self.missing)
        return self.mass @ self.effect**2 + self.missing_mass * lost**2

    def at(self, x: Float[Array, "n"]) -> Float[Array, "n k"]:
        """The effect at values of a number."""
        cell = np.searchsorted(self.edges, x, side="left")
        return np.where(np.isnan(x)[:, None], self.missing, self.effect[np.minimum(cell, len(self.effect) - 1)])


@dataclass(frozen=True, eq=False)
class Curves(Mapping[str, Curve]):
    """Every feature's curve by its name, and how much of the model they explain together.

    mean : (k,) E_q f.  fidelity : (k,) R2 of mean + the sum of the curves on draws; next to it stands the linear fidelity.
    """

    curves: tuple[Curve, ...]
    mean: Float[Array, "k"]
    fidelity: Float[Array, "k"]

    def __getitem__(self, name: str) -> Curve:
        for curve in self.curves:
            if curve.name == name:
                return curve
        raise InputError(f"{name!r} has no curve; the features are {[c.name for c in self.curves]}")

    def __iter__(self) -> Iterator[str]:
        return (curve.name for curve in self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def order(self, output: int = 0) -> list[str]:
        """Names by the variance they explain, largest first."""
        ranked = sorted(self.curves, key=lambda c: -c.variance[output])
        return [c.name for c in ranked]

    def only(self, outputs: list[int]) -> "Curves":
        """For some of the outputs."""
        parts = tuple(replace(c, effect=c.effect[:, outputs], missing=c.missing[outputs], error=c.error[:, outputs]) for c in self.curves)
        return Curves(parts, self.mean[outputs], self.fidelity[outputs])
