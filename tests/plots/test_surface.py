"""Surfaces show the model itself, the draws that were asked, their weights, and where the surrogate says so."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import kabosu as kb
from kabosu.plots import landscape, layers, matrix, surface

mpl.use("Agg")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2)) * [1.0, 3.0] + [0.0, 5.0]


def probability(X):
    p = 1 / (1 + np.exp(-(X[:, 0] + 0.4 * (X[:, 1] - 5) + 0.3 * X[:, 0] * (X[:, 1] - 5))))
    return np.stack([1 - p, p], axis=1)


@pytest.fixture(scope="module")
def article():
    return kb.TabularExplainer(probability, X, recipe="article", engine="sampled")


@pytest.fixture(scope="module")
def land(article):
    return landscape(article, X[0], grid=30)


def test_the_surface_is_the_model_on_the_grid(land):
    grid = np.stack([a.ravel() for a in np.meshgrid(land.x, land.y)], axis=1)
    np.testing.assert_allclose(land.model.ravel(), probability(grid)[:, land.t], rtol=1e-12)
    assert land.names == ("x0", "x1")


def test_draws_are_where_the_model_was_asked(land):
    np.testing.assert_allclose(land.answers, probability(land.draws)[:, land.t], rtol=1e-12)
    assert len(land.draws) == 100
    np.testing.assert_array_equal(land.point, X[0])


def test_weights_are_the_kernels(land):
    squared = (((land.draws - X[0]) / X.std(axis=0)) ** 2).sum(axis=1)
    w = np.exp(-squared / (2 * (0.75 * np.sqrt(2)) ** 2))
    np.testing.assert_allclose(land.weights, w / w.max(), rtol=1e-9)


def test_the_line_is_where_the_surrogate_is_one_half(land):
    e, t = land.explanation, land.t
    ax = layers(land, Figure().subplots(), ["line"])
    path = ax.collections[-1].get_paths()[0].vertices
    g = e.intercept[t] + path @ e.coef[:, t]
    np.testing.assert_allclose(g, 0.5, atol=1e-9)
    assert "0.5" in ax.get_legend().get_texts()[0].get_text()


def test_draws_from_the_local_law_count_alike():
    explainer = kb.TabularExplainer(probability, X, engine="sampled")
    land = landscape(explainer, X[0], grid=5)
    assert (land.weights == 1).all()
    np.testing.assert_allclose(land.answers, probability(land.draws)[:, land.t], rtol=1e-9)
    assert land.draws[:, 0].std() == pytest.approx(0.5 * X[:, 0].std(), rel=0.1)  # the recipe's radius


def test_the_line_of_a_regression_goes_through_the_surrogate_here():
    explainer = kb.TabularExplainer(lambda X: X[:, 0] + X[:, 1] - 5, X, engine="sampled")
    land = landscape(explainer, X[0], grid=5)
    assert land.surrogate.min() < 0 < land.surrogate.max()
    assert land.level == land.explanation.local_prediction[0] != 0


def test_a_line_out_of_sight_gives_way_to_the_value_here():
    explainer = kb.TabularExplainer(lambda X: 0.9 + 0.01 * np.tanh(probability(X)), X, output="probability", engine="sampled")
    land = landscape(explainer, X[0], grid=5)
    assert land.level == land.explanation.local_prediction[land.t]


def test_bins_have_their_edges_as_the_line():
    explainer = kb.TabularExplainer(probability, X, recipe="lime", engine="sampled")
    land = landscape(explainer, X[0], grid=60)
    e, t = land.explanation, land.t
    edges = [np.percentile(X[:, j], [25, 50, 75]) for j in (0, 1)]
    same = [np.searchsorted(edges[j], v) == np.searchsorted(edges[j], X[0, j]) for j, v in ((0, land.x), (1, land.y))]
    expected = e.intercept[t] + e.coef[0, t] * same[0][None, :] + e.coef[1, t] * same[1][:, None]
    np.testing.assert_allclose(land.surrogate, expected, atol=1e-12)


def test_layers_build_up_the_walk_through(land):
    counts = []
    for k in range(1, 6):
        ax = layers(land, Figure().subplots(), ["model", "instance", "draws", "weights", "line"][:k])
        counts.append((len(ax.collections), ax.get_legend() is not None))
    assert [has for _, has in counts] == [False, True, True, True, True]
    assert [n for n, _ in counts] == sorted(n for n, _ in counts)
    sizes = layers(land, Figure().subplots(), ["weights"]).collections[0].get_sizes()
    np.testing.assert_allclose(sizes / sizes.max(), land.weights)
    assert len(set(layers(land, Figure().subplots(), ["draws"]).collections[0].get_sizes())) == 1


def test_other_columns_stay_as_they_are_in_the_instance():
    frame = pd.DataFrame({"a": RNG.normal(size=80), "kind": RNG.choice(["u", "v"], 80), "n": RNG.integers(0, 50, 80), "gone": np.where(RNG.random(80) < 0.2, np.nan, RNG.normal(size=80))})
    seen = []

    def model(rows):
        seen.append(rows)
        return rows["a"].to_numpy() * 2 + rows["n"].to_numpy() * 0.1 + (rows["kind"] == "u").to_numpy()

    explainer = kb.TabularExplainer(model, frame)
    x = frame.iloc[3]
    land = landscape(explainer, x, features=["a", "n"], grid=12)
    rows = next(r for r in seen if len(r) == 144)
    assert rows.dtypes.equals(frame.dtypes)
    assert (rows["kind"] == x["kind"]).all()
    assert (rows["gone"].isna() | (rows["gone"] == x["gone"])).all()
    assert land.names == ("a", "n")


@pytest.mark.parametrize("features", [["x0"], ["x0", "x0"], ["x0", "z"], ["x0", "x1", "x1"]])
def test_two_numeric_features_are_needed(article, features):
    with pytest.raises(kb.InputError, match="two different numeric features"):
        surface(article, X[0], ax=Figure().subplots(), features=features)


@pytest.mark.parametrize("show", ["line", ["lines"]])
def test_unknown_layers_are_refused(land, show):
    with pytest.raises(kb.InputError, match="show="):
        layers(land, Figure().subplots(), show)


def test_sparse_rows_have_no_surface():
    from scipy import sparse

    S = sparse.random_array((50, 20), density=0.3, rng=np.random.default_rng(0), format="csr")
    explainer = kb.TabularExplainer(lambda S: np.asarray(S.sum(axis=1)).ravel(), S)
    with pytest.raises(kb.InputError, match="dense"):
        surface(explainer, S[[0]], ax=Figure().subplots())


def test_the_matrix_holds_the_effects_by_mean_size():
    wide = RNG.normal(size=(100, 25))
    es = kb.TabularExplainer(lambda X: X @ (np.arange(25.0) * (-1) ** np.arange(25)), wide).explain_many(wide[:6])
    figure = Figure()
    ax = matrix(es, ax=figure.subplots(), max_display=10)
    figure.canvas.draw()
    drawn = ax.collections[0].get_array().reshape(6, 10)
    order = np.argsort(-np.abs(es.coef_scaled[:, :, 0]).mean(axis=0))[:10]
    np.testing.assert_allclose(drawn, es.coef_scaled[:, order, 0])
    assert [t.get_text() for t in ax.get_xticklabels()] == [es.feature_names[j] for j in order]
    assert "15 more" in ax.get_xlabel()


def test_the_matrix_joins_ragged_rows_on_their_names():
    from scipy import sparse

    S = sparse.csr_array(np.array([[1.0, 0, 2, 0], [0, 1, 1, 0], [1, 0, 0, 0]]))
    es = kb.TabularExplainer(lambda S: S @ np.array([1.0, 2.5, 3, 4]), S).explain_many(S)
    ax = matrix(es, ax=Figure().subplots())
    drawn = ax.collections[0].get_array().reshape(3, 3)
    names = [t.get_text() for t in ax.get_xticklabels()]
    assert names == ["x2", "x1", "x0"]
    expected = np.ma.masked_invalid([[6, np.nan, 1], [3, 2.5, np.nan], [np.nan, np.nan, 1]])
    np.testing.assert_allclose(drawn.filled(-1), expected.filled(-1), atol=1e-9)


def test_the_matrix_of_one_output_by_name(article):
    es = article.explain_many(X[:4])
    drawn = matrix(es, ax=Figure().subplots(), output="1").collections[0].get_array().reshape(4, 2)
    np.testing.assert_allclose(np.sort(drawn, axis=1), np.sort(es.coef_scaled[:, :, 1], axis=1))
    with pytest.raises(kb.InputError, match="outputs are"):
        matrix(es, ax=Figure().subplots(), output="yes")
