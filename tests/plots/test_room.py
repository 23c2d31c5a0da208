"""Numbers beside bars never run into the names, however narrow the axes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import kabosu as kb
from kabosu import plots


@pytest.fixture(scope="module")
def explanation():
    names = ["hours worked in an average week", "capital gain of the last year", "age"]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 3)), columns=names)
    return kb.TabularExplainer(lambda X: X.to_numpy() @ [-1.0, -0.5, 0.01], X).explain(X.iloc[0])


@pytest.mark.parametrize("draw", [plots.bars, plots.waterfall])
@pytest.mark.parametrize("size", [(4.2, 3.6), (6.4, 3.0), (9.0, 4.0)])
def test_tips_lie_within_the_axes(explanation, draw, size):
    figure = Figure(size, layout="constrained")
    ax = draw(explanation, ax=figure.subplots())
    figure.draw_without_rendering()
    frame = ax.get_window_extent()
    assert len(ax.texts) >= 3
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 - 1 <= box.x0, text.get_text()
        assert box.x1 <= frame.x1 + 1, text.get_text()
    label = ax.xaxis.label.get_window_extent()
    assert figure.bbox.x0 <= label.x0
    assert label.x1 <= figure.bbox.x1 + 1, "the words below are whole"
