"""Everything that ships conforms; everything that breaks a contract is caught by its check."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.linear_model import Ridge as SklearnRidge
from worlds import ask_mixed, mixed, numeric

import kabosu as kb
from kabosu import testing
from kabosu.domains import Bins, Gaussian, Sparse, Tables
from kabosu.engines import ENGINES, Sampled
from kabosu.kernels import Exponential, Metric, Uniform, cosine
from kabosu.recipes import TABLES
from kabosu.respond import as_model
from kabosu.samplers import Plain, Sobol
from kabosu.surrogates import Estimator, Ridge, Select, Tree
from kabosu.testing import ConformanceError


def words(value):
    """A name without the addresses of functions, which differ from process to process."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


@pytest.mark.parametrize("sampler", [Plain(), Sobol(2), Sobol(8), Sobol(16)], ids=words)
def test_samplers_conform(sampler):
    testing.check_sampler(sampler)
    testing.check_sampler(sampler, kb.spaces.Cube(30))


@pytest.mark.parametrize("kernel", [Exponential(), Exponential(0.05), Uniform(), Exponential(0.25, distance=Metric("cityblock")), Exponential(0.25, distance=cosine)], ids=words)
def test_kernels_conform(kernel):
    testing.check_kernel(kernel)


SURROGATES = [Ridge(), Ridge(0.1), Ridge(1.0, "fit"), *(Select(2, by) for by in ("best", "forward_selection", "highest_weights", "lasso_path", "none")), Tree(2), Estimator(SklearnRidge(0.1)), Estimator(LinearRegression())]


@pytest.mark.parametrize("surrogate", SURROGATES, ids=words)
def test_surrogates_conform(surrogate):
    testing.check_surrogate(surrogate)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.to_dict("records")])
@pytest.mark.parametrize("neighborhood", [Gaussian("instance"), Gaussian("mean"), Bins("quartile")], ids=words)
def test_tables_conform(kind, neighborhood):
    data = kind(mixed())
    testing.check_domain(Tables.fit(data, neighborhood), data[:5], Exponential(0.8))


def test_arrays_and_sparse_matrices_conform():
    X = numeric()
    testing.check_domain(Tables.fit(X), X[:4], Exponential(0.5))
    S = sparse.random(50, 200, 0.05, format="csr", random_state=0)
    testing.check_domain(Sparse.fit(S), S[:4], Exponential(0.5))


X = np.random.default_rng(0).normal(size=(300, 4))
Y = X[:, 0] * 2 + np.sin(2 * X[:, 1]) + (X[:, 2] > 0.2)


@pytest.mark.parametrize("model", [LinearRegression(), RandomForestRegressor(5, max_depth=4, random_state=0), None], ids=["linear", "forest", "function"])
@pytest.mark.parametrize("recipe", [replace(TABLES["kabosu"], tolerance=0.05, budget=4097), replace(TABLES["lime"], surrogate=Ridge(), instance_first=False)], ids=["gaussian", "bins"])
def test_engines_conform(model, recipe):
    asked = as_model((lambda X: X[:, 0] * X[:, 1]) if model is None else model.fit(X, Y))
    block = next(iter(Tables.fit(X, recipe.neighborhood).represent(X[:3])))
    reasons = [testing.check_engine(engine, asked, block, recipe) for engine in ENGINES]
    assert reasons[-1] is None
    assert model is None or None in reasons[:-1]


@pytest.mark.parametrize("model", [testing.Linear((1.0, -2.0, 0.5)), testing.Squares(), testing.Steps(0.3)], ids=words)
@pytest.mark.parametrize("width", [0.5, 2.0])
def test_models_with_known_answers(model, width):
    data = np.random.default_rng(1).normal(0, [1, 2, 3], size=(400, 3))
    x, counted = np.array([0.5, -1.0, 2.0]), testing.Counted(model)
    e = kb.TabularExplainer(counted, data, kernel_width=width, engine="sampled").explain(x, tolerance=0.02, budget=60_000)
    slopes = model.slopes(x, data.std(0) * width / np.sqrt(1 + width**2))
    assert (np.abs(e.coef[:, 0] - slopes) <= 6 * e.std_error[:, 0] + 1e-9).all()
    assert counted.rows == e.n_model_calls


# ---- parts that break their contract -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """A sampler with a fault."""

    fault: str
    replicates: int = 0

    def draw(self, space, start, stop, seed):
        draws = Plain().draw(space, start, stop, 0 if self.fault == "deaf to the seed" else seed)
        match self.fault:
            case "restarts":
                return Plain().draw(space, 0, stop - start, seed)
            case "not uniform":
                return draws**2
            case "too narrow":
                return 0.25 + draws / 2
            case "closed cube":
                return np.rint(draws)
            case "wrong shape":
                return draws[0]
            case "forgetful":
                return np.random.default_rng().random(draws.shape)
            case "one replicate":
                return draws
            case "repeated replicates":
                return np.repeat(Plain().draw(space, 0, 4096, seed), 2, axis=1)[:, start:stop]
        return draws


FAULTY_SAMPLERS = {
    "restarts": "continue",
    "not uniform": "uniform",
    "too narrow": "variance",
    "closed cube": "outside",
    "wrong shape": "shape",
    "forgetful": "continue",
    "deaf to the seed": "seed",
    "one replicate": "replicates",
    "repeated replicates": "repeat",
}


@pytest.mark.parametrize("fault", FAULTY_SAMPLERS)
def test_faulty_samplers_are_caught(fault):
    replicates = {"one replicate": 1, "repeated replicates": 2}.get(fault, 0)
    with pytest.raises((ConformanceError, kb.InputError), match=FAULTY_SAMPLERS[fault]):
        testing.check_sampler(Changed(fault, replicates))


def _negative(Z, o):
    return -Exponential(1.0)(Z, o)


def _far(Z, o):
    return 1 - Exponential(1.0)(Z, o)


def _ranked(Z, o):
    return Exponential(1.0)(Z, o) * np.linspace(1, 0.5, Z.shape[1])


def _by_block(Z, o):
    return Exponential(1.0)(Z, o) * (1 + len(Z))


def _flat(Z, o):
    return Exponential(1.0)(Z, o)[0]


@dataclass(frozen=True)
class WrongLog:
    def __call__(self, Z, o):
        return Exponential(1.0)(Z, o)

    def log(self, Z, o):
        return 2 * Exponential(1.0).log(Z, o)


@pytest.mark.parametrize(("kernel", "match"), [(_negative, "at least 0"), (_far, "more than the instance"), (_ranked, "order"), (_by_block, "others of its block"), (_flat, "shape"), (WrongLog(), "logarithm")])
def test_faulty_kernels_are_caught(kernel, match):
    with pytest.raises(ConformanceError, match=match):
        testing.check_kernel(kernel)


@dataclass(frozen=True)
class Wrong:
    """A surrogate with a fault."""

    fault: str

    def fit(self, Z, Y, w, origin, replicates=0):
        match self.fault:
            case "unweighted":
                w = np.ones_like(w)
            case "through zero":
                Y = Y * 1.0 + (np.abs(Y).max() > 50) * Z[..., :1]
            case "mixed instances":
                w = w * (1 + 0.1 * len(Y) * Z[..., 0] ** 2)
            case "first half":
                w = w * (np.arange(w.shape[1]) < 48)
        fit = Ridge().fit(Z, Y, w, origin)
        match self.fault:
            case "guesses":
                return replace(fit, coef=fit.coef + 1e-3)
            case "too good":
                return replace(fit, r2=fit.r2 + 1)
            case "not finite":
                return replace(fit, intercept=fit.intercept + np.nan)
            case "always an R2":
                return replace(fit, r2=np.nan_to_num(fit.r2))
        return fit


FAULTY_SURROGATES = {
    "unweighted": "weight 0",
    "through zero": "constant added",
    "mixed instances": "by itself",
    "first half": "order",
    "guesses": "does not vary",
    "too good": "above 1",
    "not finite": "finite",
    "always an R2": "R2 NaN",
}


@pytest.mark.parametrize("fault", FAULTY_SURROGATES)
def test_faulty_surrogates_are_caught(fault):
    with pytest.raises(ConformanceError, match=FAULTY_SURROGATES[fault]):
        testing.check_surrogate(Wrong(fault))


@dataclass(frozen=True)
class Off:
    """A representation with a fault."""

    inner: object
    fault: str

    space = property(lambda self: self.inner.space)
    size = property(lambda self: self.inner.size)
    origin = property(lambda self: self.inner.origin[:, :-1] if self.fault == "short origin" else self.inner.origin)

    def take(self, rows):
        return Off(self.inner.take([0] if self.fault == "takes the first" else rows), self.fault)

    def features(self, draws):
        Z = self.inner.features(draws)
        return Z * (1 + 0.01 * self.size) if self.fault == "sees its block" else Z

    def inputs(self, draws):
        rows = self.inner.inputs(draws)
        if self.fault == "noisy":
            return rows + np.random.default_rng().normal(size=rows.shape)
        return rows[:-1] if self.fault == "loses a row" else rows

    def instances(self):
        return self.inner.instances()

    def labels(self):
        labels = self.inner.labels()
        return replace(labels, columns=labels.columns[:-1]) if self.fault == "nameless" else labels

    def tilt(self, kernel):
        return Off(self.inner.tilt(Exponential(2 * kernel.width)), self.fault)


REPRESENTATIONS = {"short origin": "features", "takes the first": "alone", "sees its block": "alone", "noisy": "again", "loses a row": "rows for the model", "nameless": "labels"}


@pytest.mark.parametrize("fault", REPRESENTATIONS)
def test_faulty_representations_are_caught(fault):
    data = numeric(p=3)
    block = next(iter(Tables.fit(data).represent(data[:3])))
    testing.check_representation(Off(block, "none"))
    with pytest.raises(ConformanceError, match=REPRESENTATIONS[fault]):
        testing.check_representation(Off(block, fault))


@pytest.mark.parametrize("neighborhood", [Gaussian("mean"), Bins("quartile")])
def test_a_wrong_tilt_is_caught(neighborhood):
    data = numeric(p=3) + 1
    block = next(iter(Tables.fit(data, neighborhood).represent(data[:3])))
    testing.check_tilt(block, Exponential(0.7))
    with pytest.raises(ConformanceError, match="local law"):
        testing.check_tilt(Off(block, "wide"), Exponential(0.7))


@dataclass(frozen=True)
class Losing:
    """A domain that drops the last instance of larger pieces, or names none."""

    inner: object
    fault: str
    width = 3

    def count(self, X):
        return self.inner.count(X)

    def split(self, X, size):
        return self.inner.split(X, size + (self.fault == "large pieces"))

    def represent(self, X):
        for block in self.inner.represent(X):
            yield block.take(range(max(1, block.size - 1))) if self.fault == "loses" else block.take(range(block.size)[::-1]) if self.fault == "turns round" else block


@pytest.mark.parametrize(("fault", "match"), [("loses", "lost or added"), ("large pieces", "more than"), ("turns round", "change with the size")])
def test_faulty_domains_are_caught(fault, match):
    data = numeric(p=3)
    with pytest.raises(ConformanceError, match=match):
        testing.check_domain(Losing(Tables.fit(data), fault), data[:4])


@dataclass(frozen=True)
class Bad:
    """An engine with a fault."""

    fault: str
    name: str = "bad"

    @property
    def exact(self):
        return self.fault == "claims to be exact"

    def refuses(self, model, representation, recipe):
        return {"refuses nothing": "", "refuses": "it is Monday"}.get(self.fault)

    def run(self, model, representation, recipe):
        recipe = replace(recipe, budget=2 * recipe.budget) if self.fault == "spends twice" else recipe
        if self.fault == "asks in secret":
            model(representation.instances(), representation.size)
        if self.fault == "other draws":
            recipe = replace(recipe, seed=recipe.seed + int(np.random.default_rng().integers(1 << 30)))
        if self.fault == "company":
            recipe = replace(recipe, seed=recipe.seed + representation.size)
        out = Sampled().run(model, representation, recipe)
        match self.fault:
            case "biased":
                return replace(out, fit=replace(out.fit, coef=out.fit.coef * 1.5))
            case "wrong prediction":
                return replace(out, prediction=out.prediction + 1)
            case "one end":
                return replace(out, ended_by=out.ended_by[:1])
        return out


FAULTY_ENGINES = {
    "refuses nothing": "reason in words",
    "spends twice": "budget",
    "asks in secret": "reported",
    "other draws": "second run",
    "company": "alone",
    "biased": "far from",
    "wrong prediction": "prediction",
    "one end": "ended_by",
    "claims to be exact": "standard errors",
}


@pytest.mark.parametrize("fault", FAULTY_ENGINES)
def test_faulty_engines_are_caught(fault):
    recipe = replace(TABLES["kabosu"], tolerance=1e-6, samples=256, budget=513)
    model, data = as_model(lambda X: np.sin(X[:, 0]) + X[:, 1] * X[:, 2]), numeric(p=3)
    block = next(iter(Tables.fit(data).represent(data[:2])))
    with pytest.raises(ConformanceError, match=FAULTY_ENGINES[fault]):
        testing.check_engine(Bad(fault), model, block, recipe)


def test_a_refusal_is_handed_on():
    data = numeric(p=3)
    block = next(iter(Tables.fit(data).represent(data[:2])))
    assert testing.check_engine(Bad("refuses"), as_model(ask_mixed), block, TABLES["kabosu"]) == "it is Monday"
