"""Exact engines of masks: equal to the sum over all masks, written out here by itself."""

from itertools import product
from math import comb, exp, sqrt

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import kabosu as kb

VOCABULARY = ["good", "bad", "fine", "dull", "plot", "film", "very", "not", "never", "ever", "cast", "Good", "end"]
rng = np.random.default_rng(0)
TEXTS = [" ".join(rng.choice(VOCABULARY, rng.integers(4, 14))) for _ in range(400)]
LABELS = np.array([("good" in t) * 2 + ("fine" in t) - ("bad" in t) * 2 - ("dull" in t and "not" not in t) + rng.normal() > 0 for t in TEXTS]).astype(int)
TEXT = "good plot, bad film: not dull. Good cast! bad end"


def law(kind, p):
    """(p + 1,) probability of each number of kept parts."""
    return {"even": [1 / (p + 1)] * (p + 1), "removed": [1 / p] * p + [0], "coins": [comb(p, c) / 2**p for c in range(p + 1)]}[kind]


def brute(ask, text, words, kind, width=0.25):
    """Weighted least squares over all 2^p masks."""
    p = len(words)
    pi = law(kind, p)
    masks = np.array(list(product([0, 1], repeat=p)))
    said = [" ".join(w for w, c in zip(words, row, strict=True) if c) for row in masks]
    count = masks.sum(axis=1)
    w = np.array([pi[c] / comb(p, c) * exp(-((1 - sqrt(c / p)) ** 2) / (2 * width**2)) for c in count])
    A = np.column_stack([np.ones(len(masks)), masks]) * np.sqrt(w)[:, None]
    Y = np.asarray(ask(said), dtype=float).reshape(len(masks), -1)
    return np.linalg.lstsq(A, Y * np.sqrt(w)[:, None], rcond=None)[0]


MODELS = {
    "counts, linear": (lambda: make_pipeline(CountVectorizer(), Ridge()), "prediction"),
    "presence, linear": (lambda: make_pipeline(CountVectorizer(binary=True), Ridge()), "prediction"),
    "hashed counts, linear": (lambda: make_pipeline(HashingVectorizer(n_features=16, norm=None), Ridge()), "prediction"),
    "frequencies without a norm": (lambda: make_pipeline(TfidfVectorizer(norm=None), Ridge()), "prediction"),
    "logistic margin": (lambda: make_pipeline(CountVectorizer(), LogisticRegression()), "margin"),
    "presence, scaled, margin of vectors": (lambda: make_pipeline(CountVectorizer(binary=True), TfidfTransformer(norm=None), LinearSVC()), "margin"),
    "tree on counts": (lambda: make_pipeline(CountVectorizer(), DecisionTreeClassifier(random_state=0)), "probability"),
    "regression tree on hashed presence": (lambda: make_pipeline(HashingVectorizer(n_features=8, norm=None, binary=True, alternate_sign=False), DecisionTreeRegressor(random_state=0)), "prediction"),
    "forest on presence": (lambda: make_pipeline(CountVectorizer(binary=True), RandomForestClassifier(20, random_state=0)), "probability"),
    "TF-IDF, linear": (lambda: make_pipeline(TfidfVectorizer(), Ridge()), "prediction"),
    "TF-IDF of words as written, logistic margin": (lambda: make_pipeline(TfidfVectorizer(lowercase=False), LogisticRegression()), "margin"),
    "hashed counts of length 1, linear": (lambda: make_pipeline(HashingVectorizer(n_features=16), Ridge()), "prediction"),
    "presence, TF-IDF, margin of vectors": (lambda: make_pipeline(CountVectorizer(binary=True), TfidfTransformer(), LinearSVC()), "margin"),
    "boosting margin on counts": (lambda: make_pipeline(CountVectorizer(lowercase=False), GradientBoostingClassifier(n_estimators=20, random_state=0)), "margin"),
}
METHOD = {"prediction": "predict", "probability": "predict_proba", "margin": "decision_function"}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", ["even", "removed", "coins"])
@pytest.mark.parametrize("occurrences", ["together", "apart"])
def test_words_equal_the_sum_over_all_masks(name, kind, occurrences):
    make, output = MODELS[name]
    model = make().fit(TEXTS, LABELS)
    e = kb.TextExplainer(model, neighborhood=kind, output=output, occurrences=occurrences).explain(TEXT)
    assert e.engine == "words", dict(e.refusals)
    said = [TEXT[s[0][0] : s[0][1]] for s in e.layout.spans]
    twice = occurrences == "together"  # "bad" stands twice in the text
    wanted = brute(lambda masked: getattr(model, METHOD[output])([f"{t} bad" if twice and "bad" in t.split() else t for t in masked]), TEXT, said, kind)
    scale = max(np.abs(wanted[1:]).max(), 1e-3)
    np.testing.assert_allclose(e.coef / scale, wanted[1:] / scale, atol=1e-10)
    np.testing.assert_allclose(e.intercept, wanted[0], atol=1e-10)


@pytest.mark.parametrize("kind", ["even", "removed", "coins"])
@pytest.mark.parametrize("p", [1, 2, 5, 12])
def test_all_masks_equal_the_sum_written_out(p, kind):
    words = VOCABULARY[:p]
    weights = np.random.default_rng(p).normal(size=(p, p))

    def ask(texts):
        Z = np.array([[w in t.split() for w in words] for t in texts], dtype=float)
        return np.tanh(np.einsum("si,ij,sj->s", Z, weights, Z)) + 0.1 * Z[:, 0]

    if kind == "removed" and p == 1:
        return  # of one word only the empty text is drawn
    e = kb.TextExplainer(ask, neighborhood=kind).explain(" ".join(words))
    assert e.engine == "masks"
    assert e.n_model_calls == 2**p + 1 - (kind == "removed")
    wanted = brute(ask, " ".join(words), words, kind)
    np.testing.assert_allclose(e.coef, wanted[1:], atol=1e-10)
    np.testing.assert_allclose(e.intercept, wanted[0], atol=1e-10)


def test_one_word_of_two_masks():
    e = kb.TextExplainer(lambda texts: [0.8 if t else 0.2 for t in texts]).explain("word")
    np.testing.assert_allclose(e.coef, [[0.6]], atol=1e-12)


REFUSED = {
    "divides by the length": make_pipeline(TfidfVectorizer(norm="l1"), Ridge()),
    "counts more than single words": make_pipeline(CountVectorizer(ngram_range=(1, 2)), Ridge()),
    "HashingVectorizer.*divides.*splits of trees": make_pipeline(HashingVectorizer(n_features=16), DecisionTreeRegressor()),
    "output='margin' is exact": make_pipeline(CountVectorizer(), LogisticRegression()),
}


@pytest.mark.parametrize("words", REFUSED)
def test_refusals_have_a_reason(words):
    model = REFUSED[words].fit(TEXTS, LABELS)
    e = kb.TextExplainer(model, budget=300).explain(TEXT)
    assert e.engine != "words"
    assert kb.TextExplainer(model).explain(TEXT).engine == "masks"
    import re

    assert re.search(words, e.refusals["words"]), e.refusals
    with pytest.raises(kb.EngineError, match="masks"):
        kb.TextExplainer(model, engine="exact", budget=20).explain(TEXT)


def test_letters_of_words_are_no_counts():
    model = make_pipeline(CountVectorizer(), Ridge()).fit(TEXTS, LABELS)
    e = kb.TextExplainer(model, units="character", budget=600).explain(TEXT)
    assert e.engine == "index-proxy"
    assert "the units are not the words" in e.refusals["words"]


@pytest.mark.parametrize("recipe", ["lime", "kabosu"])
def test_words_and_all_masks_agree_where_both_apply(recipe):
    from dataclasses import replace

    from kabosu.engines import AllMasks, Words
    from kabosu.recipes import TEXTS as RECIPES

    model = make_pipeline(CountVectorizer(), RandomForestClassifier(10, random_state=0)).fit(TEXTS, LABELS)
    a, b = (kb.TextExplainer(model, recipe=replace(RECIPES[recipe], engines=(engine,))).explain(TEXT) for engine in (Words(), AllMasks()))
    np.testing.assert_allclose(a.coef, b.coef, atol=1e-11)
    np.testing.assert_allclose(a.intercept, b.intercept, atol=1e-11)
