"""Pictures of local effect curves say which output they are about, and exact answers say that they are."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb
from kabosu.plots import curve, curves

mpl.use("Agg")


@pytest.fixture(scope="module")
def e():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"cost in $": rng.normal(size=200), "b": rng.normal(size=200), "kind": rng.integers(0, 2, 200)})
    y = np.where(frame["cost in $"] + frame["b"] > 0, "yes $", "no $")
    return kb.TabularExplainer(RandomForestClassifier(5, max_depth=3, random_state=0).fit(frame, y), frame).explain(frame.iloc[0])


def test_one_curve_names_its_output(e):
    for output in e.output_names:
        assert curve(e, "b", ax=Figure().subplots(), output=output).get_ylabel() == f"effect on the probability of '{output}'"


def test_the_drawn_steps_are_the_curves(e):
    ax = curve(e, "b", ax=Figure().subplots())
    steps = ax.patches[0].get_data()
    middles = (steps.edges[:-1] + steps.edges[1:]) / 2
    np.testing.assert_allclose(steps.values, e.curves["b"].at(middles)[:, e.target_index])


def test_small_multiples_say_what_they_are_about_once(e):
    axes = curves(e)
    figure = axes[0].figure
    assert figure.get_suptitle().startswith(f"effects on the probability of '{e.target}'")
    assert [ax.get_ylabel() for ax in axes[:3]] == ["effect", "", ""]
    figure.canvas.draw()
    plt.close(figure)


def test_exact_answers_say_so(e):
    assert e.engine == "tree"
    assert "exact, drawn only to check" in str(e) and "(exact)" in e.describe()
    assert "exact" in e.to_html() and "± 0<" not in e.to_html()
