"""Texts: with the same RandomState the model reads the same texts, and the numbers are lime's to 1e-8."""

import lime.lime_text
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from twins import Recorder, assert_same

import kabosu.lime.lime_text
from kabosu.lime.lime_text import IndexedCharacters, IndexedString, TextDomainMapper

TEXTS = (
    "It was a good film, really good; the plot was thin but the actors were not.",
    "one",
    "two words",
    "The the THE the. A cat -- a cat! -- sat (on) the mat; e-mail me at a@b.org, 3.14 times.",
    " leading and trailing \n new\nlines\t",
    " ".join(f"w{i % 37}" for i in range(120)),
)
WEIGHTS = dict(zip("abcdefghijklmnopqrstuvwxyz", np.random.default_rng(0).normal(size=26), strict=True))


def ask(texts):
    """Three classes from the letters."""
    s = np.array([[sum(WEIGHTS.get(c, 0.3) for c in t), 0.01 * len(t), t.count("good") + t.count("w3")] for t in texts])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


CASES = [
    ({}, {}),
    ({}, {"num_features": 3, "top_labels": 2}),
    ({"bow": False}, {}),
    ({"bow": False, "mask_string": ""}, {"num_features": 4}),
    ({"char_level": True}, {}),
    ({"char_level": True, "bow": False}, {"num_features": 12}),
    ({"split_expression": r"\s+"}, {}),
    ({"split_expression": str.split}, {}),
    ({"feature_selection": "highest_weights"}, {"num_features": 2}),
    ({"feature_selection": "lasso_path"}, {"num_features": 4}),
    ({"feature_selection": "none"}, {}),
    ({"feature_selection": "forward_selection"}, {"num_features": 8}),
    ({"kernel_width": 10}, {"labels": (0, 2)}),
    ({"kernel": lambda d, kernel_width: 1 / (1 + d / kernel_width)}, {}),
    ({}, {"distance_metric": "euclidean", "num_features": 6}),
    ({}, {"model_regressor": LinearRegression()}),
    ({"class_names": ["x", "y", "z"]}, {"top_labels": 3}),
]


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")  # lime's, of single words
@pytest.mark.parametrize("case", range(len(CASES)))
def test_same_texts_and_numbers(case):
    init, explain = CASES[case]
    for text in TEXTS:
        found, seen = [], []
        for module in (lime.lime_text, kabosu.lime.lime_text):
            recorder = Recorder(ask)
            explainer = module.LimeTextExplainer(random_state=np.random.RandomState(3), **init)
            found.append(explainer.explain_instance(text, recorder, **{"num_samples": 300, **explain}))
            seen.append(recorder.seen)
        assert seen[1] == seen[0]
        assert_same(*found)
        label = next(iter(found[0].local_exp))
        assert sorted(found[1].as_list(label=label, positions=True), key=str)[0][0] == sorted(found[0].as_list(label=label, positions=True), key=str)[0][0]


def test_a_stream_of_texts():
    explainers = [m.LimeTextExplainer(random_state=5) for m in (lime.lime_text, kabosu.lime.lime_text)]
    for text in TEXTS[:4]:
        assert_same(*(e.explain_instance(text, ask, num_samples=100) for e in explainers))


def same_pieces(theirs, ours):
    for name in ("raw", "as_list", "inverse_vocab", "bow", "mask_string"):
        assert getattr(ours, name) == getattr(theirs, name)
    for name in ("as_np", "string_start", "positions"):
        np.testing.assert_equal(getattr(ours, name), getattr(theirs, name))
    n = theirs.num_words()
    assert ours.num_words() == n
    for i in range(n):
        assert ours.word(i) == theirs.word(i)
        np.testing.assert_array_equal(ours.string_position(i), theirs.string_position(i))
        assert ours.inverse_removing([i]) == theirs.inverse_removing([i])
    for some in ([], list(range(n)), list(range(0, n, 2))) if n else ():
        assert ours.inverse_removing(some) == theirs.inverse_removing(some)
    pairs = [(i, 0.5) for i in range(n)]
    for positions in (True, False):
        assert TextDomainMapper(ours).map_exp_ids(pairs, positions=positions) == lime.lime_text.TextDomainMapper(theirs).map_exp_ids(pairs, positions=positions)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("abÄß日_1.,'- \n\u0301😀"), min_size=1, max_size=40), st.booleans())
def test_any_text_in_the_same_pieces(text, bow):
    same_pieces(lime.lime_text.IndexedString(text, bow=bow), IndexedString(text, bow=bow))
    same_pieces(lime.lime_text.IndexedString(text, bow=bow, split_expression=r"[,.\s]+"), IndexedString(text, bow=bow, split_expression=r"[,.\s]+"))
    same_pieces(lime.lime_text.IndexedString(text, split_expression=str.split, bow=bow), IndexedString(text, split_expression=str.split, bow=bow))
    same_pieces(lime.lime_text.IndexedCharacters(text, bow=bow), IndexedCharacters(text, bow=bow))


def test_words_that_do_not_stand_in_the_text():
    for module in (lime.lime_text, kabosu.lime.lime_text):
        with pytest.raises(ValueError):
            module.IndexedString("unhappy", split_expression=lambda text: ["un", "##happy"])


@pytest.mark.parametrize("text", ["", "...", " \n"])
def test_no_words(text):
    with pytest.raises(ValueError, match="no words"):
        kabosu.lime.lime_text.LimeTextExplainer().explain_instance(text, ask)
