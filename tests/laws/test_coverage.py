"""Nominal 95% intervals cover the limit explanation 95 times in 100, over many instances and seeds, for all kinds of draws and kernels.

``pytest tests/laws/test_coverage.py -m slow -s`` prints the table: pooled, and of the feature that is covered least.

An explanation whose certificate says "poor-fidelity" or "did-not-react" is counted apart: near a saturated probability (0.99999)
one draw in thousands decides, and no interval from a thousand draws can know. ``test_saturated_answers_are_flagged`` holds that.
"""

from dataclasses import replace

import numpy as np
import pytest
from cells import DATA, MODELS, covered

import kabosu as kb
from kabosu.recipes import KABOSU_RADIUS, TABLES
from kabosu.samplers import Plain, Sobol
from kabosu.surrogates.errorbars import moderated

UNSEEN = {("adult", "forest", 0.25)}  # a step of the forest in a column that is 0 in 92 of 100 rows, which one draw in thousands crosses


def explained(model, X, rows, **changes):
    recipe = replace(TABLES["kabosu"], **{"tolerance": None, "engine": "sampled", **changes})
    return kb.TabularExplainer(model, X, recipe=recipe, random_state=recipe.seed).explain_many(rows)


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


def test_intervals_of_three_coefficients_cover():
    """Too few to say how alike the gains of two scrambles are: one degree of freedom is spent on that; 100 seeds, 6 instances."""

    def model(X):
        return np.tanh(2 * X[:, 0]) + X[:, 1] * X[:, 2] + (X[:, 2] > 0)

    X = np.random.default_rng(0).normal(size=(200, 3))
    truth = explained(model, X, X[:6], samples=2**15, budget=2**15 + 1, seed=999).coef
    hits = held(model, X, X[:6], truth, seeds=100, samples=512, sampler=TABLES["kabosu"].sampler)
    assert 0.935 < np.mean(hits) < 0.975
    gains = np.random.default_rng(1).chisquare(1, (500, 3, 1)) ** 0.5
    assert moderated(gains, np.ones_like(gains), np.ones(500), 2)[1].max() <= 2 + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [TABLES["kabosu"].sampler, Sobol(8), Plain()], ids=["default", "Sobol 8", "Plain"])
@pytest.mark.parametrize("radius", [0.25, KABOSU_RADIUS, 0.95], ids=["narrow", "default", "wide"])
def test_intervals_cover(radius, sampler):
    """256 pairs of an instance and a seed for each table and model, 3,840 together (3,072 where the adult table is missing)."""
    good, others = [], []
    for data in DATA:
        for name in MODELS:
            cell = covered(data, name, 32, radius, sampler=sampler)
            print(f"| {radius:g} | {sampler} | {data} | {name} | {cell} |")
            if len(cell.hits) >= 100:  # of fewer the share is noise
                assert 0.89 <= cell.hits.mean() <= 0.985
                assert cell.worst >= (0.5 if (data, name, radius) in UNSEEN else 0.77)
            good.append(cell.hits.mean(axis=1))
            others.append(cell.others.mean(axis=1))
    described, every = np.concatenate(good), np.concatenate(good + others)
    print(f"| {radius:g} | {sampler} | all | all | **{described.mean():.3f}** of {len(described):,}; flagged ones included: {every.mean():.3f} of {len(every):,} |")
    assert len(described) >= 2000
    assert 0.93 <= described.mean() <= 0.97


def test_saturated_answers_are_flagged():
    X = np.random.default_rng(0).normal(size=(300, 6))

    def model(X):
        return 1 / (1 + np.exp(-X.sum(axis=1) * 4))

    e = explained(lambda X: np.stack([1 - model(X), model(X)], axis=1), X, np.full((1, 6), 1.5), samples=1024, budget=1025)[0]
    assert e.prediction[1] > 0.999_999
    assert {"poor-fidelity", "did-not-react"} & {f.code for f in e.certificate.flags}
