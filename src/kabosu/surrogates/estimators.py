"""Surrogates of scikit-learn: any estimator with coef_, and a depth-limited tree."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.fits import Fit
from kabosu.moments import Moments
from kabosu.types import Array, Float

Fitted = tuple[Array, float, Callable[[Array], Array]]


@dataclass(frozen=True)
class Estimator:
    """Any regressor with ``fit(X, y, sample_weight=)``, ``coef_`` and ``intercept_``; cloned for each instance and output.

    Its standard errors are not known: NaN.
    """

    regressor: Any

    def __post_init__(self) -> None:
        checks.has("regressor", self.regressor, "fit", "an unfitted regressor with fit(X, y, sample_weight=), coef_ and intercept_")
        checks.has("regressor", self.regressor, "get_params", "a scikit-learn estimator, which can be cloned")

    def fit(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit a clone per instance and output."""
        return fit_each(self._one, Z, Y, w, origin)

    def _one(self, Z: Float[Array, "s p"], y: Float[Array, "s"], w: Float[Array, "s"], origin: Float[Array, "p"]) -> Fitted:
        from sklearn.base import clone

        model: Any = clone(self.regressor)
        try:
            model.fit(Z, y, sample_weight=w)
            coef = np.asarray(model.coef_, dtype=np.float64).reshape(-1)
            return coef, float(np.asarray(model.intercept_).reshape(-1)[0]), model.predict
        except (AttributeError, TypeError) as e:
            raise InputError(f"the surrogate {self.regressor!r} needs fit(X, y, sample_weight=), coef_ and intercept_: {e}") from e


@dataclass(frozen=True)
class Tree:
    """A regression tree of limited depth. Its coefficients are the steps along the instance's own path: each split moves
    the mean from parent to child, which is credited to the split's feature; they and the intercept add up to g(x).
    """

    max_depth: int = 3

    def __post_init__(self) -> None:
        checks.whole("max_depth", self.max_depth, 1, "a depth of the tree")

    def fit(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit a tree per instance and output."""
        return fit_each(self._one, Z, Y, w, origin)

    def _one(self, Z: Float[Array, "s p"], y: Float[Array, "s"], w: Float[Array, "s"], origin: Float[Array, "p"]) -> Fitted:
        from sklearn.tree import DecisionTreeRegressor

        tree = DecisionTreeRegressor(max_depth=self.max_depth, random_state=0).fit(Z, y, sample_weight=w)
        path = tree.decision_path(origin[None]).indices
        value, feature = tree.tree_.value[path, 0, 0], tree.tree_.feature[path[:-1]]
        return np.bincount(feature, weights=np.diff(value), minlength=Z.shape[1]), float(value[0]), tree.predict


def fit_each(one: Callable[[Array, Array, Array, Array], Fitted], Z: Array, Y: Array, w: Array, origin: Array) -> Fit:
    """Fit every (instance, output) by itself; fidelity on the odd draws of a fit to the even ones."""
    B, s, k = Y.shape
    Z, w, origin = (np.broadcast_to(a, (B, *a.shape[1:])) for a in (Z, w, origin))
    coef = np.empty((B, Z.shape[2], k))
    intercept, r2, fidelity, local = (np.empty((B, k)) for _ in range(4))
    even, odd = np.arange(0, s, 2), np.arange(1, s, 2)
    for b in range(B):
        for c in range(k):
            coef[b, :, c], intercept[b, c], predict = one(Z[b], Y[b, :, c], w[b], origin[b])
            r2[b, c] = weighted_r2(Y[b, :, c], predict(Z[b]), w[b])
            local[b, c] = float(np.asarray(predict(origin[b][None])).reshape(-1)[0])
            _, _, half = one(Z[b, even], Y[b, even, c], w[b, even], origin[b])
            fidelity[b, c] = weighted_r2(Y[b, odd, c], half(Z[b, odd]), w[b, odd])
    size = Moments.of(Z, Y, w).pooled.effective_sample_size
    nan = np.full(coef.shape, np.nan)
    return Fit(coef, nan, intercept, r2, fidelity, local, np.full(B, np.nan), np.broadcast_to(size, (B,)).copy(), np.full(B, np.inf))


def weighted_r2(y: Float[Array, "s"], g: Float[Array, "s"], w: Float[Array, "s"]) -> float:
    """1 - sum w (y - g)^2 / sum w (y - mean)^2; NaN where y does not vary."""
    mean = np.average(y, weights=w)
    total = np.sum(w * (y - mean) ** 2)
    noise = 1e-12 * np.sum(w * y**2)
    return float(1 - np.sum(w * (y - np.asarray(g).reshape(-1)) ** 2) / total) if total > noise else float("nan")
