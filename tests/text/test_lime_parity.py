"""Recipe "lime" on real texts equals the mean of lime's own runs: a TF-IDF forest on atheism and Christian newsgroups."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lime.lime_text import LimeTextExplainer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

import kabosu as kb
from kabosu.domains.text_units import LIME
from kabosu.recipes import TEXTS

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "text" / "newsgroups_atheism_christian.jsonl.gz"
RUNS = 40


@pytest.fixture(scope="module")
def forest():
    if not DATA.exists():
        pytest.skip("the shared data are not here")
    with gzip.open(DATA, "rt") as lines:
        rows = list(map(json.loads, lines))
    train = [r for r in rows if r["split"] == "train"]
    model = make_pipeline(TfidfVectorizer(lowercase=False), RandomForestClassifier(30, random_state=0))
    model.fit([r["text"] for r in train], [r["group"] for r in train])
    return model, [r["text"].split("\n\n", 1)[-1] for r in rows if r["split"] == "test"]


def words_of(text, most):
    """The beginning of a message with so many distinct words."""
    seen = set()
    for a, b in LIME(text):
        if text[a:b] not in seen and len(seen) == most:
            return text[:a]
        seen.add(text[a:b])
    return None


@pytest.mark.slow
@pytest.mark.parametrize("at", [3, 40])
def test_mean_of_limes_runs(forest, at):
    model, texts = forest
    text = words_of(texts[at], 13)
    e = kb.TextExplainer(model, recipe=replace(TEXTS["lime"], budget=2**13 + 1)).explain(text, max_features=13)
    assert e.engine == "masks"
    runs = []
    for seed in range(RUNS):
        peer = LimeTextExplainer(random_state=seed).explain_instance(text, model.predict_proba, num_features=13, num_samples=5000)
        found = dict(peer.as_list())
        runs.append([found[name] for name in e.feature_names])
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / np.sqrt(RUNS)
    z = (e.coef[:, 1] - mean) / error
    assert np.abs(z).max() < 4, z
    assert np.sqrt(np.mean(z**2)) < 2, z


def test_one_run_on_the_same_masks_as_lime(forest):
    """lime's own draws, given to our fit: the same coefficients."""
    from kabosu.explain import Neighborhood, fit

    model, texts = forest
    text = words_of(texts[3], 13)
    kept = []

    def ask(masked):
        kept.extend(masked)
        return model.predict_proba(masked)

    peer = LimeTextExplainer(random_state=1).explain_instance(text, ask, num_features=13, num_samples=300)
    parts = kb.domains.Text(units=LIME).parts(text)
    masks = np.array([[name in {t[a:b] for a, b in LIME(t)} for name in parts.names] for t in kept], dtype=float)
    hood = Neighborhood(masks[None], model.predict_proba(kept)[None], np.ones((1, 13)), model.predict_proba([text]))
    ours = fit(hood, TEXTS["lime"].kernel, replace(TEXTS["lime"].surrogate, K=13))
    found = dict(peer.as_list())
    np.testing.assert_allclose(ours.coef[0, :, 1], [found[name] for name in parts.names], atol=1e-10)
    np.testing.assert_allclose(ours.intercept[0, 1], peer.intercept[1], atol=1e-10)
