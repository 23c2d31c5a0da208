"""An additive surrogate: one curve a feature, penalized, on any sampled neighborhood. The sampled twin of the trees' exact curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kabosu import checks
from kabosu.curves import Curve, Curves
from kabosu.errors import InputError
from kabosu.fits import Fit, tamed
from kabosu.moments import Moments, folds_of
from kabosu.surrogates.ridge import Ridge
from kabosu.surrogates.select import Select
from kabosu.types import Array, Float

SMOOTH = 10.0 ** np.arange(-5.0, 1.5)  # penalties that are tried
MOST = 512  # pieces of all features together
SHOWN = 4  # cells of a curve in each piece
CLOSE = 1e-9  # share of the range below which knots are one
STILL = 1e-9  # ridge that holds directions which do nothing


@dataclass(frozen=True)
class Additive:
    """g(z) = mean + sum_j m_j(z_j), m_j piecewise linear between quantiles of the draws, on top of a linear surrogate.

    argmin sum_i w_i (f_i - g(z_i))^2 + lambda sum_j integral m_j''^2, lambda by cross-validation over the folds of the draws: from
    a curve that bends at every knot down to a straight line (penalized splines, Eilers and Marx 1996).
    The explanation's coefficients are those of ``then``; ``e.curves`` has the curves, with the standard errors of replicated
    draws, and their held-out R2 beside the linear one. A coordinate with few values, a level or missing, gets a step.

    then : the linear surrogate, Ridge or Select.  pieces : most pieces of one curve.

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.random.default_rng(0).normal(size=(1, 512, 2)); Y = Z[..., :1] ** 2
    >>> curves = Additive().curves(Z, Y, np.ones((1, 512)), np.zeros((1, 2)))
    >>> float(curves.fidelity[0].round(2)), float(curves.curves[0].at(np.array([0.0]))[0, 0].round(1))
    (0.99, -1.0)

    """

    then: Ridge | Select = field(default_factory=Ridge)
    pieces: int = 16

    def __post_init__(self) -> None:
        checks.whole("pieces", self.pieces, 2, "a number of pieces of a curve")
        if not isinstance(self.then, Ridge | Select):
            raise InputError(f"then={self.then!r}; expected surrogates.Ridge(...) or surrogates.Select(...), whose coefficients are shown")

    def fit(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit the linear surrogate; ``curves`` fits the other."""
        return self.then.fit(Z, Y, w, origin, replicates)

    def curves(self, Z: Float[Array, "1 s p"], Y: Float[Array, "1 s k"], w: Float[Array, "1 s"], origin: Float[Array, "1 p"], replicates: int = 0, levels: Sequence[int] = ()) -> Curves:
        """Every coordinate's curve around one instance, in the units of Z; ``levels``: columns of codes, whose every level has its own step."""
        Z = Z.astype(np.float64)
        level = np.average(Y[0], axis=0, weights=w[0])
        F, power = tamed(Y - level)
        most = min(self.pieces, max(2, MOST // Z.shape[2]))
        bases = [np.unique(Z[0, :, j]) if j in levels else basis(Z[0, :, j], w[0], most) for j in range(Z.shape[2])]
        H = np.concatenate([hats(b, Z[0, :, j]) for j, b in enumerate(bases)], axis=1)[None]
        moments, bending = Moments.of(H, F, w, folds_of(replicates), replicates=replicates), _bending(bases, Z[0].std(axis=0), levels)
        penalty, fidelity = _chosen(moments, bending)
        coef, moved = _solved(moments, bending, penalty, 1 - fidelity)
        ends = np.cumsum([0, *map(len, bases)])
        parts = [_curve(f"{j}", b, Z[0, :, j], w[0], coef[a : a + len(b)], moved[:, a : a + len(b)], origin[0, j], power[0]) for j, (b, a) in enumerate(zip(bases, ends, strict=False))]
        return Curves(tuple(parts), level, fidelity)


def basis(z: Float[Array, "s"], w: Float[Array, "s"], pieces: int) -> Float[Array, "K"]:
    """Knots: the values themselves where they are few, else quantiles of the weighted draws and both ends."""
    values, which = np.unique(z, return_inverse=True)
    if len(values) <= pieces:
        return values
    mass = np.cumsum(np.bincount(which, weights=w))
    at = np.searchsorted(mass, np.linspace(0, 1, pieces + 1)[1:-1] * mass[-1])
    knots = np.unique(np.concatenate([values[:1], values[at], values[-1:]]))
    return knots[np.append(True, np.diff(knots) > CLOSE * (knots[-1] - knots[0]))]


def hats(knots: Float[Array, "K"], z: Float[Array, "s"]) -> Float[Array, "s K"]:
    """Piecewise linear functions that are 1 at their own knot and 0 at the others."""
    if len(knots) == 1:
        return np.ones((len(z), 1))
    i = np.clip(np.searchsorted(knots, z) - 1, 0, len(knots) - 2)
    right = np.clip((z - knots[i]) / (knots[i + 1] - knots[i]), 0.0, 1.0)
    out, row = np.zeros((len(z), len(knots))), np.arange(len(z))
    out[row, i], out[row, i + 1] = 1 - right, right
    return out


def _bending(bases: list[Array], sd: Float[Array, "p"], levels: Sequence[int] = ()) -> Float[Array, "Q Q"]:
    """Integrals of squared second derivatives, in standard deviations of the draws, as a quadratic form in the values at the knots; levels have none."""
    Q = sum(map(len, bases))
    out, a = np.zeros((Q, Q)), 0
    for j, (knots, scale) in enumerate(zip(bases, sd, strict=True)):
        n, h = len(knots), np.diff(knots) / (scale or 1.0)
        if n > 2 and j not in levels:
            D, i = np.zeros((n - 2, n)), np.arange(n - 2)
            D[i, i], D[i, i + 1], D[i, i + 2] = 1 / h[:-1], -1 / h[:-1] - 1 / h[1:], 1 / h[1:]
            D /= np.sqrt((h[:-1] + h[1:]) / 2)[:, None]
            out[a : a + n, a : a + n] = D.T @ D
        a += n
    return out


def _system(covariance: Float[Array, "Q Q"], weight: float, bending: Float[Array, "Q Q"], penalty: float) -> Float[Array, "Q Q"]:
    return covariance / weight + penalty * bending + STILL * np.eye(len(bending))


def _chosen(moments: Moments, bending: Float[Array, "Q Q"]) -> tuple[float, Float[Array, "k"]]:
    """The penalty with the smallest error on draws that were left out, for all outputs together, and R2 there."""
    from scipy.linalg import cho_factor, cho_solve

    others, total = moments.without(), moments.pooled.total[0, 0]
    left = np.zeros((len(SMOOTH), len(total)))
    for r in range(moments.gram.shape[1]):
        one = Moments(others.gram[:, [r]], others.cross[:, [r]], others.square[:, [r]], others.weight2, others.count)
        covariance, cross, weight = one.covariance[0, 0], one.covariance_with_response[0, 0], one.weight[0, 0]
        seen = Moments(moments.gram[:, [r]], moments.cross[:, [r]], moments.square[:, [r]], moments.weight2, moments.count)
        for n, penalty in enumerate(SMOOTH):
            coef = cho_solve(cho_factor(_system(covariance, weight, bending, float(penalty))), cross / weight)
            left[n] += seen.residual((one.level[0, 0] - one.center[0, 0] @ coef)[None, None], coef[None, None])[0, 0]
    varies = np.where(total > 0, total, np.inf)
    best = int((left / varies).sum(axis=1).argmin())
    return float(SMOOTH[best]), np.where(total > 0, 1 - left[best] / varies, np.nan)


def _solved(moments: Moments, bending: Float[Array, "Q Q"], penalty: float, unexplained: Float[Array, "k"]) -> tuple[Float[Array, "Q k"], Float[Array, "n Q k"]]:
    """Values at the knots, and what moves them: each replicate (``errorbars.replicate_errors``), and by what the penalty holds
    them on average, A^-1 (lambda P) A^-1 sigma^2 / n (Nychka 1988), so that bands cover the curve and not its smoothing only.
    """
    pooled, R = moments.pooled, moments.gram.shape[1]
    weight, center = pooled.weight[0, 0], pooled.center[0, 0]
    inverse = np.linalg.inv(_system(pooled.covariance[0, 0], weight, bending, penalty))
    coef = inverse @ pooled.covariance_with_response[0, 0] / weight
    b = np.concatenate([(pooled.level[0, 0] - center @ coef)[None], coef])
    score = moments.cross[0] - moments.gram[0] @ b
    score = score[:, 1:] - center[:, None] * score[:, :1]
    drawn = (inverse @ (score - score.mean(axis=0))) * np.sqrt(R / max(R - 1, 1)) / weight
    noise = np.sqrt(np.nan_to_num(unexplained) * pooled.total[0, 0] / weight / pooled.effective_sample_size[0])
    values, vectors = np.linalg.eigh(bending)
    held = (inverse @ vectors) * np.sqrt(penalty * np.maximum(values, 0.0))
    return coef, np.concatenate([drawn, held.T[..., None] * noise])


def _curve(name: str, knots: Array, z: Array, w: Array, coef: Float[Array, "K k"], moved: Float[Array, "n K k"], own: float, power: Array) -> Curve:
    """The curve in cells: of the values where they are few, else some to each piece, with the mean of the draws in them."""
    values = np.unique(z)
    edges = (values[1:] + values[:-1]) / 2 if len(values) == len(knots) else _cut(knots)
    cell = np.searchsorted(edges, z, side="left")
    mass = np.bincount(cell, weights=w, minlength=len(edges) + 1) / w.sum()
    at = np.where(mass > 0, np.bincount(cell, weights=w * z, minlength=len(edges) + 1) / w.sum() / np.where(mass > 0, mass, 1.0), _middle(edges, z))
    shape = hats(knots, at)
    shape = shape - mass @ shape
    error = np.sqrt(((shape @ moved) ** 2).sum(axis=0))
    nowhere = np.full(coef.shape[1], np.nan)
    return Curve(name, edges, (), np.ldexp(shape @ coef, power), mass, nowhere, 0.0, int(np.searchsorted(edges, own, side="left")), float(own), np.ldexp(error, power))


def _cut(knots: Float[Array, "K"]) -> Float[Array, "T"]:
    """Every piece in ``SHOWN`` cells."""
    return np.interp(np.arange(1, SHOWN * (len(knots) - 1)) / SHOWN, np.arange(len(knots)), knots)


def _middle(edges: Float[Array, "T"], z: Float[Array, "s"]) -> Float[Array, "cells"]:
    ends = np.concatenate([[z.min()], edges, [z.max()]])
    return (ends[1:] + ends[:-1]) / 2
