"""Columns of numbers explained as one: as in the instance, or as in another training row. By enumeration and in closed form."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import kabosu as kb
from kabosu.kernels import Exponential, width_for
from kabosu.samplers import Sobol

D = load_breast_cancer()
X = pd.DataFrame(D.data, columns=D.feature_names)[["mean radius", "mean area", "mean texture", "mean symmetry"]]
Y = D.target.astype(float)
SIZE = ["mean radius", "mean area"]
LINE = LinearRegression().fit(X, Y)
FOREST = RandomForestRegressor(10, max_depth=6, random_state=0).fit(X, Y)


def grouped(model, data=X, **options):
    return kb.TabularExplainer(model, data, groups={"size": SIZE}, **options)


def of_size(e):
    return e.coef[e.columns.index("size"), 0]


def enumerated(model, x, others):
    """On minus off where nothing else is drawn: the row itself against the row with every other row's numbers."""
    rows = pd.concat([x] * len(others), ignore_index=True)
    rows[SIZE] = others[SIZE].to_numpy()
    return model.predict(x)[0] - model.predict(rows).mean()


@pytest.mark.parametrize("engine", ["exact", "sampled"])
@pytest.mark.parametrize("row", [3, 40])
def test_a_linear_model_in_closed_form(engine, row):
    e = grouped(LINE, engine=engine).explain(X.iloc[row])
    others = X.drop(index=row)
    expected = {"size": LINE.coef_[:2] @ (X.iloc[row] - others.mean())[:2], "mean texture": LINE.coef_[2], "mean symmetry": LINE.coef_[3]}
    for name, value in expected.items():
        j = e.columns.index(name)
        assert e.coef_scaled[j, 0] == pytest.approx(value * e.scale[j], abs=1e-9 if engine == "exact" else 0.02)


@pytest.mark.parametrize("shift", [1.0, 1.001], ids=["a training row", "a row never seen"])
@pytest.mark.parametrize("engine", ["exact", "sampled"])
def test_a_forest_by_enumeration(engine, shift):
    x = X.iloc[[3]] * shift
    others = X.drop(index=3) if shift == 1 else X
    e = grouped(FOREST, engine=engine).explain(x, features=["size"])
    assert of_size(e) == pytest.approx(enumerated(FOREST, x, others), abs=1e-9 if engine == "exact" else 0.02)


@pytest.mark.parametrize("neighborhood", ["gaussian", "bins", kb.domains.Constrained(bounds={"mean texture": (0, None)})], ids=["gaussian", "bins", "constrained"])
def test_rows_are_whole_and_half_of_them_stay(neighborhood):
    x, width = X.iloc[3], width_for(0.5)
    (block,) = grouped(LINE, neighborhood=neighborhood).domain.represent(X.iloc[[3]])
    local = block.tilt(Exponential(width))
    drawn = local.inputs(Sobol(2).draw(local.space, 0, 2048, 0))[SIZE]
    seen = set(map(tuple, X[SIZE].to_numpy()))
    assert {tuple(row) for row in drawn.to_numpy()} <= seen
    on = (drawn == x[SIZE]).all(axis=1).mean()
    assert on == pytest.approx(1 / (1 + np.exp(-0.5 / width**2)), abs=0.03)


def test_the_same_alone_and_in_a_batch():
    explainer = grouped(FOREST)
    many = explainer.explain_many(X.iloc[:4])
    for i, e in enumerate(many):
        assert (e.coef == explainer.explain(X.iloc[i]).coef).all()


def test_words_and_flags():
    explainer = grouped(LINE)
    e = explainer.explain(X.iloc[3] * 1.01)
    assert "size = (11.5342, 389.961)" in e.feature_names
    assert not e.certificate.flags
    assert e.units[e.columns.index("size")] == "these instead of another row's"
    (flag,) = explainer.explain(X.iloc[3].replace(386.1, 9e6)).certificate.flags
    assert (flag.code, flag.message) == ("outside-training-range", "mean area of this instance")


def test_categories_stay_levels_at_training_rates():
    codes = pd.DataFrame({"a": np.arange(600) % 3, "b": np.arange(600) % 2, "c": X["mean radius"][:568].sample(600, replace=True, random_state=0).to_numpy()})
    together = kb.TabularExplainer(lambda f: f["a"] + f["c"], codes, groups={"g": ["a", "b"]}, categorical=["a", "b"])
    (unit,) = [u for u in together.domain.units if u.name == "g"]
    assert (unit.stays, len(unit.levels)) == (0.0, 6)
    assert np.allclose(unit.rates, 1 / 6)


@pytest.mark.parametrize("neighborhood", ["copula", "conditional", "nearest", "observed", lambda x, n, rng: x], ids=lambda n: n if isinstance(n, str) else "generator")
def test_where_columns_move_together_groups_of_numbers_are_refused(neighborhood):
    with pytest.raises(kb.InputError, match=r"groups=\['size'\] hold numbers, and in this neighborhood all columns move together"):
        grouped(LINE, neighborhood=neighborhood)


def test_many_rows_are_thinned():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12_000, 3))
    explainer = kb.TabularExplainer(lambda A: A.sum(axis=1), rows, groups={"both": [0, 1]})
    e = explainer.explain(np.array([1.0, 2.0, 0.0]))
    assert e.coef[e.columns.index("both"), 0] == pytest.approx(3.0, abs=0.1)


def test_pairs_that_move_together_are_explained_by_their_sum():
    """Two copies of a column: alone each has half the effect, by chance of the fit; the group has it all."""
    twice = np.column_stack([X["mean radius"], X["mean radius"] + 1e-3 * np.random.default_rng(0).normal(size=len(X)), X["mean texture"]])
    split = lambda A: np.where(A[:, 0] > 14, 1.0, 0.0) + np.where(A[:, 1] > 14, 1.0, 0.0)  # noqa: E731
    e = kb.TabularExplainer(split, twice, groups={"radius": [0, 1]}).explain(np.array([18.0, 18.0, 20.0]))
    assert of_radius(e) == pytest.approx(2 * (twice[:, 0] <= 14).mean(), abs=0.15)


def of_radius(e):
    return e.coef[e.columns.index("radius"), 0]
