"""Interactions: of trees against the sum over all joint cells, of other models against products they were made of."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from small_ensembles import FAMILIES, case
from tree_cells import cells_of, joint

import kabosu as kb
from kabosu.engines.tree import Same, _read, compiled
from kabosu.engines.tree_pairs import exact_pairs
from kabosu.kernels import Exponential

NEIGHBORHOODS = ("gaussian", "bins", "gaussian-global")


def compare(family: str, seed: int) -> None:
    made, neighborhood, width = case(family, seed), NEIGHBORHOODS[seed % 3], (0.5, 1.5)[seed % 2]
    cells = cells_of(made.data, made.x, neighborhood, width, made.cuts)
    rows, p, Z = joint(made.data, cells)
    f = made.trees.predict(made.see(rows))
    centered = Z - np.concatenate([c.first.sum(axis=0) for c in cells])
    bread = np.zeros((Z.shape[1],) * 2)
    unit = np.repeat(np.arange(len(cells)), [len(c.covariance) for c in cells])
    for u, c in enumerate(cells):
        bread[np.ix_(unit == u, unit == u)] = np.linalg.pinv(c.covariance, rcond=1e-12, hermitian=True)
    wanted = np.einsum("ai,bj,s,si,sj,sk->abk", bread, bread, p, centered, centered, f, optimize=True)
    apart = np.triu(unit[:, None] != unit)
    explainer = kb.TabularExplainer(made.model, made.data, neighborhood=neighborhood, kernel_width=width, output=made.output)
    (block,) = explainer.domain.represent(made.data.loc[[made.x.name]])
    trees, _ = _read(Same(made.model), Same(block.all_columns))
    binding, nodes = compiled(explainer.model, block)
    gamma, alone = exact_pairs(binding, nodes, trees.encoders, block.tilt(Exponential(width)))
    size = max(np.abs(wanted).max(), np.abs(f).max())
    np.testing.assert_allclose(gamma[apart], wanted[apart], rtol=0, atol=1e-10 * size)
    assert (gamma[~apart] == 0).all()
    np.testing.assert_allclose(alone[np.diag(bread) > 0], 1 / np.diag(bread)[np.diag(bread) > 0], rtol=1e-8)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_sum_over_all_cells(family: str, seed: int) -> None:
    compare(family, seed)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_fifty_of_each_equal_the_sum_over_all_cells(family: str) -> None:
    for seed in range(300, 350):
        compare(family, seed)


@pytest.fixture(scope="module")
def forest():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return RandomForestRegressor(20, min_samples_leaf=5, random_state=0).fit(X[["age", "bmi", "bp", "s5"]], y), X[["age", "bmi", "bp", "s5"]]


def test_drawn_ones_are_near_the_exact_ones(forest) -> None:
    model, X = forest
    exact = kb.TabularExplainer(model, X).explain(X.iloc[3], interactions=6)
    drawn = kb.TabularExplainer(model, X, engine="sampled", budget=2**14).explain(X.iloc[3], interactions=6, tolerance=1e-9)
    assert exact.engine == "tree"
    assert exact.interactions.exact and not drawn.interactions.exact
    assert (exact.interactions.std_error == 0).all()
    found = dict(zip(drawn.interactions.pairs, zip(drawn.interactions.coef[:, 0], drawn.interactions.std_error[:, 0], strict=True), strict=True))
    for pair, gamma in zip(exact.interactions.pairs, exact.interactions.coef[:, 0], strict=True):
        assert abs(found[pair][0] - gamma) < 5 * found[pair][1]
    np.testing.assert_allclose(exact.interactions.share[0], drawn.interactions.share[0], rtol=0.3)
    assert (np.diff(exact.interactions.share[:, 0]) <= 0).all()


def test_a_product_is_found_and_a_sum_has_none() -> None:
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.normal(3, 2, 200), "b": rng.normal(0, 5, 200), "c": rng.normal(size=200)})
    e = kb.TabularExplainer(lambda t: np.asarray(0.7 * t["a"] * t["b"] + t["c"]), data).explain(data.iloc[0], interactions=True)
    first = e.interactions
    assert first.pairs[0] == ("a", "b")
    np.testing.assert_allclose(first.coef[0], 0.7, rtol=1e-9)
    np.testing.assert_allclose(first.coef_scaled[0], 0.7 * data["a"].std(ddof=0) * data["b"].std(ddof=0), rtol=1e-9)
    forest = RandomForestRegressor(30, max_depth=1, random_state=0).fit(data, data["a"] + data["b"])
    assert len(kb.TabularExplainer(forest, data).explain(data.iloc[0], interactions=5).interactions) == 0  # stumps add up


def test_rows_outputs_json_and_reasons(forest) -> None:
    model, X = forest
    e = kb.TabularExplainer(model, X).explain(X.iloc[3], interactions=2)
    (row, _) = e.interactions.to_records()
    assert row["output"] == "prediction" and {row["feature"], row["other"]} <= set(X)
    again = kb.Explanation.from_json(e.to_json())
    assert again.interactions.pairs == e.interactions.pairs
    assert again.interactions.coef.tobytes() == e.interactions.coef.tobytes()
    with pytest.raises(kb.InputError, match="interactions=10"):
        _ = kb.TabularExplainer(model, X).explain(X.iloc[3]).interactions
    with pytest.raises(kb.InputError, match="interactions"):
        _ = kb.TabularExplainer(LinearRegression().fit(X, X["bp"]), X).explain(X.iloc[3], interactions=3).interactions
    wide = np.random.default_rng(0).normal(size=(100, 80))
    with pytest.raises(kb.InputError, match="features= fewer names"):
        kb.TabularExplainer(lambda a: a[:, 0] * a[:, 1], wide).explain(wide[0], interactions=3)
    two = kb.TabularExplainer(lambda t: np.column_stack([t["a"] * t["b"], t["a"]]), pd.DataFrame(wide[:, :3], columns=list("abc"))).explain(
        pd.Series(wide[0, :3], index=list("abc")), interactions=3, outputs=[0]
    )
    assert two.interactions.output_names == two.output_names
    assert two.interactions.coef.shape[1] == 1
