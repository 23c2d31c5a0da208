"""Laws of Garreau and von Luxburg for tabular LIME (AISTATS 2020; "Looking deeper into tabular LIME"), of the exact engines."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

import kabosu as kb

WIDTHS = (0.3, 0.75, 3.0)


@pytest.mark.parametrize("neighborhood", ["gaussian", "gaussian-global", "bins"])
def test_features_that_a_forest_never_splits_on_get_exactly_zero(neighborhood: str) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    seen = np.where(np.arange(30) % 3 == 0, X, 0.0)
    model = RandomForestClassifier(10, random_state=0).fit(seen, y)
    coef = kb.TabularExplainer(model, X, neighborhood=neighborhood, engine="exact").explain(X[3]).coef
    assert (coef[np.arange(30) % 3 != 0] == 0).all()
    assert (coef[np.arange(30) % 3 == 0] != 0).any()


@pytest.mark.parametrize("neighborhood", ["gaussian", "gaussian-global", "bins"])
def test_features_that_a_linear_model_ignores_get_exactly_zero(neighborhood: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X, y)
    model.coef_[[0, 4]] = 0.0
    coef = kb.TabularExplainer(model, X, neighborhood=neighborhood, engine="exact").explain(X[3]).coef[:, 0]
    assert (coef[[0, 4]] == 0).all()
    assert (coef[[1, 2, 3]] != 0).all()


def test_a_linear_models_coefficient_does_not_depend_on_the_width_in_bins() -> None:
    """beta_j = coef_j (E[x_j | own bin] - E[x_j | other bins]): the kernel cancels, since neither law within depends on it (MATH (5))."""
    X, y = load_diabetes(return_X_y=True)
    X = X[:, [0, 2, 3, 8]]
    model = LinearRegression().fit(X, y)
    coefs = [kb.TabularExplainer(model, X, neighborhood="bins", kernel_width=w, engine="exact").explain(X[5]).coef[:, 0] for w in WIDTHS]
    rows = np.random.default_rng(0)
    for coef in coefs[1:]:
        np.testing.assert_allclose(coef, coefs[0], rtol=1e-11)
    j = 1  # from draws of the bins themselves
    edges = np.percentile(X[:, j], (25, 50, 75))
    own, ends = np.searchsorted(edges, X[5, j]), np.concatenate([[X[:, j].min()], edges, [X[:, j].max()]])
    drawn = [cut_normal(rows, X[np.searchsorted(edges, X[:, j]) == b, j], ends[b], ends[b + 1]) for b in range(4)]
    rates = np.bincount(np.searchsorted(edges, X[:, j]))
    others = np.delete(np.arange(4), own)
    wanted = model.coef_[j] * (drawn[own].mean() - sum(rates[b] * drawn[b].mean() for b in others) / rates[others].sum())
    assert abs(coefs[0][j] - wanted) < 0.01 * abs(wanted)


def cut_normal(rng: np.random.Generator, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Draws of a bin: a normal with its mean and deviation, redrawn until it is inside."""
    drawn = rng.normal(values.mean(), values.std(), 400_000)
    return drawn[(drawn >= low) & (drawn <= high)]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_linear_models_coefficient_is_its_own_in_the_gaussian_neighborhood(width: float) -> None:
    X, y = load_diabetes(return_X_y=True)
    X = X[:, [0, 2, 3, 8]]
    model = LinearRegression().fit(X, y)
    for neighborhood in ("gaussian", "gaussian-global"):
        e = kb.TabularExplainer(model, X, neighborhood=neighborhood, kernel_width=width, engine="exact").explain(X[5])
        np.testing.assert_allclose(e.coef[:, 0], model.coef_, rtol=1e-10)


def test_a_models_coefficient_is_the_sum_of_its_parts() -> None:
    """LIME is linear in the model: a forest's explanation is the mean of its trees' own."""
    X, y = load_diabetes(return_X_y=True)
    model = ExtraTreesRegressor(5, max_depth=4, random_state=0).fit(X, y)
    explain = lambda m: kb.TabularExplainer(m, X, neighborhood="bins", engine="exact").explain(X[9]).coef  # noqa: E731
    parts = [explain(LikeRegressor.of(tree, X)) for tree in model.estimators_]
    np.testing.assert_allclose(explain(model), np.mean(parts, axis=0), atol=1e-10)


class LikeRegressor:
    """A forest's tree as a tree of its own."""

    @staticmethod
    def of(tree: DecisionTreeRegressor, X: np.ndarray) -> DecisionTreeRegressor:
        own = DecisionTreeRegressor().fit(X[:2], [0.0, 1.0])
        own.tree_ = tree.tree_
        return own


def test_bins_can_cancel() -> None:
    """A feature on which the model depends gets 0 where its bin's mean is that of the others: here an even bump over four bins."""
    x = np.repeat([0.0, 1.0, 2.0, 3.0], 25)
    X = np.column_stack([x, np.tile(np.arange(4.0), 25)])
    y = np.where((x == 0) | (x == 3), 1.0, np.where(x == 1, 2.0, 0.0))  # own bin 1; the other three must average 1
    model = DecisionTreeRegressor(random_state=0).fit(X, y)
    bump = kb.TabularExplainer(model, X, neighborhood=kb.domains.Bins({0: [0.5, 1.5, 2.5], 1: [0.5, 1.5, 2.5]}), engine="exact")
    assert abs(bump.explain(np.array([0.0, 1.0])).coef[0, 0]) < 1e-12  # 1 here; 2, 0 and 1 elsewhere, equally likely
    assert abs(bump.explain(np.array([1.0, 1.0])).coef[0, 0] - (2 - 2 / 3)) < 1e-12
