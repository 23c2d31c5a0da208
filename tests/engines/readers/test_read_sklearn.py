"""scikit-learn's trees and averages of trees, read and compared with their own answers."""

import numpy as np
import pytest
from reading import agrees, off, on_thresholds, read, table
from sklearn import ensemble as E
from sklearn import tree as T

X, y = table()
LOST, _ = table(missing=0.1)
LABEL = np.digitize(y, [-1, 1])
MANY = np.column_stack([y, X[:, 0], -y])
MODELS = [
    T.DecisionTreeRegressor(random_state=0),
    T.DecisionTreeRegressor(max_leaf_nodes=17, random_state=0),
    T.DecisionTreeRegressor(max_depth=1),
    T.ExtraTreeRegressor(max_depth=6, random_state=0),
    E.RandomForestRegressor(10, random_state=0),
    E.RandomForestRegressor(10, criterion="absolute_error", max_depth=4, random_state=0),
    E.RandomForestRegressor(5, monotonic_cst=[1, 0, 0, 0, 0], random_state=0),
    E.ExtraTreesRegressor(10, random_state=0),
    E.BaggingRegressor(n_estimators=10, max_features=0.6, random_state=0),
    E.BaggingRegressor(E.RandomForestRegressor(3, random_state=0), n_estimators=4, random_state=0),
]
CLASSIFIERS = [
    T.DecisionTreeClassifier(random_state=0, max_depth=6),
    T.ExtraTreeClassifier(random_state=0, max_depth=6),
    E.RandomForestClassifier(10, random_state=0, class_weight="balanced"),
    E.RandomForestClassifier(10, random_state=0, criterion="entropy", max_leaf_nodes=20),
    E.ExtraTreesClassifier(10, random_state=0),
    E.BaggingClassifier(n_estimators=10, max_features=3, bootstrap_features=True, random_state=0),
    E.BaggingClassifier(E.ExtraTreesClassifier(3, random_state=0), n_estimators=4, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("target", [y, MANY], ids=["one", "many"])
def test_regressors(model, target):
    if target.ndim == 2 and getattr(model, "monotonic_cst", None):
        pytest.skip("monotonic constraints are for one output")
    model.fit(X, target)
    trees = read(model)
    assert (trees.scale, trees.link) == ("prediction", "identity")
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.predict(rows))


@pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize("label", [LABEL, np.array(["no", "yes"])[(y > 0).astype(int)]], ids=["three", "two"])
def test_classifiers(model, label):
    model.fit(X, label)
    trees = read(model)
    assert (trees.scale, trees.output_names) == ("probability", tuple(map(str, model.classes_)))
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.predict_proba(rows))


@pytest.mark.parametrize("model", [MODELS[0], MODELS[3], MODELS[4], MODELS[7], CLASSIFIERS[0], CLASSIFIERS[2], CLASSIFIERS[4]], ids=repr)
def test_missing(model):
    model.fit(LOST, LABEL if hasattr(model, "predict_proba") else y)
    trees = read(model)
    rows = on_thresholds(trees, missing=True)
    agrees(trees, rows, getattr(model, "predict_proba", model.predict)(rows))


@pytest.mark.parametrize("model", [CLASSIFIERS[0], CLASSIFIERS[2]], ids=repr)
def test_several_class_targets_are_the_responders_columns(model):
    from kabosu.respond import as_model

    model.fit(X, np.column_stack([LABEL, y > 0]))
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    own = as_model(model)
    agrees(trees, rows, own(rows, len(rows)))
    assert (trees.scale, trees.output_names) == (own.scale, own.names)


def test_a_bag_whose_members_have_not_seen_every_class():
    """Members number the classes; scikit-learn's own trees see all of them, so some are exchanged for trees that did not."""
    model = E.BaggingClassifier(n_estimators=4, random_state=0).fit(X, LABEL)
    model.estimators_[1] = T.DecisionTreeClassifier(max_depth=4).fit(X[LABEL != 1], LABEL[LABEL != 1])
    model.estimators_[2] = T.DecisionTreeClassifier(max_depth=4).fit(X[LABEL != 0], LABEL[LABEL != 0])
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.predict_proba(rows))


@pytest.mark.parametrize("label", [LABEL, y > 0], ids=["three", "two"])
def test_adaboost_votes(label):
    model = E.AdaBoostClassifier(T.DecisionTreeClassifier(max_depth=2), n_estimators=20, random_state=0).fit(X, label)
    trees = read(model)
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, model.decision_function(rows))
    p = model.predict_proba(rows)
    assert off(trees.respond(trees.predict(rows)), p[:, 1] if p.shape[1] == 2 else p) < 1e-6


@pytest.mark.parametrize("max_features", [1.0, 3])
@pytest.mark.parametrize("max_samples", [8, 64, 300])
def test_isolation_forest_on_its_mean_path_length(max_features, max_samples):
    model = E.IsolationForest(n_estimators=20, max_features=max_features, max_samples=max_samples, random_state=0).fit(X)
    trees = read(model)
    assert (trees.scale, trees.link) == ("score", "isolation")
    rows = on_thresholds(trees, missing=False)
    agrees(trees, rows, -np.log2(-model.score_samples(rows)) / trees.slope)
    assert off(trees.respond(trees.predict(rows)), model.score_samples(rows)) < 1e-6


@pytest.mark.parametrize("output", ["auto", "score"])
def test_isolation_scores_are_left_to_the_sampled_engine(output):
    from kabosu import TabularExplainer

    e = TabularExplainer(E.IsolationForest(n_estimators=5, random_state=0).fit(X), X, output=output, budget=257).explain(X[0])
    assert e.engine == "index-proxy" and "path length" in e.refusals["tree"]


def test_a_tree_that_never_splits():
    model = T.DecisionTreeRegressor().fit(X, np.ones(400))
    assert (read(model).predict(X) == 1).all()
