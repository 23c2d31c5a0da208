"""The first five lines: why does this model say so about this one patient?"""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
model = RandomForestClassifier(random_state=0).fit(X, y)

# These are the five lines. A model and background data go in once; then any row can be asked about.
explainer = kb.TabularExplainer(model, X)
e = explainer.explain(X.iloc[20])
print(e)  # a table: effect of each feature, with error bars
print(e.describe())  # the same in words
print(e.to_frame()[["feature", "value", "coef", "low", "high"]].head())  # the same as data, with more columns

# The evidence that the numbers can be believed, and what is wrong with them if something is.
c = e.certificate
print(f"\nfidelity {c.fidelity[e.target_index]:.2f}, {e.n_model_calls} model calls, ended by {c.ended_by}")
for flag in c.flags:
    print("flag", flag)
