"""Ridge and ordinary weighted least squares: the surrogate of the paper."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kabosu import checks
from kabosu.fits import Fit
from kabosu.moments import Moments
from kabosu.surrogates.errorbars import replicate_errors, sandwich_errors
from kabosu.types import Array, Float

STEEP = 1e5  # condition number of the correlation matrix above which the normal equations are left for an orthogonal solver
DEAD = 1e-20


@dataclass(frozen=True)
class Ridge:
    """argmin_b sum_i w_i (f_i - b0 - b'z_i)^2 + penalty |b|^2, the intercept unpenalized.

    alpha : >= 0; 0 is ordinary weighted least squares.
    per : "weight": penalty = alpha * sum of the weights, so that a narrow kernel does not shrink the answer (MATH section 1b);
        "fit": penalty = alpha, as lime's Ridge(alpha=1) has it.

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.array([[[0.0], [1.0], [2.0]]]); Y = 3 * Z + 1
    >>> float(Ridge().fit(Z, Y, np.ones((1, 3)), np.zeros((1, 1))).coef[0, 0, 0].round(12))
    3.0

    """

    alpha: float = 0.0
    per: Literal["weight", "fit"] = "weight"

    def __post_init__(self) -> None:
        checks.number("alpha", self.alpha, "a finite number of at least 0", low=0.0, high=1e300)
        checks.one_of("per", self.per, ("weight", "fit"))

    def fit(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit by the normal equations where they are well conditioned, else by an orthogonal decomposition."""
        moments = Moments.of(Z, Y, w)
        solved = self.solve(moments)
        steep = np.broadcast_to(solved.condition > STEEP, (len(Y),))
        coef, bread = solved.coef, np.broadcast_to(solved.bread, (len(Y), *solved.bread.shape[1:]))
        if steep.any():
            coef, bread = coef.copy(), bread.copy()
            for b in np.flatnonzero(steep):
                coef[b], bread[b] = self._orthogonal(*(a[b] if len(a) > 1 else a[0] for a in (Z, Y, w)))
        return assemble(moments, coef, bread, solved.condition, Z, Y, w, origin, replicates, self)

    def solve(self, moments: Moments) -> "Solution":
        """Coefficients from moments alone, all folds pooled."""
        return solve(moments.pooled, self.penalty(moments.pooled))

    def penalty(self, moments: Moments) -> Float[Array, "#B R"]:
        """The penalty in force."""
        return self.alpha * (moments.weight if self.per == "weight" else np.ones_like(moments.weight))

    def _orthogonal(self, Z: Float[Array, "s p"], Y: Float[Array, "s k"], w: Float[Array, "s"]) -> tuple[Float[Array, "p k"], Float[Array, "p p"]]:
        """Centered, weighted, by singular values; directions without variance get no coefficient."""
        root = np.sqrt(w)[:, None]
        center = (w @ Z) / w.sum()
        scale = np.sqrt(w @ (Z - center) ** 2)
        scale = np.where(scale > 0, scale, 1.0)
        U, sv, Vt = np.linalg.svd(root * (Z - center) / scale, full_matrices=False)
        penalty = self.alpha * (w.sum() if self.per == "weight" else 1.0)
        if penalty:
            root_p = np.concatenate([root * (Z - center), np.sqrt(penalty) * np.eye(Z.shape[1])])
            target = np.concatenate([root * (Y - w @ Y / w.sum()), np.zeros((Z.shape[1], Y.shape[1]))])
            inverse = np.linalg.pinv(root_p.T @ root_p, hermitian=True)
            return np.linalg.lstsq(root_p, target, rcond=None)[0], inverse
        kept = sv > sv.max(initial=0.0) * 1e-13 * max(Z.shape)
        inverse = np.where(kept, 1 / np.where(kept, sv, 1.0), 0.0)
        coef = (Vt.T * inverse) @ (U.T @ (root * (Y - w @ Y / w.sum()))) / scale[:, None]
        half = Vt.T * inverse / scale[:, None]
        return coef, half @ half.T


@dataclass(frozen=True)
class Solution:
    """Coefficients, (covariance + penalty)^-1 and the condition number of the correlation matrix."""

    coef: Float[Array, "B p k"]
    bread: Float[Array, "#B p p"]
    condition: Float[Array, "#B"]


def solve(pooled: Moments, penalty: Float[Array, "#B 1"]) -> Solution:
    """Solve (covariance + penalty I) b = covariance with the response; features without variance get 0."""
    covariance = pooled.covariance[:, 0]
    bread, condition = invert(covariance, np.einsum("bpp->bp", pooled.gram[:, 0, 1:, 1:]), penalty)
    return Solution(np.matmul(bread, pooled.covariance_with_response[:, 0]), bread, condition)


def invert(covariance: Float[Array, "N p p"], scale2: Float[Array, "N p"], penalty: Float[Array, "N 1"]) -> tuple[Float[Array, "N p p"], Float[Array, "N"]]:
    """(covariance + penalty I)^-1, scaled to unit diagonal on the way; rows of features without variance are 0."""
    N, p, _ = covariance.shape
    variance = np.einsum("npp->np", covariance)
    alive = variance > DEAD**0.5 * np.maximum(scale2, 1e-300)
    sd = np.sqrt(np.where(alive, variance, 1.0))
    correlation = covariance / sd[:, :, None] / sd[:, None, :] * alive[:, :, None] * alive[:, None, :]
    idx = np.arange(p)
    correlation[:, idx, idx] = 1.0
    values = np.linalg.eigvalsh(correlation)
    condition = values[:, -1] / np.maximum(values[:, 0], 1e-300)
    correlation[:, idx, idx] += penalty / sd**2 * alive
    singular = condition > 1e14
    if singular.any():
        inverse = np.array([np.linalg.pinv(c, hermitian=True) if bad else np.linalg.inv(c) for c, bad in zip(correlation, singular, strict=True)])
    else:
        inverse = np.linalg.inv(correlation)
    return inverse / sd[:, :, None] / sd[:, None, :] * alive[:, :, None] * alive[:, None, :], condition


def assemble(moments: Moments, coef: Array, bread: Array, condition: Array, Z: Array, Y: Array, w: Array, origin: Array, replicates: int, ridge: Ridge) -> Fit:
    """Everything that follows from the coefficients: intercept, errors, R2."""
    pooled, B = moments.pooled, len(Y)
    center = pooled.center[:, 0]
    intercept = pooled.level[:, 0] - np.einsum("bp,bpk->bk", np.broadcast_to(center, (B, center.shape[1])), coef)
    r2 = _r2(pooled.residual(intercept[:, None], coef[:, None])[:, 0], pooled.total[:, 0])
    if replicates:
        error, dof = replicate_errors(moments, intercept, coef, bread), float(replicates - 1)
    else:
        error, dof = sandwich_errors(Z, Y, w, center, intercept, coef, bread), np.inf
    flat = np.broadcast_to(np.einsum("bpp->bp", bread) == 0, (B, coef.shape[1]))
    local = intercept + np.einsum("bp,bpk->bk", np.broadcast_to(origin, (B, origin.shape[1])), coef)
    return Fit(
        coef,
        np.where(flat[..., None], np.inf, error),
        intercept,
        r2,
        held_out(moments, ridge),
        local,
        np.broadcast_to(condition, (B,)).copy(),
        np.broadcast_to(pooled.effective_sample_size, (B,)).copy(),
        np.full(B, dof),
    )


def _r2(residual: Float[Array, "B k"], total: Float[Array, "B k"]) -> Float[Array, "B k"]:
    return np.where(total > 0, 1 - residual / np.where(total > 0, total, 1.0), np.nan)


def held_out(moments: Moments, ridge: Ridge) -> Float[Array, "B k"]:
    """Weighted R2 on draws that the surrogate has not seen: each fold predicted by a fit to the others (MATH (3))."""
    others, R = moments.without(), moments.gram.shape[1]
    B, p = len(moments.cross), moments.gram.shape[-1] - 1
    covariance = others.covariance
    b = len(covariance)
    scale2 = np.einsum("brpp->brp", others.gram[..., 1:, 1:])
    bread, _ = invert(covariance.reshape(b * R, p, p), scale2.reshape(b * R, p), ridge.penalty(others).reshape(b * R, 1))
    coef = np.matmul(bread.reshape(b, R, p, p), others.covariance_with_response)
    intercept = others.level - np.einsum("brp,brpk->brk", np.broadcast_to(others.center, (B, R, p)), coef)
    usable = np.broadcast_to(others.weight > 0, (B, R))[..., None]
    residual = np.where(usable, moments.residual(intercept, coef), 0.0).sum(1)
    return _r2(residual, moments.pooled.total[:, 0])
