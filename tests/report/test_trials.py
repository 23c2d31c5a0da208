"""What the diagnostics found reads as sentences, with their own numbers."""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

import kabosu as kb
from kabosu import diagnostics
from kabosu.report.words import number

X, Y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
MODEL = GradientBoostingRegressor(random_state=0).fit(X, Y)
EXPLAINER = kb.TabularExplainer(MODEL, X, budget=513, engine="sampled")
ROW = X.iloc[7]


def test_stability_in_words():
    same, other = diagnostics.stability(EXPLAINER, ROW, repeats=2), diagnostics.stability(EXPLAINER, ROW, seeds=range(1, 4))
    assert str(same).splitlines()[0] == "2 explanations of one instance, the same bit for bit"
    text = str(other)
    assert text.startswith("3 explanations of one instance, with other numbers\n")
    assert f"(VSI): {number(other.vsi, 3)}%" in text and f"(CSI): {number(other.csi, 3)}%" in text
    j = int(other.explanations[0].order()[0])
    assert f"{list(X)[j]} {number(other.spread[j], 2)} (stated {number(other.std_error[j], 2)})" in text


def test_neighbors_in_words():
    found = diagnostics.neighbors_stability(EXPLAINER, ROW, n=4)
    j = int(found.total.argmax())
    assert f"{number(100 * found.share, 3)}% of what differs is the model's doing" in str(found)
    assert f"{list(X)[j]} {number(found.total[j], 2)}, of which the model {number(found.model[j], 2)}" in str(found)


def test_faithfulness_in_words():
    e = EXPLAINER.explain(ROW)
    found = diagnostics.faithfulness(EXPLAINER, ROW, e)
    text = str(found)
    assert f"taken away in this order: {', '.join(found.units[:5])}, ..." in text
    assert f"without the first 5 it loses {number(found.comprehensiveness, 3)} (comprehensiveness)" in text
    assert text.splitlines()[2].split()[1] == number(found.prediction, 3) and len(text.splitlines()[2].split()) == 12
    assert np.isclose(found.deletion[0], found.prediction)
