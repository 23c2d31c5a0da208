"""A table asks a model about so many rows at once, and holds so many draws, however many instances are explained; the numbers are those of each alone."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.engines import sampled

CORE = sys.modules["kabosu.explain"]
X, y = load_breast_cancer(return_X_y=True)
NETWORK = make_pipeline(StandardScaler(), MLPClassifier((8,), tol=0.01, max_iter=300, random_state=0)).fit(X, y)


class Watched:
    def __init__(self):
        self.most = 0

    def __call__(self, rows):
        self.most = max(self.most, len(rows))
        return NETWORK.predict_proba(rows)


def explained(rows):
    model = Watched()
    return kb.TabularExplainer(model, X, engine="sampled").explain_many(rows, tolerance=1e-9, budget=4097), model.most


@pytest.fixture(scope="module")
def usual():
    return explained(X[:12])


@pytest.mark.parametrize(("asked", "block"), [(65_536, 2_000_000), (65_536, 60_000), (1000, 300_000)])
def test_rows_and_draws_at_once_move_no_number(monkeypatch, usual, asked, block):
    monkeypatch.setattr(CORE, "ASKED", asked)
    monkeypatch.setattr(sampled, "BLOCK", block)
    es, most = explained(X[:12])
    assert most <= asked
    for name in ("coef", "std_error", "fidelity", "n_model_calls"):
        np.testing.assert_array_equal(getattr(es, name), getattr(usual[0], name))


def test_a_model_without_a_number_of_its_own_is_asked_some_rows_at_a_time(usual):
    assert 20_000 < usual[1] <= 65_536


@pytest.mark.parametrize(("size", "groups"), [(1_000_000, 3), (100, 1), (10**9, 10)])
def test_instances_whose_next_draws_are_too_many_wait(size, groups):
    going = np.arange(10) * 3
    found = sampled._groups(going, size)
    assert len(found) == groups
    np.testing.assert_array_equal(np.concatenate(found), going)


def test_no_instance_is_left_in_no_group():
    assert sampled._groups(np.arange(0), 100) == []
