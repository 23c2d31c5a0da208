"""Recall of gold features as in section 5.2 of the LIME paper: books and DVD reviews, sparse logistic regression and trees.

The protocol is that of lime-experiments (evaluate_explanations.py): bag of words with presence, ten features explained, L1 until no
training document has more than ten active words, full trees; gold are the model's own words in the document (of a tree: those on the
document's path that are present); documents without gold are skipped; the true label is explained. random draws without
replacement. ``python -m benchmarks.gold [documents]``
"""

import gzip
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from lime.lime_text import LimeTextExplainer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

import kabosu as kb
from benchmarks.words import DATA

K, DOCUMENTS = 10, 25


@dataclass(frozen=True)
class Corpus:
    """A vectorizer, and the words and labels of both halves."""

    vectorizer: CountVectorizer
    X: Any
    y: np.ndarray
    X_test: Any
    y_test: np.ndarray


@dataclass(frozen=True)
class Asked:
    """Probabilities of texts of some known words, without a vectorizer's time."""

    model: Any
    index: dict[str, int]
    width: int

    def __call__(self, texts: list[str]) -> np.ndarray:
        from scipy import sparse

        rows = [[self.index[w] for w in t.split()] for t in texts]
        ends = np.cumsum([0, *map(len, rows)])
        X = sparse.csr_matrix((np.ones(ends[-1]), np.array([j for row in rows for j in row], dtype=np.int64), ends), shape=(len(texts), self.width))
        return self.model.predict_proba(X)


def corpus(name: str) -> Corpus:
    with gzip.open(DATA / f"multidomain_{name}.jsonl.gz", "rt") as lines:
        rows = list(map(json.loads, lines))
    order = np.random.default_rng(0).permutation(len(rows))
    texts, y = [rows[i]["text"] for i in order], np.array([str(rows[i]["label"]) in ("1", "positive", "pos") for i in order]).astype(int)
    vectorizer = CountVectorizer(lowercase=False, binary=True).fit(texts[:1600])
    return Corpus(vectorizer, vectorizer.transform(texts[:1600]), y[:1600], vectorizer.transform(texts[1600:]), y[1600:])


def sparse_logistic(c: Corpus) -> Any:
    """The weakest penalty, from 0.1 down, with at most ten active words in every training document."""
    for C in np.arange(0.1, 0, -0.01):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=C, penalty="l1", solver="liblinear", random_state=1).fit(c.X, c.y)
        if (c.X @ (model.coef_[0] != 0)).max() <= K:
            return model
    raise ValueError("no penalty is strong enough")


def gold_of(model: Any, X: Any) -> Iterator[set[int]]:
    """The model's own words in each document."""
    for row in X:
        present = set(row.indices.tolist())
        used = set(np.flatnonzero(model.coef_[0]).tolist()) if hasattr(model, "coef_") else set(model.tree_.feature[model.decision_path(row).indices].tolist()) - {-2}
        yield present & used


def methods(model: Any, c: Corpus) -> dict[str, Callable[[list[str], int], list[str]]]:
    """Words -> the ten that matter, most first."""
    ask = Asked(model, c.vectorizer.vocabulary_, len(c.vectorizer.vocabulary_))
    rng = np.random.default_rng(0)
    peer = LimeTextExplainer(random_state=0, class_names=["0", "1"])
    ours, exact = kb.TextExplainer(ask, budget=1000), kb.TextExplainer(make_pipeline(c.vectorizer, model), output="margin" if hasattr(model, "coef_") else "auto")

    def greedy(words: list[str], label: int) -> list[str]:
        left, gone = list(words), []
        while left and len(gone) < K:
            p = ask([" ".join(left), *(" ".join(left[:i] + left[i + 1 :]) for i in range(len(left)))])[:, label]
            if p[1:].min() >= p[0]:
                break
            gone.append(left.pop(int(p[1:].argmin())))
        return gone

    def lime(words: list[str], label: int) -> list[str]:
        e = peer.explain_instance(" ".join(words), ask, labels=(label,), num_features=K, num_samples=15_000)
        return [str(w) for w, _ in e.as_list(label=label)]

    def kabosu(explainer: kb.TextExplainer) -> Callable[[list[str], int], list[str]]:
        def best(words: list[str], label: int) -> list[str]:
            e = explainer.explain(" ".join(words))
            if len(e.output_names) > 1:
                e = e[str(label)]
            return [e.feature_names[j] for j in e.order()[:K]]

        return best

    return {
        "random": lambda words, label: rng.permutation(words)[:K].tolist(),
        "greedy": greedy,
        "lime, 15,000": lime,
        "kabosu, 1,000": kabosu(ours),
        "kabosu, exact": kabosu(exact),
    }


def recalls(model: Any, c: Corpus, documents: int) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    names = c.vectorizer.get_feature_names_out()
    chosen = [(row, gold, y) for row, gold, y in zip(c.X_test, gold_of(model, c.X_test), c.y_test, strict=True) if gold][:documents]
    for name, explain in methods(model, c).items():
        for row, gold, y in chosen:
            top = set(explain([str(names[j]) for j in row.indices], int(y)))
            found.setdefault(name, []).append(len(top & {names[j] for j in gold}) / len(gold))
    return {name: 100 * float(np.mean(r)) for name, r in found.items()}


def table(documents: int = DOCUMENTS) -> dict[str, dict[str, float]]:
    found = {}
    for name in ("books", "dvd"):
        c = corpus(name)
        for kind, model in (("sparse logistic regression", sparse_logistic(c)), ("tree", DecisionTreeClassifier(random_state=1).fit(c.X, c.y))):
            found[f"{name}, {kind}"] = recalls(model, c, documents)
            sys.stderr.write(f"{name}, {kind}: {found[f'{name}, {kind}']}\n")
    return found


if __name__ == "__main__":
    made = table(*map(int, sys.argv[1:]))
    head = list(next(iter(made.values())))
    print("\n".join("| " + " | ".join(line) + " |" for line in (["recall of gold features, %", *head], ["---"] * (1 + len(head)), *([what, *(f"{r[m]:.1f}" for m in head)] for what, r in made.items()))))
