"""Names are the user's: long, of any script, hostile. They neither overlap nor turn what stands beside them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

import kabosu as kb
from kabosu.plots import style

X, Y = load_diabetes(return_X_y=True, as_frame=True)
MARK = "\N{LEFT-TO-RIGHT MARK}"


def forest(columns, n=10):
    data = X.iloc[:, :n].set_axis(columns, axis=1)
    return kb.TabularExplainer(RandomForestRegressor(10, random_state=0).fit(data, Y), data).explain(data.iloc[0])


@pytest.fixture(autouse=True)
def closed():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def test_titles_of_neighboring_curves_do_not_overlap():
    axes = forest([f"mean of the very detailed measurement number {i}, in mm" for i in range(10)]).plot_curves()
    axes[0].figure.draw_without_rendering()
    boxes = [ax._left_title.get_window_extent() for ax in axes]
    assert len(boxes) == 6 and all(" number " in ax._left_title.get_text().replace("\n", " ") for ax in axes)
    assert all(a.x1 < b.x0 for row in (boxes[:3], boxes[3:]) for a, b in pairwise(row))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_head_of_few_curves_stays_in_the_picture(n):
    figure = forest(list(X)[:n], n).plot_curves()[0].figure
    figure.draw_without_rendering()
    assert figure.get_suptitle().replace("\n", " ").startswith("effects on the prediction curves explain")
    assert figure._suptitle.get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u05e9\u05dc\u05d5\u05dd = 3", f"{MARK}\u05e9\u05dc\u05d5\u05dd{MARK} = 3"),
        ("\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644 = 3", f"{MARK}\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644{MARK} = 3"),
        ("a\u202eb = 3", "a\\u202eb = 3"),
        ("$x_1$ = 3", "$x_1$ = 3"),
        ("Gr\u00f6\u00dfe = 3", "Gr\u00f6\u00dfe = 3"),
    ],
)
def test_no_name_turns_its_value(name, shown):
    assert style.wrap(name) == shown


def test_an_override_does_not_turn_a_label():
    data = pd.DataFrame(np.eye(9, 2), columns=["a\u202eb", "c"])
    e = kb.TabularExplainer(lambda d: d.to_numpy() @ [2.0, 1.0], data).explain(data.iloc[0])
    assert e.plot(ax=Figure().subplots()).get_yticklabels()[0].get_text() == "a\\u202eb = 1"
