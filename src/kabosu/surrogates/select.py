"""Feature selection, then a refit: lime's methods by updates of the Gram matrix instead of refits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.fits import Fit
from kabosu.moments import Moments, folds_of
from kabosu.surrogates.problems import Problems, relative
from kabosu.surrogates.ridge import Ridge, solve
from kabosu.types import Array, Float, Int, Points

Which = tuple[Int[Array, "_N"], Int[Array, "_N _n"], Int[Array, "_N _K"]]
"""Instance, outputs and features of N problems."""

OUTPUTS = ("intercept", "r2", "fidelity", "local")
METHODS = ("auto", "forward_selection", "highest_weights", "lasso_path", "best", "none")


@dataclass(frozen=True)
class Select:
    """Keep K features per instance and output, then fit ``then`` on them.

    by : "forward_selection" (greedy weighted R2), "highest_weights" (largest |coef * origin| of a ridge with penalty 0.01),
        "lasso_path" (last step of the LARS-lasso path with at most K features), "best" (largest share of R2 when features are
        uncorrelated under q, as in product neighborhoods: |coef| sd), "none", or "auto" (forward up to K = 6, else highest
        weights). All but "best" are lime's, number for number.
    """

    K: int
    by: Literal["auto", "forward_selection", "highest_weights", "lasso_path", "best", "none"] = "best"
    then: Ridge = field(default_factory=Ridge)

    def __post_init__(self) -> None:
        checks.whole("K", self.K, 1, "a number of features")
        checks.one_of("by", self.by, METHODS)
        if not isinstance(self.then, Ridge):
            raise InputError(f"then={self.then!r}; expected surrogates.Ridge(...), which is fitted on the features that are kept")

    def fit(self, Z: Points, Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Select per instance and output, refit, and put the coefficients back in place (0 for features left out)."""
        by, p = self._method, Z.shape[2]
        if by == "none" or (p <= self.K and by != "lasso_path"):
            return self.then.fit(Z, Y, w, origin, replicates)
        moments = Moments.of(Z, Y, w, folds_of(replicates), origin, replicates)
        picks = self._path(relative(Z, origin), Y, w) if by == "lasso_path" else self.picks(moments, origin)
        kept = _together(picks, Y.shape[2])
        fits = [self.then.fits(Problems(Z, Y, w, origin, *which), moments.restrict(*which), replicates) for which in kept]
        return _in_place(kept, fits, len(Y), Z.shape[2], Y.shape[2])

    @property
    def _method(self) -> str:
        return ("forward_selection" if self.K <= 6 else "highest_weights") if self.by == "auto" else self.by

    def _path(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"]) -> list[Int[Array, "K"]]:
        """Features that the lasso path selects for each (instance, output), flattened."""
        at = lambda a, b: a[b] if len(a) > 1 else a[0]  # noqa: E731  broadcast leading axis
        return [lasso_path(at(Z, b), Y[b, :, c], at(w, b), self.K) for b in range(len(Y)) for c in range(Y.shape[2])]

    def picks(self, moments: Moments, origin: Float[Array, "#B p"]) -> list[Int[Array, "K"]]:
        """Features that the moments select for each (instance, output), flattened; all of them where K is none or enough."""
        B, k, pooled = len(moments.cross), moments.cross.shape[-1], moments.pooled
        covariance = np.broadcast_to(pooled.covariance[:, 0], (B, *pooled.covariance.shape[2:]))
        if self._method == "none" or covariance.shape[1] <= self.K:
            return [np.arange(covariance.shape[1])] * (B * k)
        if self._method == "forward_selection":
            order = forward(covariance, pooled.covariance_with_response[:, 0], self.K)
        else:
            order = np.argsort(-self._score(self._method, pooled, covariance, origin), axis=1, kind="stable")[:, : self.K]
        return [order[b, :, c] for b in range(B) for c in range(k)]

    def exact(self, moments: Moments, origin: Float[Array, "#B p"]) -> tuple[Float[Array, "B p k"], Float[Array, "B k"], Array]:
        """Coefficients, intercepts and which features are kept, from moments alone."""
        picks = self.picks(moments, origin)
        B, p, k = len(moments.cross), moments.gram.shape[-1] - 1, moments.cross.shape[-1]
        index = np.arange(B * k)
        small = moments.restrict(index // k, index[:, None] % k, np.array(picks)).pooled
        part = solve(small, self.then.penalty(small)).coef[..., 0]
        coef, kept = np.zeros((B * k, p)), np.zeros((B * k, p), dtype=bool)
        np.put_along_axis(coef, np.array(picks), part, axis=1)
        np.put_along_axis(kept, np.array(picks), True, axis=1)
        intercept = small.level[:, 0, 0] - (small.center[:, 0] * part).sum(axis=1)
        return coef.reshape(B, k, p).transpose(0, 2, 1), intercept.reshape(B, k), kept.reshape(B, k, p).transpose(0, 2, 1)

    def _score(self, by: str, pooled: Moments, covariance: Array, origin: Array) -> Float[Array, "B p k"]:
        if by == "highest_weights":
            penalty = np.full(pooled.weight.shape, 0.01)
            return np.abs(solve(pooled, penalty).coef * np.broadcast_to(origin, (len(covariance), origin.shape[1]))[..., None])
        coef = solve(pooled, self.then.penalty(pooled)).coef
        return np.abs(coef) * np.sqrt(np.maximum(np.einsum("bpp->bp", covariance), 0.0))[..., None]


def forward(covariance: Float[Array, "B p p"], cross: Float[Array, "B p k"], K: int) -> Int[Array, "B K k"]:
    """Greedy selection by the gain in weighted R2; ties go to the first feature.

    After each pick the others are made orthogonal to it: gain_j = c_j^2 / v_j with c, v the covariance with the response
    and the variance that the picks leave unexplained. O(K p) a step instead of p refits.
    """
    B, p, k = cross.shape
    c = cross.transpose(0, 2, 1).copy()
    total = np.einsum("bpp->bp", covariance)[:, None, :]
    v = np.repeat(total, k, axis=1)
    G = np.broadcast_to(covariance[:, None], (B, k, p, p))
    used: list[Array] = []
    picks = np.empty((B, k, K), dtype=np.int64)
    for step in range(K):
        gain = np.where(v > 1e-12 * total, c**2 / np.where(v > 0, v, 1.0), 0.0)
        if step:
            np.put_along_axis(gain, picks[..., :step], -1.0, axis=-1)
        best = gain.argmax(-1)
        picks[..., step] = best
        column = np.take_along_axis(G, best[..., None, None], axis=-1)[..., 0]
        for u in used:
            column = column - u * np.take_along_axis(u, best[..., None], axis=-1)
        left = np.take_along_axis(v, best[..., None], axis=-1)
        u = np.where(left > 1e-12 * total, column / np.sqrt(np.where(left > 0, left, 1.0)), 0.0)
        c = c - u * (np.take_along_axis(c, best[..., None], axis=-1) / np.sqrt(np.where(left > 0, left, 1.0)))
        v = v - u**2
        used.append(u)
    return picks.transpose(0, 2, 1)


def lasso_path(Z: Float[Array, "s p"], y: Float[Array, "s"], w: Float[Array, "s"], K: int) -> Int[Array, "K"]:
    """Features of the last step of the LARS-lasso path with at most K non-zeros, on centered data times sqrt(w)."""
    from sklearn.linear_model import lars_path

    root = np.sqrt(w)
    Zw = (Z - np.average(Z, axis=0, weights=w)) * root[:, None]
    yw = (y - np.average(y, weights=w)) * root
    coefs = lars_path(Zw, yw, method="lasso", verbose=False)[2]
    nonzero: Array = np.arange(Z.shape[1])
    for step in range(coefs.shape[1] - 1, 0, -1):
        nonzero = np.flatnonzero(coefs[:, step])
        if len(nonzero) <= K:
            break
    return nonzero


def _together(picks: Sequence[Int[Array, "K"]], k: int) -> list[Which]:
    """Problems: one for all outputs that keep the same features; those of one size together."""
    outputs: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for i, pick in enumerate(picks):
        outputs.setdefault((i // k, tuple(sorted(pick.tolist()))), []).append(i % k)
    sizes: dict[tuple[int, int], list[tuple[int, list[int], list[int]]]] = {}
    for (b, pick), these in outputs.items():
        sizes.setdefault((len(pick), len(these)), []).append((b, these, list(pick)))
    return [_arrays(group) for group in sizes.values()]


def _arrays(group: Sequence[tuple[int, list[int], list[int]]]) -> Which:
    rows, outputs, features = (np.array(a, dtype=np.int64) for a in zip(*group, strict=True))
    return rows, outputs, features


def _in_place(kept: Sequence[Which], fits: Sequence[Fit], B: int, p: int, k: int) -> Fit:
    """Fits of some outputs and features as those of B instances: 0 for features left out; of what instances have once, the worst."""
    coef, error, outputs = np.zeros((B, p, k)), np.full((B, p, k), np.nan), {name: np.empty((B, k)) for name in OUTPUTS}
    condition, size, dof = np.zeros(B), np.full(B, np.inf), np.full(B, np.inf)
    for (rows, columns, features), fitted in zip(kept, fits, strict=True):
        at = rows[:, None, None], features[:, :, None], columns[:, None]
        coef[at], error[at] = fitted.coef, fitted.std_error
        for name, whole in outputs.items():
            whole[rows[:, None], columns] = getattr(fitted, name)
        np.maximum.at(condition, rows, fitted.condition_number)
        np.minimum.at(size, rows, fitted.effective_sample_size)
        np.minimum.at(dof, rows, fitted.dof)
    return Fit(coef=coef, std_error=error, **outputs, condition_number=condition, effective_sample_size=size, dof=dof)
