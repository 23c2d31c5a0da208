"""Each measure against a case whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb
from kabosu.diagnostics import faithfulness, gold_recall, infidelity, randomization

X = np.random.default_rng(0).normal(size=(400, 4)) * [1.0, 2.0, 0.5, 1.0]
SD = X.std(axis=0)
W = np.array([3.0, -1.0, 0.5, 0.0])


def linear(A):
    return np.asarray(A) @ W


def tell(texts):
    return np.array([0.2 + 0.5 * ("good" in t) - 0.1 * ("bad" in t) for t in texts])


@pytest.fixture(scope="module")
def explainer():
    return kb.TabularExplainer(linear, X)


def test_curves_of_a_line_around_the_instance(explainer):
    """Features that are taken away are drawn from N(x, sd^2): E |change| = sqrt(2 / pi) times the root of the sum of (w sd)^2."""
    found = faithfulness(explainer, X[0], explainer.explain(X[0]), draws=1024)
    order = np.argsort(-np.abs(W * SD))
    assert found.units == tuple(f"x{j}" for j in order)
    sums = np.concatenate([[0], np.cumsum((W * SD)[order] ** 2)])
    np.testing.assert_allclose(found.deletion_change, np.sqrt(2 / np.pi * sums), rtol=0.05, atol=1e-12)
    np.testing.assert_allclose(found.insertion_change, np.sqrt(2 / np.pi * (sums[-1] - sums)), rtol=0.05, atol=1e-12)
    np.testing.assert_allclose(found.deletion, linear(X[:1])[0], atol=0.05)
    assert found.deletion_area == pytest.approx(np.trapezoid(found.deletion_change) / 4)
    assert found.n_model_calls == 2 * 5 * 1024


def test_a_wrong_order_is_less_faithful(explainer):
    e = explainer.explain(X[0])
    right, wrong = faithfulness(explainer, X[0], e), faithfulness(explainer, X[0], e, order=["x3", "x2", "x1", "x0"])
    assert right.deletion_area > wrong.deletion_area
    assert right.insertion_area < wrong.insertion_area


def test_words_of_a_text():
    """0.6 with both words, 0.1 without "good", 0.7 with it alone."""
    explainer, text = kb.TextExplainer(tell), "a good book with a bad end"
    found = faithfulness(explainer, text, explainer.explain(text), K=1)
    assert found.units[:2] == ("good", "bad")
    np.testing.assert_allclose(found.deletion[:3], [0.6, 0.1, 0.2])
    np.testing.assert_allclose(found.insertion[:3], [0.2, 0.7, 0.6])
    assert found.comprehensiveness == pytest.approx(0.5)
    assert found.sufficiency == pytest.approx(-0.1)


def test_entries_of_a_sparse_row():
    explainer = kb.TabularExplainer(lambda rows: rows.toarray() @ [2.0, 1.0, 0.0], sparse.csr_array(np.eye(3)))
    row = np.array([1.0, 1.0, 1.0])
    found = faithfulness(explainer, row, explainer.explain(row), K=1)
    np.testing.assert_allclose(found.deletion, [3, 1, 0, 0])
    np.testing.assert_allclose(found.insertion, [0, 2, 3, 3])


@pytest.mark.parametrize("neighborhood", ["gaussian", "bins", "copula"])
def test_frames_of_every_kind_and_one_class_of_three(neighborhood):
    data, y = load_wine(return_X_y=True, as_frame=True)
    data = data.iloc[:, :5].assign(kind=pd.Categorical(np.where(data["hue"] > 1, "high", "low")))
    model = RandomForestClassifier(10, random_state=0).fit(data.drop(columns="kind"), y)
    explainer = kb.TabularExplainer(lambda f: model.predict_proba(f.drop(columns="kind")), data, neighborhood=neighborhood)
    e = explainer.explain(data.iloc[0])
    found = faithfulness(explainer, data.iloc[0], e[e.output_names[1]])
    assert found.prediction == pytest.approx(model.predict_proba(data.iloc[:1].drop(columns="kind"))[0, 1])
    assert found.deletion[0] == pytest.approx(found.prediction) == found.insertion[-1]


def test_infidelity_of_a_line_is_none_and_of_a_parabola_all(explainer):
    assert infidelity(explainer, X[0], explainer.explain(X[0])) < 1e-20
    bent = kb.TabularExplainer(lambda A: A[:, 0] ** 2, X)
    assert infidelity(bent, np.zeros(4), bent.explain(np.zeros(4))) == pytest.approx(1.0, abs=0.01)


def test_infidelity_of_a_line_and_a_parabola():
    """u + u^2 at 0, radius 1/2 in units of u: E u^4 / (E u^2 + E u^4) with E u^2 = 1/4, E u^4 = 3/16."""
    explainer = kb.TabularExplainer(lambda A: A[:, 0] / SD[0] + (A[:, 0] / SD[0]) ** 2, X)
    assert infidelity(explainer, np.zeros(4), explainer.explain(np.zeros(4))) == pytest.approx((3 / 16) / (1 / 4 + 3 / 16), rel=0.02)


def test_infidelity_of_a_constant_is_not_known():
    explainer = kb.TabularExplainer(lambda A: np.ones(len(A)), X)
    assert np.isnan(infidelity(explainer, X[0], explainer.explain(X[0])))


def test_gold_features(explainer):
    es = explainer.explain_many(X[:3])
    assert gold_recall(es[0], ["x0", "x1", "x2"], K=2) == pytest.approx(2 / 3)
    assert gold_recall(es, [["x0"], ["x3"], ["x0", "x3"]], K=3) == pytest.approx((1 + 0 + 0.5) / 3)
    with pytest.raises(kb.InputError, match="gold=.'age'.; expected some of"):
        gold_recall(es[0], ["age"])


def test_a_model_of_shuffled_labels_is_explained_otherwise():
    data, y = load_wine(return_X_y=True)
    fit = lambda labels: RandomForestClassifier(30, random_state=0).fit(data, labels)  # noqa: E731
    explain = lambda model: kb.TabularExplainer(model, data).explain_many(data[::30])  # noqa: E731
    found = randomization(explain, fit, y, shuffles=3)
    assert found.correlation < 0.6
    assert found.overlap < 0.8
    assert found.chance == pytest.approx(5 / 13)
    deaf = randomization(explain, lambda _: fit(y), y, shuffles=2)
    assert (deaf.correlation, deaf.overlap) == (pytest.approx(1.0), 1.0)


def test_wrong_orders_are_refused(explainer):
    with pytest.raises(kb.InputError, match="expected all of"):
        faithfulness(explainer, X[0], explainer.explain(X[0]), order=["x0"])
