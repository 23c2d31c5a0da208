"""Real models of real texts for the benchmarks: newsgroups, as fast functions of which words are kept (checked against the pipelines)."""

import gzip
import json
import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "text"
Answers = Callable[[np.ndarray], np.ndarray]


@lru_cache(maxsize=1)
def newsgroups() -> list[dict[str, Any]]:
    with gzip.open(DATA / "newsgroups_atheism_christian.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@lru_cache(maxsize=1)
def models() -> dict[str, Pipeline]:
    train = [row for row in newsgroups() if row["split"] == "train"]
    texts, labels = [row["text"] for row in train], ["christian" in row["group"] for row in train]
    made = {
        "forest on TF-IDF": make_pipeline(TfidfVectorizer(lowercase=False), RandomForestClassifier(100, random_state=0)),
        "logistic regression on TF-IDF": make_pipeline(TfidfVectorizer(), LogisticRegression(C=50)),
        "network on words": make_pipeline(CountVectorizer(max_features=2000, binary=True), MLPClassifier((30,), max_iter=30, random_state=0)),
        "support vectors on TF-IDF": make_pipeline(TfidfVectorizer(), SVC(C=10)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: model.fit(texts, labels) for name, model in made.items()}


def documents(p: int) -> list[str]:
    """The first p distinct words of a test message's body."""
    for row in newsgroups():
        if row["split"] == "test":
            words = list(dict.fromkeys(re.findall(r"\w+", row["text"].split("\n\n", 1)[-1])))
            if len(words) >= p + 5 and len({w.lower() for w in words[:p]}) == p:
                return words[:p]
    raise ValueError(p)


def quick(words: list[str]) -> dict[str, Answers]:
    """Each model as a function of masks of these words."""
    made = {}
    for name, model in models().items():
        f = _quick(model, words)
        Z = np.random.default_rng(0).random((50, len(words))) < 0.5
        texts = [" ".join(np.array(words, dtype=object)[row]) for row in Z]
        asked = model.predict_proba(texts)[:, 1] if hasattr(model, "predict_proba") else model.decision_function(texts)
        np.testing.assert_allclose(f(Z), asked, atol=1e-6)
        made[name] = f
    return made


def _quick(model: Pipeline, words: list[str]) -> Answers:
    vectorizer, last = model[0], model[-1]
    counts = CountVectorizer(vocabulary=vectorizer.vocabulary_, lowercase=vectorizer.lowercase).transform(words)
    weighted = counts @ sparse.diags(vectorizer.idf_) if isinstance(vectorizer, TfidfVectorizer) else counts
    own = np.flatnonzero(np.diff(weighted.tocsc().indptr))
    table = weighted[:, own].toarray().astype(float)

    def columns(Z: np.ndarray) -> np.ndarray:
        x = Z @ table
        if not isinstance(vectorizer, TfidfVectorizer):
            return (x > 0).astype(float)
        length = np.linalg.norm(x, axis=1, keepdims=True)
        return x / np.where(length > 0, length, 1)

    if isinstance(last, SVC):
        S = last.support_vectors_
        mine, squares, dual = S[:, own].toarray().T, np.asarray(S.multiply(S).sum(axis=1)).ravel(), np.asarray(last.dual_coef_.todense()).ravel()

        def margin(Z: np.ndarray) -> np.ndarray:
            x = columns(Z)
            return np.exp(-last._gamma * ((x**2).sum(axis=1)[:, None] + squares - 2 * x @ mine)) @ dual + last.intercept_[0]

        return margin

    def probability(Z: np.ndarray) -> np.ndarray:
        x = columns(Z)
        rows, at = np.nonzero(x)
        return last.predict_proba(sparse.csr_matrix((x[rows, at], (rows, own[at])), shape=(len(x), weighted.shape[1])))[:, 1]

    return probability
