"""Which regressions there are on one neighborhood: one an instance, or one an instance and set of features."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kabosu.types import Array, Float, Int, Points

Part = tuple[Float[Array, "#b s q"], Float[Array, "b s n"], Float[Array, "#b s"]]
"""Coordinates counted from the origin, answers and weights."""

NUMBERS = 1 << 19  # of coordinates at once


@dataclass(frozen=True)
class Draws:
    """Coordinates of draws, counted from the origin some draws at a time: masks are held as bits."""

    Z: Points
    origin: Float[Array, "#B p"]

    def blocks(self, step: int = 1) -> list[slice]:
        """Every ``step``-th draw."""
        s, p = self.Z.shape[1:]
        size = max(1, NUMBERS // p) * step
        return [slice(first, min(first + size, s), step) for first in range(0, s, size)]

    def __getitem__(self, some: slice) -> Float[Array, "#B b p"]:
        return relative(self.Z[:, some], self.origin)


@dataclass(frozen=True)
class Problems:
    """N weighted regressions. Problem i is that of instance ``rows[i]``, the outputs ``outputs[i]`` and the features ``features[i]``;
    of instance i and everything where these are None.
    """

    Z: Points
    Y: Float[Array, "B s k"]
    w: Float[Array, "#B s"]
    origin: Float[Array, "#B p"]
    rows: Int[Array, "N"] | None = None
    outputs: Int[Array, "N n"] | None = None
    features: Int[Array, "N K"] | None = None

    def __len__(self) -> int:
        return len(self.Y) if self.rows is None else len(self.rows)

    @property
    def origins(self) -> Float[Array, "#N q"]:
        """Origin of each problem."""
        if self.rows is None or self.features is None:
            return self.origin
        return self.origin[self.rows[:, None] if len(self.origin) > 1 else 0, self.features]

    def parts(self) -> Iterator[tuple[Draws, Float[Array, "b s n"], Float[Array, "#b s"]]]:
        """The problems, one at a time, whose draws stay in the cache; all at once where they share their draws."""
        if self.rows is None and max(len(self.Z), len(self.w), len(self.origin)) == 1:
            yield Draws(self.Z, self.origin), self.Y, self.w
        else:
            for i in range(len(self)):
                Z, Y, w = self.one(i)
                yield Draws(Z, np.zeros((1, Z.shape[2]))), Y, w

    def one(self, i: int) -> Part:
        """Problem i by itself."""
        b = i if self.rows is None else int(self.rows[i])
        Z, w, origin = (a[b if len(a) > 1 else 0] for a in (self.Z, self.w, self.origin))
        if self.features is None or self.outputs is None:
            return relative(Z[None], origin[None]), self.Y[b][None], w[None]
        kept = self.features[i]
        return relative(Z[:, kept][None], origin[kept][None]), self.Y[b][:, self.outputs[i]][None], w[None]


def relative(Z: Points, origin: Float[Array, "#B p"]) -> Float[Array, "#B s p"]:
    """Coordinates counted from the instance, around which the draws lie: their squares lose no digits in a large offset."""
    return Z - origin[:, None] if origin.any() else Z.astype(np.float64, copy=False)
