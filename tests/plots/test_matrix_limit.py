"""The matrix's color scale: its limit, its arrows, its words."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import kabosu as kb
from kabosu import plots


@pytest.fixture(scope="module")
def es():
    X = np.random.default_rng(0).normal(size=(50, 3))
    return kb.TabularExplainer(lambda X: np.stack([X @ [1.0, -2.0, 0.0], X[:, 0]], axis=1), X).explain_many(X[:4])


def bar_of(es, **options):
    figure = Figure()
    ax = plots.matrix(es, ax=figure.subplots(), **options)
    mesh = ax.collections[0]
    return mesh.get_clim(), mesh.colorbar.extend, mesh.colorbar.ax.get_ylabel()


def test_the_largest_effect_is_darkest_unless_a_limit_is_given(es):
    largest = np.abs(es.coef_scaled[:, :, 0]).max()
    limits, extend, words = bar_of(es)
    np.testing.assert_allclose(limits, (-largest, largest), rtol=1e-12)
    assert extend == "neither"
    assert words == "effect on each row's target"
    limits, extend, words = bar_of(es, limit=0.5, output="1")
    assert limits == (-0.5, 0.5)
    assert extend == "both", "arrows say that there is more"
    assert "'1'" in words


def test_a_limit_that_is_no_effect_is_refused(es):
    with pytest.raises(kb.InputError, match="limit=0"):
        plots.matrix(es, ax=Figure().subplots(), limit=0)
