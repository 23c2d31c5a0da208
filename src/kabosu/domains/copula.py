"""Gaussian copula over numbers, integers, categories and missing cells (MATH 2c): what varies together is drawn together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from kabosu import checks, frames
from kabosu.domains.joint import AS_GAUSSIAN, Cells, JointBlock, held, known_names, no_number_groups, some_vary, training_cells
from kabosu.domains.laws import Key, Law
from kabosu.domains.levels import own_codes
from kabosu.domains.margins import LevelMargin, Margin, NumberMargin
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Levels, Number, Unit
from kabosu.types import Array, Float, Rows

ROWS = 20_000  # background rows that the correlations are estimated from: a standard error of 0.007
LEAST = 1e-4  # eigenvalue of the correlations
CENTERS: Mapping[str, tuple[float, float]] = {"instance": (1.0, 1.0), "between": (0.5, 0.75), "mean": (0.0, 1.0)}  # how far from the mean to the instance; share of the covariance


@dataclass(frozen=True)
class Copula:
    """Correlated draws: normal scores with the background's correlations, mapped back by its empirical quantiles.

    Every number has a normal score, every category an interval of one (its levels in the order in which the other columns
    change most), every number that can be missing a second one that says whether it is. The kernel measures distances in
    these scores, so that the local law q is normal, in closed form, and is drawn from directly:
    C = (S^-1 + I/width^2)^-1, mu = C (S^-1 c + x/width^2) (MATH 2c).

    center : "mean": c = 0, the background's own law S, as the kernel sees it from the instance; "instance": c = x, the background's
        spread around the instance, which around rows of the background is twice theirs, and leaves their range;
        "between": c = x/2 and 3/4 of S. Draws around rows of the background are distributed as these are: a Crank-Nicolson
        move (Cotter, Roberts, Stuart and White 2013, section 4) leaves a normal law as it is.
    given : columns that stay as they are in the instance and on which the others are conditioned. So are all columns that
        ``explain(features=...)`` leaves out.

    Correlations are those of the scores, corrected for the attenuation by ties (first Hermite term: exact for a number with
    a category), shrunk to 0 by Schäfer and Strimmer's (2005) rule, and made positive definite. Integers stay integers, and
    numbers keep the decimals and the range of the background (or of the instance, where it lies outside).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import kabosu as kb
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X, y)
    >>> kb.TabularExplainer(model, X, neighborhood=Copula(given=["x0"])).explain(X[0]).feature_names
    ('x1', 'x2', 'x3')

    """

    center: Literal["instance", "between", "mean"] = "between"
    given: Sequence[Any] = ()

    def __post_init__(self) -> None:
        checks.one_of("center", self.center, tuple(CENTERS))
        object.__setattr__(self, "given", tuple(checks.listed("given", self.given)))

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Number:
        """How a number is explained: per training standard deviation."""
        return AS_GAUSSIAN.unit(column, values)

    def joint(self, table: frames.Table, units: Sequence[Unit]) -> "FittedCopula":
        """Fit to the background."""
        no_number_groups(units)
        given = known_names("given", self.given, table, units)
        some_vary("given", units, given)
        some = np.sort(np.random.default_rng(0).choice(len(table), ROWS, replace=False)) if len(table) > ROWS else slice(None)
        cells = training_cells(table, units)
        margins = _margins(units, cells, some)
        return FittedCopula(tuple(units), margins, correlations(margins, [c[some] for c in cells]), self.center, given)


def _margins(units: Sequence[Unit], cells: Sequence[Array], some: Any) -> tuple[Margin, ...]:
    numbers = {j: NumberMargin.fit(u, cells[j]) for j, u in enumerate(units) if isinstance(u, Number)}
    seen = {j: _seen(numbers[j].scores(cells[j][some])) if j in numbers else _indicators(cells[j][some], len(u.rates)) for j, u in enumerate(units)}
    others = lambda j: np.concatenate([np.zeros((len(seen[j]), 0)), *(s for i, s in seen.items() if i != j)], axis=1)  # noqa: E731
    return tuple(LevelMargin.fit(u, cells[j][some], others(j)) if isinstance(u, Levels) else numbers[j] for j, u in enumerate(units))


def _seen(scores: Float[Array, "n q"]) -> Float[Array, "n q"]:
    return np.nan_to_num(scores, nan=0.0)


def _indicators(codes: Array, levels: int, most: int = 30) -> Float[Array, "n q"]:
    """Centered 0/1 columns of the commonest levels, each of variance about 1."""
    rates = np.bincount(codes, minlength=levels) / len(codes)
    kept = np.argsort(-rates, kind="stable")[:most]
    kept = kept[rates[kept] > 0]
    return ((codes[:, None] == kept) - rates[kept]) / np.sqrt(rates[kept])


def correlations(margins: Sequence[Margin], cells: Sequence[Array]) -> Float[Array, "m m"]:
    """Correlation matrix of the normal scores: pairwise, corrected for ties, shrunk, positive definite."""
    scores = np.concatenate([margin.scores(c) for margin, c in zip(margins, cells, strict=True)], axis=1)
    there = ~np.isnan(scores)
    s = np.where(there, scores, 0.0)
    both = there.T.astype(np.float64) @ there
    variance = (s**2).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    product = s.T @ s / np.maximum(both, 1)
    r = product / np.maximum(np.outer(variance, variance), 1e-12)
    r = np.where(both > 2, np.clip(r, -1.0, 1.0), 0.0)
    np.fill_diagonal(r, 0.0)
    return positive((1 - shrinkage(r, both)) * r + np.eye(len(r)))


def shrinkage(r: Float[Array, "m m"], n: Float[Array, "m m"]) -> float:
    """Sum of the sampling variances over the sum of the squares of the correlations (Schäfer and Strimmer 2005, equation 10).

    Examples
    --------
    >>> shrinkage(np.zeros((2, 2)), np.full((2, 2), 10.0)), round(shrinkage(np.array([[0.0, 0.5], [0.5, 0.0]]), np.full((2, 2), 101.0)), 4)
    (1.0, 0.0225)

    """
    off = ~np.eye(len(r), dtype=bool)
    noise, signal = ((1 - r**2) ** 2 / np.maximum(n - 1, 1))[off].sum(), (r[off] ** 2).sum()
    return 1.0 if noise >= signal else float(noise / signal)


def positive(R: Float[Array, "m m"]) -> Float[Array, "m m"]:
    """The correlation matrix with eigenvalues of at least ``LEAST``."""
    values, vectors = np.linalg.eigh((R + R.T) / 2)
    if values[0] >= LEAST:
        return R
    fixed = (vectors * np.maximum(values, LEAST)) @ vectors.T
    size = np.sqrt(np.diag(fixed))
    return fixed / np.outer(size, size)


@dataclass(frozen=True, eq=False)
class FittedCopula:
    """A copula fitted on the background: margins and correlations of all units."""

    units: tuple[Unit, ...]
    margins: tuple[Margin, ...]
    R: Float[Array, "m m"]
    center: Literal["instance", "between", "mean"]
    given: tuple[str, ...]

    def around(self, block: TabularBlock) -> JointBlock:
        """The joint law of the block's units, given those that are held."""
        block = held(block, self.given)
        laws = {u.name: law for u, law in zip(block.units, block.laws, strict=True)}
        places = [m.place(laws.get(u.name) or _own_law(u, block)) for u, m in zip(self.units, self.margins, strict=True)]
        drawn = np.concatenate([np.full(m.width, u.name in laws) for u, m in zip(self.units, self.margins, strict=True)])
        at = np.concatenate(places, axis=1)
        margins = tuple(m for u, m in zip(self.units, self.margins, strict=True) if u.name in laws)
        mean, S = conditional(self.R, drawn, at[:, ~drawn])
        way, kept = CENTERS[self.center]
        values, vectors = np.linalg.eigh(kept * S)
        return JointBlock(block, CopulaLaw(margins, block.laws, at[:, drawn], mean + way * (at[:, drawn] - mean), np.maximum(values[::-1], 0.0), vectors[:, ::-1]))


def _own_law(unit: Unit, block: TabularBlock) -> Law:
    """The law of a unit that is held: where the instances are."""
    if isinstance(unit, Number):
        return unit.law(block.fixed[unit.column.name][1])
    kept = [block.fixed[c] for c in unit.columns]
    extended, codes = own_codes(unit, [v if e is None else frames.gather(e, v) for e, v in kept])
    return extended.law(codes)


def conditional(R: Float[Array, "m m"], drawn: Array, at: Float[Array, "B h"]) -> tuple[Float[Array, "B v"], Float[Array, "v v"]]:
    """Mean and covariance of the scores that are drawn, given the others at ``at``."""
    S = R[np.ix_(drawn, drawn)]
    if drawn.all():
        return np.zeros((len(at), len(S))), S
    A = np.linalg.solve(R[np.ix_(~drawn, ~drawn)], R[np.ix_(~drawn, drawn)]).T
    C = S - A @ R[np.ix_(~drawn, drawn)]
    return np.stack([A @ row for row in at]), (C + C.T) / 2  # row by row: the same numbers for a row alone


@dataclass(frozen=True, eq=False)
class CopulaLaw:
    """Normal scores N(mean, S) of B instances, tilted around them.

    at : scores of the instances.  mean : of the draw law.  values, vectors : of S, largest first.
    """

    margins: tuple[Margin, ...]
    laws: tuple[Law, ...]
    at: Float[Array, "B m"]
    mean: Float[Array, "B m"]
    values: Float[Array, "m"]
    vectors: Float[Array, "m m"]
    precision: float = 0.0

    @property
    def m(self) -> int:
        """One a score."""
        return self.at.shape[1]

    def take(self, rows: Rows) -> "CopulaLaw":
        """Some of the instances."""
        return CopulaLaw(self.margins, tuple(law.take(rows) for law in self.laws), self.at[rows], self.mean[rows], self.values, self.vectors, self.precision)

    def tilt(self, precision: float) -> "CopulaLaw":
        """The law times exp(-precision/2 d^2), d the distance of the scores: MATH 2c."""
        return CopulaLaw(self.margins, self.laws, self.at, self.mean, self.values, self.vectors, self.precision + precision)

    def _tilted(self) -> tuple[Float[Array, "B m"], Float[Array, "m m"]]:
        """Mean and a root of the covariance, after the tilt: mu = c + t C (x - c), C = S (I + t S)^-1."""
        shrunk = self.values / (1 + self.precision * self.values)
        C = (self.vectors * shrunk) @ self.vectors.T
        mean = np.stack([c + self.precision * (C @ (x - c)) for x, c in zip(self.at, self.mean, strict=True)])
        return mean, self.vectors * np.sqrt(shrunk)

    def scores(self, u: Float[Array, "1 s m"]) -> Float[Array, "B s m"]:
        """Normal scores of the draws."""
        mean, root = self._tilted()
        frozen = not (u if u.base is None else u.base).flags.writeable
        return mean[:, None] + (_remembered(Key(u), root.tobytes()) if frozen else _spread(u, root))

    def places(self, u: Float[Array, "1 s m"]) -> Float[Array, "B s m"]:
        """Scores counted from the instances'."""
        return self.scores(u) - self.at[:, None]

    def cells(self, u: Float[Array, "1 s m"]) -> Cells:
        """Scores mapped back by the quantiles."""
        v, out, start = self.scores(u), [], 0
        for margin, law in zip(self.margins, self.laws, strict=True):
            out.append(margin.cells(v[..., start : start + margin.width], law))
            start += margin.width
        return out


def _spread(u: Float[Array, "1 s m"], root: Float[Array, "m m"]) -> Float[Array, "s m"]:
    """Correlated normals. Summed column by column: a draw must not depend on the draws beside it, as in matrix products it may."""
    from scipy.special import ndtri

    normal, out = ndtri(u[0]), np.zeros(u.shape[1:])
    for k in range(root.shape[1]):
        out += normal[:, k, None] * root[:, k]
    return out


@lru_cache(maxsize=8)
def _remembered(u: Key, root: bytes) -> Float[Array, "s m"]:
    """The same for draws that the samplers give again."""
    m = u.array.shape[2]
    out = _spread(u.array, np.frombuffer(root).reshape(m, m))
    out.setflags(write=False)
    return out
