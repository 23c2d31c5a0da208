"""What a surrogate gives back: arrays with a batch axis, for all instances and outputs at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from kabosu.curves import Curves
from kabosu.interactions import Interactions
from kabosu.types import Array, Float, Int, Rows

TINY = 1e-100


@dataclass(frozen=True)
class Fit:
    """A fitted surrogate g(z) = intercept + coef . z of B instances and k outputs, in the coordinates of Z.

    std_error : standard error of ``coef``; NaN where a feature is not in the surrogate, inf where it did not vary in the draws.
    r2 : weighted R2 on the sample itself; fidelity : weighted R2 on held-out draws, by cross-fitting over folds. NaN where
        the response does not vary.
    local : g at the instance.  dof : degrees of freedom of the standard errors.
    condition_number : of the weighted correlation matrix.  effective_sample_size : (sum w)^2 / sum w^2.
    """

    coef: Float[Array, "B p k"]
    std_error: Float[Array, "B p k"]
    intercept: Float[Array, "B k"]
    r2: Float[Array, "B k"]
    fidelity: Float[Array, "B k"]
    local: Float[Array, "B k"]
    condition_number: Float[Array, "B"]
    effective_sample_size: Float[Array, "B"]
    dof: Float[Array, "B"]

    def shifted(self, by: Float[Array, "B k"]) -> "Fit":
        """The same surrogate of the response plus a constant."""
        return replace(self, intercept=self.intercept + by, local=self.local + by)

    def times(self, power: Int[Array, "B k"]) -> "Fit":
        """The same surrogate of the response times 2^power."""
        if not power.any():
            return self
        scaled = {n: np.ldexp(getattr(self, n), power) for n in ("intercept", "local")}
        return replace(self, coef=np.ldexp(self.coef, power[:, None]), std_error=np.ldexp(self.std_error, power[:, None]), **scaled)

    def half_width(self, level: float = 0.95) -> Float[Array, "B p k"]:
        """Half-width of the confidence interval of each coefficient: t quantile times standard error."""
        return t_quantile(self.dof, level)[:, None, None] * self.std_error

    def take(self, rows: Rows) -> "Fit":
        """Some of the instances."""
        return Fit(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def stack(parts: Sequence["Fit"]) -> "Fit":
        """Instances of several fits, one after the other."""
        return Fit(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Fit)))


def known(std_error: Float[Array, "B p k"], rare: Array | None) -> Float[Array, "B p k"]:
    """Infinite where a feature should have varied in the draws; NaN where the background hardly ever varies in it either."""
    return std_error if rare is None else np.where(np.isinf(std_error) & rare[..., None], np.nan, std_error)


def tamed(Y: Float[Array, "B s k"]) -> tuple[Float[Array, "B s k"], Int[Array, "B k"]]:
    """Answers whose squares would leave floating point, divided by a power of two, and that power; the usual ones as they are."""
    largest = np.maximum(Y.max(axis=1), -Y.min(axis=1))
    power = np.where((largest > 0) & ((largest < TINY) | (largest > 1 / TINY)), np.frexp(largest)[1], 0)
    return (np.ldexp(Y, -power[:, None]), power) if power.any() else (Y, power)


def t_quantile(dof: Float[Array, "B"], level: float = 0.95) -> Float[Array, "B"]:
    """Two-sided t quantile; the normal's where ``dof`` is infinite."""
    from scipy.special import ndtri, stdtrit

    upper = 0.5 + level / 2
    finite = np.isfinite(dof)
    return np.where(finite, stdtrit(np.where(finite, dof, 1.0), upper), ndtri(upper))


def relative_error(fitted: Fit) -> Float[Array, "B k"]:
    """Widest 95% half-width relative to the largest coefficient; 0 where all coefficients are 0 and surely so."""
    largest = np.abs(fitted.coef).max(axis=1)
    width = np.where(np.isfinite(fitted.std_error), fitted.half_width(), 0.0).max(axis=1)
    unknown = np.isnan(fitted.std_error).all(axis=1) & (largest > 0)
    return np.where(unknown, np.nan, np.where(width == 0, 0.0, width / np.where(largest > 0, largest, np.inf)))


@dataclass(frozen=True)
class Outcome:
    """A fit with the evidence for it.

    prediction : the model at the instances.  reacted : share of draws at which an output differs from the prediction.
    n_model_calls : rows asked of the model; those that neighbors share are asked once and counted for each.  ended_by : which rule ended the sampling.
    spread : standard deviation of the answers in the draws.  forecast : further rows that would meet the rule, 0 where it is met.
    found : code -> (B,) words, "" where nothing was found; they become flags.
    adjusted_by : (B,) the proxy that lowered the error, "" where none did.  design : (B,) how the draws were made, "" where there are none.
    curves, interactions : local effect curves and pairs of features, where there is one instance and the recipe asks for them.
    """

    fit: Fit
    prediction: Float[Array, "B k"]
    reacted: Float[Array, "B k"]
    n_model_calls: Int[Array, "B"]
    ended_by: tuple[str, ...]
    curves: Curves | None = None
    interactions: Interactions | None = None
    spread: Float[Array, "B k"] | None = None
    forecast: Float[Array, "B"] | None = None
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adjusted_by: tuple[str, ...] = ()
    design: tuple[str, ...] = ()

    @property
    def designs(self) -> tuple[str, ...]:
        """How the draws were made, and what was taken off the answers."""
        by = self.adjusted_by or ("",) * len(self.design)
        return tuple(f"{made}; taken off: {b}" if b else made for made, b in zip(self.design, by, strict=True))
