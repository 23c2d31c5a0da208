"""CatBoost on the raw formula value."""

import numpy as np
import pandas as pd
import pytest
from reading import RNG, ROWS, agrees, off, on_thresholds, read, table

cb = pytest.importorskip("catboost")

X, y = table()
LOST, _ = table(missing=0.1)
LABEL = np.digitize(y, [-1, 1])
FEW = {"iterations": 12, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}


def raw(model, rows):
    return model.predict(rows, prediction_type="RawFormulaVal")


@pytest.mark.parametrize("loss", ["RMSE", "MAE", "Quantile:alpha=0.3", "Poisson", "Tweedie:variance_power=1.5", "Huber:delta=1"])
def test_regressors(loss):
    model = cb.CatBoostRegressor(**FEW, depth=4, loss_function=loss).fit(X, np.exp(y / 2))
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, raw(model, rows))
    assert off(trees.respond(trees.predict(rows)), model.predict(rows)) < 1e-6
    assert trees.scale == ("prediction" if trees.link == "identity" else "margin")


@pytest.mark.parametrize("policy", ["Depthwise", "Lossguide"])
def test_trees_that_are_not_oblivious(policy):
    for loss, target in (("RMSE", y), ("MultiClass", LABEL)):
        model = cb.CatBoost({**FEW, "grow_policy": policy, "loss_function": loss}).fit(LOST, target)
        trees = read(model)
        rows = on_thresholds(trees, missing=True)
        agrees(trees, rows, raw(model, rows))


def test_several_outputs():
    model = cb.CatBoostRegressor(**FEW, loss_function="MultiRMSE").fit(X, np.column_stack([y, X[:, 0], -y]))
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, raw(model, rows))


@pytest.mark.parametrize("mode", ["Min", "Max"])
@pytest.mark.parametrize("loss", ["Logloss", "MultiClass", "MultiClassOneVsAll"])
def test_classifiers_and_missing(loss, mode):
    model = cb.CatBoostClassifier(**FEW, loss_function=loss, nan_mode=mode, boost_from_average=loss == "Logloss").fit(LOST, y > 0 if loss == "Logloss" else LABEL)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, raw(model, rows))
    p = model.predict_proba(rows)
    own = trees.respond(trees.predict(rows))
    if loss == "MultiClassOneVsAll":
        own = own / own.sum(axis=1, keepdims=True) if np.allclose(p.sum(axis=1), 1) else own
    assert off(own, p[:, 1] if p.shape[1] == 2 else p) < 1e-6
    assert trees.output_names == (("True",) if loss == "Logloss" else ("0", "1", "2"))


def test_missing_where_training_had_none():
    model = cb.CatBoostRegressor(**FEW).fit(X, y)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, raw(model, rows))


def test_a_sum_of_models_has_a_scale_of_its_own():
    a, b = (cb.CatBoostRegressor(**FEW, depth=d).fit(X, y + d) for d in (2, 4))
    model = cb.sum_models([a, b], weights=[0.5, 2.0])
    model.set_scale_and_bias(3.0, 0.7)
    rows = on_thresholds(read(a), missing=False)
    agrees(read(model), rows, raw(model, rows))


def test_the_best_model():
    model = cb.CatBoostRegressor(**FEW | {"iterations": 200, "learning_rate": 0.9}).fit(X[:300], y[:300], eval_set=(X[300:], y[:100]), use_best_model=True)
    trees = read(model)
    assert len(trees.root) == model.tree_count_ < 200
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, raw(model, rows))


def frame(n: int, seed: int, unseen: bool):
    rng = RNG(seed)
    words = ["pêche", "apple", "a longer name than sixteen", "lime", "plum"]
    return pd.DataFrame(
        {
            "word": rng.choice([*words, *(["never"] if unseen else [])], n),
            "a": rng.normal(size=n),
            "number": rng.choice([20, 3, 7, *([8] if unseen else [])], n),
            "flag": rng.choice([True, False], n),
            "constant": "same",
        }
    )


def target(F):
    return F.a * F.word.isin(["pêche", "lime"]) + F.number.isin([3]) + 0.5 * F.word.isin(["a longer name than sixteen"]) - F.flag * (F.a > 0)


CATEGORIES = ["word", "number", "flag", "constant"]


def test_categories_one_at_a_time():
    F = frame(600, 0, unseen=False)
    model = cb.CatBoostRegressor(**FEW, one_hot_max_size=20, cat_features=CATEGORIES).fit(F, target(F))
    trees = read(model)
    rows = frame(ROWS, 1, unseen=True)
    rows["a"] = on_thresholds(trees, missing=False)[:, 1]
    assert set(trees.category[trees.category >= 0]) >= {0}
    agrees(trees, trees.encode(rows), raw(model, rows))


def test_what_is_refused():
    F = frame(600, 0, unseen=False)
    assert "CTR" in read(cb.CatBoostRegressor(**FEW, one_hot_max_size=1, cat_features=CATEGORIES).fit(F, target(F)))
    deep = cb.CatBoostRegressor(**FEW, one_hot_max_size=20, grow_policy="Depthwise", cat_features=CATEGORIES).fit(F, target(F))
    assert "oblivious" in read(deep)
    texts = F.assign(word=F.word.astype(str))
    assert "text or embedding" in read(cb.CatBoostClassifier(**FEW, one_hot_max_size=20, text_features=["word"], cat_features=CATEGORIES[1:]).fit(texts, F.a > 0))
