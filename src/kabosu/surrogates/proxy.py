"""Proxy adjustment: a cheap model of the measured answers takes most of the variance away (MATH section 4).

With any g, the limit explanation of f is that of g plus that of f - g. That of g is found from many draws that ask nothing of the
model; that of f - g from the measured draws, with an error that falls with how well g predicts draws it has not seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kabosu.fits import Fit
from kabosu.moments import fold_of, folds_of
from kabosu.surrogates.ridge import Ridge
from kabosu.types import Array, Bool, Float

FREE = 1 << 15  # draws for the limit of the proxy: their error is a tenth of that of 1,024
LOWER = 0.9  # of the residual variance: a proxy that gains less is noise


@dataclass(frozen=True)
class Draws:
    """Draws for one instance.

    Z : as the surrogate reads them.  w : weights.
    cells : as the model does, values and codes of levels, where they are not the same.  codes : columns of them that are codes.
    """

    Z: Float[Array, "s p"]
    w: Float[Array, "s"]
    cells: Float[Array, "s d"] | None = None
    codes: tuple[int, ...] = ()

    @property
    def read(self) -> Float[Array, "s d"]:
        """Columns that trees learn from."""
        return self.Z if self.cells is None else self.cells

    def only(self, rows: Bool[Array, "s"]) -> "Draws":
        """Some of them."""
        return replace(self, Z=self.Z[rows], w=self.w[rows], cells=None if self.cells is None else self.cells[rows])


Learned = Callable[[Draws], Float[Array, "n"]]


def trees(draws: Draws, y: Float[Array, "s"]) -> Learned:
    """Boosted trees of four leaves: steps and the interactions of a few columns, levels in any order."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(max_iter=120, learning_rate=0.15, max_leaf_nodes=4, random_state=0)
    model.set_params(early_stopping=False, categorical_features=draws.codes or None).fit(draws.read, y, **_weights(draws.w, "sample_weight"))
    return lambda asked: model.predict(asked.read)


def quadratic(draws: Draws, y: Float[Array, "s"]) -> Learned:
    """Squares and products of the coordinates: smooth models."""
    from sklearn.linear_model import Ridge as SklearnRidge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), SklearnRidge(1.0))
    model.fit(draws.Z, y, **_weights(draws.w, "ridge__sample_weight"))
    return lambda asked: model.predict(asked.Z)


def _weights(w: Float[Array, "s"], name: str) -> dict[str, Array]:
    return {} if (w == w[0]).all() else {name: w}


PROXIES: Mapping[str, tuple[Callable[[Draws, Float[Array, "s"]], Learned], ...]] = {"trees": (trees,), "quadratic": (quadratic,), "auto": (trees, quadratic), "parts": ()}


def adjusted(plain: Fit, draws: Draws, Y: Float[Array, "s k"], origin: Float[Array, "p"], free: Draws, ridge: Ridge, replicates: int, proxy: str) -> tuple[Fit, str]:
    """The fit of one instance with the proxy that leaves the least variance, and its name; the plain fit and "" where none leaves less.

    plain : the fit to the measured draws and their answers Y.  free : draws of the same law that nobody was asked about.
    """
    best, name, least = plain, "", LOWER * _left(plain, Y, draws.w)
    for learn in PROXIES[proxy]:
        residual, uncertain = _predicted(learn, draws, Y, origin, free, ridge, replicates)
        rest = _fit(ridge, draws, residual, origin, replicates)
        left = _left(rest, residual, draws.w)
        if left < least:
            best, name, least = _without(plain, rest, uncertain), learn.__name__, left
    return best, name


def _fit(ridge: Ridge, draws: Draws, Y: Array, origin: Array, replicates: int) -> Fit:
    return ridge.fit(draws.Z[None], Y[None], draws.w[None], origin[None], replicates)


def _left(fit: Fit, Y: Float[Array, "s k"], w: Float[Array, "s"]) -> float:
    """Variance that held-out draws keep beside the line, all outputs together."""
    mean = w @ Y / w.sum()
    return float((w @ (Y - mean) ** 2 / w.sum() * np.clip(1 - np.nan_to_num(fit.fidelity[0], nan=1.0), 0.0, 1.0)).sum())


def _predicted(
    learn: Callable[[Draws, Array], Learned], draws: Draws, Y: Float[Array, "s k"], origin: Float[Array, "p"], free: Draws, ridge: Ridge, replicates: int
) -> tuple[Float[Array, "s k"], Float[Array, "1 p k"]]:
    """The answers less proxies that have not seen them, each less its own limit explanation; the standard error of these limits.

    Folds are whole replicates: a proxy that has seen a part of a net foretells the rest of it worse. Each proxy's limit is 0 then, and
    replicates differ by their own error only.
    """
    folds = replicates if replicates > 1 else folds_of(replicates)
    fold, residual, uncertain = fold_of(len(Y), folds, replicates), Y.copy(), np.zeros((1, draws.Z.shape[1], Y.shape[1]))
    own, mirror = outputs_of(Y)
    for r in range(folds):
        learned, asked = [learn(draws.only(fold != r), Y[fold != r, c]) for c in own], draws.only(fold == r)
        limit = _fit(ridge, free, np.stack([of(free) for of in learned], axis=1), origin, replicates)
        line = limit.local + (asked.Z - origin) @ limit.coef[0]
        residual[np.ix_(fold == r, own)] -= np.stack([of(asked) for of in learned], axis=1) - line
        uncertain[..., own] += limit.std_error / folds
    for c, (of, total) in mirror.items():
        residual[:, c], uncertain[..., c] = total - residual[:, of], uncertain[..., of]
    return residual, uncertain


def outputs_of(Y: Float[Array, "s k"]) -> tuple[list[int], dict[int, tuple[int, float]]]:
    """Outputs to learn, and those that are a constant minus another: of two probabilities, one says all."""
    if Y.shape[1] != 2:
        return list(range(Y.shape[1])), {}
    total = Y.sum(axis=1)
    same = np.ptp(total) <= 1e-9 * max(np.abs(total).max(), 1e-300)
    return ([0], {1: (0, float(total.mean()))}) if same else ([0, 1], {})


def _without(plain: Fit, rest: Fit, uncertain: Float[Array, "1 p k"]) -> Fit:
    """Coefficients of what is left, whose limit is that of the answers; fidelity and worth are those of the answers themselves."""
    parts = {name: getattr(rest, name) for name in ("coef", "intercept", "local")}
    return replace(plain, **parts, std_error=np.hypot(rest.std_error, uncertain), dof=rest.dof)
