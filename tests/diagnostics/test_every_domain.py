"""The diagnostics of texts, images and series: one line for each domain, on what scikit-learn ships."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kabosu as kb
from kabosu import diagnostics

DIGITS, DIGIT = load_digits(return_X_y=True)
REVIEWS = ["a good film with a fine end", "a bad film", "good actors and a fine story", "bad story and a poor end", "fine music, good end", "poor music, bad film"]
WORDS = make_pipeline(CountVectorizer(), LogisticRegression()).fit(REVIEWS, [1, 0, 1, 0, 1, 0])
ONES = LogisticRegression(max_iter=500).fit(DIGITS / 16, DIGIT == 1)
WAVE = np.sin(np.arange(60) / 5) + load_diabetes().data[:60, 2]


def of_images(X):
    return ONES.predict_proba(X.reshape(len(X), 64))


CASES = {
    "text": lambda: (kb.TextExplainer(WORDS), "a good film with a bad story and a fine end"),
    "image": lambda: (kb.ImageExplainer(of_images, segments="grid", n_segments=16, fill=0.0), DIGITS[1].reshape(8, 8) / 16),
    "series": lambda: (kb.SeriesExplainer(lambda X: np.abs(X.reshape(len(X), -1)[:, :20]).mean(axis=1), n_segments=6, fill=0.0), WAVE),
}


@pytest.fixture(params=CASES, scope="module")
def case(request):
    explainer, x = CASES[request.param]()
    return explainer, x, explainer.explain(x)


def test_the_strongest_parts_matter_most(case):
    explainer, x, e = case
    found = diagnostics.faithfulness(explainer, x, e, K=2)
    weakest = diagnostics.faithfulness(explainer, x, e, K=2, order=found.units[::-1])
    assert set(found.units) == set(e.columns)
    assert found.deletion[0] == pytest.approx(found.prediction) == found.insertion[-1]
    assert found.deletion_area > weakest.deletion_area
    assert abs(found.comprehensiveness) > abs(weakest.comprehensiveness)


def test_coefficients_predict_the_changes(case):
    explainer, x, e = case
    assert diagnostics.infidelity(explainer, x, e) < 0.5


def test_the_same_again(case):
    explainer, x, _ = case
    found = diagnostics.stability(explainer, x, repeats=2)
    assert (found.vsi, found.csi, found.identical) == (100.0, 100.0, True)


def test_what_the_model_reads_is_found(case):
    _, _, e = case
    assert diagnostics.gold_recall(e, {e.columns[int(e.order()[0])]}, K=1) == 1.0


def test_the_width_path(case):
    explainer, x, e = case
    path = explainer.width_path(x)
    assert path.fidelity.shape[1] == len(e.output_names)


def test_points_close_by_are_of_tables(case):
    explainer, x, _ = case
    with pytest.raises(kb.InputError, match=r"rows of a dense table.*diagnostics\.compared"):
        diagnostics.neighbors_stability(explainer, x)


def test_a_model_of_shuffled_digits_explains_otherwise():
    some = DIGITS[DIGIT == 1][:3].reshape(3, 8, 8) / 16

    def explain(model):
        asked = lambda X: model.predict_proba(X.reshape(len(X), 64))  # noqa: E731
        return kb.ImageExplainer(asked, segments="grid", n_segments=16, fill=0.0, budget=300).explain_many(some)

    found = diagnostics.randomization(explain, lambda y: LogisticRegression(max_iter=200).fit(DIGITS[:500] / 16, y), DIGIT[:500] == 1, shuffles=2)
    assert found.correlation < 0.6
    assert found.overlap < 0.8
