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
    """The surrogates of k labels on one neighborhood.

    fit : one instance, all columns that vary.  ids : which columns of the neighborhood these are; None: all.
    used : for each label the features in its surrogate, in the order of their selection.
    reacted : (k,) share of samples whose answer differs from the instance's.
    """

    fit: Fit
    ids: Int[Array, "p"] | None
    used: tuple[Array, ...]
    reacted: Float[Array, "k"]

    def intercept(self, c: int) -> np.float64:
        """The surrogate of label number c where all features are 0."""
        return self.fit.intercept[0, c]

    def ranked(self, c: int) -> list[tuple[np.int64, np.float64]]:
        """Pairs of (feature, weight), the largest weights first."""
        coef = self.fit.coef[0, self.used[c], c]
        order = np.argsort(-np.abs(coef), kind="stable")
        names = self.used[c] if self.ids is None else self.ids[self.used[c]]
        return list(zip(names[order], coef[order], strict=True))

    def score(self, c: int) -> float:
        """Weighted R2 on the neighborhood itself; 1 where the answer does not vary, as scikit-learn has it."""
        r2 = float(self.fit.r2[0, c])
        return 1.0 if np.isnan(r2) else r2

    def local(self, c: int) -> Float[Array, "1"]:
        """The surrogate at the instance."""
        return self.fit.local[0, c : c + 1].copy()


def regress(Z: Any, Y: Float[Array, "s k"], weights: Float[Array, "s"], labels: Sequence[int], K: int, method: str, regressor: Any = None) -> Regression:
    """Fit some columns of Y on the neighborhood, whose first row is the instance."""
    if method not in METHODS:
        raise InputError.choice("feature_selection", method, METHODS)
    if not isinstance(K, (int, np.integer)) or K < 1:
        raise InputError(f"num_features={K!r}; expected an integer of at least 1")
    ids, Z = active(Z, K)
    answers = np.ascontiguousarray(Y[:, list(labels)], dtype=np.float64)
    around = answers[:1]
    reacted = (answers != around).mean(axis=0)
    fitted = Select(int(K), method, Ridge(1.0, per="fit")).fit(Z[None], (answers - around)[None], weights[None], Z[:1]).shifted(around)  # pyright: ignore[reportArgumentType]
    if regressor is None:
        used = tuple(np.flatnonzero(~np.isnan(error)) for error in fitted.std_error[0].T)
        return Regression(fitted, ids, used, reacted)
    used = tuple(selected(Z, y, weights, int(K), method) for y in answers.T)
    return Regression(_refitted(fitted, Z, answers, weights, used, regressor), ids, used, reacted)


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
