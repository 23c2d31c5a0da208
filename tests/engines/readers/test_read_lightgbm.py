"""LightGBM: estimators and boosters on the raw score."""

import numpy as np
import pandas as pd
import pytest
from reading import RNG, ROWS, agrees, off, on_thresholds, read, table

lgb = pytest.importorskip("lightgbm")

X, y = table()
LOST, _ = table(missing=0.1)
LABEL = np.digitize(y, [-1, 1])
FEW = {"n_estimators": 12, "num_leaves": 12, "n_jobs": 1, "random_state": 0, "verbose": -1}
OBJECTIVES = {
    "binary": y > 0,
    "cross_entropy": 1 / (1 + np.exp(-y)),
    "cross_entropy_lambda": 1 / (1 + np.exp(-y)),
    "fair": y,
    "gamma": np.exp(y / 2),
    "huber": y,
    "mape": y,
    "multiclass": LABEL,
    "multiclassova": LABEL,
    "poisson": np.exp(y / 2),
    "quantile": y,
    "regression": y,
    "regression_l1": y,
    "tweedie": np.exp(y / 2),
}


def raw(model, rows):
    return model.predict(rows, raw_score=True)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_has_its_link(objective):
    options = {"objective": objective, "num_leaves": 8, "verbose": -1, "num_threads": 1, "num_class": 3 if "class" in objective else 1, "sigmoid": 1.7}
    booster = lgb.train(options, lgb.Dataset(LOST, OBJECTIVES[objective].astype(float)), 8)
    trees = read(booster)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, raw(booster, rows))
    assert off(trees.respond(trees.predict(rows)), booster.predict(rows)) < 1e-6
    assert trees.scale == ("prediction" if trees.link == "identity" else "margin")


def test_the_root_of_the_target():
    model = lgb.LGBMRegressor(**FEW, reg_sqrt=True).fit(X, y)
    rows = on_thresholds(read(model), missing=False)
    assert off(read(model).respond(read(model).predict(rows)), model.predict(rows)) < 1e-6


@pytest.mark.parametrize(
    "options",
    [{}, {"boosting_type": "dart", "drop_rate": 0.5}, {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}, {"data_sample_strategy": "goss"}, {"extra_trees": True}, {"use_missing": False}],
    ids=str,
)
@pytest.mark.parametrize("target", [y, LABEL], ids=["regressor", "classifier"])
@pytest.mark.parametrize("data", [X, LOST], ids=["complete", "missing"])
def test_estimators(options, target, data):
    model = (lgb.LGBMRegressor if target is y else lgb.LGBMClassifier)(**FEW, **options).fit(data, target)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, model.predict(rows) if target is y else raw(model, rows))  # a random forest's raw score is no mean
    assert trees.scale == ("prediction" if target is y else "margin")
    if target is not y:
        assert off(trees.respond(trees.predict(rows)), model.predict_proba(rows)) < 1e-6


@pytest.mark.filterwarnings("ignore:The argument 'eval_set'")
def test_the_best_iteration():
    model = lgb.LGBMClassifier(**FEW | {"n_estimators": 200, "learning_rate": 0.9})
    model.fit(X[:300], y[:300] > 0, eval_set=[(X[300:], y[300:] > 0)], callbacks=[lgb.early_stopping(3, verbose=False)])
    trees = read(model)
    assert len(trees.root) == model.best_iteration_ < 200
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, raw(model, rows))
    agrees(read(model.booster_), rows, raw(model.booster_, rows))
    p = model.predict_proba(rows)
    assert off(trees.respond(trees.predict(rows)), p[:, 1]) < 1e-6
    assert trees.output_names == ("True",)


def near_zero(rows, seed):
    """Cells around LightGBM's own zero, 1e-35 in single precision."""
    rng, zero = RNG(seed), float(np.float32(1e-35))
    around = [0.0, -0.0, zero, -zero, np.nextafter(zero, 1), np.nextafter(-zero, -1), zero / 2, -zero / 2]
    return np.where(rng.random(rows.shape) < 0.3, rng.choice(around, rows.shape), rows)


def sparse_table():
    Z = X.copy()
    Z[RNG(3).random(Z.shape) < 0.4] = 0
    return Z, y + 2 * (Z[:, 0] == 0) - 2 * (Z[:, 2] == 0)


def test_zeros_and_what_is_taken_for_zero():
    Z, t = sparse_table()
    model = lgb.LGBMRegressor(**FEW).fit(Z, t)
    trees = read(model)
    assert (np.abs(trees.threshold[trees.feature >= 0]) < 1e-30).any()
    rows = near_zero(on_thresholds(trees, missing=True), 4)
    agrees(trees, rows, raw(model, rows))


@pytest.mark.parametrize("leaves", [4, 31])
def test_zeros_that_are_missing(leaves):
    Z, t = sparse_table()
    model = lgb.LGBMRegressor(**FEW | {"num_leaves": leaves}, zero_as_missing=True).fit(Z, t)
    trees = read(model)
    rows = near_zero(on_thresholds(trees, missing=True), 4)
    agrees(trees, rows, raw(model, rows))


def frame(n: int, seed: int, unseen: bool):
    rng = RNG(seed)
    new = ["never"] if unseen else []
    words = ["pear", "apple", "fig", "lime", "plum"]
    return pd.DataFrame(
        {
            "word": pd.Categorical(rng.choice([*words, *new], n), categories=[*words, *new]),
            "a": rng.normal(size=n),
            "number": pd.Categorical(rng.choice([20, 3, 7], n), categories=[20, 3, 7]),
            "lost": pd.Categorical(rng.choice([None, "s", "m", "l"], n), categories=["s", "m", "l"]),
        }
    )


@pytest.mark.parametrize("onehot", [1, 4], ids=["sets", "one-hot"])
def test_categories_of_a_frame(onehot):
    F = frame(600, 0, unseen=False)
    target = F.a * F.word.isin(["pear", "lime"]) + F.number.isin([3]) + F.lost.isna()
    model = lgb.LGBMRegressor(**FEW, min_data_per_group=1, cat_smooth=0, max_cat_to_onehot=onehot).fit(F, target)
    trees = read(model)
    assert sorted(trees.encoders) == [0, 2, 3]
    rows = frame(ROWS, 1, unseen=True)
    rows["a"] = on_thresholds(trees, missing=True)[:, 1]
    rows.loc[::7, "word"] = None  # missing where training had none
    agrees(trees, trees.encode(rows), raw(model, rows))


def test_categories_that_are_codes():
    rng = RNG(0)
    Z = np.column_stack([X, rng.integers(0, 70, 400)])
    model = lgb.LGBMRegressor(**FEW, min_data_per_group=1, cat_smooth=0).fit(Z, y + 3 * (Z[:, 5] % 3 == 1), categorical_feature=[5])
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    rows[:, 5] = rng.choice([np.nan, -1.0, -0.5, 2.5, *range(200)], ROWS)
    agrees(trees, rows, raw(model, rows))


def test_what_is_refused():
    assert "linear_tree" in read(lgb.LGBMRegressor(n_estimators=2, linear_tree=True, verbose=-1).fit(X, y))
    F = frame(300, 0, unseen=False)
    F["word"] = F.word.cat.as_ordered()
    assert "which is whose" in read(lgb.LGBMRegressor(n_estimators=2, verbose=-1).fit(F, F.a))


def test_a_model_without_splits():
    model = lgb.LGBMRegressor(n_estimators=3, min_child_samples=1000, verbose=-1).fit(X, y)
    assert off(read(model).predict(X), model.predict(X)) < 1e-12
