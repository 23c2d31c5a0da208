"""The internal tree itself: order, ancestors, walking, one split at a time; and who is not read."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import RNG, on_thresholds, read, table
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from kabosu.engines.ensemble import Ensemble
from kabosu.engines.readers.assemble import Grown, ensemble, swap
from kabosu.errors import EngineError, InputError, MissingExtra

X, y = table()


def grow(rng, depth: int, d: int = 3, codes: int = 5) -> tuple[Grown, dict]:
    """A random tree with its nodes shuffled, and the same tree as nested dicts."""
    nodes: list[dict] = []

    def node(level):
        me = {"value": rng.normal(size=2)}
        nodes.append(me)
        if level and rng.random() < 0.8:
            me["feature"], me["missing_left"] = int(rng.integers(d)), bool(rng.random() < 0.5)
            if me["feature"] == 0:
                me["set"] = rng.random(codes) < 0.5
            else:
                me["threshold"] = float(rng.integers(-2, 3))
            me["left"], me["right"] = node(level - 1), node(level - 1)
        return me

    root = node(depth)
    order = [nodes[i] for i in rng.permutation(len(nodes))]
    place = {id(me): i for i, me in enumerate(order)}
    sets = [me["set"] for me in order if "set" in me]
    category = np.full(len(order), -1)
    category[[i for i, me in enumerate(order) if "set" in me]] = np.arange(len(sets))
    return Grown(
        np.array([me.get("feature", 99) for me in order]),
        np.array([me.get("threshold", np.nan) for me in order]),
        np.array([place[id(me["left"])] if "left" in me else -1 for me in order]),
        np.array([place[id(me["right"])] if "left" in me else -1 for me in order]),
        np.array([me.get("missing_left", True) for me in order]),
        np.array([me["value"] for me in order]),
        np.array([place[id(root)]]),
        category,
        np.array(sets, dtype=bool).reshape(len(sets), codes),
    ), root


def answer(node: dict, x):
    while "left" in node:
        v = x[node["feature"]]
        known = (-1 < v < len(node["set"]) and node["set"][int(v)]) if "set" in node and not np.isnan(v) else v <= node.get("threshold", 0)
        node = node["left" if (node["missing_left"] if np.isnan(v) else known) else "right"]
    return node["value"]


def forest(seed: int) -> tuple[Ensemble, list[dict]]:
    rng = RNG(seed)
    grown, roots = zip(*(grow(rng, int(rng.integers(0, 6))) for _ in range(int(rng.integers(1, 5)))), strict=True)
    return ensemble(grown, np.array([0.5, -1.0]), 3, "prediction", float32=False), roots


@given(st.integers(0, 2**32))
def test_random_trees_in_any_order(seed):
    trees, roots = forest(seed)
    rows = RNG(seed).choice([np.nan, -3.0, -2, -1, 0, 1, 2, 3, 4, 5, 0.5], (50, 3))
    expected = np.array([np.array([0.5, -1.0]) + sum(answer(root, x) for root in roots) for x in rows])
    np.testing.assert_allclose(trees.predict(rows), expected, atol=1e-12)


@given(st.integers(0, 2**32))
def test_preorder_and_ancestors(seed):
    trees, _ = forest(seed)
    inner = np.flatnonzero(trees.left >= 0)
    assert (trees.left[inner] == inner + 1).all()
    assert (trees.parent[trees.left[inner]] == inner).all()
    assert (trees.parent[trees.right[inner]] == inner).all()
    assert (np.flatnonzero(trees.parent < 0) == trees.root).all()
    for v in range(len(trees.parent)):
        above, u = -1, trees.parent[v]
        while u >= 0 and trees.parent[u] >= 0 and above < 0:
            above = u if trees.feature[trees.parent[u]] == trees.feature[trees.parent[v]] else -1
            u = trees.parent[u]
        assert trees.ancestor[v] == above
    leaf = trees.left < 0
    assert (trees.feature[leaf] == -1).all() and (trees.category[leaf] == -1).all() and (trees.right[leaf] == -1).all()
    assert not trees.missing_left[leaf].any() and not trees.value[~leaf].any()


@given(st.integers(0, 2**32))
def test_swapped_children_answer_the_opposite_question(seed):
    grown, root = grow(RNG(seed), 4)
    trees = ensemble([swap(grown, grown.category >= 0)], np.zeros(2), 3, "prediction", float32=False)
    rows = RNG(seed).choice([np.nan, -2.0, 0, 1, 2, 3, 4], (30, 3))
    flipped = [root]
    while flipped:
        node = flipped.pop()
        if "left" in node:
            flipped += [node["left"], node["right"]]
            if "set" in node:
                node["left"], node["right"], node["missing_left"] = node["right"], node["left"], not node["missing_left"]
    np.testing.assert_allclose(trees.predict(rows), [answer(root, x) for x in rows], atol=1e-12)


@given(st.integers(0, 2**32))
def test_goes_left_is_one_step_of_the_walk(seed):
    trees, _ = forest(seed)
    inner = np.flatnonzero(trees.left >= 0)
    x = np.array([np.nan, -3.0, -1, -0.5, 0, 0.5, 1, 2, 4, 5, 7])
    left = trees.goes_left(inner, x)
    for v, row in zip(inner, left, strict=True):
        step = Ensemble(
            **{n: getattr(trees, n)[[v, 0, 0]] for n in ("feature", "threshold", "missing_left", "category")},
            left=np.array([1, -1, -1]),
            right=np.array([2, -1, -1]),
            parent=np.array([-1, 0, 0]),
            ancestor=np.array([-1, -1, -1]),
            sets=trees.sets,
            value=np.array([[0.0], [1.0], [0.0]]),
            root=np.array([0]),
            base=np.zeros(1),
            n_features=3,
            scale="prediction",
            float32=False,
        )
        assert (step.predict(np.column_stack([x, x, x])).ravel() == row).all()


def test_single_precision_is_where_the_model_has_it():
    model = RandomForestRegressor(3, random_state=0).fit(X, y)
    trees = read(model)
    inner = np.flatnonzero(trees.left >= 0)[:50]
    t = trees.threshold[inner]
    nearly = np.nextafter(t, np.inf)
    same = nearly.astype(np.float32) <= t
    assert same.any() and not same.all()
    assert (trees.goes_left(inner, nearly).diagonal() == same).all()
    assert np.isfinite(trees.predict(np.full((1, 5), 1e300))).all()


def test_nodes_that_are_no_tree_are_refused():
    loop = Grown.numeric(np.zeros(2, int), np.zeros(2), np.array([0, -1]), np.array([1, -1]), np.zeros(2, bool), np.zeros((2, 1)))
    with pytest.raises(EngineError, match="do not form trees"):
        ensemble([loop], np.zeros(1), 1, "prediction", float32=False)
    with pytest.raises(EngineError, match="no trees"):
        ensemble([], np.zeros(1), 1, "prediction", float32=False)


def test_rows_of_another_width():
    trees = read(RandomForestRegressor(3).fit(X, y))
    with pytest.raises(InputError, match="expect \\(rows, 5\\)"):
        trees.predict(X[:, :4])
    with pytest.raises(InputError, match="has 4 columns|have 4 columns"):
        trees.encode(X[:, :4])


def test_without_numba_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "kabosu.engines.walk", raising=False)
    with pytest.raises(MissingExtra, match="trees"):
        read(RandomForestRegressor(3).fit(X, y)).predict(X)


class Shifted(RandomForestRegressor):
    def predict(self, X):
        return super().predict(X) + 1


class Renamed(RandomForestRegressor):
    pass


def test_subclasses_are_read_unless_they_answer_for_themselves():
    assert "Shifted has a predict of its own" in read(Shifted(3).fit(X, y))
    model = Renamed(3, random_state=0).fit(X, y)
    np.testing.assert_allclose(read(model).predict(X).ravel(), model.predict(X))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (LinearRegression(), "LinearRegression is not a kind of tree model"),
        (len, "is not a kind of tree model"),
        (AdaBoostRegressor(n_estimators=3), "weighted median"),
        (GradientBoostingRegressor(init=LinearRegression(), n_estimators=3), "init=LinearRegression"),
        (AdaBoostClassifier(LogisticRegression(), n_estimators=3), "votes of LogisticRegression"),
        (BaggingClassifier(SVC(), n_estimators=3), "averages SVC"),
    ],
    ids=str,
)
def test_refused_with_the_reason(model, reason):
    label = y > 0 if "Classifier" in type(model).__name__ else y
    assert reason in read(model.fit(X, label) if hasattr(model, "fit") else model)


def test_adaboost_of_probabilities_is_refused():
    model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=3).fit(X, y > 0)
    model.algorithm = "SAMME.R"
    assert "SAMME.R" in read(model)


def test_reading_imports_no_other_family():
    code = "import sys, kabosu.engines.readers as r; r.read(len); print(sorted(set(sys.modules) & {'sklearn', 'xgboost', 'lightgbm', 'catboost', 'numba', 'pandas'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_classes_are_named():
    model = RandomForestClassifier(3).fit(X, np.where(y > 0, "yes", "no"))
    assert read(model).output_names == ("no", "yes")
    assert on_thresholds(read(model), missing=False).shape == (10_000, 5)
