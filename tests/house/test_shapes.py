"""The shape annotations of the core are executed while the tests run; this file would fail if the hook were not there."""

import jaxtyping
import numpy as np
import pytest

from kabosu.explain import Neighborhood
from kabosu.kernels import euclidean
from kabosu.moments import Moments
from kabosu.surrogates import Ridge


def test_a_wrong_rank_is_refused():
    with pytest.raises(jaxtyping.TypeCheckError, match="Z"):
        Moments.of(np.zeros((4, 2)), np.zeros((1, 4, 1)), np.ones((1, 4)))


def test_dimensions_of_one_name_must_agree():
    with pytest.raises(jaxtyping.TypeCheckError):
        Ridge().fit(np.zeros((1, 5, 2)), np.zeros((1, 4, 1)), np.ones((1, 5)), np.zeros((1, 2)))


def test_dataclasses_are_checked():
    with pytest.raises(jaxtyping.TypeCheckError):
        Neighborhood(np.zeros((1, 5, 2)), np.zeros((1, 5, 1)), np.zeros((1, 3)), np.zeros((1, 1)))


def test_results_are_checked():
    with pytest.raises(jaxtyping.TypeCheckError):
        euclidean(np.zeros((1, 5, 2), dtype=np.int64), np.zeros((1, 2)))


def test_options_are_not():
    """They have their own checks, with messages for people."""
    assert Ridge(1).alpha == 1
