"""scikit-learn's boostings on their raw scale."""

import numpy as np
import pandas as pd
import pytest
from reading import RNG, ROWS, agrees, off, on_thresholds, read, table
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor

X, y = table()
LOST, _ = table(missing=0.1)
LABEL = np.digitize(y, [-1, 1])


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize("init", [None, "zero", DummyRegressor(strategy="median")], ids=str)
def test_gradient_boosting_regressor(loss, init):
    model = GradientBoostingRegressor(loss=loss, init=init, n_estimators=15, subsample=0.8, random_state=0).fit(X, y)
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.predict(rows))
    assert trees.scale == "prediction"


@pytest.mark.parametrize(("loss", "label"), [("log_loss", LABEL), ("log_loss", y > 0), ("exponential", y > 0)])
@pytest.mark.parametrize("init", [None, "zero", DummyClassifier(strategy="uniform")], ids=str)
def test_gradient_boosting_classifier(loss, label, init):
    model = GradientBoostingClassifier(loss=loss, init=init, n_estimators=15, random_state=0).fit(X, label)
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.decision_function(rows))
    p = model.predict_proba(rows)
    assert off(trees.respond(trees.predict(rows)), p[:, 1] if p.shape[1] == 2 else p) < 1e-6
    assert trees.scale == "margin"


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "quantile", "poisson", "gamma"])
@pytest.mark.parametrize("data", [X, LOST], ids=["complete", "missing"])
def test_histogram_regressor(loss, data):
    model = HistGradientBoostingRegressor(loss=loss, quantile=0.3 if loss == "quantile" else None, max_iter=15, random_state=0).fit(data, np.exp(y / 3))
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    own = model.predict(rows)
    assert off(trees.respond(trees.predict(rows)), own) < 1e-6
    agrees(trees, rows, np.log(own) if trees.link == "exp" else own)
    assert trees.scale == ("margin" if trees.link == "exp" else "prediction")


@pytest.mark.parametrize("label", [LABEL, y > 0], ids=["three", "two"])
@pytest.mark.parametrize("early", [False, True])
def test_histogram_classifier(label, early):
    model = HistGradientBoostingClassifier(max_iter=40, early_stopping=early, random_state=0).fit(LOST, label)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, model.decision_function(rows))
    p = model.predict_proba(rows)
    assert off(trees.respond(trees.predict(rows)), p[:, 1] if p.shape[1] == 2 else p) < 1e-6


def frame(n: int, seed: int, unseen: bool):
    """Numbers around categories of three kinds: words (not in order), numbers, words with missing."""
    rng = RNG(seed)
    new = [*(["never"] if unseen else [])]
    return pd.DataFrame(
        {
            "word": pd.Categorical(rng.choice(["pear", "apple", "fig", "lime", *new], n), categories=["pear", "apple", "fig", "lime", "never"]),
            "a": rng.normal(size=n),
            "lost": pd.Categorical(rng.choice([None, "s", "m", "l", *new], n), categories=["s", "m", "l", "never"]),
            "b": rng.normal(size=n),
        }
    )


def target(F):
    return F.a + 2 * F.word.isin(["pear", "fig"]) * F.b - F.lost.isin(["m"]) + F.lost.isna() * 0.5


def test_histogram_categories_of_a_frame():
    """Categorical columns are moved to the front and coded by the model; unknown ones go where missing goes."""
    F = frame(600, 0, unseen=False)
    model = HistGradientBoostingRegressor(max_iter=30, categorical_features="from_dtype", random_state=0).fit(F, target(F))
    trees = read(model)
    assert sorted(trees.encoders) == [0, 2]
    rows = frame(ROWS, 1, unseen=True)
    numbers = on_thresholds(trees, missing=True)
    rows["a"], rows["b"] = numbers[:, 1], numbers[:, 3]
    agrees(trees, trees.encode(rows), model.predict(rows))


def test_histogram_categories_that_are_numbers():
    rng = RNG(0)
    Z = np.column_stack([X, rng.choice([3.0, 7.0, 20.0, 21.0], 400)])
    model = HistGradientBoostingRegressor(max_iter=30, categorical_features=[5, 2], random_state=0).fit(Z, y + 3 * (Z[:, 5] == 7))
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    rows[:, 5] = rng.choice([3.0, 7.0, 20.0, 21.0, 22.0, -1.0, 0.0, np.nan], ROWS)
    rows[:, 2] = rng.choice([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], ROWS)
    agrees(trees, trees.encode(rows), model.predict(rows))
