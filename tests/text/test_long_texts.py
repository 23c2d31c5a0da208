"""Ten thousand words within the budget: stretches first, then the words that matter."""

import numpy as np

import kabosu as kb
from kabosu.coarse import Stretches
from kabosu.testing import Counted

WORDS = [f"w{i}" for i in range(10_000)]
for at, word in {1234: "wonderful", 7777: "terrible", 7780: "boring", 100: "nice"}.items():
    WORDS[at] = word
TEXT = ". ".join(" ".join(WORDS[i : i + 12]) for i in range(0, len(WORDS), 12))
WEIGHT = {"wonderful": 2.0, "terrible": -2.5, "boring": -1.0, "nice": 0.7}


def ask(texts):
    return 1 / (1 + np.exp(-np.array([sum(v for w, v in WEIGHT.items() if w in t) for t in texts])))


def test_the_words_that_matter_are_found_within_the_budget():
    model = Counted(ask)
    e = kb.TextExplainer(model).explain(TEXT)
    assert model.rows <= 8192
    assert e.n_model_calls >= model.rows - 16  # the instance is asked once a stage
    assert set(np.array(e.feature_names)[e.order()[:4]]) == set(WEIGHT)
    assert 64 < len(e) < 600
    assert [f.code for f in e.certificate.flags] == ["coarse-parts"]
    assert "10,000 parts" in e.certificate.flags[0].message
    spans = sorted(span for own in e.layout.spans for span in own)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(TEXT)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert kb.Explanation.from_json(e.to_json()).layout == e.layout


def test_same_text_same_numbers_whatever_its_company():
    explainer = kb.TextExplainer(ask, budget=4096)
    alone, among = explainer.explain(TEXT), explainer.explain_many(["a nice day", TEXT])[1]
    np.testing.assert_array_equal(alone.coef, among.coef)
    assert alone.feature_names == among.feature_names


def test_stretches_cover_everything_and_are_divided_where_it_is_worth_it():
    whole = Stretches(np.array([0, 10, 20, 21]), 30)
    assert whole.lengths.tolist() == [10, 10, 1, 9]
    divided = whole.divided(np.array([0.0, 5.0, 9.0, 0.0]))
    assert divided.lengths.sum() == 30
    assert set(range(10, 20)) <= set(divided.starts.tolist())
    many = Stretches(np.arange(0, 400, 20), 400)
    assert len(many.divided((np.arange(20) >= 12) * 1.0).starts) == 20 + 8 * 11
    assert (many.divided((np.arange(20) >= 12) * 1.0).starts[:12] == many.starts[:12]).all()


def test_a_small_budget_is_an_error_with_a_way_out():
    import pytest

    with pytest.raises(kb.InputError, match="give budget="):
        kb.TextExplainer(ask, budget=100).explain(TEXT)
