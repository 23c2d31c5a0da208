"""Ridge and ordinary weighted least squares: the surrogate of the paper."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kabosu import checks
from kabosu.fits import Fit
from kabosu.moments import Moments, folds_of
from kabosu.surrogates.errorbars import degrees_of_freedom, moderated, replicate_errors, residuals, sandwich_errors
from kabosu.surrogates.problems import Problems
from kabosu.types import Array, Bool, Float, Points

STEEP = 1e4  # condition number of the correlation matrix above which the normal equations are left for an orthogonal solver
UNCORRELATED = 1e-14  # correlation that is rounding
SINGULAR = 1e14  # ... and above which they have no inverse
DEAD = 1e-20
WIDE = 128  # features above which the folds are taken one after the other, by Cholesky's decomposition
ENOUGH = 4  # draws a coefficient that the other scrambles must have where a whole one is held out


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

    def fit(self, Z: Points, Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit by the normal equations where they are well conditioned, else by an orthogonal decomposition."""
        return self.fits(Problems(Z, Y, w, origin), Moments.of(Z, Y, w, folds_of(replicates), origin, replicates), replicates)

    def fits(self, problems: Problems, moments: Moments, replicates: int) -> Fit:
        """Fit each problem, whose moments these are."""
        solved = self.solve(moments)
        fitted = assemble(moments, solved, problems, replicates, self)
        steep = np.broadcast_to(solved.steep, (len(problems),))
        if not steep.any():
            return fitted
        at = lambda a, i: a[[i]] if len(a) > 1 else a  # noqa: E731  broadcast leading axis
        origins = problems.origins
        return Fit.stack([self._orthogonal(*problems.one(i), at(origins, i), replicates) if steep[i] else fitted.take([i]) for i in range(len(problems))])

    def solve(self, moments: Moments) -> "Solution":
        """Coefficients from moments alone, all folds pooled."""
        return solve(moments.pooled, self.penalty(moments.pooled))

    def penalty(self, moments: Moments) -> Float[Array, "#B R"]:
        """Give the penalty in force."""
        return self.alpha * (moments.weight if self.per == "weight" else np.ones_like(moments.weight))

    def _orthogonal(self, Z: Float[Array, "1 s p"], Y: Float[Array, "1 s k"], w: Float[Array, "1 s"], origin: Float[Array, "1 p"], replicates: int) -> Fit:
        """Fit one instance in coordinates whose covariance is the identity; with a penalty, by an augmented least squares."""
        return whitened(Z, Y, w, origin, replicates) if self.alpha == 0 else self._augmented(Z, Y, w, origin, replicates)

    def _augmented(self, Z: Float[Array, "1 s p"], Y: Float[Array, "1 s k"], w: Float[Array, "1 s"], origin: Float[Array, "1 p"], replicates: int) -> Fit:
        moments = Moments.of(Z, Y, w, folds_of(replicates), replicates=replicates)
        p, root, total = Z.shape[2], np.sqrt(w[0])[:, None], w[0].sum()
        A = np.concatenate([root * (Z[0] - w[0] @ Z[0] / total), np.sqrt(self.penalty(moments.pooled)[0]) * np.eye(p)])
        target = np.concatenate([root * (Y[0] - w[0] @ Y[0] / total), np.zeros((p, Y.shape[2]))])
        coef, bread = np.linalg.lstsq(A, target, rcond=None)[0], np.linalg.pinv(A.T @ A, hermitian=True)
        solved = replace(self.solve(moments), coef=coef[None], bread=bread[None])
        return _moved(assemble(moments, solved, Problems(Z, Y, w, np.zeros_like(origin)), replicates, self), origin)


@dataclass(frozen=True)
class Solution:
    """Coefficients, what turns scores into their errors ((covariance + penalty)^-1), and the condition of the correlations.

    steep : where digits are lost, because features are nearly collinear or far from 0 for their spread.
    """

    coef: Float[Array, "B p k"]
    bread: Float[Array, "#B p q"]
    condition: Float[Array, "#B"]
    steep: Bool[Array, "#B"]


def solve(pooled: Moments, penalty: Float[Array, "#B 1"]) -> Solution:
    """Solve (covariance + penalty I) b = covariance with the response; features without variance get 0."""
    covariance, square = pooled.covariance[:, 0], np.einsum("bpp->bp", pooled.gram[:, 0, 1:, 1:])
    bread, condition = invert(covariance, square, penalty)
    variance = np.einsum("bpp->bp", covariance)
    far = ((square > STEEP * np.maximum(variance, 0.0)) & (square > 0)).any(axis=1)
    steep = condition > STEEP
    if steep.any() and penalty.any():
        steep = steep & (np.linalg.cond(covariance + penalty[:, :, None] * np.eye(covariance.shape[1])) > STEEP)
    return Solution(np.matmul(bread, pooled.covariance_with_response[:, 0]), bread, condition, steep | far)


def _inverse(matrices: Float[Array, "N p p"], singular: Bool[Array, "N"]) -> Float[Array, "N p p"]:
    if matrices.shape[1] > WIDE and not singular.any():
        return np.stack([_by_cholesky(m) for m in matrices])
    if not singular.any():
        return np.linalg.inv(matrices)
    return np.array([np.linalg.pinv(m, hermitian=True) if bad else np.linalg.inv(m) for m, bad in zip(matrices, singular, strict=True)])


def _by_cholesky(matrix: Float[Array, "p p"]) -> Float[Array, "p p"]:
    """Inverse of a symmetric matrix, in half the time where it is positive definite."""
    from scipy.linalg import get_lapack_funcs

    potrf, potri = get_lapack_funcs(("potrf", "potri"), dtype=np.float64)
    factor, failed = potrf(matrix.T, lower=1, clean=1)
    if failed:
        return np.linalg.inv(matrix)
    half = potri(factor, lower=1, overwrite_c=1)[0]
    np.einsum("pp->p", half)[...] /= 2
    return half + half.T


def _moved(fitted: Fit, origin: Float[Array, "#B p"]) -> Fit:
    """A fit in coordinates counted from the origin, in those of Z."""
    return replace(fitted, intercept=fitted.local - np.einsum("bp,bpk->bk", np.broadcast_to(origin, (len(fitted.coef), origin.shape[1])), fitted.coef))


def whitened(Z: Float[Array, "1 s p"], Y: Float[Array, "1 s k"], w: Float[Array, "1 s"], origin: Float[Array, "1 p"], replicates: int) -> Fit:
    """Ordinary least squares in coordinates (z - center) basis of identity covariance; directions without variance get no coefficient."""
    center, basis, condition = _white(Z[0], w[0])
    T = ((Z[0].astype(np.longdouble) - center) @ basis).astype(np.float64)[None]  # a large basis would blow up what is rounded here
    moments = Moments.of(T, Y, w, folds_of(replicates), replicates=replicates)
    solved = solve(moments.pooled, np.zeros((1, 1)))
    solved = replace(solved, bread=solved.bread @ basis.T, condition=np.array([condition]))
    part = assemble(moments, solved, Problems(T, Y, w, np.zeros((1, T.shape[2]))), replicates, Ridge())
    coef = basis @ part.coef[0]
    local = part.intercept - center @ coef
    return replace(part, coef=coef[None], local=local, intercept=local - origin @ coef)


def _white(Z: Float[Array, "s p"], w: Float[Array, "s"]) -> tuple[Float[Array, "p"], Float[Array, "p p"], float]:
    """Center, basis (0 for directions without variance) and condition number of the correlation matrix, by singular values."""
    center, root = w @ Z / w.sum(), np.sqrt(w / w.sum())[:, None]
    scale = np.sqrt(((root * (Z - center)) ** 2).sum(axis=0))
    alive = np.flatnonzero(scale > 1e-15 * np.abs(Z).max(axis=0))
    basis = np.zeros((Z.shape[1], Z.shape[1]))
    if not len(alive):
        return center, basis, 1.0
    _, sv, Vt = np.linalg.svd(root * (Z[:, alive] - center[alive]) / scale[alive], full_matrices=False)
    kept = sv > sv[0] * 1e-14 * max(Z.shape)
    basis[np.ix_(alive, np.flatnonzero(kept))] = Vt[kept].T / sv[kept] / scale[alive][:, None]
    return center, basis, float((sv[0] / max(sv[-1], 1e-150)) ** 2)


def invert(covariance: Float[Array, "N p p"], scale2: Float[Array, "N p"], penalty: Float[Array, "N 1"]) -> tuple[Float[Array, "N p p"], Float[Array, "N"]]:
    """(covariance + penalty I)^-1, scaled to unit diagonal on the way; rows of features without variance are 0.

    Where nothing is correlated, as in exact product neighborhoods, the diagonal is all there is.
    """
    variance = np.einsum("npp->np", covariance)
    alive = variance > DEAD**0.5 * np.maximum(scale2, 1e-300)
    sd = np.sqrt(np.where(alive, variance, 1.0))
    correlation = _scaled(covariance.copy(), sd, alive)
    idx = np.arange(covariance.shape[1])
    correlation[:, idx, idx] = 0.0
    largest = np.maximum(correlation.max(axis=(1, 2), initial=0.0), -correlation.min(axis=(1, 2), initial=0.0))
    coupled = np.flatnonzero(largest > UNCORRELATED)
    coupled = slice(None) if len(coupled) == len(correlation) else coupled  # no copy
    correlation[:, idx, idx] = 1.0
    inverse, condition = np.zeros_like(correlation), np.ones(len(correlation))
    if len(correlation[coupled]):
        values = np.linalg.eigvalsh(correlation[coupled])
        condition[coupled] = values[:, -1] / np.maximum(values[:, 0], 1e-300)
    correlation[:, idx, idx] += penalty / sd**2 * alive
    inverse[:, idx, idx] = 1 / correlation[:, idx, idx]
    if len(correlation[coupled]):
        inverse[coupled] = _inverse(correlation[coupled], condition[coupled] > SINGULAR)
    return _scaled(inverse, sd, alive), condition


def _scaled(matrices: Float[Array, "N p p"], sd: Float[Array, "N p"], alive: Bool[Array, "N p"]) -> Float[Array, "N p p"]:
    """The same arrays, divided by the standard deviations of both sides; rows and columns without variance are 0."""
    matrices /= sd[:, :, None]
    matrices /= sd[:, None, :]
    if not alive.all():
        matrices *= alive[:, :, None]
        matrices *= alive[:, None, :]
    return matrices


def assemble(moments: Moments, solved: Solution, problems: Problems, replicates: int, ridge: Ridge) -> Fit:
    """Everything that follows from the coefficients: intercept, errors, R2. The moments are counted from the origin."""
    pooled, N, coef, bread = moments.pooled, len(problems), solved.coef, solved.bread
    center = pooled.center[:, 0]
    local = pooled.level[:, 0] - np.einsum("bp,bpk->bk", np.broadcast_to(center, (N, center.shape[1])), coef)
    left = pooled.residual(local[:, None], coef[:, None])[:, 0]
    error, dof = _errors(problems, center, local, coef, bread, replicates)
    if replicates:
        error, dof = moderated(replicate_errors(moments, local, coef, bread, replicates), error, dof, replicates)
    flat = np.broadcast_to((bread == 0).all(axis=1), (N, bread.shape[2]))
    fitted = Fit(
        coef,
        np.where(flat[..., None], np.inf, error),
        local,
        _r2(left, pooled.total[:, 0]),
        held_out(moments, ridge, left, replicates),
        local,
        np.broadcast_to(solved.condition, (N,)).copy(),
        np.broadcast_to(pooled.effective_sample_size, (N,)).copy(),
        dof,
    )
    return _moved(fitted, problems.origins)


def _errors(problems: Problems, center: Array, local: Array, coef: Array, bread: Array, replicates: int) -> tuple[Array, Array]:
    """Standard errors as if draws were independent, and degrees of freedom."""
    errors, dofs, i = [], [], 0
    for draws, Y, w in problems.parts():
        these, i = slice(i, i + len(Y)), i + len(Y)
        of = lambda a: a[these] if len(a) > 1 else a  # noqa: E731, B023  broadcast leading axis
        r2 = residuals(draws, Y, w, local[these], coef[these]) ** 2
        errors.append(sandwich_errors(draws, of(center), r2, of(bread)))
        dofs.append(degrees_of_freedom(draws, of(center), r2, replicates))
    return np.concatenate(errors), np.concatenate(dofs)


def _r2(residual: Float[Array, "B k"], total: Float[Array, "B k"]) -> Float[Array, "B k"]:
    return np.where(total > 0, 1 - residual / np.where(total > 0, total, 1.0), np.nan)


def held_out(moments: Moments, ridge: Ridge, left: Float[Array, "B k"], replicates: int) -> Float[Array, "B k"]:
    """Weighted R2 on draws that the surrogate has not seen: each fold predicted by a fit to the others (MATH (3)).

    Whole scrambles are held out where the others have draws enough: parts of one net are not independent of its other parts.
    That the fits to the others have fewer draws is made good (Burman 1989, Biometrika 76): they leave more of all draws than the
    fit to all of them does, which leaves ``left``.
    """
    whole, q = moments.scrambles(replicates), moments.gram.shape[-1]
    enough = np.broadcast_to((1 - 1 / whole.gram.shape[1]) * moments.effective_sample_size >= ENOUGH * q, (len(left),))[:, None]
    residual = _held_out(whole if enough.any() else moments, ridge, left)
    if whole is not moments and enough.any() and not enough.all():
        residual = np.where(enough, residual, _held_out(moments, ridge, left))
    return _r2(residual, moments.pooled.total[:, 0])


def _held_out(moments: Moments, ridge: Ridge, left: Float[Array, "B k"]) -> Float[Array, "B k"]:
    """Weighted sum of squares that held-out draws leave, corrected."""
    B, R, p = len(moments.cross), moments.gram.shape[1], moments.gram.shape[-1] - 1
    if p > WIDE and len(moments.gram) == 1:
        return _held_out_of_many(moments, ridge, left)
    others = moments.without()
    covariance = others.covariance
    b = len(covariance)
    scale2 = np.einsum("brpp->brp", others.gram[..., 1:, 1:])
    bread, _ = invert(covariance.reshape(b * R, p, p), scale2.reshape(b * R, p), ridge.penalty(others).reshape(b * R, 1))
    coef = np.matmul(bread.reshape(b, R, p, p), others.covariance_with_response)
    intercept = others.level - np.einsum("brp,brpk->brk", np.broadcast_to(others.center, (B, R, p)), coef)
    usable = np.broadcast_to(others.weight > 0, (B, R))[..., None]
    more = moments.pooled.residual(intercept, coef) - left[:, None]
    return np.where(usable, moments.residual(intercept, coef) - _shares(moments)[..., None] * more, 0.0).sum(1)


def _shares(moments: Moments) -> Float[Array, "#B R"]:
    """Of the weight, in each fold."""
    return moments.weight / np.maximum(moments.weight.sum(axis=1, keepdims=True), 1e-300)


def _held_out_of_many(moments: Moments, ridge: Ridge, left: Float[Array, "B k"]) -> Float[Array, "B k"]:
    """``_held_out`` of one Gram matrix that is large: a fold at a time, solved where it is positive definite."""
    pooled, residual = moments.pooled, np.zeros(left.shape)
    for r, share in enumerate(_shares(moments)[0]):
        fold = moments.only(r)
        if share > 0:
            coef, level = _solved(pooled - fold, ridge)
            seen = [m.residual(level[:, None], coef[:, None])[:, 0] for m in (fold, pooled)]
            residual += seen[0] - share * (seen[1] - left)
    return residual


def _solved(moments: Moments, ridge: Ridge) -> tuple[Float[Array, "B p k"], Float[Array, "B k"]]:
    """Coefficients and intercepts of one Gram matrix, all folds pooled: the constant is the first to be eliminated."""
    from scipy.linalg import get_lapack_funcs

    potrf, potrs = get_lapack_funcs(("potrf", "potrs"), dtype=np.float64)
    square = np.einsum("qq->q", moments.gram[0, 0])[1:]
    variance = square - moments.weight[0, 0] * moments.center[0, 0] ** 2
    B, q, k = moments.cross[:, 0].shape
    system, on = moments.gram[0, 0].copy(), np.arange(1, q)
    system[on, on] += ridge.penalty(moments)[0, 0]
    factor, failed = potrf(system.T, lower=1, clean=0, overwrite_a=1)
    if not failed and (variance > DEAD**0.5 * np.maximum(square, 1e-300)).all():
        b = potrs(factor, moments.cross[:, 0].transpose(1, 0, 2).reshape(q, B * k), lower=1)[0].reshape(q, B, k)
        return b[1:].transpose(1, 0, 2), b[0]
    coef, center = solve(moments, ridge.penalty(moments)).coef, moments.center[:, 0]
    return coef, moments.level[:, 0] - np.einsum("bp,bpk->bk", np.broadcast_to(center, (B, q - 1)), coef)
