"""The picture shows the rows that are drawn, over the rows that are real, on the axes it is given."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer

import kabosu as kb
from kabosu.plots import neighborhood

mpl.use("Agg")
X = load_breast_cancer(as_frame=True).data.iloc[:, :4]
PAIR = ["mean radius", "mean area"]


def silent(rows):
    raise AssertionError("the model was asked")


def shown(ax, label):
    return next(np.asarray(c.get_offsets()) for c in ax.collections if c.get_label() == label)


@pytest.fixture(params=["gaussian", "copula"])
def explainer(request):
    return kb.TabularExplainer(silent, X, neighborhood=request.param)


def test_real_rows_draws_and_the_instance_are_where_they_are(explainer):
    ax = neighborhood(explainer, X, PAIR, X.iloc[[5]], draws=100, ax=Figure())
    real, drawn, here = (shown(ax, label) for label in ("real rows", "draws", "instance"))
    assert {tuple(r) for r in real} == {tuple(r) for r in X[PAIR].to_numpy()}
    assert len(drawn) == 100
    assert np.allclose(here, X[PAIR].iloc[[5]])
    radius = drawn.std(axis=0) / X[PAIR].std(axis=0)
    assert (radius > 0.1).all()
    assert (radius < 0.7).all()
    together = np.corrcoef(drawn.T)[0, 1]
    assert together > 0.9 if "Copula" in repr(explainer.recipe.neighborhood) else abs(together) < 0.4


def test_without_an_instance_a_draw_around_each_row(explainer):
    ax = neighborhood(explainer, X, PAIR, draws=150, ax=Figure())
    drawn = shown(ax, "draws")
    assert len(drawn) == 150
    assert drawn[:, 0].std() > 0.8 * X["mean radius"].std()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["real rows", "draws"]


def test_pictures_side_by_side_keep_all_points_in_sight():
    figure, axes = plt.subplots(1, 2, sharex=True, sharey=True)
    for ax, name in zip(axes, ("gaussian", "copula"), strict=True):
        assert neighborhood(kb.TabularExplainer(silent, X, neighborhood=name), X, PAIR, X.iloc[[5]], ax=ax) is ax
    for ax in axes:
        drawn = shown(ax, "draws")
        inside = (drawn > [axes[1].get_xlim()[0], axes[1].get_ylim()[0]]).all(axis=1) & (drawn < [axes[1].get_xlim()[1], axes[1].get_ylim()[1]]).all(axis=1)
        assert inside.mean() > 0.97
    plt.close(figure)


@pytest.mark.parametrize("features", [["mean radius"], ["mean radius", "nothing"], ["mean radius", "kind"]])
def test_wrong_features_are_refused(features):
    data = X.assign(kind="a")
    data.loc[3, "kind"] = "b"
    with pytest.raises(kb.InputError, match="numeric columns"):
        neighborhood(kb.TabularExplainer(silent, data), data, features)
