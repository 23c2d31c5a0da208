"""Nominal 95% intervals cover the long-run explanation 95 times in 100, over many instances and seeds, for both kinds of draws.

An explanation whose certificate says "poor-fidelity" or "did-not-react" is not judged: near a saturated probability (0.99999)
one draw in thousands decides, and no interval from a thousand draws can know. ``test_saturated_answers_are_flagged`` holds that.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.kernels import Exponential, width_for
from kabosu.recipes import KABOSU_RADIUS, TABLES
from kabosu.samplers import Plain, Sobol

LONG = 2**17
MODELS = {
    "forest": lambda: RandomForestClassifier(50, random_state=0),
    "network": lambda: make_pipeline(StandardScaler(), MLPClassifier((32,), max_iter=2000, random_state=0)),
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000)),
}
DATA = {"breast cancer": load_breast_cancer, "wine": load_wine}


def explained(model, X, rows, **changes):
    recipe = replace(TABLES["kabosu"], **{"tolerance": None, "engine": "sampled", **changes})
    return kb.TabularExplainer(model, X, recipe=recipe, random_state=recipe.seed).explain_many(rows)


@lru_cache
def reference(data, name, count, radius=KABOSU_RADIUS):
    """A fitted model, instances, and their explanation from very many draws of another seed."""
    X, y = DATA[data](return_X_y=True)
    model = MODELS[name]().fit(X, y)
    rows = X[np.random.default_rng(1).choice(len(X), count, replace=False)]
    long = [explained(model, X, rows[i : i + 1], samples=LONG, budget=LONG + 1, seed=10_000, kernel=Exponential(width_for(radius)))[0] for i in range(count)]
    return model, X, rows, long


def covered(data, name, count, seeds, radius=KABOSU_RADIUS, **changes):
    """Share of coefficients whose interval holds the long-run one: of the explanations that claim to be good, and of the others."""
    model, X, rows, long = reference(data, name, count, radius)
    changes["kernel"] = Exponential(width_for(radius))
    good, others = [], []
    for seed in range(seeds):
        for e, truth in zip(explained(model, X, rows, seed=seed, **changes), long, strict=True):
            low, high = e[e.target].interval()
            inside = (low[:, 0] <= truth[e.target].coef[:, 0]) & (truth[e.target].coef[:, 0] <= high[:, 0])
            flagged = {"poor-fidelity", "did-not-react"} & {f.code for f in truth.certificate.flags}
            (others if flagged else good).append(inside.mean())
    return np.array(good), np.array(others)


def held(model, X, rows, truth, *, seeds, samples, sampler):
    """(seeds, rows, features, outputs) whether the intervals of each seed hold the limit."""
    hits = []
    for seed in range(seeds):
        es = explained(model, X, rows, samples=samples, budget=samples + 1, seed=seed, sampler=sampler)
        low, high = np.stack([e.interval() for e in es], axis=1)
        hits.append((low <= truth) & (truth <= high))
    return hits


@pytest.mark.parametrize("sampler", [Sobol(2), Sobol(4), Sobol(8), Sobol(16), Plain()], ids=["Sobol 2", "Sobol 4", "Sobol 8", "Sobol 16", "Plain"])
def test_intervals_cover_quickly(sampler):
    """A curved response whose limit is a long run; 40 seeds, 6 instances, 5 features."""

    def model(X):
        return np.tanh(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.abs(X[:, 3]) + (X[:, 4] > 0)

    X = np.random.default_rng(0).normal(size=(200, 5))
    truth = explained(model, X, X[:6], samples=2**15, budget=2**15 + 1, seed=999).coef
    hits = held(model, X, X[:6], truth, seeds=40, samples=512, sampler=sampler)
    assert 0.925 < np.mean(hits) < 0.975


@pytest.mark.parametrize("sampler", [Sobol(2), Plain()], ids=["Sobol 2", "Plain"])
def test_intervals_of_each_coefficient_cover(sampler):
    """One feature with steps among 19 smooth ones: the coefficient that is covered least; 50 seeds, 4 instances.

    Where all scrambles give a pair of columns the same Sobol coordinates, a coefficient of it is covered in 60 of 100.
    """

    def model(X):
        return 0.3 * np.sin(2 * X + np.arange(20)).sum(axis=1) + np.sign(np.sin(7 * X[:, 0] + 0.5))

    X = np.random.default_rng(0).normal(size=(200, 20))
    truth = explained(model, X, X[:4], samples=2**16, budget=2**16 + 1, seed=999).coef
    hits = held(model, X, X[:4], truth, seeds=50, samples=1024, sampler=sampler)
    each = np.mean(hits, axis=(0, 1, 3))
    assert 0.93 <= each.mean() <= 0.97
    assert each.min() >= 0.87


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Sobol(2), Sobol(8), Plain()], ids=["Sobol 2", "Sobol 8", "Plain"])
@pytest.mark.parametrize("radius", [KABOSU_RADIUS, 0.25, 0.95], ids=["default", "narrow", "wide"])
def test_intervals_cover(radius, sampler):
    """2,880 pairs of an instance and a seed in each of 9 cells; 480 for each table and model."""
    every = []
    for data in DATA:
        for name in MODELS:
            good, others = covered(data, name, 16, 30, radius, sampler=sampler, samples=1024, budget=1025)
            print(f"{data}, {name}, {radius:g}, {sampler}: {good.mean():.3f} of {good.size} explanations; flagged: {others.mean() if others.size else np.nan:.3f} of {others.size}")
            assert 0.92 <= good.mean() <= 0.985
            every.append(good)
    print(f"radius {radius:g}, {sampler}: {np.concatenate(every).mean():.3f} of {sum(map(len, every))}")
    assert sum(map(len, every)) >= 2000
    assert 0.93 <= np.concatenate(every).mean() <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_intervals_cover_where_the_tolerance_ended_the_draws(name):
    """Stopping when the error looks small picks draws whose error looks small; what that costs is bounded here."""
    good, _ = covered("wine", name, 16, 30, tolerance=0.1, samples=512, budget=16_385)
    print(f"wine, {name}, tolerance: {good.mean():.3f} of {good.size}")
    assert 0.91 <= good.mean() <= 0.97


def test_saturated_answers_are_flagged():
    X = np.random.default_rng(0).normal(size=(300, 6))

    def model(X):
        return 1 / (1 + np.exp(-X.sum(axis=1) * 4))

    e = explained(lambda X: np.stack([1 - model(X), model(X)], axis=1), X, np.full((1, 6), 1.5), samples=1024, budget=1025)[0]
    assert e.prediction[1] > 0.999_999
    assert {"poor-fidelity", "did-not-react"} & {f.code for f in e.certificate.flags}
