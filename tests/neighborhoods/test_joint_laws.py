"""Laws of the copula, the nearest and the observed rows against numpy, scipy, scikit-learn and statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from neighbors import ask, every_kind
from scipy.special import ndtr, ndtri
from scipy.stats import kstest
from sklearn.linear_model import LinearRegression

import kabosu as kb
from kabosu.domains import Copula, Nearest, Observed, Tables
from kabosu.domains.copula import LEAST, conditional, correlations, positive
from kabosu.domains.margins import LevelMargin, NumberMargin
from kabosu.kernels import Exponential, width_for
from kabosu.samplers import Plain, Sobol
from kabosu.testing import Counted

GLOBAL = width_for(1 - 1e-9)
ROOT = np.array([[1.0, 0, 0, 0], [0.9, 0.44, 0, 0], [-0.6, 0.3, 0.74, 0], [0.2, -0.5, 0.3, 0.78]])
S = ROOT @ ROOT.T / np.outer(np.linalg.norm(ROOT, axis=1), np.linalg.norm(ROOT, axis=1))


def correlated(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4)) @ np.linalg.cholesky(S).T


def law_of(data, x, neighborhood, width):
    block = next(Tables.fit(data, neighborhood).represent(x)).tilt(Exponential(width))
    return block, block.law


@pytest.mark.parametrize(("center", "way", "kept"), [("instance", 1, 1), ("between", 0.5, 0.75), ("mean", 0, 1)])
@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_scores_follow_math_2c(center, way, kept, width):
    X = correlated(4000)
    block, law = law_of(X, X[:3], Copula(center), width)
    R = kept * Tables.fit(X, Copula(center)).joint.R
    P = np.linalg.inv(R) + np.eye(4) / width**2
    expected = np.linalg.solve(P, np.linalg.solve(R, way * law.at.T) + law.at.T / width**2).T
    v = law.scores(Sobol(8).draw(block.space, 0, 1 << 14, 0))
    assert np.allclose(v.mean(axis=1), expected, atol=2e-3)
    assert np.allclose(np.cov(v[1].T), np.linalg.inv(P), atol=4e-3)


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0, 1e6])
def test_draws_around_rows_of_the_background_vary_as_the_background_does(width):
    """Halfway between the mean and the instance the total variance of the scores is theirs; around the instance twice as much."""
    X = correlated(2000)
    total = {}
    for center in ("between", "instance"):
        block, law = law_of(X, X[:400], Copula(center), width)
        v = law.scores(Sobol(8).draw(block.space, 0, 256, 0)).reshape(-1, 4)
        total[center] = np.trace(np.cov(v.T)) / np.trace(np.cov(law.at.T))
    assert 0.9 < total["between"] < 1.05
    assert total["instance"] > total["between"] + (0.05 if width < 1 else 0.3)


def test_conditional_law_is_the_textbooks():
    """Against the precision matrix: cov = (P_VV)^-1, mean = -(P_VV)^-1 P_VF v_F."""
    drawn = np.array([True, False, True, False])
    P, at = np.linalg.inv(S), np.array([[0.7, -1.2], [0.0, 2.0]])
    V, F = np.ix_(drawn, drawn), np.ix_(drawn, ~drawn)
    mean, C = conditional(S, drawn, at)
    assert np.allclose(C, np.linalg.inv(P[V]))
    assert np.allclose(mean, -np.linalg.solve(P[V], P[F] @ at.T).T)


def test_held_columns_condition_the_others_however_they_are_held():
    X = pd.DataFrame(correlated(30_000), columns=list("abcd"))
    model = lambda f: f["b"].to_numpy() ** 2 + f["c"].to_numpy()  # noqa: E731
    row = X[:1].assign(a=2.0)
    given = kb.TabularExplainer(model, X, neighborhood=Copula("mean", given=["a"]), kernel_width=GLOBAL).explain(row)
    left_out = kb.TabularExplainer(model, X, neighborhood=Copula("mean"), kernel_width=GLOBAL).explain(row, features=["b", "c", "d"])
    assert given.coef.tobytes() == left_out.coef.tobytes()
    block, law = law_of(X, row, Copula("mean", given=["a"]), GLOBAL)
    b = law.cells(Plain().draw(block.space, 0, 20_000, 0))[0]
    near = correlated(400_000, 7)
    near = near[np.abs(near[:, 0] - 2.0) < 0.05]
    assert b.mean() == pytest.approx(near[:, 1].mean(), abs=0.06)
    assert b.std() == pytest.approx(near[:, 1].std(), rel=0.08)


def test_correlations_are_the_sources_through_any_monotone_map_and_cut():
    v = correlated(20_000, 3)
    data = pd.DataFrame({"a": np.exp(v[:, 0]), "b": v[:, 1] ** 3, "c": np.where(v[:, 2] > 0.8, "on", "off"), "d": np.clip(np.rint(v[:, 3]), -1, 1).astype(int)})
    R = Tables.fit(data, Copula()).joint.R
    assert np.allclose(R[:2, :2], S[:2, :2], atol=0.02)
    assert np.allclose(np.abs(R[2, :2]), np.abs(S[2, :2]), atol=0.04)  # levels have no direction
    assert np.allclose(R[3, :2], S[3, :2], atol=0.03)
    naive = np.corrcoef(ndtri((np.argsort(np.argsort(v[:, 0])) + 0.5) / 20_000), v[:, 2] > 0.8)[0, 1]
    assert abs(naive) < abs(S[0, 2]) - 0.1  # what the correction is for


@pytest.mark.parametrize(("n", "d"), [(5, 40), (12, 3), (300, 60)])
def test_few_rows_and_equal_columns_stay_defined(n, d):
    X = np.random.default_rng(0).normal(size=(n, d))
    X[:, 1] = X[:, 0]
    R = Tables.fit(X, Copula()).joint.R
    assert np.linalg.eigvalsh(R)[0] >= LEAST * 0.9
    assert np.allclose(np.diag(R), 1)
    assert np.allclose(R, R.T)


def test_noise_shrinks_and_signal_does_not():
    rng = np.random.default_rng(0)
    margins = lambda X: [NumberMargin.fit(Copula().unit(kb.frames.describe("x", c), c), c) for c in X.T]  # noqa: E731
    noise, signal = rng.normal(size=(30, 8)), correlated(3000)
    raw = np.corrcoef(noise.T)
    assert np.abs(correlations(margins(noise), list(noise.T)) - np.eye(8)).sum() < 0.3 * np.abs(raw - np.eye(8)).sum()
    assert np.allclose(correlations(margins(signal), list(signal.T)), np.corrcoef(signal.T), atol=0.02)


def test_a_matrix_that_is_not_positive_is_made_so_and_others_are_left():
    bad = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(bad)[0] < 0
    assert np.linalg.eigvalsh(positive(bad))[0] > 0
    assert positive(S) is S


def test_quantiles_are_hazens_and_margins_are_the_backgrounds():
    data = every_kind(3000)
    x = data["number"].to_numpy()
    margin = NumberMargin.fit(Copula().unit(kb.frames.describe("x", x), x), x)
    p = np.linspace(0.01, 0.99, 50)
    made = Tables.fit(data[["number"]].assign(other=x[::-1]), Copula()).units[0]
    assert np.allclose(margin.cells(ndtri(p)[None, :, None], made.law(np.array([0.0]))), np.quantile(x, p, method="hazen"), atol=2e-3)
    block, law = law_of(data, data[:1], Copula("mean"), GLOBAL)
    cells = dict(zip([u.name for u in block.block.units], law.cells(Plain().draw(block.space, 0, 20_000, 1)), strict=True))
    assert kstest(cells["number"][0], x).pvalue > 1e-4
    for name in ("small", "two"):
        seen, drawn = (pd.Series(v).value_counts(normalize=True) for v in (data[name], cells[name][0]))
        assert np.allclose(drawn.reindex(seen.index).to_numpy(), seen, atol=0.02)
    assert (cells["zeros"] == 0).mean() == pytest.approx((data["zeros"] == 0).mean(), abs=0.02)
    assert np.isnan(cells["holed"]).mean() == pytest.approx(data["holed"].isna().mean(), abs=0.02)
    colors = np.bincount(cells["color"][0], minlength=3) / 20_000
    assert np.allclose(colors, data["color"].value_counts(normalize=True).sort_index(), atol=0.02)


def test_what_moves_together_is_drawn_together():
    """Levels, too: of a color with a middle, the middle goes with middling numbers."""
    data = every_kind(3000)
    block, law = law_of(data, data[:1], Copula("mean"), GLOBAL)
    cells = dict(zip([u.name for u in block.block.units], law.cells(Plain().draw(block.space, 0, 20_000, 1)), strict=True))
    unit = next(u for u in block.block.units if u.name == "color")
    of_draws = [cells["number"][0][cells["color"][0] == unit.levels.index(c)].mean() for c in "xzy"]
    of_rows = [data["number"][data["color"] == c].mean() for c in "xzy"]
    assert np.allclose(of_draws, of_rows, atol=0.15)
    assert np.corrcoef(cells["number"][0], cells["small"][0])[0, 1] == pytest.approx(np.corrcoef(data["number"], data["small"])[0, 1], abs=0.05)


def test_levels_are_ordered_by_what_goes_with_them():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, 4000)
    place = np.array([3.0, 0.0, 4.0, 1.0, 2.0])[codes]
    unit = Tables.fit(pd.DataFrame({"c": np.array(list("abcde"))[codes], "x": place})).units[0]
    order = LevelMargin.fit(unit, codes, (place - 2)[:, None]).order.tolist()
    assert order in ([1, 3, 4, 0, 2], [2, 0, 4, 3, 1])


def test_scores_of_the_instance_are_its_mid_rank():
    x = np.sort(np.random.default_rng(0).normal(size=999))
    data = np.column_stack([x, x**2, np.repeat([0.0, 1.0, 2.5], 333)])
    _, law = law_of(data, data[[100, 998]], Copula(), 1.0)
    assert ndtr(law.at[:, 0]) == pytest.approx([100.5 / 999, 998.5 / 999])
    assert ndtr(law.at[:, 2]) == pytest.approx([1 / 6, 5 / 6])


def test_a_linear_model_has_its_own_coefficients():
    X = correlated(2000)
    model = LinearRegression().fit(X, X @ [1.0, -2.0, 0.5, 3.0])
    for neighborhood in (Copula(), Copula("instance"), Copula("mean"), Nearest(), Observed()):
        e = kb.TabularExplainer(model, X, neighborhood=neighborhood, kernel_width=1.0).explain(X[0])
        assert np.allclose(e.coef[:, 0], [1.0, -2.0, 0.5, 3.0], atol=1e-8), neighborhood


def weighted(data, x, answers, width, scale):
    """Regression of the answers on columns per standard deviation, weighed by the kernel, by statsmodels."""
    Z = (data - x) / scale
    w = np.exp(-0.5 * (Z**2).sum(axis=1) / width**2)
    return sm.WLS(answers, sm.add_constant(data), weights=w).fit(cov_type="HC0"), w


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_observed_rows_are_a_weighted_regression(width):
    X = correlated(800)
    f = lambda A: np.sin(A[:, 0]) + A[:, 1] * A[:, 2]  # noqa: E731
    e = kb.TabularExplainer(f, X, neighborhood="observed", kernel_width=width).explain(X[5])
    fitted, w = weighted(X, X[5], f(X), width, X.std(axis=0))
    assert np.allclose(e.coef[:, 0], fitted.params[1:], rtol=1e-6)
    assert e.intercept[0] == pytest.approx(fitted.params[0], abs=1e-7)
    assert e.certificate.effective_sample_size == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert np.allclose(e.std_error[:, 0], fitted.bse[1:], rtol=0.1)


def test_observed_rows_are_asked_once():
    data = every_kind()
    model = Counted(ask)
    explainer = kb.TabularExplainer(model, data, neighborhood="observed", kernel_width=2.0)
    asked = model.rows
    assert asked >= len(data)
    es = explainer.explain_many(data)
    assert model.rows == asked + len(data)
    assert (es.n_model_calls == 1).all()
    held = explainer.explain(data[:1], features=["number", "small"])
    assert model.rows - asked - len(data) == held.n_model_calls == 1 + len(data)  # other rows: they must be asked
    moved = explainer.explain(data[:1].assign(always=9.0))
    assert moved.n_model_calls == 1 + len(data)


def test_few_rows_near_raise_the_flag():
    X = np.random.default_rng(0).normal(size=(300, 8))
    explainer = kb.TabularExplainer(lambda A: A[:, 0] ** 2, X, neighborhood="observed", kernel_width=0.4)
    assert "low-effective-sample-size" in {f.code for f in explainer.explain(X[0]).certificate.flags}


def test_nearest_without_jitter_is_a_weighted_regression_of_k_rows():
    X = correlated(500)
    f = lambda A: np.sin(2 * A[:, 0]) + A[:, 3] ** 2  # noqa: E731
    e = kb.TabularExplainer(f, X, neighborhood=Nearest(k=60, jitter=0.0), kernel_width=0.7, budget=60_001).explain(X[5], tolerance=1e-9)
    near = np.argsort((((X - X[5]) / X.std(axis=0)) ** 2).sum(axis=1))[:60]
    fitted, _ = weighted(X[near], X[5], f(X[near]), 0.7, X.std(axis=0))
    assert np.allclose(e.coef[:, 0], fitted.params[1:], atol=0.02 * np.abs(fitted.params).max())


def test_jitter_is_among_the_rows_and_integers_stay_integers():
    data = every_kind(400)
    block = next(Tables.fit(data, Nearest(k=40, jitter=0.5)).represent(data[:1]))
    rows = block.inputs(Plain().draw(block.space, 0, 4000, 0))
    near = data.iloc[np.argsort(((block.read([c[:1] for c in Tables.fit(data, Nearest(k=40)).joint.around(block.block).law.near]) - block.origin[:, None]) ** 2).sum(axis=2))[0]]
    assert rows["small"].dtype == data["small"].dtype
    assert set(rows["color"]) <= set(data["color"])
    assert len(near) == 40
    assert set(rows["zeros"]) <= set(data["zeros"])  # half zeros: values are exchanged
    assert not set(rows["number"]) <= set(data["number"])  # continuous: moved


@pytest.mark.parametrize("width", [0.4, 1.0])
def test_the_local_law_of_jittered_rows_is_the_weighted_mixture(width):
    """By numpy: 150 rows, each a normal for the number and a mixture of values for the integer, times the kernel."""
    rng = np.random.default_rng(2)
    data = np.column_stack([rng.normal(size=300), rng.integers(0, 4, 300)])
    scale, x, jitter = data.std(axis=0), data[0], 0.8
    near = data[np.argsort((((data - x) / scale) ** 2).sum(axis=1), kind="stable")[:150]]
    n = 400_000
    row = rng.integers(0, 150, n)
    moved = near[row, 0] + jitter * near[:, 0].std() * rng.normal(size=n)
    exchanged = np.where(rng.random(n) < jitter, near[rng.integers(0, 150, n), 1], near[row, 1])
    free = np.column_stack([moved, exchanged])
    w = np.exp(-0.5 * (((free - x) / scale) ** 2).sum(axis=1) / width**2)
    block, law = law_of(data, data[:1], Nearest(k=150, jitter=jitter), width)
    q = np.stack(law.cells(Sobol(8).draw(block.space, 0, 1 << 15, 0)), axis=-1)[0]
    error = 5 * free.std(axis=0) / np.sqrt(w.sum() ** 2 / (w**2).sum())
    assert (np.abs(q.mean(axis=0) - np.average(free, axis=0, weights=w)) < error).all()
    assert np.allclose(np.cov(q.T), np.cov(free.T, aweights=w), rtol=0.03, atol=0.01)
