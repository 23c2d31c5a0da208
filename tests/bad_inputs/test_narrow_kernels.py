"""Kernel widths from 1e-12 to 1e12: finite numbers or a typed error; and where no flag is raised, the right numbers."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from outcomes import finite
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb

WIDTHS = [10.0**k for k in range(-12, 13, 2)]


def mixed():
    """Integers, a skewed number, a category, a boolean and missing values."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 80, 300), "income": rng.lognormal(10, 0.5, 300), "color": rng.choice(["red", "green", "blue"], 300), "member": rng.random(300) < 0.4})
    return frame, 0.05 * frame["age"] + np.log(frame["income"]) + (frame["color"] == "red")


def zeros():
    """A column of zeros and some counts, and one of integers."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.poisson(3, 200) * (rng.random(200) < 0.3), rng.integers(0, 5, 200), rng.normal(size=200)]).astype(float)
    return X, X @ [1.0, 2.0, 3.0]


def moved(level, scale):
    rng = np.random.default_rng(2)
    X = level + scale * rng.normal(size=(200, 3))
    return X, ((X - level) / scale) @ [1.0, 2.0, 3.0]


SETS = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda: tuple(a[:300] for a in datasets.load_digits(return_X_y=True)),
    "mixed": mixed,
    "zeros": zeros,
    "level 1e6": lambda: moved(1e6, 1.0),
    "scale 1e-6": lambda: moved(0.0, 1e-6),
    "scale 1e9": lambda: moved(1e9, 1e9),
    "friedman": lambda: datasets.make_friedman1(200, 10, random_state=0),
    "two columns": lambda: tuple(a[:, :2] if a.ndim == 2 else a for a in datasets.make_friedman1(200, 10, random_state=0)),
}


@cache
def fitted(name, kind):
    X, y = SETS[name]()
    model = LinearRegression() if kind == "linear" else RandomForestRegressor(10, random_state=0)
    encode = make_column_transformer((StandardScaler(), ["age", "income"]), (OneHotEncoder(), ["color", "member"])) if name == "mixed" else StandardScaler()
    return make_pipeline(encode, model).fit(X, y), X


def explained(name, kind, recipe, neighborhood, width, engine="auto"):
    model, X = fitted(name, kind)
    explainer = kb.TabularExplainer(model, X, recipe=recipe, neighborhood=neighborhood, kernel_width=width, engine=engine, budget=None if recipe == "kabosu" else 1000)
    return explainer.explain(X.iloc[0] if hasattr(X, "iloc") else X[0])


def check(name, kind, recipe, neighborhood, engine="auto"):
    for width in WIDTHS:
        e = explained(name, kind, recipe, neighborhood, width, engine)
        assert finite(e), width
        assert not np.isnan(e.certificate.effective_sample_size)
        flagged = {f.code for f in e.certificate.flags} - {"outside-training-range"}
        assert flagged or not np.isnan(e.certificate.fidelity).any(), width
        if kind == "linear" and not flagged and neighborhood != "bins" and recipe != "lime" and name not in ("mixed",):
            model, X = fitted(name, kind)
            scale = X.std(axis=0)
            own = (model[-1].coef_ / model[0].scale_ * scale)[scale > 0]
            drawn = ~np.isnan(e.std_error[:, 0])  # the rest hardly varies in the background either, and has no error bar
            np.testing.assert_allclose((e.coef[:, 0] * scale[scale > 0])[drawn], own[drawn], atol=1e-3 * np.abs(own).max(), err_msg=str(width))


@pytest.mark.parametrize("kind", ["linear", "forest"])
@pytest.mark.parametrize("name", ["iris", "mixed", "zeros", "scale 1e9"])
@pytest.mark.parametrize(("recipe", "neighborhood"), [("kabosu", None), ("lime", None), ("article", "gaussian")], ids=["kabosu", "lime", "article"])
def test_no_width_gives_nothing_silently(name, kind, recipe, neighborhood):
    check(name, kind, recipe, neighborhood)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["auto", "sampled"])
@pytest.mark.parametrize("kind", ["linear", "forest"])
@pytest.mark.parametrize("neighborhood", ["gaussian", "gaussian-global", "bins"])
@pytest.mark.parametrize("recipe", ["kabosu", "lime", "article"])
@pytest.mark.parametrize("name", SETS)
def test_no_width_on_any_table_gives_nothing_silently(name, kind, recipe, neighborhood, engine):
    check(name, kind, recipe, neighborhood, engine)


def test_a_narrow_kernel_finds_the_slope():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 30))
    smooth = lambda A: np.sin(A[:, :3]).sum(axis=1)  # noqa: E731
    for width in (1e-1, 1e-3, 1e-6):
        e = kb.TabularExplainer(smooth, X, kernel_width=width).explain(X[0])
        assert not e.certificate.flags
        np.testing.assert_allclose(e.coef[:3, 0], np.cos(X[0, :3]), atol=0.01 + width)
        assert e.certificate.effective_sample_size >= 1000


@pytest.mark.parametrize(("level", "dtype", "width"), [(1e6, "f8", 1e-10), (1e4, "f4", 1e-2), (100.0, "f2", 0.1), (0.0, "f4", 1e-6)])
def test_rounding_of_the_cells_is_part_of_the_coordinates(level, dtype, width):
    X = (level + np.random.default_rng(0).normal(size=(300, 3))).astype(dtype)
    e = kb.TabularExplainer(lambda A: (A.astype(np.float64) - level) @ [1.0, 2.0, 3.0], X, kernel_width=width).explain(X[0])
    assert not e.certificate.flags
    np.testing.assert_allclose(e.coef[:, 0], [1.0, 2.0, 3.0], atol=1e-6)


def test_the_same_kernel_starves_where_draws_are_weighed():
    X = np.random.default_rng(0).normal(size=(200, 30))
    e = kb.TabularExplainer(lambda A: np.sin(A[:, :3]).sum(axis=1), X, recipe="article", kernel_width=0.5, budget=2000).explain(X[0])
    assert "low-effective-sample-size" in {f.code for f in e.certificate.flags}


@pytest.mark.parametrize("width", [1e-12, 1e-6, 1e-2])
def test_levels_that_no_number_of_draws_reaches_are_balanced_without_overflow(width):
    e = explained("digits", "linear", "kabosu", "gaussian", width, "sampled")
    assert finite(e)
    assert "did-not-react" in {f.code for f in e.certificate.flags}
