"""Normal draws by arrays are those of the old generator, and leave it where it would stand."""

import platform

import numpy as np
import pytest

from kabosu.lime import neighbors, polar


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.PCG64])
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("n", [3, 2000, 2001, 50000])
def test_draws_of_the_old_generator(n, before, bits):
    old, new = (np.random.RandomState(bits(5)) for _ in range(2))
    for state in (old, new):
        state.normal(size=before)
    for _ in range(3):
        np.testing.assert_array_equal(polar.normals(new, n), old.normal(0, 1, n))
    np.testing.assert_array_equal(new.normal(size=3), old.normal(size=3))


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="elsewhere compilers fuse products and sums, and the generator itself is asked")
def test_draws_by_arrays_are_taken():
    assert polar._agrees()
    old, new = np.random.RandomState(2), np.random.RandomState(2)
    np.testing.assert_array_equal(polar._pairs(new, 10000), old.normal(0, 1, 20000))


@pytest.mark.parametrize("n", [1, 7, 64, 96, 100])
def test_a_row_with_every_row(n):
    data, row = np.random.default_rng(0).normal(size=(n, 5)), np.arange(5.0)
    expected = data * row
    neighbors.by_row(np.multiply, data, row)
    np.testing.assert_array_equal(data, expected)
