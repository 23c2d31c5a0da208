"""What every reader's test needs: rows that sit on the thresholds, and the comparison with the model's own answer."""

from dataclasses import replace

import numpy as np

from kabosu.engines.ensemble import Ensemble
from kabosu.engines.readers import read

ROWS = 10_000
RNG = np.random.default_rng


def table(n: int = 400, d: int = 5, missing: float = 0.0, seed: int = 0):
    """Numbers with many ties and both signs, and a target that needs all of them."""
    rng = RNG(seed)
    X = rng.normal(size=(n, d))
    X[:, 1] = np.round(X[:, 1] * 2) / 2
    X[:, 2] = rng.integers(-2, 3, n)
    y = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(3 * X[:, 3]) + 0.3 * X[:, d - 1] + 0.1 * rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y


def on_thresholds(trees: Ensemble, *, missing: bool, n: int = ROWS, seed: int = 1):
    """Random rows whose cells are often a threshold of their column or the next number of either precision, or missing."""
    rng = RNG(seed)
    X = np.column_stack([_column(trees, j, n, rng) for j in range(trees.n_features)])
    if missing:
        X[rng.random(X.shape) < 0.15] = np.nan
    return X


def _column(trees: Ensemble, j: int, n: int, rng):
    t = trees.threshold[(trees.feature == j) & (trees.category < 0)]
    t = t[np.abs(t) < 1e30]
    if not len(t):
        return rng.normal(size=n)
    t = rng.choice(t, n)
    single = t.astype(np.float32)
    choices = [
        rng.normal(size=n),
        rng.normal(size=n).astype(np.float32),
        t,
        single,
        np.nextafter(single, np.float32(np.inf)),
        np.nextafter(single, np.float32(-np.inf)),
        np.nextafter(t, np.inf),
        np.nextafter(t, -np.inf),
        np.zeros(n),
    ]
    return np.choose(rng.integers(0, len(choices), n), choices)


def off(a, b) -> float:
    """Largest difference, relative to the largest answer."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    a, b = (v.reshape(len(v), -1) for v in (a, b))
    assert a.shape == b.shape
    return float(np.abs(a - b).max() / np.abs(b).max())


def agrees(trees: Ensemble | str, X, own) -> None:
    """The trees as read predict what the model predicts, and rows on the thresholds would notice if they did not."""
    assert isinstance(trees, Ensemble), trees
    assert len(X) == ROWS
    assert off(trees.predict(X), own) < 1e-6
    splits = trees.threshold[(trees.feature >= 0) & (trees.category < 0)]
    if len(splits) and trees.value.any():
        step = np.float32 if trees.float32 else np.float64
        for way in (np.inf, -np.inf):
            with np.errstate(over="ignore"):
                moved = replace(trees, threshold=np.nextafter(_held(trees, step), step(way)).astype(np.float64))
            assert off(moved.predict(X), own) > 1e-6
        if np.isnan(X).any():
            assert off(replace(trees, missing_left=~trees.missing_left & (trees.left >= 0)).predict(X), own) > 1e-6
    if trees.sets.size:
        assert off(replace(trees, sets=~trees.sets).predict(X), own) > 1e-6


def _held(trees: Ensemble, step):
    """The largest number of the compared precision that goes left."""
    t = trees.threshold.astype(step)
    return np.where(t > trees.threshold, np.nextafter(t, step(-np.inf)), t)


__all__ = ["ROWS", "agrees", "off", "on_thresholds", "read", "table"]
