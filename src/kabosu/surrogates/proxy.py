"""Proxy adjustment: a cheap model of the measured answers takes most of the variance away (MATH section 4).

With any g, the limit explanation of f is that of g plus that of f - g. That of g is found from many draws that ask nothing of the
model; that of f - g from the measured draws, with an error that falls with how well g predicts draws it has not seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kabosu.fits import Fit
from kabosu.moments import fold_of, folds_of
from kabosu.surrogates.ridge import Ridge
from kabosu.types import Array, Float

FREE = 1 << 16  # draws for the limit of the proxy
LOWER = 0.9  # of the residual variance: a proxy that gains less is noise


def trees() -> Any:
    """Boosted trees of eight leaves: steps and the interactions of a few features."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=120, learning_rate=0.15, max_leaf_nodes=8, random_state=0).set_params(early_stopping=False)


def quadratic() -> Any:
    """Squares and products of the coordinates: smooth models."""
    from sklearn.linear_model import Ridge as SklearnRidge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    return make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), SklearnRidge(1.0))


PROXIES: Mapping[str, tuple[Callable[[], Any], ...]] = {"trees": (trees,), "quadratic": (quadratic,), "auto": (trees, quadratic), "parts": ()}


def adjusted(
    plain: Fit,
    Z: Float[Array, "s p"],
    Y: Float[Array, "s k"],
    w: Float[Array, "s"],
    origin: Float[Array, "p"],
    free: Float[Array, "n p"],
    w_free: Float[Array, "n"],
    ridge: Ridge,
    replicates: int,
    proxy: str,
) -> tuple[Fit, str]:
    """The fit of one instance with the proxy that leaves the least variance, and its name; the plain fit and "" where none leaves less.

    plain : the fit to the measured draws Z, Y of weights w.  free, w_free : draws of the same law that nobody was asked about.
    """
    best, name, least = plain, "", LOWER * _left(plain, Y, w)
    for make in PROXIES[proxy]:
        residual, g = _predicted(make, Z, Y, w, free, replicates)
        rest = _fit(ridge, Z, residual, w, origin, replicates)
        left = _left(rest, residual, w)
        if left < least:
            limit = _fit(ridge, free, g, w_free, origin, replicates)
            best, name, least = _sum(plain, rest, limit), make.__name__, left
    return best, name


def _fit(ridge: Ridge, Z: Array, Y: Array, w: Array, origin: Array, replicates: int) -> Fit:
    return ridge.fit(Z[None], Y[None], w[None], origin[None], replicates)


def _left(fit: Fit, Y: Float[Array, "s k"], w: Float[Array, "s"]) -> float:
    """Variance that held-out draws keep beside the line, all outputs together."""
    mean = w @ Y / w.sum()
    return float((w @ (Y - mean) ** 2 / w.sum() * np.clip(1 - np.nan_to_num(fit.fidelity[0], nan=1.0), 0.0, 1.0)).sum())


def _predicted(make: Callable[[], Any], Z: Float[Array, "s p"], Y: Float[Array, "s k"], w: Float[Array, "s"], free: Float[Array, "n p"], replicates: int) -> tuple[Array, Array]:
    """What is left of the answers beside proxies that have not seen them, (s, k), and the mean of these proxies at the free draws, (n, k)."""
    folds = folds_of(replicates)
    fold, residual, g = fold_of(len(Z), folds, replicates), Y.copy(), np.zeros((len(free), Y.shape[1]))
    own, mirror = outputs_of(Y)
    for c in own:
        for r in range(folds):
            model = _trained(make, Z[fold != r], Y[fold != r, c], w[fold != r])
            residual[fold == r, c] -= model.predict(Z[fold == r])
            g[:, c] += model.predict(free) / folds
    for c, (of, total) in mirror.items():
        residual[:, c], g[:, c] = -residual[:, of], total - g[:, of]
    return residual, g


def _trained(make: Callable[[], Any], Z: Array, y: Array, w: Array) -> Any:
    model = make()
    weights = {} if (w == w[0]).all() else {f"{model.steps[-1][0]}__sample_weight" if hasattr(model, "steps") else "sample_weight": w}
    return model.fit(Z, y, **weights)


def outputs_of(Y: Float[Array, "s k"]) -> tuple[list[int], dict[int, tuple[int, float]]]:
    """Outputs to learn, and those that are a constant minus another: of two probabilities, one says all."""
    if Y.shape[1] != 2:
        return list(range(Y.shape[1])), {}
    total = Y.sum(axis=1)
    same = np.ptp(total) <= 1e-9 * max(np.abs(total).max(), 1e-300)
    return ([0], {1: (0, float(total.mean()))}) if same else ([0, 1], {})


def _sum(plain: Fit, rest: Fit, limit: Fit) -> Fit:
    """Coefficients of both parts; fidelity and worth are those of the answers themselves."""
    parts = {name: getattr(rest, name) + getattr(limit, name) for name in ("coef", "intercept", "local")}
    return replace(plain, **parts, std_error=np.hypot(rest.std_error, limit.std_error), dof=rest.dof)
