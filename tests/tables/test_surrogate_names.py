"""Surrogates by name are the objects that they name."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import kabosu as kb
from kabosu.recipes import SURROGATES
from kabosu.surrogates import Additive, Ridge, Select, Tree

X = load_diabetes().data


def ask(rows):
    return rows[:, 2] + 2 * rows[:, 8] + 5 * rows[:, 3] * rows[:, 2]


def test_each_name_has_its_object():
    assert dict(SURROGATES) == {"ordinary": Ridge(0.0), "ridge": Ridge(0.01), "lasso": Select(10, "lasso_path"), "tree": Tree(3), "additive": Additive()}


@pytest.mark.parametrize("name", ["ordinary", "ridge", "lasso", "tree"])
def test_a_name_gives_the_numbers_of_its_object(name):
    by_name, by_object = (kb.TabularExplainer(ask, X, engine="sampled", surrogate=given, budget=513).explain(X[0]) for given in (name, SURROGATES[name]))
    np.testing.assert_array_equal(by_name.coef, by_object.coef)
    assert np.abs(by_name.coef_scaled[[2, 8], 0]).min() > 0.01


def test_the_lasso_keeps_few():
    e = kb.TabularExplainer(ask, X, engine="sampled", surrogate="lasso", budget=513).explain(X[0], max_features=2)
    assert np.flatnonzero(e.coef[:, 0]).tolist() == [2, 8]


def test_the_tree_splits_three_times_at_most_on_the_way():
    e = kb.TabularExplainer(ask, X, engine="sampled", surrogate="tree", budget=513).explain(X[0])
    assert 1 <= (e.coef[:, 0] != 0).sum() <= 3
