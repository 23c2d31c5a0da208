"""XGBoost, LightGBM and CatBoost: their own predictions are the reference."""

import catboost as cb
import lightgbm as lgb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xgboost as xgb
from sklearn.datasets import make_classification

import kabosu as kb
from kabosu.errors import InputError, LabelsOnly
from kabosu.respond import as_model

X, y = make_classification(150, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
ANIMAL = np.array(["ape", "bee", "cat"])[y]
TWO = (X[:, 0] + X[:, 1] > 0).astype(int)
REAL = X[:, 0] - 2 * X[:, 1]
LABELS = np.column_stack([TWO, 1 - TWO, X[:, 2] > 0]).astype(int)
FRAME = pd.DataFrame(X, columns=list("abcde")).assign(size=pd.Categorical(ANIMAL, ["cat", "bee", "ape", "dog"]), count=np.arange(150) % 7)
FRAME.loc[::6, "b"] = np.nan
PLAIN = FRAME[list("abcde")]
QUIET = {"iterations": 6, "verbose": 0, "allow_writing_files": False, "depth": 3, "thread_count": 1}


def asked(model, output="auto", data=PLAIN):
    found = as_model(model, output, data)
    Y = found(data, len(data))
    return found, Y, found.output_names(Y.shape[1])


def explained(model, data=FRAME, x=None, **options):
    return kb.TabularExplainer(model, data, budget=400, engine="sampled", **options).explain(data.iloc[3] if x is None else x)


CLASSIFIERS = {"xgboost": lambda: xgb.XGBClassifier(n_estimators=6, n_jobs=1), "lightgbm": lambda: lgb.LGBMClassifier(n_estimators=6, n_jobs=1, verbose=-1), "catboost": lambda: cb.CatBoostClassifier(**QUIET)}
REGRESSORS = {"xgboost": lambda: xgb.XGBRegressor(n_estimators=6, n_jobs=1), "lightgbm": lambda: lgb.LGBMRegressor(n_estimators=6, n_jobs=1, verbose=-1), "catboost": lambda: cb.CatBoostRegressor(**QUIET)}


def raw(model, data):
    """Raw scores by each library's own word for them."""
    if isinstance(model, xgb.XGBModel):
        return model.predict(data, output_margin=True)
    return model.predict(data, raw_score=True) if isinstance(model, lgb.LGBMModel) else model.predict(data, prediction_type="RawFormulaVal")


@pytest.mark.parametrize("target", [y, TWO], ids=["three", "two"])
@pytest.mark.parametrize("package", CLASSIFIERS)
def test_classifiers(package, target):
    model = CLASSIFIERS[package]().fit(PLAIN, target)
    found, Y, names = asked(model)
    assert (found.scale, names) == ("probability", tuple(map(str, model.classes_)))
    assert np.allclose(Y, model.predict_proba(PLAIN), atol=1e-7)
    for output in ("margin", "score"):
        found, M, names = asked(model, output)
        assert found.scale == "margin"
        assert names == tuple(map(str, model.classes_))[-M.shape[1] :]
        assert np.allclose(M.squeeze(), raw(model, PLAIN))
    found, L, names = asked(model, "label")
    assert np.array_equal(np.array(names)[L.argmax(axis=1)], model.predict(PLAIN).astype(str).reshape(-1))
    with pytest.raises(LabelsOnly, match="such as 0"):
        asked(model, "prediction")
    assert explained(model, PLAIN).target == str(model.predict(PLAIN[3:4]).reshape(-1)[0])


@pytest.mark.parametrize("package", ["lightgbm", "catboost"])
def test_string_classes(package):
    model = CLASSIFIERS[package]().fit(PLAIN, ANIMAL)
    assert asked(model)[2] == ("ape", "bee", "cat")
    assert explained(model, PLAIN).target == str(model.predict(PLAIN[3:4]).reshape(-1)[0])


@pytest.mark.parametrize("package", REGRESSORS)
def test_regressors(package):
    model = REGRESSORS[package]().fit(PLAIN, REAL)
    for output in ("auto", "prediction", "score", "margin"):
        found, Y, names = asked(model, output)
        assert names == ("prediction",)
        assert np.allclose(Y[:, 0], model.predict(PLAIN))
    for output in ("probability", "label"):
        with pytest.raises(InputError, match=output):
            asked(model, output)


def test_several_outputs():
    for model in (xgb.XGBRegressor(n_estimators=4), cb.CatBoostRegressor(loss_function="MultiRMSE", **QUIET)):
        model.fit(PLAIN, np.column_stack([REAL, -REAL]))
        found, Y, names = asked(model)
        assert (found.scale, names) == ("prediction", ("0", "1"))
        assert np.allclose(Y, model.predict(PLAIN))
    uncertain = cb.CatBoostRegressor(loss_function="RMSEWithUncertainty", **QUIET).fit(PLAIN, REAL)
    assert np.allclose(asked(uncertain)[1], uncertain.predict(PLAIN))


def test_multilabel():
    model = xgb.XGBClassifier(n_estimators=4).fit(PLAIN, LABELS)
    found, Y, names = asked(model)
    assert (found.scale, names) == ("probability", ("y0 = 1", "y1 = 1", "y2 = 1"))
    assert np.array_equal(Y, model.predict_proba(PLAIN))
    assert np.array_equal(asked(model, "label")[1], model.predict(PLAIN))
    assert np.array_equal(asked(model, "margin")[1], model.predict(PLAIN, output_margin=True))
    model = cb.CatBoostClassifier(loss_function="MultiLogloss", **QUIET).fit(PLAIN, LABELS)
    assert np.array_equal(asked(model)[1], model.predict_proba(PLAIN))
    assert np.array_equal(asked(model, "label")[1], model.predict(PLAIN))


def test_rankers_and_forests():
    ranked = xgb.XGBRanker(n_estimators=4).fit(PLAIN, TWO, group=[75, 75])
    assert np.array_equal(asked(ranked)[1][:, 0], ranked.predict(PLAIN))
    ranked = lgb.LGBMRanker(n_estimators=4, verbose=-1).fit(PLAIN, TWO, group=[75, 75])
    assert np.array_equal(asked(ranked)[1][:, 0], ranked.predict(PLAIN))
    ranked = cb.CatBoostRanker(**QUIET).fit(PLAIN, TWO, group_id=np.arange(150) // 30)
    assert np.array_equal(asked(ranked)[1][:, 0], ranked.predict(PLAIN))
    forest = xgb.XGBRFClassifier(n_estimators=4).fit(PLAIN, TWO)
    assert np.array_equal(asked(forest)[1], forest.predict_proba(PLAIN))


def xgb_booster(objective, target, data=PLAIN, **more):
    return xgb.train({"objective": objective, "max_depth": 3, **more}, xgb.DMatrix(data, target, enable_categorical=True), 5)


@pytest.mark.parametrize(
    ("objective", "target", "more", "scale", "names"),
    [
        ("binary:logistic", TWO, {}, "probability", ("0", "1")),
        ("multi:softprob", y, {"num_class": 3}, "probability", ("0", "1", "2")),
        ("multi:softmax", y, {"num_class": 3}, "margin", ("0", "1", "2")),
        ("binary:hinge", TWO, {}, "margin", ("1",)),
        ("reg:squarederror", REAL, {}, "prediction", ("prediction",)),
        ("count:poisson", y, {}, "prediction", ("prediction",)),
        ("rank:pairwise", TWO, {}, "prediction", ("prediction",)),
    ],
)
def test_xgboost_boosters(objective, target, more, scale, names):
    booster, matrix = xgb_booster(objective, target, **more), xgb.DMatrix(PLAIN)
    found, Y, named = asked(booster)
    assert (found.scale, named) == (scale, names)
    want = booster.predict(matrix, output_margin=scale == "margin").reshape(len(X), -1)
    assert np.array_equal(Y[:, -want.shape[1] :], want)
    assert np.array_equal(asked(booster, "margin")[1], booster.predict(matrix, output_margin=True).reshape(len(X), -1))
    assert found.output_names(Y.shape[1]) == asked(booster.predict)[2]
    if scale != "probability":
        with pytest.raises(InputError, match=f"objective '{objective}' answers no probabilities"):
            asked(booster, "probability")
    with pytest.raises(InputError, match="scikit-learn estimator"):
        asked(booster, "label")


@pytest.mark.parametrize(("objective", "target", "more", "scale"), [("binary", TWO, {}, "probability"), ("multiclass", y, {"num_class": 3}, "probability"), ("regression", REAL, {}, "prediction")])
def test_lightgbm_boosters(objective, target, more, scale):
    booster = lgb.train({"objective": objective, "verbose": -1, **more}, lgb.Dataset(PLAIN, target), 5)
    found, Y, _ = asked(booster)
    want = booster.predict(PLAIN).reshape(len(X), -1)
    assert found.scale == scale
    assert np.array_equal(Y[:, -want.shape[1] :], want)
    assert np.array_equal(asked(booster, "margin")[1], booster.predict(PLAIN, raw_score=True).reshape(len(X), -1))


@pytest.mark.parametrize(("loss", "target", "names"), [("Logloss", TWO, ("0", "1")), ("MultiClass", ANIMAL, ("ape", "bee", "cat")), ("RMSE", REAL, ("prediction",))])
def test_raw_catboost(loss, target, names):
    model = cb.CatBoost({"loss_function": loss, **QUIET}).fit(PLAIN, target)
    found, Y, named = asked(model)
    assert named == names
    assert found.scale == ("prediction" if loss == "RMSE" else "probability")
    assert np.array_equal(Y.squeeze(), model.predict(PLAIN, prediction_type="RawFormulaVal" if loss == "RMSE" else "Probability"))
    assert np.array_equal(asked(model, "margin")[1].squeeze(), model.predict(PLAIN, prediction_type="RawFormulaVal"))


STRINGS = FRAME.assign(size=FRAME["size"].astype(str))
ON_CATEGORIES = {
    "xgboost": (lambda: xgb.XGBClassifier(n_estimators=6, enable_categorical=True).fit(FRAME, TWO), FRAME, lambda m: m.predict_proba(FRAME)),
    "xgboost booster": (lambda: xgb_booster("multi:softprob", y, FRAME, num_class=3), FRAME, lambda m: m.predict(xgb.DMatrix(FRAME, enable_categorical=True))),
    "lightgbm": (lambda: lgb.LGBMClassifier(n_estimators=6, n_jobs=1, verbose=-1).fit(FRAME, ANIMAL), FRAME, lambda m: m.predict_proba(FRAME)),
    "lightgbm booster": (lambda: lgb.train({"objective": "multiclass", "num_class": 3, "verbose": -1}, lgb.Dataset(FRAME, y), 5), FRAME, lambda m: m.predict(FRAME)),
    "catboost": (lambda: cb.CatBoostClassifier(cat_features=["size", "count"], **QUIET).fit(FRAME, ANIMAL), FRAME, lambda m: m.predict_proba(FRAME)),
    "catboost strings": (lambda: cb.CatBoostClassifier(cat_features=["size"], **QUIET).fit(STRINGS, ANIMAL), STRINGS, lambda m: m.predict_proba(STRINGS)),
    "catboost raw": (lambda: cb.CatBoost({"loss_function": "MultiClass", "cat_features": ["size"], **QUIET}).fit(FRAME, y), FRAME, lambda m: m.predict(FRAME, prediction_type="Probability")),
}


@pytest.mark.parametrize("name", ON_CATEGORIES)
def test_pandas_categories_and_missing_values(name):
    make, data, answer = ON_CATEGORIES[name]
    model = make()
    e = explained(model, data)
    assert np.allclose(e.prediction, answer(model)[3], atol=1e-7)
    assert {"b", "b is missing", f"size = {data['size'][3]}", "count"} < set(e.feature_names)


TABLES = {"array": X, "pandas": PLAIN.fillna(0), "polars": pl.from_pandas(PLAIN.fillna(0)), "arrow": pa.Table.from_pandas(PLAIN.fillna(0)), "dicts": PLAIN.fillna(0).to_dict("records")}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_boosters_take_every_kind_of_table(package, kind):
    frame, data = TABLES["pandas"], TABLES[kind]
    booster = xgb_booster("binary:logistic", TWO, frame) if package == "xgboost" else lgb.train({"objective": "binary", "verbose": -1}, lgb.Dataset(frame, TWO), 5)
    want = booster.predict(xgb.DMatrix(frame) if package == "xgboost" else frame)
    if kind == "array":
        want = booster.predict(xgb.DMatrix(X, feature_names=list("abcde")) if package == "xgboost" else X)
    assert np.allclose(as_model(booster, "auto", data)(data, len(X))[:, 1], want)
    assert np.allclose(kb.TabularExplainer(booster, data, budget=300, engine="sampled").explain(data[3:4]).prediction[1], want[3])


@pytest.mark.parametrize("fitted", ["array", "pandas"])
@pytest.mark.parametrize("background", ["array", "pandas"])
@pytest.mark.parametrize("package", CLASSIFIERS)
def test_no_warning_about_feature_names_ever(package, fitted, background):
    """Warnings are errors here."""
    model = CLASSIFIERS[package]().fit(TABLES[fitted], TWO)
    same = np.where(np.isnan(PLAIN).any(axis=1))[0][1] + 1  # a row that both kinds of table have in common
    data = TABLES[background]
    assert np.allclose(explained(model, data, data[same : same + 1]).prediction, model.predict_proba(TABLES[fitted])[same])


def test_early_stopping_is_as_the_estimator_does_it():
    model = xgb.XGBClassifier(n_estimators=60, early_stopping_rounds=2).fit(PLAIN[:100], TWO[:100], eval_set=[(PLAIN[100:], TWO[100:])], verbose=False)
    assert np.array_equal(asked(model)[1], model.predict_proba(PLAIN))
