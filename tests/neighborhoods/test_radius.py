"""The certificate's radius is that of the law that was drawn: formulas where there are some, long draws where there are none."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

import kabosu as kb
from kabosu.domains import Constrained, Copula, Gaussian, Generator, Nearest
from kabosu.kernels import radius

NORMAL = np.random.default_rng(0).normal(size=(4000, 3))


def first(A):
    return A[:, 0]


def found(X, x, neighborhood, width=1.0):
    return kb.TabularExplainer(first, X, neighborhood=neighborhood, kernel_width=width).explain(x).certificate.radius


@pytest.mark.parametrize("neighborhood", [Copula("instance"), "conditional", "observed"], ids=["around", "conditional", "observed"])
@pytest.mark.parametrize("width", [0.577, 1.0, 3.0])
def test_of_independent_normals_it_is_the_kernels(neighborhood, width):
    radii = [found(NORMAL, x, neighborhood, width) for x in NORMAL[:4]]
    assert np.mean(radii) == pytest.approx(radius(width), rel=0.06)


@pytest.mark.parametrize(("neighborhood", "kept"), [("copula", 0.75), (Copula("instance"), 1.0), ("conditional", 1.0)], ids=["copula", "around", "conditional"])
@pytest.mark.parametrize("r", [0.0, 0.95])
def test_of_correlated_normals_it_is_that_of_the_closed_form(neighborhood, kept, r):
    """C = (S^-1 + I / width^2)^-1 (MATH 2c), S the correlations or three quarters of them; at width 1 and correlation 0.95: 0.52 for 0.71."""
    S = np.full((4, 4), r) + (1 - r) * np.eye(4)
    X = np.random.default_rng(0).multivariate_normal(np.zeros(4), S, 4000)
    wanted = np.sqrt(np.trace(np.linalg.inv(np.linalg.inv(kept * S) + np.eye(4))) / 4)
    assert wanted < (0.75 if r else 1.01) * radius(1.0)
    assert np.mean([found(X, x, neighborhood) for x in X[:8]]) == pytest.approx(wanted, rel=0.08)


@pytest.mark.parametrize("neighborhood", ["copula", Nearest(k=50), Constrained(Gaussian(), monotone={"x0": 1}), Generator(lambda x, n, rng: x + rng.normal(size=(n, 4)))], ids=type)
def test_it_is_the_standard_deviation_of_what_the_model_is_asked(neighborhood):
    """Rows that are drawn from the local law have weight 1: the spread of 1,024 of them; those of a generator are weighed by hand."""
    X, asked = load_breast_cancer().data[:, :4], []
    explainer = kb.TabularExplainer(lambda A: asked.append(np.array(A)) or A[:, 0], X, neighborhood=neighborhood, kernel_width=1.0, random_state=1)
    asked.clear()
    e = explainer.explain(X[5])
    z, away = (((np.concatenate(asked)[1:] - c) / X.std(axis=0)) for c in (X.mean(axis=0), X[5]))
    w = np.exp(-0.5 * (away**2).sum(axis=1)) if isinstance(neighborhood, Generator) else np.ones(len(z))
    spread = np.sqrt(np.average((z - np.average(z, axis=0, weights=w)) ** 2, axis=0, weights=w).mean())
    assert e.certificate.radius == pytest.approx(spread, rel=0.07)


@pytest.mark.parametrize("neighborhood", ["copula", "nearest"])
def test_levels_and_whether_a_number_is_missing_do_not_count(neighborhood):
    """Of the rows that the model is asked about, a missing number read as the instance's own."""
    rng, asked = np.random.default_rng(0), []
    data = pd.DataFrame({"color": rng.choice(["red", "blue"], 600), "holed": np.where(rng.random(600) < 0.4, np.nan, rng.normal(5, 2, 600)), "x": 3 * rng.normal(size=600)})
    explainer = kb.TabularExplainer(lambda A: asked.append(A) or A["x"].to_numpy(), data, neighborhood=neighborhood, kernel_width=1.0, random_state=1)
    asked.clear()
    i = data.index[data["holed"].notna()][0]
    numbers, e = data[["holed", "x"]], explainer.explain(data.loc[i])
    z = pd.concat(asked)[1:][["holed", "x"]].fillna(numbers.loc[i]) / numbers.std(ddof=0)
    assert e.certificate.radius == pytest.approx(np.sqrt(z.var(ddof=0).mean()), rel=0.05)


def test_every_instance_has_its_own_and_keeps_it_when_saved():
    X = load_breast_cancer().data[:, :4]
    es = kb.TabularExplainer(first, X, neighborhood="nearest").explain_many(X[:3])
    radii = [e.certificate.radius for e in es]
    assert len(set(radii)) == 3
    assert [e.certificate.radius for e in kb.Explanations.from_json(es.to_json())] == radii
    assert [kb.TabularExplainer(first, X, neighborhood="nearest").explain(x).certificate.radius for x in X[:3]] == pytest.approx(radii, rel=1e-12)


def test_a_wide_kernel_on_near_rows_is_not_called_global():
    X = load_breast_cancer().data[:, :4]
    codes = {n: [f.code for f in kb.TabularExplainer(first, X, neighborhood=n, kernel_width=4.0).explain(X[0]).certificate.flags] for n in ("gaussian", "nearest")}
    assert "near-global-kernel" in codes["gaussian"]
    assert "near-global-kernel" not in codes["nearest"]
