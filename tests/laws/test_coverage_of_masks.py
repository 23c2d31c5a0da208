"""Nominal 95% intervals of texts cover the exact coefficients, over all masks: sets of words of eight and fifteen, interacting pairs."""

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import kabosu as kb
from kabosu.recipes import TEXTS
from kabosu.samplers import Plain, Sobol


def size(word, salt=0):
    return int(hashlib.md5(f"{word}{salt}".encode()).hexdigest()[:8], 16) / 2**31 - 1  # noqa: S324  any fixed number


@cache
def answer(text):
    """Words, words beside one another, and a word that works only with another."""
    words = text.split()
    s = sum(map(size, words)) + sum(size(a + b, 1) for a, b in zip(words, words[1:], strict=False)) + 2 * ("w1" in words and "w2" in words)
    return s, 1 / (1 + np.exp(-s))


def model(texts):
    return np.array([answer(t) for t in texts])


def explained(text, **changes):
    return kb.TextExplainer(model, recipe=replace(TEXTS["kabosu"], tolerance=None, **changes), random_state=changes.get("seed", 0)).explain(text)


def inside(m, count, seeds, sampler):
    """(seeds, texts, m, 2) whether the interval holds the exact coefficient."""
    rng = np.random.default_rng(m)
    texts = [" ".join(f"w{i}" for i in rng.permutation(60)[:m]) for _ in range(count)]
    truth = [explained(t, engine="exact", budget=1 << 17).coef for t in texts]
    found = [[explained(t, engine="sampled", samples=512, budget=513, sampler=sampler, seed=seed) for t in texts] for seed in range(seeds)]
    return np.array([[(low <= b) & (b <= high) for e, b in zip(es, truth, strict=True) for low, high in [e.interval()]] for es in found])


def test_intervals_of_masks_cover_quickly():
    assert 0.925 < inside(10, 4, 25, Sobol(8)).mean() < 0.98


@pytest.mark.slow
@pytest.mark.parametrize("m", [8, 15])
@pytest.mark.parametrize("sampler", [Sobol(8), Plain()], ids=["Sobol 8", "Plain"])
def test_intervals_of_masks_cover(m, sampler):
    """2,000 pairs of a text and a seed."""
    hits = inside(m, 10, 200, sampler)
    print(f"{m} words, {sampler}: {hits.mean():.3f} of {hits.shape[0] * hits.shape[1]}; the coefficient that is covered least: {hits.mean(axis=(0, 3)).min():.3f}")
    assert 0.93 <= hits.mean() <= 0.97
    assert hits.mean(axis=(0, 3)).min() >= 0.87
