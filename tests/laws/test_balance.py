"""Optimum allocation against brute force: weighed, its draws are the law; no other probabilities leave a smaller error; a rare level's error falls."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import kabosu as kb
from kabosu.domains import Tables
from kabosu.domains.balance import BalancedLaw, _parts
from kabosu.domains.laws import LevelLaw
from kabosu.explain import weigh
from kabosu.kernels import Balanced, Exponential
from kabosu.recipes import TABLES
from kabosu.respond import as_model
from kabosu.samplers import Sobol

N = 1 << 15
U = (np.arange(N) + 0.5) / N
U.setflags(write=False)


def table(n=400):
    """Categories of few and many rows, a number with zeros and missing, whole numbers, a plain number."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "often": rng.choice(["a", "b"], n),
            "rare": rng.choice(["usual", "other", "odd"], n, p=[0.94, 0.04, 0.02]),
            "holed": np.where(rng.random(n) < 0.2, np.nan, np.where(rng.random(n) < 0.5, 0.0, rng.lognormal(size=n))),
            "whole": rng.integers(0, 9, n),
            "number": rng.normal(size=n),
        }
    )


def blocks(rows, kernel, data=None):
    """The local laws of some rows, drawn from as they are and balanced."""
    data = table() if data is None else data
    block = next(iter(Tables.fit(data).represent(data.iloc[rows])))
    return block.tilt(kernel), block.tilt(Balanced(kernel))


@pytest.mark.parametrize("width", [0.6, 2.0])
def test_balanced_draws_weighed_are_the_law(width):
    plain, balanced = blocks([0, 3, 4, 17], Exponential(width))
    changed = [isinstance(law, BalancedLaw) for law in balanced.laws]
    assert changed == [True, True, True, True, False]
    for law, other in zip(plain.laws, balanced.laws, strict=True):
        if isinstance(other, BalancedLaw):
            w = np.exp(other.log_ratio(U))
            np.testing.assert_allclose(w.mean(axis=1), 1, atol=2e-3)
            want, got = (np.broadcast_to(a.coordinates(U), (4, N, law.width)) for a in (law, other))
            for power in (1, 2):
                np.testing.assert_allclose(np.einsum("bs,bsq->bq", w, got.astype(float) ** power) / N, (want.astype(float) ** power).mean(axis=1), atol=4e-3)


@pytest.mark.parametrize("width", [0.6, 2.0])
def test_the_variance_is_that_of_the_components(width):
    """Sum over components of p_c E[(z - E z)^2 | c], against the variance of the draws."""
    for law in blocks([0, 3, 4, 17], Exponential(width))[0].laws:
        p, away = _parts(law)
        want = np.broadcast_to(law.coordinates(U), (4, N, law.width)).astype(float).var(axis=1)
        np.testing.assert_allclose(np.broadcast_to((p[:, None] * away).sum(axis=-1), want.shape), want, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("width", [0.6, 2.0])
def test_each_instance_reads_its_levels_and_cells_as_its_coordinates(width):
    _, balanced = blocks([0, 3, 4, 17], Exponential(width))
    for law in balanced.laws[:2]:
        np.testing.assert_array_equal(law.levels(U) == law.own[:, None], law.coordinates(U)[..., 0])
        np.testing.assert_array_equal(law.take([2]).cells(U)[0], law.cells(U)[2])


def test_draws_balanced_for_one_width_are_weighed_for_another():
    data = table()
    block = next(iter(Tables.fit(data).represent(data.iloc[[0, 3, 17]])))
    wide, narrow = Balanced(Exponential(2.0)), Exponential(1.0)
    hood = kb.measure(as_model(lambda X: np.zeros(len(X))), block, Sobol(8), 0, 1 << 14, tilt=wide)
    w = weigh(hood, narrow)
    want = np.concatenate([np.broadcast_to(law.coordinates(U), (3, N, law.width)).mean(axis=1) for law in block.tilt(narrow).laws], axis=1)
    np.testing.assert_allclose(np.einsum("bs,bsp->bp", w, hood.Z) / w.sum(axis=1, keepdims=True), want, atol=0.02)
    np.testing.assert_allclose(wide(hood.Z, hood.origin), wide.kernel(hood.Z, hood.origin))


def error(drawn, own, most):
    """Sum over features of the variance of s^(1/2) b_j, by enumeration of all combinations of levels: residuals of variance 1."""
    total = 0.0
    for j, p in enumerate(own):
        for combination in product((0, 1), repeat=len(own)):
            weight = np.prod([(q if c else 1 - q) ** 2 / (d if c else 1 - d) for c, q, d in zip(combination, own, drawn, strict=True)])
            total += weight * (combination[j] - p) ** 2 / (p * (1 - p)) ** 2
    return total / most


def test_no_other_probabilities_leave_a_smaller_error():
    """Levels only: the probabilities of a general minimizer, to which the formulas are unknown."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({f"c{j}": rng.choice(["x", "y"], 4000, p=[p, 1 - p]) for j, p in enumerate((0.5, 0.2, 0.05, 0.01))})
    row = data.index[(data == "x").sum(axis=1) >= 2][0]
    plain, balanced = blocks([row], Exponential(2.0), data)
    own = np.array([law.coordinates(U).mean() for law in plain.laws])
    drawn = np.array([law.coordinates(U).mean() for law in balanced.laws])
    best = minimize(lambda t: np.log(error(1 / (1 + np.exp(-t)), own, 1.0)), np.zeros(4), tol=1e-10)
    assert error(drawn, own, 1.0) <= np.exp(best.fun) * (1 + 1e-4)
    assert error(own, own, 1.0) > 1.2 * np.exp(best.fun)


def rare(n=2000, columns=6):
    rng = np.random.default_rng(2)
    data = pd.DataFrame({f"c{j}": rng.choice(list("abc"), n, p=[0.93, 0.05, 0.02]) for j in range(columns)})
    slope = rng.normal(size=(columns, 3))

    def model(X):
        codes = X.apply(lambda c: c.map({"a": 0, "b": 1, "c": 2})).to_numpy()
        return np.tanh(slope[np.arange(columns), codes].sum(axis=1)) + (codes[:, 0] == 1) * (codes[:, 1] == 0)

    return data, model


def test_rare_levels_err_less_and_intervals_hold():
    """Truth: all combinations, enumerated. The intervals hold 95 times in 100, within what 1,440 intervals can tell."""
    data, model = rare()
    rows = data.iloc[[0, 7, *np.flatnonzero(data["c2"] == "b")[:2]]]
    truth = kb.TabularExplainer(model, data, engine="exact").explain_many(rows).coef[..., 0]
    errors, held = {}, []
    for drawn in ("q", "balanced"):
        recipe = replace(TABLES["kabosu"], draws_from=drawn, samples=512, budget=513, tolerance=None, engine="sampled")
        found = [kb.TabularExplainer(model, data, recipe=recipe, random_state=seed).explain_many(rows) for seed in range(1, 61 if drawn == "balanced" else 21)]
        errors[drawn] = np.sqrt(np.mean([(es.coef[..., 0] - truth) ** 2 for es in found]))
    for es in found:
        for e, t in zip(es, truth, strict=True):
            low, high = e.interval()
            held.append((low[:, 0] <= t) & (t <= high[:, 0]))
    assert errors["balanced"] < 0.7 * errors["q"]
    assert 0.93 <= np.mean(held) <= 0.975


def test_numbers_without_points_are_drawn_as_ever():
    X = np.random.default_rng(0).normal(size=(200, 4))
    model = lambda A: np.sin(A[:, 0]) + A[:, 1] * A[:, 2]  # noqa: E731
    made = [kb.TabularExplainer(model, X, recipe=replace(TABLES["kabosu"], draws_from=drawn)).explain(X[0]) for drawn in ("q", "balanced")]
    assert made[0].coef.tobytes() == made[1].coef.tobytes()


def test_a_law_of_levels_keeps_the_proportions_of_the_others():
    law = blocks([0], Exponential(2.0))[1].laws[1]
    assert isinstance(law.law, LevelLaw)
    before, after = (np.bincount(a[0], minlength=3) / N for a in (law.law.levels(U), law.levels(U)))
    others = np.arange(3) != law.own[0]
    np.testing.assert_allclose(after[others] / after[others].sum(), before[others] / before[others].sum(), atol=2e-3)
