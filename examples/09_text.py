"""Texts: which words made the model say that, exactly where it counts words, with error bars where it does not.

    python 09_text.py page.html
"""

import re
import sys

from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine  # their descriptions are the texts
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kabosu as kb

descriptions = {"flowers": load_iris, "tumors": load_breast_cancer, "patients": load_diabetes, "digits": load_digits, "wines": load_wine}
texts, labels = [], []
for label, load in descriptions.items():
    sentences = re.findall(r"[A-Z][^.:|]{30,300}\.", load().DESCR)
    texts += sentences
    labels += [label] * len(sentences)

# Five lines: a model of texts, a text, the words that matter.
model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=50)).fit(texts, labels)
explainer = kb.TextExplainer(model)
text = "The chemical analysis of three cultivars grown in Italy, and AT&T's <b> images of nuclei, for 3.14 petals"
e = explainer.explain(text)
print(e, "\n")

# Any unit will do: here phrases; what is gone may be a token instead of nothing.
phrases = kb.TextExplainer(model, units="phrase", fill=kb.domains.Token("[something]")).explain(text)
print("by phrases:", {name: round(float(c), 2) for name, c in zip(phrases.feature_names, phrases.coef[:, phrases.target_index], strict=True)}, "\n")

# Linear models and trees on counts of words have an exact answer: no draws, no error.
counts = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, labels)
exact = kb.TextExplainer(counts, output="margin").explain(text)
print(f"exact by the engine {exact.engine!r}: {exact.feature_names[exact.order()[0]]!r} {exact.coef[exact.order()[0], exact.target_index]:+.3f} for {exact.target}")

# Dear models: the same number of rows, a smooth model of the parts takes more of the error away.
dear = make_pipeline(TfidfVectorizer(), RandomForestClassifier(random_state=0)).fit(texts, labels)
plain, proxied = (kb.TextExplainer(dear, budget=513).explain(text, proxy=proxy) for proxy in (None, "parts"))
errors = [x.certificate.monte_carlo_error[x.target_index] for x in (plain, proxied)]
print(f"with 513 rows the error is {errors[0]:.1%} of the largest coefficient; with proxy='parts' {errors[1]:.1%}")

if len(sys.argv) > 1:
    print("written to", e.save(sys.argv[1]))
