"""The weighted regression behind every explainer: kabosu's surrogates on the neighborhood that lime drew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.fits import Fit
from kabosu.moments import Moments
from kabosu.surrogates import Ridge, Select
from kabosu.surrogates.select import forward, lasso_path
from kabosu.types import Array, Float, Int

METHODS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")


@dataclass(frozen=True)
class Regression:
    """The surrogates of k labels on one neighborhood of p columns.

    coef (p, k), intercept (k,), r2 (k,), near (k,) : the numbers of lime; near is g at the instance.
    ids : which columns of the neighborhood these are; None: all.  used : for each label the features in its surrogate,
    in the order of their selection.  reacted : (k,) share of samples whose answer differs from the instance's.
    evidence : the whole fit with its errors, or what it takes to make it when it is asked for.
    """

    coef: Float[Array, "p k"]
    intercepts: Float[Array, "k"]
    r2: Float[Array, "k"]
    near: Float[Array, "k"]
    ids: Int[Array, "p"] | None
    used: tuple[Array, ...]
    reacted: Float[Array, "k"]
    evidence: "Fit | Masks"

    @property
    def fit(self) -> Fit:
        """The fit with standard errors and fidelity."""
        return self.evidence.fitted() if isinstance(self.evidence, Masks) else self.evidence

    def intercept(self, c: int) -> np.float64:
        """The surrogate of label number c where all features are 0."""
        return self.intercepts[c]

    def ranked(self, c: int) -> list[tuple[np.int64, np.float64]]:
        """Pairs of (feature, weight), the largest weights first."""
        coef = self.coef[self.used[c], c]
        order = np.argsort(-np.abs(coef), kind="stable")
        names = self.used[c] if self.ids is None else self.ids[self.used[c]]
        return list(zip(names[order], coef[order], strict=True))

    def score(self, c: int) -> float:
        """Weighted R2 on the neighborhood itself; 1 where the answer does not vary, as scikit-learn has it."""
        r2 = float(self.r2[c])
        return 1.0 if np.isnan(r2) else r2

    def local(self, c: int) -> Float[Array, "1"]:
        """The surrogate at the instance."""
        return self.near[c : c + 1].copy()


@dataclass(frozen=True)
class Masks:
    """A neighborhood of zeros and ones, eight to a byte, until somebody asks for the errors of its coefficients."""

    bits: Array
    p: int
    answers: Float[Array, "s k"]
    weights: Float[Array, "s"]
    select: Select

    def fitted(self) -> Fit:
        """The regression with all that belongs to it."""
        return whole(np.unpackbits(self.bits, axis=1, count=self.p).astype(np.float64), self.answers, self.weights, self.select)


def regress(Z: Any, Y: Float[Array, "s k"], weights: Float[Array, "s"], labels: Sequence[int], K: int, method: str, regressor: Any = None, *, binary: bool = False) -> Regression:
    """Fit some columns of Y on the neighborhood, whose first row is the instance; binary: it is zeros and ones."""
    if method not in METHODS:
        raise InputError.choice("feature_selection", method, METHODS)
    if not isinstance(K, (int, np.integer)) or K < 1:
        raise InputError(f"num_features={K!r}; expected an integer of at least 1")
    ids, Z = active(Z, K)
    answers = np.ascontiguousarray(Y[:, list(labels)], dtype=np.float64)
    select = Select(int(K), method, Ridge(1.0, per="fit"))  # pyright: ignore[reportArgumentType]
    if regressor is not None:
        used = tuple(selected(Z, y, weights, int(K), method) for y in answers.T)
        return _of(_refitted(whole(Z, answers, weights, select), Z, answers, weights, used, regressor), ids, used, answers)
    if binary and method != "lasso_path":
        return _of_masks(Z, answers, weights, select)
    fitted = whole(Z, answers, weights, select)
    return _of(fitted, ids, tuple(np.flatnonzero(~np.isnan(error)) for error in fitted.std_error[0].T), answers)


def whole(Z: Float[Array, "s p"], answers: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> Fit:
    """The fit with its errors, of answers relative to the instance's."""
    around = answers[:1]
    return select.fit(Z[None], (answers - around)[None], weights[None], Z[:1]).shifted(around)


def _of(fitted: Fit, ids: Array | None, used: tuple[Array, ...], answers: Float[Array, "s k"]) -> Regression:
    return Regression(fitted.coef[0], fitted.intercept[0], fitted.r2[0], fitted.local[0], ids, used, (answers != answers[:1]).mean(axis=0), fitted)


def _of_masks(Z: Float[Array, "s p"], answers: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> Regression:
    """From moments alone: independent columns of zeros and ones are well conditioned, and lime gives no errors."""
    around, origin = answers[0], Z[:1]
    moved = answers - around
    moments = Moments.of(Z[None], moved[None], weights[None], 1, origin)
    coef, level, kept = select.exact(moments, origin)
    total = moments.total[0, 0]
    residual = moments.residual(level[:, None], coef[:, None])[0, 0]
    r2 = np.where(total > 0, 1 - residual / np.where(total > 0, total, 1.0), np.nan)
    used = tuple(np.flatnonzero(k) for k in kept[0].T)
    masks = Masks(np.packbits(Z != 0, axis=1), Z.shape[1], answers, weights, select)
    return Regression(coef[0], around + level[0] - origin[0] @ coef[0], r2, around + level[0], None, used, (moved != 0).mean(axis=0), masks)


def active(Z: Any, K: int) -> tuple[Int[Array, "p"] | None, Float[Array, "s p"]]:
    """Dense columns; of sparse ones those that hold anything, and where they are fewer than K, the first others."""
    if not type(Z).__module__.startswith("scipy.sparse"):
        return None, np.asarray(Z, dtype=np.float64)
    columns = Z.tocsc()
    ids = np.flatnonzero(np.diff(columns.indptr))
    if len(ids) < K:
        others = np.setdiff1d(np.arange(Z.shape[1]), ids)[: K - len(ids)]
        ids = np.sort(np.concatenate([ids, others]))
    return ids, np.ascontiguousarray(columns[:, ids].toarray(), dtype=np.float64)


def selected(Z: Float[Array, "s p"], y: Float[Array, "s"], weights: Float[Array, "s"], K: int, method: str) -> Int[Array, "K"]:
    """Features that a method keeps, in the order in which it takes them."""
    by = ("forward_selection" if K <= 6 else "highest_weights") if method == "auto" else method
    p = Z.shape[1]
    if by == "none":
        return np.arange(p)
    if by == "lasso_path":
        return lasso_path(Z, y, weights, K)
    moments = Moments.of(Z[None], (y - y[0])[None, :, None], weights[None], 1, Z[:1])
    if by == "forward_selection":
        return forward(moments.covariance[:, 0], moments.covariance_with_response[:, 0], min(K, p))[0, :, 0]
    products = Ridge(0.01, per="fit").solve(moments).coef[0, :, 0] * Z[0]
    return np.argsort(-np.abs(products), kind="stable")[:K]


def _refitted(fitted: Fit, Z: Array, Y: Array, weights: Array, used: tuple[Array, ...], regressor: Any) -> Fit:
    """The same by the user's own regressor, fitted in place as lime does; its errors are not known."""
    coef = np.zeros_like(fitted.coef)
    intercept, r2, local = (np.empty_like(fitted.intercept) for _ in range(3))
    for c, columns in enumerate(used):
        part = Z[:, columns]
        regressor.fit(part, Y[:, c], sample_weight=weights)
        coef[0, columns, c] = np.asarray(regressor.coef_, dtype=np.float64).reshape(-1)
        intercept[0, c] = np.asarray(regressor.intercept_).reshape(-1)[0]
        r2[0, c] = regressor.score(part, Y[:, c], sample_weight=weights)
        local[0, c] = np.asarray(regressor.predict(part[:1])).reshape(-1)[0]
    nan = np.full_like(coef, np.nan)
    return replace(fitted, coef=coef, std_error=nan, intercept=intercept, r2=r2, local=local, fidelity=np.full_like(r2, np.nan))
