"""Exact LIME of radial machines: f(x) = base + sum_n mix_n exp(-sum_i gamma_ni (x_i - v_ni)^2), a sum of products over columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from kabosu import frames
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import Refusal, Source
from kabosu.engines.exact import Means
from kabosu.engines.form import Form, form_of
from kabosu.engines.means import run, z_moments
from kabosu.engines.memory import Same
from kabosu.engines.products import sum_of_products
from kabosu.engines.pullback import sources_of
from kabosu.engines.states import Behind, Leveled, Pair, State
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

TOGETHER = 32  # instances computed together
FAR = 1e100  # from where a radial function is 0
WORK = 3e7  # terms of one instance beyond which sampling is the better way


@dataclass(frozen=True)
class Bumps:
    """N radial functions of d model columns, and k outputs.

    at : v.  gamma : one row where all have the same.
    """

    at: Float[Array, "N d"]
    gamma: Float[Array, "#N d"]
    mix: Float[Array, "N k"]
    base: Float[Array, "k"]

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """The model's answers."""
        return self.base + np.exp(-_squared(X, self.at, self.gamma)) @ self.mix


def vectors(model: Any, method: str) -> Bumps:
    """Support vector machines."""
    if model.kernel != "rbf":
        raise Refusal(f"kernel={model.kernel!r} is not radial")
    if method == "predict_proba":
        raise Refusal("a support vector machine's probabilities are fitted on top of its margin: output='margin' is exact")
    dense = [np.asarray(a.todense() if hasattr(a, "todense") else a, dtype=np.float64) for a in (model.support_vectors_, model.dual_coef_)]
    many = method == "decision_function" and len(getattr(model, "classes_", ())) > 2
    if many and model.decision_function_shape == "ovr":
        raise Refusal("one-vs-rest margins of an SVC count votes of its pairs: decision_function_shape='ovo' is a sum")
    mix = _pairs(dense[1], model.n_support_) if many else dense[1].T
    return Bumps(dense[0], np.full((1, dense[0].shape[1]), model._gamma), mix, np.asarray(model.intercept_, dtype=np.float64))


def _pairs(dual: Float[Array, "c N"], count: Sequence[int]) -> Float[Array, "N k"]:
    """Weights of each pair of classes: those of class i against j, and of j against i, as libsvm stores them."""
    of = np.repeat(np.arange(len(count)), count)
    pairs = [(i, j) for i in range(len(count)) for j in range(i + 1, len(count))]
    return np.stack([np.where(of == i, dual[j - 1], 0.0) + np.where(of == j, dual[i], 0.0) for i, j in pairs], axis=1)


def kernel_ridge(model: Any, method: str) -> Bumps:
    """Kernel ridge regression."""
    if model.kernel != "rbf":
        raise Refusal(f"kernel={model.kernel!r} is not radial")
    X = np.asarray(model.X_fit_, dtype=np.float64)
    gamma = 1 / X.shape[1] if model.gamma is None else model.gamma
    mix = np.asarray(model.dual_coef_, dtype=np.float64).reshape(len(X), -1)
    return Bumps(X, np.full((1, X.shape[1]), gamma), mix, np.zeros(mix.shape[1]))


def gaussian_process(model: Any, method: str) -> Bumps:
    """The mean of a Gaussian process with radial kernels, sums and products of them and of constants, and noise."""
    X, d = np.asarray(model.X_train_, dtype=np.float64), model.X_train_.shape[1]
    alpha = np.asarray(model.alpha_, dtype=np.float64).reshape(len(X), -1) * model._y_train_std
    terms = _terms(model.kernel_, d)
    if not terms:
        raise Refusal(f"the kernel {model.kernel_} is only noise")
    mix = np.concatenate([constant * alpha for constant, _ in terms])
    gamma = np.concatenate([np.broadcast_to(gamma, X.shape) for _, gamma in terms])
    return Bumps(np.concatenate([X] * len(terms)), gamma, mix, np.broadcast_to(np.asarray(model._y_train_mean, dtype=np.float64), mix.shape[1]))


def _terms(kernel: Any, d: int) -> list[tuple[float, Float[Array, "d"]]]:
    """A kernel as a sum of constants times radial functions."""
    kind = type(kernel).__name__
    if kind == "RBF":
        return [(1.0, np.broadcast_to(0.5 / np.asarray(kernel.length_scale, dtype=np.float64) ** 2, d))]
    if kind == "ConstantKernel":
        return [(float(kernel.constant_value), np.zeros(d))]
    if kind == "WhiteKernel":
        return []
    if kind == "Sum":
        return _terms(kernel.k1, d) + _terms(kernel.k2, d)
    if kind == "Product" and "WhiteKernel" not in (type(kernel.k1).__name__, type(kernel.k2).__name__):
        return [(a * b, g + h) for a, g in _terms(kernel.k1, d) for b, h in _terms(kernel.k2, d)]
    raise Refusal(f"the kernel {kind} is not read")


READERS: Mapping[tuple[str, str], Callable[[Any, str], Bumps]] = MappingProxyType(
    {("sklearn", name): vectors for name in ("NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR")}
    | {("sklearn", "KernelRidge"): kernel_ridge, ("sklearn", "GaussianProcessRegressor"): gaussian_process}
)
"""(package, class) of a model or of one of its bases -> reader of (model, method)."""


def bumps_of(model: Any, method: str, columns: Sequence[frames.Column]) -> tuple[Bumps, tuple[Source, ...]]:
    """The radial functions of an estimator or pipeline, and where its columns come from."""
    from kabosu.engines.readers import kinds, own_answer

    final, sources = sources_of(model, columns)
    key = next((k for k in kinds(final) if k in READERS), None)
    if key is None:
        raise Refusal(f"{type(final).__name__} is not a kind of radial model that can be read")
    if own := own_answer(final, key[0]):
        raise Refusal(own)
    known = "decision_function" if hasattr(final, "decision_function") else "predict"
    if method not in (known, "predict_proba"):
        raise Refusal(f"{type(final).__name__} is read by its {known}, not by its {method}")
    return READERS[key](final, method), sources


@dataclass(frozen=True)
class Radial:
    """Exact for support vector machines, kernel ridge regression and Gaussian processes with radial kernels."""

    name: ClassVar[str] = "radial"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not a sum of radial functions, or too many."""
        form = form_of(bumps_of, model, representation, recipe)
        if isinstance(form, str):
            return form
        work = float(len(form.core.at)) * sum(len(unit.scales) * 300 for unit in representation.units)
        return None if work <= WORK else f"its {len(form.core.at)} radial functions make {work:.0e} terms an instance"

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Products of each column's expectations."""
        return run(form_of(bumps_of, model, representation, recipe), products, TOGETHER, model, representation, recipe)


def products(form: Form, local: TabularBlock) -> Means:
    """E_q f and the rest, of a few instances."""
    core: Bumps = form.core
    states = form.states(local, [_width(core, columns) for columns in form.behind])
    kept = form.fixed
    factor = np.exp(-_squared(form.kept(local)[:, kept], core.at[:, kept], core.gamma[:, kept]))
    pairs = [_factor(state, Same(columns), Same(core)) for state, columns in zip(states, form.behind, strict=True)]
    mean, slopes, _ = sum_of_products(factor, pairs, core.mix)
    slope = np.concatenate([np.broadcast_to(part, (local.size, *part.shape[1:])) for part in slopes], axis=1)
    return Means(core.base + mean, slope, *z_moments(form, list(enumerate(states))))


def _width(core: Bumps, columns: Behind) -> float:
    """The scale of a number on which its radial functions vary."""
    curvature = float((core.gamma[:, list(columns.index)] * columns.slope**2).sum(axis=1).max(initial=0.0))
    return 2 / np.sqrt(2 * curvature) if curvature > 0 else np.inf


def _squared(X: Float[Array, "... d"], at: Float[Array, "N d"], gamma: Float[Array, "#N d"]) -> Float[Array, "... N"]:
    """Sum over columns of gamma (x - v)^2, column by column."""
    return sum((gamma[:, i] * _apart(X[..., i, None], at[:, i]) ** 2 for i in range(at.shape[1])), np.zeros((*X.shape[:-1], len(at))))


def _apart(x: Array, v: Array) -> Array:
    """x - v, so far at most that it can be squared."""
    return np.clip(x - v, -FAR, FAR)


def _factor(state: State, columns: Same, core: Same) -> Pair:
    """E psi_n and D of one unit's factor of every radial function."""
    index, bumps = list(columns.it.index), core.it
    if isinstance(state, Leveled):
        return state.expect(_level_factor(Same(state.at), Same(state.within), Same(state.start), columns, core))
    at, gamma = bumps.at[:, index], bumps.gamma[:, index]
    psi = np.exp(-_squared(state.at + state.level[:, None], at, gamma))
    return state.expect(psi, _normal(state, at, gamma))


@lru_cache(maxsize=1024)
def _level_factor(at: Same, within: Same, start: Same, columns: Same, core: Same) -> Float[Array, "L N"]:
    index = list(columns.it.index)
    psi = np.exp(-_squared(at.it, core.it.at[:, index], core.it.gamma[:, index]))
    return np.add.reduceat(within.it[:, None] * psi, start.it, axis=0)


def _normal(state: State, v: Float[Array, "N d"], gamma: Float[Array, "#N d"]) -> tuple[Float[Array, "b N"], Float[Array, "b N"]]:
    """E exp(-(A y^2 + 2 b y + c)) = exp(2 b^2 s^2 / r - c) / sqrt(r), r = 1 + 2 A s^2, of y normal, and its derivative."""
    away = [_apart(state.level[:, i, None] + state.middle[:, None] * state.step[i], v[:, i]) for i in range(v.shape[1])]
    A = (gamma * state.step**2).sum(axis=1)
    b = sum((gamma[:, i] * state.step[i] * away[i] for i in range(v.shape[1])), np.zeros((1, len(v))))
    c = sum((gamma[:, i] * away[i] ** 2 for i in range(v.shape[1])), np.zeros((1, len(v))))
    r = 1 + 2 * A * state.sd**2
    E = np.exp(2 * b**2 * state.sd**2 / r - c) / np.sqrt(r)
    return E, -2 * b / r * E
