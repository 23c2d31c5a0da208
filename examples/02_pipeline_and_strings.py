"""Strings, missing values, a pipeline: kabosu draws rows of your own kind, and the model sees nothing else."""

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X = X[["age", "sex", "bmi", "bp", "s5"]].assign(sex=X["sex"].map({1.0: "group one", 2.0: "group two"}))
X.loc[np.random.default_rng(0).random(len(X)) < 0.15, "bmi"] = np.nan  # so that there is something missing

numbers = make_pipeline(SimpleImputer(), StandardScaler())
columns = make_column_transformer((numbers, ["age", "bmi", "bp", "s5"]), (OneHotEncoder(), ["sex"]))
model = make_pipeline(columns, GradientBoostingRegressor(random_state=0)).fit(X, y)

explainer = kb.TabularExplainer(model, X)

# Categories read "sex = group one" instead of the other; a missing value is a level of its own.
present, missing = X.index[X["bmi"].notna()][0], X.index[X["bmi"].isna()][0]
for row in (present, missing):
    print(f"--- row {row}: bmi = {X.loc[row, 'bmi']}")
    print(explainer.explain(X.loc[row]), "\n")

# An instance may also come as a dict, which is handy behind a web form.
e = explainer.explain({"age": 50, "sex": "group two", "bmi": 31.0, "bp": 95.0, "s5": 4.9})
print(f"a person from a form: model {e.prediction[0]:.0f}, surrogate {e.local_prediction[0]:.0f}")
