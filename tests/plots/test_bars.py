"""Bars and waterfalls draw the numbers that the explanation holds, where they belong."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import kabosu as kb
from kabosu.plots import bars, waterfall
from kabosu.plots.style import palette

mpl.use("Agg")


@pytest.fixture(scope="module")
def e():
    X = np.random.default_rng(0).normal(size=(200, 6)) * [1, 2, 3, 4, 5, 6]
    def model(X):
        return np.stack([np.tanh(X @ [0.5, -0.5, 0.1, 0, 0.02, -0.01]), X[:, 0]], axis=1)
    return kb.TabularExplainer(model, X).explain(X[0])


def rectangles(ax):
    return [p for p in ax.patches if p.get_height() > 0.5]


def test_bars_are_coef_scaled_largest_first_on_the_side_of_their_sign(e):
    ax = bars(e, ax=Figure().subplots())
    order = np.argsort(-np.abs(e.coef_scaled[:, 0]))
    drawn = [p.get_width() for p in rectangles(ax)]
    np.testing.assert_allclose(drawn, e.coef_scaled[order, 0], rtol=1e-12)
    assert [t.get_text() for t in ax.get_yticklabels()][0].startswith(f"{e.feature_names[order[0]]} = ")
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is on top


def test_colors_follow_the_sign(e):
    ax = bars(e, ax=Figure().subplots())
    colors = palette(ax)
    for p in rectangles(ax):
        assert p.get_facecolor() == to_rgba(colors.positive if p.get_width() > 0 else colors.negative)


def test_whiskers_of_the_waterfall_are_those_of_the_contributions(e):
    ax = waterfall(e, ax=Figure().subplots())
    order = np.argsort(-np.abs(e.contributions[:, 0]))
    half = np.diff(e.interval()[:, order, 0], axis=0)[0] / 2 * np.abs(e.z - e.reference)[order]
    drawn = [np.ptp(c.get_segments()[0][:, 0]) / 2 for c in ax.collections]
    np.testing.assert_allclose(drawn, half, rtol=1e-9)


def test_whiskers_are_the_95_percent_interval(e):
    ax = bars(e, ax=Figure().subplots())
    order = e.order()
    low, high = e.interval(0.95)[:, order, 0] * e.scale[order]
    drawn = np.array(ax.collections[0].get_segments())[:, :, 0]
    np.testing.assert_allclose(np.sort(drawn, axis=1), np.sort(np.stack([low, high], axis=1), axis=1), rtol=1e-9)


def test_the_rest_is_one_row_that_spans_its_effects(e):
    ax = bars(e, ax=Figure().subplots(), max_display=3)
    rest = e.coef_scaled[e.order()[2:], 0]
    assert ax.get_yticklabels()[-1].get_text() == f"other ({len(rest)})"
    last = rectangles(ax)[-1]
    assert last.get_x() == pytest.approx(min(rest.min(), 0))
    assert last.get_x() + last.get_width() == pytest.approx(max(rest.max(), 0))


def test_every_number_has_its_sign_beside_the_bar(e):
    ax = bars(e, ax=Figure().subplots())
    texts = [t.get_text() for t in ax.texts]
    assert [t[0] for t in texts] == ["+" if c > 0 else "\N{MINUS SIGN}" for c in e.coef_scaled[e.order(), 0]]


@pytest.mark.parametrize("max_display", [0, -1, 2.5, True, "3"])
def test_an_odd_number_of_rows_is_refused(e, max_display):
    with pytest.raises(kb.InputError, match="max_display"):
        bars(e, ax=Figure().subplots(), max_display=max_display)


def test_an_unknown_output_is_refused_with_the_names(e):
    with pytest.raises(kb.InputError, match=r"the outputs are \['0', '1'\]"):
        bars(e, ax=Figure().subplots(), output="2")


def test_another_output_is_drawn_by_name(e):
    ax = bars(e, ax=Figure().subplots(), output="1")
    assert rectangles(ax)[0].get_width() == pytest.approx(np.abs(e.coef_scaled[:, 1]).max())


@pytest.mark.parametrize("max_display", [2, 4, 10])
def test_the_waterfall_walks_from_the_average_row_to_the_model(e, max_display):
    ax = waterfall(e, ax=Figure().subplots(), max_display=max_display)
    moves = [(p.get_x(), p.get_width()) for p in rectangles(ax)]
    at = e.base_value[0]
    for x, width in moves:
        assert x == pytest.approx(at, abs=1e-12)
        at += width
    assert at == pytest.approx(e.prediction[0], abs=1e-12)
    assert moves[-1][1] == pytest.approx(e.prediction[0] - e.local_prediction[0])
    totals = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    np.testing.assert_allclose(totals, [e.base_value[0], e.local_prediction[0], e.prediction[0]], rtol=1e-12)


def test_best_k_leaves_the_others_in_one_row():
    X = np.random.default_rng(0).normal(size=(200, 12))
    e = kb.TabularExplainer(lambda X: X @ np.arange(12.0), X).explain(X[0], max_features=4)
    ax = bars(e, ax=Figure().subplots(), max_display=5)
    assert len(ax.get_yticklabels()) == 5
    assert ax.get_yticklabels()[-1].get_text() == "other (8)"
    assert ax.texts[-1].get_text() == "each 0"


def test_a_model_that_does_not_react_is_still_drawn():
    X = np.random.default_rng(0).normal(size=(50, 3))
    e = kb.TabularExplainer(lambda X: np.full(len(X), 2.0), X).explain(X[0])
    for draw in (bars, waterfall):
        figure = Figure()
        draw(e, ax=figure.subplots())
        figure.canvas.draw()


@pytest.mark.parametrize("draw", [bars, waterfall])
def test_names_are_text_not_mathematics_and_whole(draw):
    import pandas as pd

    long = "share of households in the census block group whose income is below the poverty line, five-year estimate"
    names = ["$x_1$ costs $5", long, "a\nb", "_hidden", "\\frac{", "{{7*7}}"]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 6)), columns=names)
    e = kb.TabularExplainer(lambda X: X.to_numpy() @ [3.0, 2, 1, 1, 1, 1], X).explain(X.iloc[0])
    figure = Figure()
    ax = draw(e, ax=figure.subplots())
    figure.canvas.draw()
    shown = [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()]
    for name in names:
        assert any(name.replace("\n", " ") in text for text in shown), name
    assert not any(t.get_parse_math() for t in ax.get_yticklabels())


def test_nothing_of_pyplot_is_left_when_axes_are_given(e):
    import matplotlib.pyplot as plt

    plt.close("all")
    bars(e, ax=Figure().subplots())
    waterfall(e, ax=Figure().subplots())
    assert plt.get_fignums() == []
    ax = e.plot()
    assert plt.get_fignums() == [ax.figure.number]
    plt.close("all")
