"""A whole table at once: arrays inside, a sequence outside."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)

# The margin (log-odds) of this model is a line and its probability is not: a line can say much more about the margin.
for output in ("probability", "margin"):
    es = kb.TabularExplainer(model, X, budget=1025, output=output).explain_many(X.head(50))
    print(f"{output}: median fidelity {np.nanmedian(es.fidelity):.2f}, flagged {sum(bool(e.certificate.flags) for e in es)} of {len(es)}")

explainer = kb.TabularExplainer(model, X, budget=1025, output="margin")
began = time.perf_counter()
es = explainer.explain_many(X, progress=True)  # a line on a terminal, silent in a pipe
seconds = time.perf_counter() - began
print(f"{len(es)} rows, {es.n_model_calls.sum():,} model calls, {len(es) / seconds:.0f} rows a second")

# Any executor of concurrent.futures may share the work; the numbers are the same.
with ThreadPoolExecutor(2) as two:
    print("the same with two workers:", np.array_equal(explainer.explain_many(X, runner=two).coef, es.coef))

print("stacked arrays:", es.coef.shape, "= rows, features, outputs")
print(es.summary()[["feature", "mean_abs", "share_positive"]].head())  # which features matter over all rows
print(es[0])  # one of them, as any other explanation

# A line has one explanation for all rows; those of a forest differ, and a few of them show the rest.
forest = kb.TabularExplainer(RandomForestClassifier(random_state=0).fit(X, y), X).explain_many(X)
print("five rows that together show the most of a forest:", forest.pick(5))

# The extension says what to write: .csv, .parquet, .json, .html, .png, .svg, .pdf.
with TemporaryDirectory() as folder:
    path = es.save(Path(folder) / "explanations.csv")
    print(path.name, path.stat().st_size, "bytes")
