"""TF-IDF: rows divided by their length are exact as well, and the user's vectorizer stays as it was."""

from itertools import product

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

import kabosu as kb
from kabosu.engines.normed import Group, Normed, moments_of_normed

rng = np.random.default_rng(0)
WORDS = ["good", "bad", "fine", "dull", "plot", "film", "very", "not", "never", "Good", "end"]
TEXTS = [" ".join(rng.choice(WORDS, rng.integers(4, 14))) for _ in range(400)]
LABELS = np.array([("good" in t) * 2 - ("bad" in t) * 2 - ("dull" in t) + rng.normal() > 0 for t in TEXTS]).astype(int)
TEXT = "good plot, bad film: not dull. Good cast! bad end"


def made(p, k, square, seed, shared=3):
    """Groups of one part, of several, and a part that moves nothing."""
    rng = np.random.default_rng(seed)
    groups, part = [], 0
    while part < p:
        g = min(p - part, 1 + int(rng.integers(shared)))
        masks = np.array(list(product([False, True], repeat=g)))[:, ::-1]
        x = masks @ rng.lognormal(0, 2, (g, 2)) * (part > 0)
        groups.append(Group(np.arange(part, part + g), masks, x @ rng.normal(size=(2, k)), (x**2).sum(axis=1)))
        part += g
    return Normed(rng.normal(size=k), rng.normal(size=k) * (square > 0), square, tuple(groups))


@pytest.mark.parametrize("square", [0.0, 0.7])
@pytest.mark.parametrize("p", [1, 2, 7, 11])
def test_moments_are_sums_over_all_masks(p, square):
    f = made(p, 2, square, p)
    counts = np.random.default_rng(p).dirichlet(np.ones(p + 1))
    masks = np.array(list(product([False, True], repeat=p)))
    kept = masks.sum(axis=1)
    q = counts[kept] / np.bincount(kept)[kept]
    Y, Z = f(masks), masks.astype(float)
    mean, cross = moments_of_normed(f, counts)
    np.testing.assert_allclose(mean, q @ Y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(cross, (Z - q @ Z).T @ (q[:, None] * (Y - q @ Y)), atol=1e-12)


def test_many_parts_agree_with_draws():
    p = 300
    f, rng = made(p, 1, 0.0, 5), np.random.default_rng(0)
    counts = np.full(p + 1, 1 / (p + 1))
    mean, cross = moments_of_normed(f, counts)
    masks = rng.random((40_000, p)).argsort(axis=1).argsort(axis=1) < rng.integers(0, p + 1, (40_000, 1))
    Y = f(masks)
    assert abs(Y.mean() - mean[0]) < 4 * Y.std() / 200
    scores = (masks - 0.5) * (Y - mean)
    assert np.abs((scores.mean(axis=0) - cross[:, 0]) / (scores.std(axis=0) / 200)).max() < 4.5


def test_words_that_stay_have_their_share_of_the_length():
    model = make_pipeline(TfidfVectorizer(), Ridge()).fit(TEXTS, LABELS)
    varied = ["plot", "film", "dull", "bad"]
    e = kb.TextExplainer(model).explain(TEXT, features=varied)
    one = kb.TextExplainer(lambda texts: model.predict(texts)).explain(TEXT, features=varied)
    assert (e.engine, one.engine) == ("words", "masks")
    np.testing.assert_allclose(e.coef, one.coef, atol=1e-12)
    np.testing.assert_allclose(e.intercept, one.intercept, atol=1e-12)


@pytest.mark.parametrize("make", [lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()), lambda: make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression())])
def test_the_model_is_left_as_it_was(make):
    model = make().fit(TEXTS, LABELS)
    before = model.predict_proba(TEXTS[:5])
    e = kb.TextExplainer(model, output="margin").explain(TEXT)
    assert e.engine == "words" and e.n_model_calls < 400
    np.testing.assert_array_equal(model.predict_proba(TEXTS[:5]), before)
    assert np.isfinite(e.coef).all() and (e.std_error == 0).all()


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (" ".join(["good bad"] * 9), {"occurrences": "apart"}, "9 parts of this text share columns"),
        (" ".join(f"w{i}" for i in range(601)), {}, "up to 600 parts, not 601"),
    ],
)
def test_where_it_does_not_apply_it_says_why(text, options, words):
    model = make_pipeline(TfidfVectorizer(token_pattern=r"\w+"), Ridge()).fit([*TEXTS, " ".join(f"w{i}" for i in range(601))], [*LABELS, 0])
    e = kb.TextExplainer(model, **options).explain(text)
    assert e.engine != "words" and words in e.refusals["words"]
