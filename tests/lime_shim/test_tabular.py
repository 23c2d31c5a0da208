"""Tables: with the same RandomState the model sees the same rows bit for bit, and the numbers are lime's to 1e-8."""

from functools import lru_cache

import lime.discretize
import lime.lime_tabular
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.linear_model import Ridge as SklearnRidge
from twins import assert_same, load, model_of, run

import kabosu.lime.discretize
import kabosu.lime.lime_tabular
from kabosu import lime as shim

model_of = lru_cache(model_of)
METHODS = ("forward_selection", "highest_weights", "lasso_path", "none")
CASES = [
    *[(w, {}, {}) for w in ("iris", "wine", "cancer", "diabetes", "mixed")],
    *[(w, {"discretize_continuous": False}, {}) for w in ("iris", "wine", "diabetes", "mixed")],
    *[(w, {"discretizer": "decile"}, {"num_features": 4}) for w in ("iris", "cancer", "diabetes")],
    *[(w, {"discretizer": "entropy", "labels": True}, {"num_features": 4}) for w in ("iris", "wine", "mixed")],
    *[("wine", {"feature_selection": m, "discretize_continuous": d}, {"num_features": 5, "top_labels": 2}) for m in METHODS for d in (True, False)],
    *[("diabetes", {"feature_selection": m}, {"num_features": 3}) for m in METHODS],
    ("codes", {"categorical_features": range(6)}, {}),
    ("codes", {"categorical_features": range(6), "discretize_continuous": False}, {"num_features": 3}),
    ("mixed", {"categorical_features": [1, 3], "categorical_names": {1: list("abcd"), 3: list("xyz")}}, {}),
    ("mixed", {"categorical_features": [1, 3], "discretize_continuous": False, "categorical_names": {1: list("abcd")}}, {}),
    ("mixed", {"categorical_features": [3], "discretizer": "decile"}, {"num_features": 2}),
    ("mixed", {"categorical_features": [1], "sample_around_instance": True, "discretize_continuous": False}, {}),
    ("iris", {"sample_around_instance": True, "discretize_continuous": False}, {}),
    ("diabetes", {"sample_around_instance": True, "discretize_continuous": False}, {"num_features": 4}),
    *[("iris", {"discretize_continuous": d}, {"distance_metric": m}) for m in ("cosine", "manhattan", "chebyshev") for d in (True, False)],
    ("iris", {}, {"model_regressor": LinearRegression()}),
    ("wine", {}, {"model_regressor": SklearnRidge(5.0), "num_features": 4}),
    ("diabetes", {"feature_selection": "lasso_path"}, {"model_regressor": LinearRegression(), "num_features": 4}),
    ("iris", {"kernel_width": 0.6}, {"top_labels": 3}),
    ("iris", {"kernel": lambda d, kernel_width: np.exp(-d / kernel_width)}, {"labels": (0, 2)}),
    ("wine", {"kernel": lambda d, kernel_width: 3 / (1 + d), "discretize_continuous": False}, {"labels": [2]}),
    ("wine", {"class_names": ["a", "b", "c"], "feature_names": [f"w{j}" for j in range(13)]}, {"top_labels": 1, "num_samples": 400}),
]


TOUCHED = {"point_mass": False, "bin_names": False, "regression_mirror": False}  # faults that these tables meet; tests of their own see them mended


@pytest.mark.parametrize("compatible", [True, None], ids=["as lime", "mended"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_same_rows_and_numbers(case, compatible):
    world, init, explain = CASES[case]
    X, y, ask = model_of(world)
    init = {**{k: v for k, v in init.items() if k != "labels"}, **({"training_labels": y} if init.get("labels") else {}), "mode": "regression" if world == "diabetes" else "classification"}
    explain = {"num_samples": 700, **explain}
    for row in (0, 101):
        _, theirs, asked = run(lime.lime_tabular, ask, X, row, init, explain)
        with shim.fix(**TOUCHED):
            _, ours, mine = run(kabosu.lime.lime_tabular, ask, X, row, {**init, "bug_compatible": compatible}, explain)
        assert len(mine) == len(asked) == 1
        assert mine[0].dtype == asked[0].dtype
        assert mine[0].flags.c_contiguous
        np.testing.assert_array_equal(mine[0], asked[0])
        assert_same(theirs, ours, size=max(1.0, np.abs(ask(asked[0])).max()))


@pytest.mark.parametrize("world", ["iris", "wine", "mixed"])
@pytest.mark.parametrize("discretize", [True, False])
def test_a_stream_of_explanations(world, discretize):
    """The generator advances as lime's does: the second and third explanation are equal too."""
    X, _, ask = model_of(world)
    a, b = (m.LimeTabularExplainer(X, discretize_continuous=discretize, random_state=3) for m in (lime.lime_tabular, kabosu.lime.lime_tabular))
    for row in (3, 50, 120):
        theirs, ours = (e.explain_instance(X[row], ask, num_samples=300) for e in (a, b))
        assert_same(theirs, ours)
    assert a.random_state.randint(10**9) == b.random_state.randint(10**9)


@pytest.mark.parametrize("name", ["Quartile", "Decile", "Entropy"])
@pytest.mark.parametrize("world", ["iris", "cancer", "mixed", "codes"])
@pytest.mark.parametrize("categories", [[], [1]])
def test_discretizers(name, world, categories):
    X, y = load(world)
    names = [f"f{j}" for j in range(X.shape[1])]
    with shim.fix(False):
        theirs, ours = (getattr(m, f"{name}Discretizer")(X, categories, names, labels=y, random_state=5) for m in (lime.discretize, kabosu.lime.discretize))
    for attribute in ("to_discretize", "data_stats", "names", "means", "stds", "mins", "maxs"):
        np.testing.assert_equal(getattr(ours, attribute), getattr(theirs, attribute))
    bins = theirs.discretize(X)
    np.testing.assert_array_equal(ours.discretize(X), bins)
    np.testing.assert_array_equal(ours.discretize(X[3]), theirs.discretize(X[3]))
    np.testing.assert_array_equal(ours.undiscretize(bins), theirs.undiscretize(bins))


def test_attributes():
    X, y, _ = model_of("mixed")
    given = {"categorical_features": [1, 3], "categorical_names": {1: list("abcd")}, "random_state": 0}
    for discretize in (True, False):
        theirs, ours = (m.LimeTabularExplainer(X, discretize_continuous=discretize, **given) for m in (lime.lime_tabular, kabosu.lime.lime_tabular))
        for name in ("mode", "categorical_names", "sample_around_instance", "training_data_stats", "categorical_features", "feature_names", "feature_selection", "class_names", "feature_values", "feature_frequencies"):
            np.testing.assert_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
        np.testing.assert_array_equal(ours.scaler.mean_, theirs.scaler.mean_)
        np.testing.assert_array_equal(ours.scaler.scale_, theirs.scaler.scale_)
        assert ours.base.verbose == theirs.base.verbose
        np.testing.assert_allclose(ours.base.kernel_fn(np.arange(5.0)), theirs.base.kernel_fn(np.arange(5.0)), rtol=1e-15)


def statistics(X, module):
    d = module.QuartileDiscretizer(X, [], [str(j) for j in range(X.shape[1])], random_state=20)
    counted = [np.unique(column, return_counts=True) for column in d.discretize(X).T]
    return {
        **{name: getattr(d, name) for name in ("means", "stds", "mins", "maxs")},
        "feature_values": {j: list(v) for j, (v, _) in enumerate(counted)},
        "feature_frequencies": {j: list(c) for j, (_, c) in enumerate(counted)},
        "bins": dict(enumerate(d.bins(X, None))),
    }


@pytest.mark.parametrize("world", ["iris", "wine"])
def test_statistics_instead_of_data(world):
    X, _, ask = model_of(world)
    stats, seen = statistics(X, lime.discretize), []
    np.testing.assert_equal(stats, statistics(X, kabosu.lime.discretize))
    for m in (lime.lime_tabular, kabosu.lime.lime_tabular):
        e = m.LimeTabularExplainer(np.zeros((1, X.shape[1])), training_data_stats=stats, random_state=4)
        seen.append(e.explain_instance(X[9], ask, num_samples=300))
    assert_same(*seen)


@pytest.mark.parametrize("K", [2, 10])
def test_sparse_rows(K):
    """scikit-learn solves sparse ridges iteratively, to about 1e-4; the rows are equal bit for bit."""
    X = csr_matrix(np.random.default_rng(0).poisson(0.4, size=(200, 30)).astype(float))
    y = (X[:, 0].toarray().ravel() + X[:, 4].toarray().ravel() > 0).astype(int)
    ask = LogisticRegression().fit(X, y).predict_proba
    init, explain = {}, {"num_features": K, "num_samples": 500}
    row = int(np.argmax(np.diff(X.indptr)))
    _, theirs, asked = run(lime.lime_tabular, ask, X, row, init, explain)
    _, ours, mine = run(kabosu.lime.lime_tabular, ask, X, row, {**init, "bug_compatible": True}, explain)
    np.testing.assert_array_equal(mine[0].toarray(), asked[0].toarray())
    a, b = dict(theirs.as_list()), dict(ours.as_list())
    assert len(a) == len(b) == K
    np.testing.assert_allclose([b[name] for name in a if abs(a[name]) > 1e-3], [w for w in a.values() if abs(w) > 1e-3], rtol=0.01)


def test_regression_is_lime_but_for_the_mirror():
    X, _, ask = model_of("diabetes")
    _, theirs, _ = run(lime.lime_tabular, ask, X, 0, {"mode": "regression", "discretize_continuous": False}, {})
    _, ours, _ = run(kabosu.lime.lime_tabular, ask, X, 0, {"mode": "regression", "discretize_continuous": False}, {})
    assert ours.intercept[0] == -ours.intercept[1]
    assert ours.intercept[1] == pytest.approx(theirs.intercept[1], abs=1e-6)
    np.testing.assert_allclose([w for _, w in ours.as_list()], [w for _, w in theirs.as_list()], atol=1e-6)
    with pytest.raises(NotImplementedError):
        ours.available_labels()


def test_recurrent():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4, 3))
    ask = lambda Z: np.column_stack([1 - (p := 1 / (1 + np.exp(-Z[:, -1, 0] - Z[:, 0, 2]))), p])  # noqa: E731
    seen = []
    for m in (lime.lime_tabular, kabosu.lime.lime_tabular):
        e = m.RecurrentTabularExplainer(X, feature_names=["u", "v", "w"], random_state=2)
        assert (e.n_timesteps, e.n_features) == (4, 3)
        seen.append((e.feature_names, e.explain_instance(X[5], ask, num_features=5, num_samples=400)))
    assert seen[0][0] == seen[1][0]
    assert_same(seen[0][1], seen[1][1])
