"""XGBoost: estimators and boosters on the raw margin."""

import numpy as np
import pandas as pd
import pytest
from reading import RNG, ROWS, agrees, off, on_thresholds, read, table

xgb = pytest.importorskip("xgboost")

X, y = table()
LOST, _ = table(missing=0.1)
LABEL = np.digitize(y, [-1, 1])
FEW = {"n_estimators": 12, "max_depth": 4, "n_jobs": 1, "random_state": 0}
OBJECTIVES = {
    "binary:hinge": y > 0,
    "binary:logistic": y > 0,
    "binary:logitraw": y > 0,
    "count:poisson": np.floor(np.exp(y / 2)),
    "multi:softmax": LABEL,
    "multi:softprob": LABEL,
    "rank:ndcg": y > 0,
    "rank:pairwise": y > 0,
    "reg:absoluteerror": y,
    "reg:gamma": np.exp(y / 2),
    "reg:logistic": 1 / (1 + np.exp(-y)),
    "reg:pseudohubererror": y,
    "reg:quantileerror": y,
    "reg:squarederror": y,
    "reg:squaredlogerror": np.exp(y / 2),
    "reg:tweedie": np.exp(y / 2),
    "survival:aft": np.exp(y / 2),
    "survival:cox": np.exp(y / 2),
}


def margins(booster, rows):
    return booster.predict(xgb.DMatrix(rows), output_margin=True)


@pytest.mark.parametrize("base_score", [None, 0.3])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_has_its_base_and_link(objective, base_score):
    data = xgb.DMatrix(LOST, OBJECTIVES[objective])
    options = {"objective": objective, "max_depth": 3, "nthread": 1} | ({} if base_score is None else {"base_score": base_score})
    if objective.startswith("multi"):
        options["num_class"] = 3
    if objective.startswith("rank"):
        data.set_group([100] * 4)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", OBJECTIVES[objective])
        data.set_float_info("label_upper_bound", OBJECTIVES[objective])
    if objective == "reg:quantileerror":
        options["quantile_alpha"] = [0.2, 0.7]
    booster = xgb.train(options, data, 8)
    trees = read(booster)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, margins(booster, rows))
    if objective != "multi:softmax":
        own = booster.predict(xgb.DMatrix(rows))
        assert off(trees.respond(trees.predict(rows)), own) < 2e-6


@pytest.mark.parametrize(
    "model",
    [
        xgb.XGBRegressor(**FEW),
        xgb.XGBRegressor(**FEW, tree_method="exact"),
        xgb.XGBRegressor(**FEW, grow_policy="lossguide", max_leaves=9),
        xgb.XGBRegressor(**FEW, booster="dart", rate_drop=0.5),
        xgb.XGBRFRegressor(**FEW),
        xgb.XGBRegressor(**FEW, num_parallel_tree=3),
    ],
    ids=["hist", "exact", "lossguide", "dart", "forest", "forests"],
)
def test_regressors(model):
    model.fit(LOST, y)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, model.predict(rows))
    assert trees.scale == "prediction"


@pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
def test_several_outputs(strategy):
    model = xgb.XGBRegressor(**FEW, multi_strategy=strategy, tree_method="hist").fit(X, np.column_stack([y, X[:, 0], -y]))
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.predict(rows))


@pytest.mark.parametrize("kind", [xgb.XGBClassifier, xgb.XGBRFClassifier])
@pytest.mark.parametrize("label", [LABEL, (y > 0).astype(int)], ids=["three", "two"])
def test_classifiers(kind, label):
    model = kind(**FEW).fit(LOST, label)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, model.predict(rows, output_margin=True))
    p = model.predict_proba(rows)
    assert off(trees.respond(trees.predict(rows)), p[:, 1] if p.shape[1] == 2 else p) < 1e-6
    assert (trees.scale, trees.output_names) == ("margin", ("0", "1", "2") if p.shape[1] == 3 else ("1",))


@pytest.mark.parametrize("options", [{}, {"booster": "dart", "rate_drop": 0.3}, {"num_parallel_tree": 2}], ids=str)
def test_the_best_iteration_of_an_estimator_and_all_of_a_booster(options):
    model = xgb.XGBClassifier(**FEW | {"n_estimators": 60, "learning_rate": 0.9}, early_stopping_rounds=3, **options)
    model.fit(X[:300], LABEL[:300], eval_set=[(X[300:], LABEL[300:])], verbose=False)
    booster = model.get_booster()
    assert model.best_iteration + 1 < booster.num_boosted_rounds()
    rows = on_thresholds(read(booster), missing=False)
    agrees(read(model), rows, model.predict(rows, output_margin=True))
    agrees(read(booster), rows, margins(booster, rows))
    assert len(read(model).root) < len(read(booster).root)


def frame(n: int, seed: int):
    """Words that are not in order, numbers, and missing."""
    rng = RNG(seed)
    return pd.DataFrame(
        {
            "word": pd.Categorical(rng.choice(["peach", "apple", "fig", "lime", "plum"], n), categories=["peach", "apple", "fig", "lime", "plum"]),
            "a": rng.normal(size=n),
            "number": pd.Categorical(rng.choice([20, 3, 7], n), categories=[20, 3, 7]),
            "lost": pd.Categorical(rng.choice([None, "s", "m", "l"], n), categories=["s", "m", "l"]),
        }
    )


@pytest.mark.parametrize("onehot", [1, 100], ids=["partition", "one-hot"])
def test_categories_of_a_frame(onehot):
    F = frame(600, 0)
    target = F.a * F.word.isin(["peach", "lime"]) + F.number.isin([3]) + F.lost.isna()
    model = xgb.XGBRegressor(**FEW, enable_categorical=True, max_cat_to_onehot=onehot).fit(F, target)
    trees = read(model)
    rows = frame(ROWS, 1)
    rows["a"] = on_thresholds(trees, missing=True)[:, 1]
    agrees(trees, trees.encode(rows), model.predict(rows))
    other = rows.assign(word=rows.word.cat.reorder_categories(["plum", "lime", "fig", "apple", "peach"]))
    agrees(trees, trees.encode(other), model.predict(other))


def test_categories_that_are_codes():
    """Without a frame the cell is the code; codes that training never saw go the way of the unlisted."""
    rng = RNG(0)
    Z = np.column_stack([X, rng.integers(0, 70, 400)])
    data = xgb.DMatrix(Z, y + 3 * (Z[:, 5] % 3 == 1), feature_types=["q"] * 5 + ["c"])
    booster = xgb.train({"max_depth": 4, "max_cat_to_onehot": 1, "nthread": 1}, data, 10)
    trees = read(booster)
    rows = on_thresholds(trees, missing=True)
    rows[:, 5] = np.where(rng.random(ROWS) < 0.1, np.nan, rng.integers(0, 200, ROWS))
    own = booster.predict(xgb.DMatrix(rows, feature_types=["q"] * 5 + ["c"]), output_margin=True)
    agrees(trees, rows, own)


def test_what_is_refused():
    assert "gblinear" in read(xgb.XGBRegressor(booster="gblinear", n_estimators=2).fit(X, y))
    F = frame(300, 0).assign(word=lambda F: F.word.cat.rename_categories({"peach": "pêche"}))
    assert "ASCII" in read(xgb.XGBRegressor(n_estimators=2, enable_categorical=True).fit(F, F.a))
    assert "missing=-1" in read(xgb.XGBRegressor(n_estimators=2, missing=-1.0).fit(X, y))
