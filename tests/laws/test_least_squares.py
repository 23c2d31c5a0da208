"""Least squares and its standard errors against statsmodels, scikit-learn, extended precision and explicit refits."""

from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import digamma, ndtri, polygamma
from sklearn.linear_model import LinearRegression
from sklearn.linear_model import Ridge as SklearnRidge

import kabosu as kb
from kabosu.fits import t_quantile
from kabosu.moments import FOLDS, Moments, fold_of
from kabosu.recipes import TABLES
from kabosu.samplers import Plain, Sobol
from kabosu.spaces import Cube
from kabosu.surrogates import Ridge, Select
from kabosu.surrogates.errorbars import moderated

R = 8
KINDS = ("plain", "scaled", "far", "collinear")


def design(kind, rng):
    """A weighted design whose condition number, with the constant, is up to 1e8."""
    s, p = int(rng.integers(40, 300)), int(rng.integers(1, 12))
    Z = rng.normal(size=(s, p))
    if kind == "collinear" and p > 1:
        U, _, V = np.linalg.svd(Z, full_matrices=False)
        Z = U * np.geomspace(1, 10 ** -rng.uniform(0, 7.5), p) @ V * np.sqrt(s)
    if kind == "scaled":
        Z = Z * 10 ** rng.uniform(-4, 4, p)
    if kind == "far":
        Z = Z + 10 ** rng.uniform(0, 7) * rng.uniform(-1, 1, p)
    w = np.exp(rng.normal(size=s) * rng.uniform(0, 2))
    y = Z @ rng.normal(size=p) / np.abs(Z).max() + rng.normal() + 10 ** rng.uniform(-3, 0) * rng.normal(size=s)
    return Z, y, w / w.max()


def extended(Z, y, w):
    """Coefficients, HC1 and steadied cluster-robust errors (clusters i mod R) by Gram-Schmidt, twice, in 80-bit floats."""
    A, y, w = (np.asarray(a, dtype=np.longdouble) for a in (np.column_stack([np.ones(len(y)), Z]), y, w))
    s, q = A.shape
    Q, T = A * np.sqrt(w)[:, None], np.zeros((q, q), dtype=np.longdouble)
    for j in range(q):
        for _ in range(2):
            for i in range(j):
                r = Q[:, i] @ Q[:, j]
                T[i, j] += r
                Q[:, j] -= r * Q[:, i]
        T[j, j] = np.sqrt(Q[:, j] @ Q[:, j])
        Q[:, j] /= T[j, j]
    inverse = np.zeros_like(T)
    for j in range(q):
        for i in range(j, -1, -1):
            inverse[i, j] = ((i == j) - T[i, i + 1 :] @ inverse[i + 1 :, j]) / T[i, i]
    b = inverse @ (Q.T @ (y * np.sqrt(w)))
    scores = Q * np.sqrt(w)[:, None] * (y - A @ b)[:, None] @ inverse.T
    hc1 = np.sqrt((scores**2).sum(0) * s / (s - q))
    sums = np.array([scores[r::R].sum(0) for r in range(R)])
    return b[1:], hc1[1:], steadied(np.sqrt((sums**2).sum(0) * R / (R - 1) * (s - 1) / (s - q))[1:], hc1[1:], R)[0]


def statsmodels(Z, y, w):
    fitted = sm.WLS(y, sm.add_constant(Z, has_constant="add"), weights=w).fit(method="qr")
    clusters = fitted.get_robustcov_results("cluster", groups=np.arange(len(y)) % R, use_correction=True)
    independent = fitted.get_robustcov_results("HC1").bse[1:]
    return fitted.params[1:], independent, steadied(clusters.bse[1:], independent, R)[0]


def steadied(cluster, independent, replicates):
    """Smyth (2004), section 6.2, on the ratios of both variances; the root of trigamma by bisection. Two coefficients or fewer: their own, of eight replicates; else no gain, four degrees of freedom."""
    cluster, independent, d = np.asarray(cluster, dtype=float), np.asarray(independent, dtype=float), replicates - 1
    g = (cluster / independent) ** 2
    if len(cluster) < 3 and replicates >= 8:
        return cluster, d
    if len(cluster) < 3:
        return independent * np.sqrt((4 + d * g) / (4 + d)), 4 + d
    e = np.log(g) - digamma(d / 2) + np.log(d / 2)
    excess = max(e.var(ddof=1) - polygamma(1, d / 2), 1 / 200)
    half = brentq(lambda y: polygamma(1, y) - excess, 1e-6, 1e6, xtol=1e-15, rtol=1e-15)
    s2 = np.exp(e.mean() + digamma(half) - np.log(half))
    return independent * np.sqrt((2 * half * s2 + d * g) / (2 * half + d)), min(2 * half + d, d * len(g))


def ours(Z, y, w):
    arrays = (Z[None], y[None, :, None], w[None], np.zeros((1, Z.shape[1])))
    plain, replicated = Ridge().fit(*arrays), Ridge().fit(*arrays, R)
    assert (plain.coef == replicated.coef).all() or np.allclose(plain.coef, replicated.coef, rtol=1e-9)
    return plain.coef[0, :, 0], plain.std_error[0, :, 0], replicated.std_error[0, :, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_and_errors_are_right_on_500_designs(kind):
    """Within 1e-9 of the truth, and of statsmodels where statsmodels itself is that close to it.

    Its cluster-robust errors lose digits with the square of the condition number; 1e-9 cannot be asked there.
    """
    rng = np.random.default_rng(KINDS.index(kind))
    compared = 0
    for _ in range(125):
        Z, y, w = design(kind, rng)
        sd = np.sqrt(np.cov(Z.T, aweights=w).reshape(Z.shape[1], -1).diagonal())
        for name, mine, truth, theirs, unit in zip(("coef", "HC1", "cluster"), ours(Z, y, w), extended(Z, y, w), statsmodels(Z, y, w), (sd, None, None), strict=True):
            size = np.abs(truth * sd).max() / sd if unit is not None else truth
            wrong, theirs_wrong, apart = (float(np.max(np.abs(a - b) / size)) for a, b in ((mine, truth), (theirs, truth), (mine, theirs)))
            assert wrong < 1e-9, (name, wrong)
            assert apart < max(1e-9, 1.1 * theirs_wrong), (name, apart, theirs_wrong)
            compared += apart < 1e-9
    assert compared > (300 if kind != "collinear" else 200)


@pytest.mark.parametrize("per", ["weight", "fit"])
def test_ridge_is_scikit_learns(per):
    rng = np.random.default_rng(5)
    for alpha in (1e-3, 1.0, 50.0):
        Z, w = rng.normal(size=(90, 7)) * 10 ** rng.uniform(-1, 1, 7) + 3, np.exp(rng.normal(size=90))
        Y = np.stack([Z @ rng.normal(size=7) + rng.normal(size=90), np.sin(Z[:, 0])], axis=1)
        theirs = SklearnRidge(alpha * (w.sum() if per == "weight" else 1.0), solver="svd").fit(Z, Y, sample_weight=w)
        mine = Ridge(alpha, per).fit(Z[None], Y[None], w[None], Z[None, 0])
        np.testing.assert_allclose(mine.coef[0], theirs.coef_.T, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(mine.intercept[0], theirs.intercept_, rtol=1e-10)
        np.testing.assert_allclose(mine.local[0], theirs.predict(Z[:1])[0], rtol=1e-10)
        scores = [theirs_one(Z, Y[:, c], w, theirs.predict(Z)[:, c]) for c in range(2)]
        np.testing.assert_allclose(mine.r2[0], scores, rtol=1e-10)


def theirs_one(Z, y, w, g):
    from sklearn.metrics import r2_score

    return r2_score(y, g, sample_weight=w)


@pytest.mark.parametrize("alpha", [1e-9, 1e-3])
def test_ridge_of_collinear_features_is_scikit_learns(alpha):
    """Twice the same column: ordinary least squares has no answer there, ridge has."""
    rng = np.random.default_rng(6)
    Z = rng.normal(size=(80, 4))
    Z = np.column_stack([Z, Z[:, 0] + 1e-7 * rng.normal(size=80), Z[:, 1]])
    y, w = Z[:, 0] + rng.normal(size=80), rng.uniform(0.1, 1, 80)
    theirs = SklearnRidge(alpha, solver="svd", tol=1e-14).fit(Z, y, sample_weight=w)
    mine = Ridge(alpha, "fit").fit(Z[None], y[None, :, None], w[None], np.zeros((1, 6)))
    np.testing.assert_allclose(mine.coef[0, :, 0], theirs.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(Z @ mine.coef[0, :, 0], Z @ theirs.coef_, atol=1e-8)


def test_duplicated_columns_share_the_coefficient_and_constant_ones_have_none():
    rng = np.random.default_rng(7)
    z = rng.normal(size=(1, 64, 1))
    Z = np.concatenate([z, z, np.full_like(z, 5.0)], axis=2)
    fit = Ridge().fit(Z, 3 * z, np.ones((1, 64)), np.zeros((1, 3)))
    np.testing.assert_allclose(fit.coef[0, :, 0], [1.5, 1.5, 0.0], atol=1e-12)
    assert np.isinf(fit.std_error[0, 2, 0])


@pytest.mark.parametrize("surrogate", [Ridge(), Ridge(0.1), Ridge(1.0, "fit")])
@pytest.mark.parametrize(("s", "p", "replicates", "folds"), [(61, 4, 0, FOLDS), (61, 4, 2, 2), (24, 4, 2, FOLDS), (96, 4, 8, 8), (301, 130, 0, FOLDS), (1400, 130, 2, 2)])
def test_held_out_fidelity_is_an_explicit_refit_without_each_fold(surrogate, s, p, replicates, folds):
    """Burman's (1989) correction with it, by scikit-learn; whole scrambles are the folds where there are draws enough."""
    rng = np.random.default_rng(8)
    Z, w = rng.normal(size=(1 if p > 100 else 3, s, p)), rng.uniform(0.1, 1, (1 if p > 100 else 3, s))
    Y = np.stack([np.sin(2 * Z[..., 0]) + Z[..., 1] ** 2, Z[..., 2] + 0.1 * rng.normal(size=Z.shape[:2])], axis=2)
    fit = surrogate.fit(Z, Y, w, np.zeros((len(Z), p)), replicates)
    fold = np.arange(s) % 2 if folds == 2 else fold_of(s, folds, replicates)
    for b in range(len(Z)):
        for c in range(2):
            line = partial(_refitted, surrogate, Z[b], Y[b, :, c], w[b])
            squares = [w[b] * (Y[b, :, c] - line(fold != r).predict(Z[b])) ** 2 for r in range(folds)]
            all_of_them = (w[b] * (Y[b, :, c] - line(fold >= 0).predict(Z[b])) ** 2).sum()
            left = sum(sq[fold == r].sum() - w[b, fold == r].sum() / w[b].sum() * (sq.sum() - all_of_them) for r, sq in enumerate(squares))
            mean = np.average(Y[b, :, c], weights=w[b])
            assert fit.fidelity[b, c] == pytest.approx(1 - left / (w[b] * (Y[b, :, c] - mean) ** 2).sum(), abs=1e-9)


def _refitted(surrogate, Z, y, w, kept):
    penalty = surrogate.alpha * (w[kept].sum() if surrogate.per == "weight" else 1.0)
    return (SklearnRidge(penalty, solver="svd") if penalty else LinearRegression()).fit(Z[kept], y[kept], sample_weight=w[kept])


def test_instances_with_few_and_with_many_draws_keep_their_fidelity_in_company():
    """Weights decide which folds are held out, of each instance by itself."""
    rng = np.random.default_rng(3)
    Z, Y = rng.normal(size=(2, 128, 5)), rng.normal(size=(2, 128, 1))
    w = np.stack([np.ones(128), np.exp(-8 * rng.exponential(size=128))])
    together, alone = Ridge().fit(Z, Y, w, np.zeros((2, 5)), 2), [Ridge().fit(Z[[b]], Y[[b]], w[[b]], np.zeros((1, 5)), 2) for b in range(2)]
    assert together.effective_sample_size[1] < 48 < together.effective_sample_size[0]
    assert together.fidelity.ravel().tolist() == [a.fidelity[0, 0] for a in alone]


@pytest.mark.parametrize(("sampler", "s", "most"), [(Sobol(2), 256, 0.015), (Plain(), 96, 0.025)])
def test_fidelity_is_that_of_fresh_draws_on_average(sampler, s, most):
    """Over 300 seeds; without the correction it is 0.03 and 0.04 too low, with eighths of two scrambles held out 0.024."""
    fresh = np.random.default_rng(0).normal(size=(1, 20_000, 20))
    answer = lambda Z: np.tanh(Z[..., :5].sum(axis=-1, keepdims=True)) + (Z[..., 5:8] > 0.3).sum(axis=-1, keepdims=True) + Z[..., 8:9] * Z[..., 9:10]  # noqa: E731
    truth, away = answer(fresh)[0, :, 0], []
    for seed in range(300):
        Z = ndtri(sampler.draw(Cube(20), 0, s, seed))
        fit = Ridge().fit(Z, answer(Z), np.ones((1, s)), np.zeros((1, 20)), sampler.replicates)
        away.append(fit.fidelity[0, 0] - 1 + np.mean((truth - fit.intercept[0] - fresh[0] @ fit.coef[0, :, 0]) ** 2) / truth.var())
    assert abs(np.mean(away)) < most


def test_effective_sample_size_is_kishs():
    w = np.random.default_rng(9).exponential(size=(2, 50))
    fit = Ridge().fit(np.random.default_rng(1).normal(size=(2, 50, 3)), np.ones((2, 50, 1)), w, np.zeros((2, 3)))
    np.testing.assert_allclose(fit.effective_sample_size, w.sum(1) ** 2 / (w**2).sum(1), rtol=1e-12)


def test_a_constant_response_has_no_fidelity_and_zero_coefficients():
    Z = np.random.default_rng(1).normal(size=(1, 50, 3))
    fit = Ridge().fit(Z, np.zeros((1, 50, 1)), np.ones((1, 50)), np.zeros((1, 3)))
    assert np.isnan(fit.r2).all()
    assert np.isnan(fit.fidelity).all()
    assert (fit.coef == 0).all()


@pytest.mark.parametrize("surrogate", [Ridge(), Select(2), Select(2, "forward_selection")])
@pytest.mark.parametrize("replicates", [2, 4, 8, 16, 32])
def test_replicate_errors_have_the_replicates_as_clusters(surrogate, replicates):
    """For every R: not the eight folds of the held-out fidelity."""
    rng = np.random.default_rng(replicates)
    Z = rng.normal(size=(1, 320, 3))
    y = 3 * Z[0, :, 0] - 2 * Z[0, :, 1] + np.abs(Z[0, :, 1]) + np.repeat(rng.normal(size=320 // replicates), replicates) * 0.1
    fit = surrogate.fit(Z, y[None, :, None], np.ones((1, 320)), np.zeros((1, 3)), replicates)
    used = np.flatnonzero(fit.coef[0, :, 0])
    theirs = sm.OLS(y, sm.add_constant(Z[0][:, used])).fit()
    clusters = theirs.get_robustcov_results("cluster", groups=np.arange(320) % replicates, use_correction=True)
    wanted, dof = steadied(clusters.bse[1:], theirs.get_robustcov_results("HC1").bse[1:], replicates)
    np.testing.assert_allclose(fit.std_error[0, used, 0], wanted, rtol=1e-8)
    assert (fit.dof <= dof + 1e-9).all()


def test_steadied_errors_are_nearer_to_the_truth():
    """Gains of 1/4 and errors estimated with 3 degrees of freedom each, for 20 coefficients: the mean square of the log error falls to a third."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.5, 2, (500, 20, 1))
    replicate = truth * np.sqrt(rng.chisquare(3, truth.shape) / 3)
    found, dof = moderated(replicate, 2 * truth * rng.uniform(0.95, 1.05, truth.shape), np.full(500, 3.0), 4)
    assert (np.log(found / truth) ** 2).mean() < (np.log(replicate / truth) ** 2).mean() / 3
    assert np.median(dof) > 15


def test_outputs_learn_together_how_alike_gains_are():
    """Two scrambles, 13 coefficients, three outputs whose gains follow F(1, 6): intervals hold 0.942; as the least of three outputs, 0.962."""
    rng = np.random.default_rng(0)
    truth = np.sqrt(6 / rng.chisquare(6, (4000, 13, 3)))
    found, dof = moderated(truth * np.abs(rng.normal(size=truth.shape)), np.ones_like(truth), np.full(4000, 1.0), 2)
    held = np.abs(truth * rng.normal(size=truth.shape)) <= t_quantile(dof)[:, None, None] * found
    assert 0.935 < held.mean() < 0.955


def test_degrees_of_freedom_see_that_few_draws_decide():
    rng = np.random.default_rng(3)
    Z = rng.normal(size=(1, 1000, 2))
    smooth, spiked = rng.normal(size=1000), np.where(np.arange(1000) == 7, 100.0, 0.01 * rng.normal(size=1000))
    args = (np.ones((1, 1000)), np.zeros((1, 2)))
    assert Ridge().fit(Z, smooth[None, :, None], *args).dof[0] == pytest.approx(2 * 1000 / 9, rel=0.3)
    assert Ridge().fit(Z, spiked[None, :, None], *args).dof[0] < 2.1
    assert Ridge().fit(Z, spiked[None, :, None], *args, 8).dof[0] < 2


def test_folds_add_and_continue():
    rng = np.random.default_rng(4)
    Z, Y, w = rng.normal(size=(2, 80, 3)), rng.normal(size=(2, 80, 2)), rng.uniform(size=(2, 80))
    whole, parts = Moments.of(Z, Y, w), Moments.of(Z[:, :32], Y[:, :32], w[:, :32]) + Moments.of(Z[:, 32:], Y[:, 32:], w[:, 32:])
    for name in ("gram", "cross", "square", "weight2"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12, atol=1e-13)


def test_few_coefficients_have_the_errors_of_their_own_replicates():
    """One or two features are drawn in eight scrambles, whose spread is taken as it is; two scrambles of theirs say too little and gain nothing."""
    rng = np.random.default_rng(5)
    replicate, independent, dof = rng.uniform(0.1, 0.2, (4, 2, 1)), rng.uniform(1, 2, (4, 2, 1)), np.full(4, 7.0)
    found, left = moderated(replicate, independent, dof, 8)
    np.testing.assert_allclose(found, replicate, rtol=1e-12)
    np.testing.assert_allclose(left, 7.0)
    assert (moderated(replicate, independent, np.full(4, 1.0), 2)[0] > 0.5 * independent).all()
    sampler = TABLES["kabosu"].sampler
    assert [sampler.for_features(p).replicates for p in (1, 2, 3, 30)] == [8, 8, 2, 2]
    X = rng.normal(size=(200, 2))
    e = kb.TabularExplainer(lambda A: np.sin(A).sum(axis=1), X, engine="sampled").explain(X[0])
    assert 5 < e.dof < 8
