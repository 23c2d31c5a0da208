"""Columns with blank names, as data frames have them for an index that was written without one, are read like any others."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb

DATA = load_breast_cancer(as_frame=True)
X = DATA.data.iloc[:, :3].set_axis(["", "  ", "area"], axis=1)
MODEL = RandomForestClassifier(10, random_state=0).fit(X.to_numpy(), DATA.target)


@pytest.mark.parametrize("neighborhood", ["gaussian", "bins"])
def test_blank_names_are_seen(neighborhood):
    e = kb.TabularExplainer(lambda A: MODEL.predict_proba(A.to_numpy()), X, neighborhood=neighborhood).explain(X.iloc[0])
    named = kb.TabularExplainer(lambda A: MODEL.predict_proba(A.to_numpy()), X.set_axis(["a", "b", "c"], axis=1), neighborhood=neighborhood).explain(X.iloc[0].set_axis(["a", "b", "c"]))
    np.testing.assert_array_equal(e.coef, named.coef)
    for blank in ("''", "' '"):  # a table of words keeps one space
        assert blank in str(e) and blank in e.describe()


def test_levels_of_a_blank_name_are_seen():
    data = pd.DataFrame({"": np.where(X["area"] > 80, "big", "small"), "area": X["area"]})
    e = kb.TabularExplainer(lambda A: (A[""] == "big").to_numpy() * 1.0 + A["area"].to_numpy() / 1000, data).explain(data.iloc[0])
    assert "'' = big" in str(e)
