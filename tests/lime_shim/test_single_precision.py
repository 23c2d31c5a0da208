"""The largest coefficients of many masks, from a Gram matrix in single precision, are those of double precision or None."""

import lime.lime_tabular
import numpy as np
import pytest

from kabosu.lime.lime_tabular import LimeTabularExplainer
from kabosu.lime.lime_text import shuffled
from kabosu.lime.sums import Sums, around_first, largest

rng = np.random.default_rng(0)


def masks(p, off):
    Z = rng.random((3000, p)) > off
    Z[0] = True
    return Z


@pytest.mark.parametrize("off", [0.02, 0.25, 0.75])
@pytest.mark.parametrize("spread", [1.0, 1e-7])
def test_are_those_of_double_precision(off, spread):
    Z = masks(120, off)
    Y = Z @ (1 + spread * rng.normal(size=(120, 2)))
    moved, weights = Y - Y[0], np.exp(-(~Z).mean(axis=1))
    exact = Sums.of(around_first(Z, moved, weights)).picks("highest_weights", 10, np.ones(120))
    found = largest(Z, moved, weights, 10)
    assert found is not None
    for mine, theirs in zip(found, exact, strict=True):
        np.testing.assert_array_equal(np.sort(mine), np.sort(theirs))


def test_none_of_two_equal_columns():
    Z = masks(120, 0.25)
    Z[:, 1] = Z[:, 0]
    moved = Z[:, :1] - 1.0
    assert largest(Z, moved, np.ones(3000), 1) is None


def test_wide_tables_beside_lime():
    X, w = rng.normal(size=(300, 130)), rng.normal(size=130)
    predict = lambda Z: np.column_stack([1 - (q := 1 / (1 + np.exp(-Z @ w))), q])  # noqa: E731
    theirs, mine = (m(X, random_state=0).explain_instance(X[0], predict, num_features=8, num_samples=1000, labels=(0, 1)) for m in (lime.lime_tabular.LimeTabularExplainer, LimeTabularExplainer))
    for label in (0, 1):
        a, b = dict(theirs.local_exp[label]), dict(mine.local_exp[label])
        assert set(a) == set(b)
        np.testing.assert_allclose([b[i] for i in a], list(a.values()), rtol=0, atol=1e-8)


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.PCG64])
def test_shuffles_are_those_of_the_old_generator(bits):
    rows, old = np.tile(np.arange(30), (50, 1)), np.random.RandomState(bits(7))
    new = np.random.RandomState(bits(7))
    np.testing.assert_array_equal(shuffled(rows, new), [old.permutation(30) for _ in rows])
    assert new.random_sample() == old.random_sample()
