"""The ridge regressions of lime from weighted sums over the neighborhood: nothing is fitted twice."""

from dataclasses import dataclass

import numpy as np

from kabosu.moments import Moments
from kabosu.surrogates.select import forward
from kabosu.types import Array, Bool, Float, Int

ROWS = 8192  # samples at once, so that no more than these are held as numbers
FAR = 1e6  # mean square, in variances, above which sums lose digits
TIED = 12  # digits of the largest coefficient that tell two apart
LARGE = 1e8  # ... and variance, in penalties
WIDE = 100  # features from which single precision pays
REFINED = 3  # times at most


def around_first(Z: Array, moved: Float[Array, "s k"], weights: Float[Array, "s"]) -> Moments:
    """Moments of numbers counted from the first row, or of masks counted from all ones, in one pass whatever their order in memory."""
    root, (s, p), k = np.sqrt(weights), Z.shape, moved.shape[1]
    sums = np.zeros((1 + p + k, 1 + p + k))
    for start in range(0, s, ROWS):
        at = slice(start, min(start + ROWS, s))
        A = np.empty((1 + p + k, at.stop - start))  # the constant, the columns, the answers
        A[0] = root[at]
        np.multiply(*((~Z[at].T, -root[at]) if Z.dtype == bool else ((Z[at] - Z[0]).T, root[at])), out=A[1 : 1 + p])
        np.multiply(moved[at].T, root[at], out=A[1 + p :])
        sums += A @ A.T
    columns, answers = slice(0, 1 + p), slice(1 + p, None)
    return Moments(sums[None, None, columns, columns], sums[None, None, columns, answers], sums.diagonal()[None, None, answers], np.array([weights @ weights]), s)


def largest(Z: Bool[Array, "s p"], moved: Float[Array, "s k"], weights: Float[Array, "s"], K: int) -> list[Int[Array, "K"]] | None:
    """The K largest coefficients of a ridge with penalty 0.01 on masks: a Gram matrix in single precision, refined in double.

    A step of refinement bounds what is still wrong. None where no step tells the K-th from the next, or single precision lost the penalty.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    root, total = np.sqrt(weights), weights.sum()
    A = ~Z.T * root
    single, mean = A.astype(np.float32), A @ root / total
    covariance = single @ single.T - total * np.outer(mean, mean)
    covariance[np.diag_indices(len(A))] += 0.01
    try:
        factor = cho_factor(covariance, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    cross = A @ (root[:, None] * (moved - weights @ moved / total))
    coef = cho_solve(factor, cross, check_finite=False)
    for _ in range(REFINED):
        fitted = A.T @ coef - np.outer(root, mean @ coef)
        step = cho_solve(factor, cross - A @ fitted - 0.01 * coef, check_finite=False)
        coef += step
        sizes = np.abs(coef).T
        order = np.argsort(-sizes, axis=1)[:, : K + 1]
        last, following = np.take_along_axis(sizes, order[:, -2:], axis=1).T
        if (last - following > 2 * np.abs(step).max(axis=0) + 10.0**-TIED * sizes.max(axis=1)).all():
            return list(order[:, :K])
    return None


def by_size(values: Float[Array, "p"]) -> Int[Array, "p"]:
    """The largest first; what is equal but for rounding in its own order."""
    size = np.abs(values)
    return np.argsort(-np.round(size / (size.max(initial=0.0) or 1.0), TIED), kind="stable")


@dataclass(frozen=True)
class Sums:
    """covariance (p, p) and cross (p, k) with the answers, of columns counted from the instance.

    unsafe : whether digits were lost on the way, so that the samples themselves must be asked.
    """

    moments: Moments
    covariance: Float[Array, "p p"]
    cross: Float[Array, "p k"]
    unsafe: bool

    @classmethod
    def of(cls, moments: Moments) -> "Sums":
        """From moments whose folds are one."""
        covariance, cross = moments.covariance[0, 0], moments.covariance_with_response[0, 0]
        variance, square = covariance.diagonal(), moments.gram[0, 0].diagonal()[1:]
        unsafe = bool((square > FAR * np.maximum(variance, 0.0)).any() or variance.sum() > LARGE)
        return cls(moments, covariance, cross, unsafe)

    def picks(self, method: str, K: int, origin: Float[Array, "p"]) -> list[Int[Array, "K"]]:
        """Features of each output, in the order in which they are taken."""
        p, k = self.cross.shape
        if method == "none":
            return [np.arange(p)] * k
        if method == "forward_selection":
            return list(forward(self.covariance[None], self.cross[None], min(K, p))[0].T)
        products = self._ridge(np.arange(p), 0.01, self.cross) * origin[:, None]
        return [by_size(column)[:K] for column in products.T]

    def coefficients(self, picks: list[Int[Array, "K"]]) -> Float[Array, "p k"]:
        """Ridge with penalty 1 of each output on its features."""
        coef = np.zeros_like(self.cross)
        for c, pick in enumerate(picks):
            coef[pick, c] = self._ridge(pick, 1.0, self.cross[pick, c])
        return coef

    def _ridge(self, features: Int[Array, "K"], penalty: float, cross: Array) -> Array:
        matrix = self.covariance[np.ix_(features, features)]
        matrix[np.diag_indices(len(features))] += penalty
        return np.linalg.solve(matrix, cross)
