"""The weighted regression behind every explainer: kabosu's surrogates on the neighborhood that lime drew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.fits import Fit
from kabosu.lime.evidence import MOST, Evidence, Neighborhood, whole
from kabosu.lime.sums import ROWS, WIDE, Sums, around_first, by_size, largest
from kabosu.moments import Moments
from kabosu.surrogates import Ridge, Select
from kabosu.surrogates.select import lasso_path
from kabosu.types import Array, Float, Int

METHODS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")


@dataclass(frozen=True)
class Regression:
    """The surrogates of k labels on one neighborhood of p columns.

    coef (p, k), intercept (k,), r2 (k,), near (k,) : the numbers of lime; near is g at the instance.
    ids : which columns of the neighborhood these are; None: all.  used : for each label the features in its surrogate,
    in the order of their selection.  source : the evidence, or the samples to make it from when it is asked for.
    """

    coef: Float[Array, "p k"]
    intercepts: Float[Array, "k"]
    r2: Float[Array, "k"]
    near: Float[Array, "k"]
    ids: Int[Array, "p"] | None
    used: tuple[Array, ...]
    source: Evidence | Neighborhood

    @property
    def evidence(self) -> Evidence:
        """Errors and fidelity."""
        return self.source.evidence if isinstance(self.source, Neighborhood) else self.source

    @property
    def fit(self) -> Fit:
        """The fit with standard errors and fidelity; its coefficients are these."""
        return replace(self.evidence.fit, coef=self.coef[None], intercept=self.intercepts[None], r2=self.r2[None], local=self.near[None])

    def intercept(self, c: int) -> np.float64:
        """The surrogate of label number c where all features are 0."""
        return self.intercepts[c]

    def ranked(self, c: int) -> list[tuple[np.int64, np.float64]]:
        """Pairs of (feature, weight), the largest weights first."""
        coef = self.coef[self.used[c], c]
        order = by_size(coef)
        names = self.used[c] if self.ids is None else self.ids[self.used[c]]
        return list(zip(names[order], coef[order], strict=True))

    def score(self, c: int) -> float:
        """Weighted R2 on the neighborhood itself; 1 where the answer does not vary, as scikit-learn has it."""
        r2 = float(self.r2[c])
        return 1.0 if np.isnan(r2) else r2

    def local(self, c: int) -> Float[Array, "1"]:
        """The surrogate at the instance."""
        return self.near[c : c + 1].copy()


def regress(Z: Any, Y: Float[Array, "s k"], weights: Float[Array, "s"], labels: Sequence[int], K: int, method: str, regressor: Any = None) -> Regression:
    """Fit some columns of Y on the neighborhood, whose first row is the instance; masks are bool."""
    if method not in METHODS:
        raise InputError.choice("feature_selection", method, METHODS)
    if not isinstance(K, (int, np.integer)) or K < 1:
        raise InputError(f"num_features={K!r}; expected an integer of at least 1")
    ids, Z = active(Z, K)
    answers = np.ascontiguousarray(Y[:, list(labels)], dtype=np.float64)
    select = Select(int(K), method, Ridge(1.0, per="fit"))  # pyright: ignore[reportArgumentType]
    if regressor is None and method != "lasso_path":
        moved = answers - answers[:1]
        picks = _clear(Z, moved, weights, select)
        columns = np.arange(Z.shape[1]) if picks is None else np.unique(picks)
        sums = Sums.of(_moments(Z if picks is None else Z[:, columns], moved, weights))
        if not sums.unsafe:
            picks = sums.picks(_by(method, int(K)), int(K), Z[0].astype(np.float64)) if picks is None else [np.searchsorted(columns, pick) for pick in picks]
            return _of_sums(sums, picks, columns, ids, Z, answers, weights, select)
    Z = np.ascontiguousarray(Z, dtype=np.float64)
    fitted = whole(Z, answers, weights, select)
    used = tuple(np.flatnonzero(~np.isnan(error)) for error in fitted.std_error[0].T)
    if regressor is not None:
        used = tuple(selected(Z, y, weights, int(K), method) for y in answers.T)
        fitted = _refitted(fitted, Z, answers, weights, used, regressor)
    return Regression(fitted.coef[0], fitted.intercept[0], fitted.r2[0], fitted.local[0], ids, used, Evidence.of(fitted, Z, answers))


def _moments(Z: Array, moved: Float[Array, "s k"], weights: Float[Array, "s"]) -> Moments:
    return around_first(Z if Z.dtype != bool or Z[0].all() else Z.astype(np.float64), moved, weights)


def _clear(Z: Array, moved: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> list[Int[Array, "K"]] | None:
    """The largest of many masks, where single precision can tell which they are."""
    many = Z.dtype == bool and max(WIDE, select.K) < Z.shape[1] and len(Z) <= ROWS and bool(Z[0].all())
    return largest(Z, moved, weights, select.K) if many and _by(select.by, select.K) == "highest_weights" else None


def _of_sums(sums: Sums, picks: list[Array], columns: Int[Array, "c"], ids: Array | None, Z: Array, answers: Float[Array, "s k"], weights: Float[Array, "s"], select: Select) -> Regression:
    """The numbers of lime from sums of some columns; it gives no errors, so that those wait until they are asked for."""
    around, origin, moments = answers[0], Z[0, columns].astype(np.float64), sums.moments
    few = sums.coefficients(picks)
    level = moments.level[0, 0] - moments.center[0, 0] @ few
    total, residual = moments.total[0, 0], moments.residual(level[None, None], few[None, None])[0, 0]
    r2 = np.where(total > 0, 1 - residual / np.where(total > 0, total, 1.0), np.nan)
    large = Z.dtype != bool and Z.size > MOST
    source = Evidence.of(whole(Z, answers, weights, select), Z, answers) if large else Neighborhood.of(Z, answers, weights, select)
    coef = np.zeros((Z.shape[1], len(picks)))
    coef[columns] = few
    return Regression(coef, around + level - origin @ few, r2, around + level, ids, tuple(np.sort(columns[pick]) for pick in picks), source)


def _by(method: str, K: int) -> str:
    """The method that "auto" stands for."""
    return ("forward_selection" if K <= 6 else "highest_weights") if method == "auto" else method


def active(Z: Any, K: int) -> tuple[Int[Array, "p"] | None, Float[Array, "s p"]]:
    """Dense columns; of sparse ones those that hold anything, and where they are fewer than K, the first others."""
    if not type(Z).__module__.startswith("scipy.sparse"):
        return None, np.asarray(Z, dtype=np.bool_ if isinstance(Z, np.ndarray) and Z.dtype.kind == "b" else np.float64)
    columns = Z.tocsc()
    ids = np.flatnonzero(np.diff(columns.indptr))
    if len(ids) < K:
        others = np.setdiff1d(np.arange(Z.shape[1]), ids)[: K - len(ids)]
        ids = np.sort(np.concatenate([ids, others]))
    return ids, np.ascontiguousarray(columns[:, ids].toarray(), dtype=np.float64)


def selected(Z: Float[Array, "s p"], y: Float[Array, "s"], weights: Float[Array, "s"], K: int, method: str) -> Int[Array, "K"]:
    """Features that a method keeps, in the order in which it takes them."""
    by = _by(method, K)
    if by == "lasso_path":
        return lasso_path(Z, y, weights, K)
    return Sums.of(_moments(Z, (y - y[0])[:, None], weights)).picks(by, K, Z[0])[0]


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
