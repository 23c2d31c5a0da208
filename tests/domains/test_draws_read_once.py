"""Readings of draws are remembered where the draws cannot change, and only there."""

import numpy as np
import pytest

from kabosu.domains.bins import Bins
from kabosu.domains.tabular import Tables
from kabosu.kernels import Exponential
from kabosu.samplers import Plain, Sobol
from kabosu.spaces import Cube


@pytest.fixture
def block():
    X = np.random.default_rng(0).normal(size=(200, 3))
    (made,) = Tables.fit(X, Bins("quartile")).represent(X[:4])
    return made


@pytest.mark.parametrize("sampler", [Plain(), Sobol(8)])
def test_samplers_give_one_array_that_cannot_be_written(sampler):
    a, b = (sampler.draw(Cube(3), 0, 64, seed=1) for _ in range(2))
    assert np.shares_memory(a, b)
    with pytest.raises(ValueError, match="read-only"):
        a[0, 0, 0] = 0.5


@pytest.mark.parametrize("tilt", [None, Exponential(1.0)])
@pytest.mark.parametrize("piece", [slice(None), slice(5, 30)])
def test_remembered_readings_equal_fresh_ones(block, tilt, piece):
    source = block if tilt is None else block.tilt(tilt)
    draws = Plain().draw(Cube(3), 0, 64, seed=1)[:, piece]
    for _ in range(2):
        assert np.array_equal(source.features(draws), source.features(draws.copy()))
        assert np.array_equal(source.inputs(draws), source.inputs(draws.copy()))


def test_draws_that_are_written_anew_are_read_anew(block):
    draws = np.full((1, 8, 3), 0.1)
    before = block.inputs(draws).copy()
    draws[:] = 0.9
    assert (block.inputs(draws) > before).all()


def test_columns_with_equal_draws_and_other_bins_are_told_apart():
    u = np.full((1, 8, 2), 0.9)
    u.setflags(write=False)
    X = np.random.default_rng(0).normal(size=(200, 2)) * [1.0, 100.0]
    (block,) = Tables.fit(X, Bins("quartile")).represent(X[:2])
    assert (block.inputs(u)[:, 1] > 10 * block.inputs(u)[:, 0]).all()


def test_other_draws_of_one_length_are_read_by_themselves(block):
    a, b = (block.inputs(Plain().draw(Cube(3), 0, 64, seed=seed)) for seed in (1, 2))
    assert not np.isin(a, b).any()
