"""Real tables with strings, counts, zeros and holes, under real models of every family: the instance's prediction is the model's own."""

from pathlib import Path

import catboost as cb
import lightgbm as lgb
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost as xgb
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import kabosu as kb

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real tables are not here")
ADULT = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]
WORDS, NUMBERS = make_column_selector(dtype_exclude="number"), make_column_selector(dtype_include="number")


def adult(n=700):
    table = pd.read_csv(DATA / "adult.csv.gz", header=None, names=ADULT, skipinitialspace=True, na_values="?").sample(n, random_state=0).reset_index(drop=True)
    return table.drop(columns="income"), table.income


def titanic():
    table = pd.read_csv(DATA / "titanic3.csv")
    return table[["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]], np.where(table.survived, "survived", "died")


def mushroom(n=500):
    table = pd.read_csv(DATA / "mushroom.csv.gz", header=None).sample(n, random_state=0).reset_index(drop=True)
    return table.drop(columns=0), table[0]


def as_categories(X):
    return X.astype(dict.fromkeys(X.select_dtypes(exclude="number"), "category"))


def encoded(model):
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(make_column_transformer((words, WORDS), (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS)), model)


def ordinal(model):
    return make_pipeline(make_column_transformer((OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), WORDS), remainder="passthrough"), model)


def catboost(X):
    return cb.CatBoostClassifier(iterations=8, verbose=0, allow_writing_files=False, thread_count=1, cat_features=list(X.select_dtypes(exclude="number")))


MODELS = {
    "logistic": (lambda X: encoded(LogisticRegression(max_iter=3000)), lambda X: X),
    "forest": (lambda X: encoded(RandomForestClassifier(8, random_state=0)), lambda X: X),
    "histograms": (lambda X: ordinal(HistGradientBoostingClassifier(max_iter=8)), lambda X: X),
    "histograms on categories": (lambda X: HistGradientBoostingClassifier(max_iter=8), as_categories),
    "xgboost": (lambda X: xgb.XGBClassifier(n_estimators=8, enable_categorical=True, n_jobs=1), as_categories),
    "lightgbm": (lambda X: lgb.LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1), as_categories),
    "catboost": (catboost, lambda X: X.fillna(dict.fromkeys(X.select_dtypes(exclude="number"), "none"))),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", [adult, titanic], ids=lambda t: t.__name__)
def test_models_on_real_tables(table, model):
    X, y = table()
    make, prepare = MODELS[model]
    data = prepare(X)
    codes, names = pd.factorize(y, sort=True)
    fitted = make(data).fit(data, codes if model == "xgboost" else y)
    explainer = kb.TabularExplainer(fitted, data, budget=1025)
    for i in (0, 15):  # the sixteenth of both tables has holes
        e = explainer.explain(data.iloc[i])
        assert np.allclose(e.prediction, fitted.predict_proba(data)[i], atol=1e-6)
        assert e.target == str(np.asarray(fitted.predict(data[i : i + 1])).reshape(-1)[0])
        assert np.isfinite(e.coef).all()
        assert set(e.columns) == set(data.columns) | {f"{c} is missing" for c in data.select_dtypes("number") if data[c].isna().any()}
        words = [c for c in data.select_dtypes(exclude="number") if pd.notna(data[c][i])]
        assert {f"{c} = {data[c][i]}" for c in words} < set(e.feature_names)
    assert len(explainer.explain_many(data[:5])) == 5


def test_letters_in_numbered_columns():
    X, y = mushroom()
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(X, y)
    explainer = kb.TabularExplainer(model, X, budget=1025)
    e = explainer.explain(X.iloc[3])
    assert explainer.notes == ("column 16 is constant and is left out",)
    assert np.allclose(e.prediction, model.predict_proba(X)[3])
    assert e.feature_names[:3] == tuple(f"{c} = {X[c][3]}" for c in (1, 2, 3))


def test_polars_in_a_pipeline():
    X, y = titanic()
    data = pl.from_pandas(X)
    model = make_pipeline(make_column_transformer((OrdinalEncoder(), ["sex", "embarked"]), remainder="passthrough"), HistGradientBoostingClassifier(max_iter=8)).fit(data, y)
    e = kb.TabularExplainer(model, data, budget=1025).explain(data.row(15, named=True))
    assert np.allclose(e.prediction, model.predict_proba(data)[15])
    assert e.feature_names == ("pclass", "sex = male", "age", "age is missing", "sibsp", "parch", "fare", "fare is missing", f"embarked = {X.embarked[15]}")


def test_bikes():
    table = pd.read_csv(DATA / "bike_daily.csv")
    X = table[["season", "mnth", "holiday", "weekday", "workday", "weather", "temp", "hum", "windspeed"]]
    model = make_pipeline(make_column_transformer((OneHotEncoder(), WORDS), remainder="passthrough"), RandomForestRegressor(8, random_state=0)).fit(X, table.cnt)
    e = kb.TabularExplainer(model, X, budget=1025).explain(X.iloc[7])
    assert np.allclose(e.prediction, model.predict(X)[7])
    assert e.feature_names[:2] == (f"season = {X.season[7]}", f"mnth = {X.mnth[7]}")
