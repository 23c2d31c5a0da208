"""Answers that are known on paper: linear models, gradients, additive functions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import erf
from sklearn.linear_model import LinearRegression

import kabosu as kb
from kabosu.domains import Bins, Gaussian
from kabosu.kernels import Exponential, radius, width_for
from kabosu.surrogates import Ridge, Select

RNG = np.random.default_rng(0)
COEF = np.array([3.0, -0.02, 0.5, 7.0, -1.25])


def table(n=200):
    """A float of large values, an integer, a two-valued column, a tiny-scaled one and one with zeros."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "big": 1e4 + 50 * rng.normal(size=n),
            "whole": rng.integers(0, 12, n),
            "two": rng.choice([2.0, 7.0], n),
            "tiny": 1e-3 * rng.normal(size=n),
            "zeros": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
        }
    )


@pytest.mark.parametrize("neighborhood", ["gaussian", "gaussian-global"])
@pytest.mark.parametrize(("recipe", "width"), [("kabosu", 0.4), ("kabosu", 0.75), ("kabosu", np.inf), ("article", None), ("article", np.inf)])
def test_a_linear_model_is_its_own_explanation(neighborhood, width, recipe):
    """Coefficients and intercept in the columns' own units, whatever the width, the draws and the weights."""
    data = table()
    made = kb.TabularExplainer(lambda X: X.to_numpy(float) @ COEF - 20.0, data, neighborhood=neighborhood, kernel_width=width, recipe=recipe, surrogate="ordinary", engine="sampled")
    es = made.explain_many(data[:6])
    np.testing.assert_allclose(es.coef[..., 0], np.broadcast_to(COEF, (6, 5)), rtol=1e-8)
    np.testing.assert_allclose(es.intercept, -20.0, rtol=1e-8 * 3e4 / 20)
    np.testing.assert_allclose(es.local_prediction, es.prediction, rtol=1e-10)
    for e in es:
        assert e.certificate.fidelity[0] == pytest.approx(1, abs=1e-9)


def test_a_feature_that_a_narrow_kernel_never_moves_says_so_and_spoils_no_other():
    data = table()
    e = kb.TabularExplainer(lambda X: X.to_numpy(float) @ COEF - 20.0, data, kernel_width=0.1, engine="sampled").explain(data.iloc[0])
    assert e.coef[2, 0] == 0
    assert np.isinf(e.std_error[2, 0])
    assert "constant-feature" in {f.code for f in e.certificate.flags}
    np.testing.assert_allclose(np.delete(e.coef[:, 0], 2), np.delete(COEF, 2), rtol=1e-8)


def test_a_linear_model_of_missing_values_is_its_own_explanation():
    """Missing answers 40 instead of what the instance's own value gives."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"a": np.where(rng.random(200) < 0.25, np.nan, rng.normal(5, 2, 200)), "b": rng.normal(size=200)})

    def model(X):
        return np.where(np.isnan(X["a"]), 40.0, 3 * X["a"]) - X["b"]

    e = kb.TabularExplainer(model, data).explain({"a": 6.0, "b": 0.5})
    np.testing.assert_allclose(e.coef[:, 0], [3.0, 40 - 18.0, -1.0], rtol=1e-8)
    assert e.intercept[0] == pytest.approx(0, abs=1e-8)
    e = kb.TabularExplainer(model, data).explain({"a": np.nan, "b": 0.5})
    mean = np.nanmean(data["a"])
    np.testing.assert_allclose(e.coef[:, 0], [3.0, 40 - 3 * mean, -1.0], rtol=1e-8)


def test_a_linear_model_in_bins_is_the_difference_of_means():
    """One number a bin: coef = slope * (mean of the bin - mean elsewhere), both under the local law."""
    rng = np.random.default_rng(4)
    levels = rng.choice([1.0, 4.0, 6.0, 9.0], (400, 2), p=[0.1, 0.3, 0.4, 0.2])
    made = kb.TabularExplainer(lambda X: 2 * X[:, 0] - 5 * X[:, 1], levels, neighborhood=Bins({"x0": [2, 5, 8], "x1": [2, 5, 8]}), kernel_width=1.0, recipe="lime", surrogate="ordinary", engine="sampled", budget=20_000)
    e = made.explain(np.array([4.0, 9.0]))
    for j, (slope, own) in enumerate(((2, 4.0), (-5, 9.0))):
        values, counts = np.unique(levels[:, j], return_counts=True)
        elsewhere = np.average(values[values != own], weights=counts[values != own])
        assert abs(e.coef[j, 0] - slope * (own - elsewhere)) < 5 * e.std_error[j, 0]
        assert e.std_error[j, 0] < 0.2


def test_a_model_that_is_linear_in_categories_is_recovered():
    data = pd.DataFrame({"c": ["a"] * 50 + ["b"] * 50, "x": RNG.normal(size=100)})
    e = kb.TabularExplainer(lambda X: 4.0 * (X["c"] == "a") + 2 * X["x"] + 1, data).explain({"c": "a", "x": 3.0})
    np.testing.assert_allclose(e.coef[:, 0], [4.0, 2.0], rtol=1e-9)
    np.testing.assert_allclose(e.intercept, 1.0, rtol=1e-9)


def test_a_fitted_linear_regression():
    X = RNG.normal(size=(300, 6)) * [1, 10, 100, 0.1, 1, 5] + 7
    model = LinearRegression().fit(X, X @ RNG.normal(size=6) + RNG.normal(size=300))
    es = kb.TabularExplainer(model, X, engine="sampled").explain_many(X[:5])
    np.testing.assert_allclose(es.coef[..., 0], np.broadcast_to(model.coef_, (5, 6)), rtol=1e-8)
    np.testing.assert_allclose(es.intercept, model.intercept_, rtol=1e-7)


SMOOTH = {
    "sine": (lambda a, b, c: np.sin(a) + b, lambda a, b, c: (np.cos(a), 1, 0)),
    "exponential": (lambda a, b, c: np.exp(a - b), lambda a, b, c: (np.exp(a - b), -np.exp(a - b), 0)),
    "product": (lambda a, b, c: a * b * c, lambda a, b, c: (b * c, a * c, a * b)),
    "square": (lambda a, b, c: a**2 - b**2, lambda a, b, c: (2 * a, -2 * b, 0)),
    "cube": (lambda a, b, c: a**3 + c, lambda a, b, c: (3 * a**2, 0, 1)),
    "logistic": (lambda a, b, c: 1 / (1 + np.exp(-a - 2 * b)), lambda a, b, c: ((s := 1 / (1 + np.exp(-a - 2 * b))) * (1 - s), 2 * s * (1 - s), 0)),
    "tanh": (lambda a, b, c: np.tanh(a + b + c), lambda a, b, c: (1 / np.cosh(a + b + c) ** 2,) * 3),
    "ratio": (lambda a, b, c: a / (2 + b**2), lambda a, b, c: (1 / (2 + b**2), -2 * a * b / (2 + b**2) ** 2, 0)),
    "log": (lambda a, b, c: np.log(3 + a**2 + c**2), lambda a, b, c: (2 * a / (3 + a**2 + c**2), 0, 2 * c / (3 + a**2 + c**2))),
    "root": (lambda a, b, c: np.sqrt(1 + a**2 + b**2), lambda a, b, c: (a / np.sqrt(1 + a**2 + b**2), b / np.sqrt(1 + a**2 + b**2), 0)),
    "bell": (lambda a, b, c: np.exp(-(a**2) - b**2), lambda a, b, c: (-2 * a * np.exp(-(a**2) - b**2), -2 * b * np.exp(-(a**2) - b**2), 0)),
    "arctangent": (lambda a, b, c: np.arctan(a - c), lambda a, b, c: (1 / (1 + (a - c) ** 2), 0, -1 / (1 + (a - c) ** 2))),
    "error function": (lambda a, b, c: erf(a) + b, lambda a, b, c: (2 / np.sqrt(np.pi) * np.exp(-(a**2)), 1, 0)),
    "softplus": (lambda a, b, c: np.log1p(np.exp(a + b)), lambda a, b, c: (1 / (1 + np.exp(-a - b)), 1 / (1 + np.exp(-a - b)), 0)),
    "wave": (lambda a, b, c: np.sin(a * b) + np.cos(c), lambda a, b, c: (b * np.cos(a * b), a * np.cos(a * b), -np.sin(c))),
    "quartic": (lambda a, b, c: a**4 / 4 - a * b, lambda a, b, c: (a**3 - b, -a, 0)),
    "cosh": (lambda a, b, c: np.cosh(a) * c, lambda a, b, c: (np.sinh(a) * c, 0, np.cosh(a))),
    "power": (lambda a, b, c: (2 + a**2) ** 1.5, lambda a, b, c: (3 * a * np.sqrt(2 + a**2), 0, 0)),
    "softmax": (lambda a, b, c: np.exp(a) / (np.exp(a) + np.exp(b) + np.exp(c)), None),
    "rosenbrock": (lambda a, b, c: (1 - a) ** 2 + 10 * (b - a**2) ** 2, lambda a, b, c: (-2 * (1 - a) - 40 * a * (b - a**2), 20 * (b - a**2), 0)),
}


def gradient(name, x):
    if name != "softmax":
        return np.array(SMOOTH[name][1](*x), dtype=float)
    p = np.exp(x) / np.exp(x).sum()
    return p[0] * (np.array([1.0, 0, 0]) - p)


@pytest.mark.parametrize("sampler", ["Sobol", "Plain"])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_narrow_kernel_gives_the_gradient(name, sampler):
    """Within 1% of the largest slope."""
    data, x = np.random.default_rng(5).normal(size=(300, 3)) * [1, 2, 0.5], np.array([0.6, -0.8, 0.4])
    recipe = replace(kb.recipes.TABLES["kabosu"], sampler=getattr(kb.samplers, sampler)(), kernel=Exponential(0.01))
    made = kb.TabularExplainer(lambda X: SMOOTH[name][0](*X.T), data, recipe=recipe, engine="sampled")
    slopes = gradient(name, x)
    np.testing.assert_allclose(made.explain(x).coef[:, 0], slopes, rtol=0, atol=0.01 * np.abs(slopes).max())


@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("around", ["instance", "mean"])
def test_a_square_has_twice_the_mean_of_its_local_law_as_slope(width, around):
    """E_q of the Stein identity: the slope of a^2 under a normal law is 2 E_q a."""
    data, x = np.random.default_rng(6).normal(2, 3, size=(400, 1)), np.array([4.0])
    e = kb.TabularExplainer(lambda X: X[:, 0] ** 2, data, neighborhood=Gaussian(around), kernel_width=width, engine="sampled").explain(x, tolerance=1e-3)
    c = 4.0 if around == "instance" else data.mean()
    assert e.coef[0, 0] == pytest.approx(2 * (c * width**2 + 4) / (1 + width**2), rel=0.01)


def test_best_features_are_those_with_the_largest_share():
    """Under a product law every selection ranks by |coef| sd (MATH section 2)."""
    X = RNG.normal(size=(400, 6)) * [1, 2, 3, 4, 5, 6]
    beta = np.array([6.0, 0.1, 1.0, 0.05, 0.02, 0.5])
    for by in ("best", "forward_selection"):
        e = kb.TabularExplainer(lambda X: X @ beta, X, surrogate=Select(3, by), engine="sampled").explain(X[0])
        assert set(np.flatnonzero(e.coef[:, 0])) == set(np.argsort(-np.abs(beta * X.std(0)))[:3])


def test_radius_is_the_standard_deviation_of_the_local_law():
    for r in (0.1, 0.5, 0.9):
        data = np.random.default_rng(7).normal(size=(500, 2))
        rep = next(iter(kb.domains.Tables.fit(data).represent(data[:1]))).tilt(Exponential(width_for(r)))
        Z = rep.features(kb.samplers.Sobol().draw(rep.space, 0, 4096, 0))
        np.testing.assert_allclose(Z.std(axis=1), r, rtol=5e-3)
        assert radius(width_for(r)) == pytest.approx(r)


def test_weighted_draws_and_direct_draws_have_one_limit():
    """draws_from "D" with weights and draws_from "q" without them estimate the same thing."""
    data = np.random.default_rng(8).normal(size=(200, 4))
    base = replace(kb.recipes.TABLES["kabosu"], tolerance=None, samples=16384, budget=16385, kernel=Exponential(1.0), engine="sampled")
    for around in ("instance", "mean"):
        es = [
            kb.TabularExplainer(lambda X: np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2], data, recipe=replace(base, draws_from=d, neighborhood=Gaussian(around), surrogate=Ridge())).explain(data[0])
            for d in ("q", "D")
        ]
        z = (es[0].coef - es[1].coef) / np.hypot(es[0].std_error, es[1].std_error)
        assert np.abs(z).max() < 5
        assert es[0].certificate.effective_sample_size == pytest.approx(16384)
        assert es[1].certificate.effective_sample_size < 0.8 * 16384


@pytest.mark.parametrize("other", [0.5, 1.5])
def test_a_neighborhood_can_be_fitted_with_another_kernel(other):
    """Draws that contain one kernel are weighed by the ratio of the two: the limit is that of the second."""
    data = np.random.default_rng(9).normal(size=(200, 3))
    model = kb.respond.as_model(lambda X: np.sin(2 * X[:, 0]) + X[:, 1] ** 2)
    block = next(iter(kb.domains.Tables.fit(data).represent(data[:2] + 0.5)))
    hood = kb.measure(model, block, kb.samplers.Sobol(8), 0, 1 << 15, tilt=Exponential(1.0))
    direct = kb.measure(model, block, kb.samplers.Sobol(8), 0, 1 << 15, tilt=Exponential(other), seed=1)
    a, b = (kb.fit(h, Exponential(other), Ridge(), 8) for h in (hood, direct))
    assert (np.abs(a.coef - b.coef) <= 8 * np.hypot(a.std_error, b.std_error) + 1e-9).all()
    assert (a.effective_sample_size < 0.95 * b.effective_sample_size).all()
    np.testing.assert_allclose(a.intercept, b.intercept, atol=0.05)
