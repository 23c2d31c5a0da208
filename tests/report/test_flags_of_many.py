"""The flags of many rows at once are those of each row; under ``strict=True`` a row that has some is an error like any other."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import kabosu as kb

ADULT = Path(__file__).parents[3] / "shared" / "data" / "tabular" / "adult.csv.gz"


def cancer(**options):
    X, y = load_breast_cancer(return_X_y=True)
    return kb.TabularExplainer(make_pipeline(StandardScaler(), LogisticRegression(C=100.0)).fit(X, y), X, **options), X[:60]


def wine(**options):
    X, y = load_wine(return_X_y=True, as_frame=True)
    far = pd.DataFrame(X[:40])
    far.loc[[3, 17], "alcohol"] = 30.0
    return kb.TabularExplainer(RandomForestClassifier(20, random_state=0).fit(X, y).predict_proba, X, engine="sampled", budget=257, **options), far


def adult(**options):
    if not ADULT.exists():
        pytest.skip("the adult table is not here")
    with gzip.open(ADULT, "rt") as file:
        table = pd.DataFrame([row for _, row in zip(range(2000), csv.reader(file, skipinitialspace=True), strict=False)])
    X, y = table.iloc[:, [0, 1, 3, 5, 6, 7, 9, 10, 12]].astype({0: float, 10: float, 12: float}), table.iloc[:, -1].str.startswith(">")
    X.columns = [f"column {c}" for c in X.columns]
    numbers = X.select_dtypes("number").columns.tolist()
    encode = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), [c for c in X if c not in numbers]))
    return kb.TabularExplainer(make_pipeline(encode, DecisionTreeClassifier(max_depth=8, random_state=0)).fit(X, y), X, budget=1025, **options), X[:80]


def codes(e):
    return tuple(flag.code for flag in e.certificate.flags)


@pytest.mark.parametrize("case", [cancer, wine, adult])
def test_all_rows_have_their_own_codes(case):
    explainer, rows = case()
    es = explainer.explain_many(rows)
    assert es.flags == tuple(map(codes, es))
    assert 0 < sum(map(bool, es.flags)) < len(es)
    assert kb.Explanations.from_json(es.to_json()).flags == es.flags
    assert es.only([es.output_names[1]]).flags == tuple(map(codes, es.only([es.output_names[1]])))


@pytest.mark.parametrize("case", [cancer, wine, adult])
def test_strict_rows_with_flags_are_errors_and_the_others_stay(case):
    explainer, rows = case()
    es = explainer.explain_many(rows)
    strict = case(strict=True)[0].explain_many(rows, on_error="record")
    assert list(strict.errors) == [i for i, found in enumerate(es.flags) if found]
    for i, text in strict.errors.items():
        assert all(code in text for code in codes(es[i]))
    for i in strict.positions.tolist():
        np.testing.assert_array_equal(strict[i].coef, es[i].coef)
        assert (strict[i].feature_names, strict[i].values, codes(strict[i])) == (es[i].feature_names, es[i].values, ())
    frame = strict.to_frame()
    assert sorted(set(frame["row"])) == strict.positions.tolist()
    assert np.isnan(strict.coef[list(strict.errors)]).all()


def test_a_frame_tells_the_rows_with_flags():
    explainer, rows = wine()
    es = explainer.explain_many(rows)
    frame = es.to_frame()
    assert sorted(set(frame.loc[frame["flagged"].str.contains("outside-training-range"), "row"])) == [3, 17]
    clean = frame[frame["flagged"] == ""]
    assert sorted(set(clean["row"])) == [i for i, found in enumerate(es.flags) if found == ()]
