"""Many features: the folds one after the other, by Cholesky's decomposition, give what all at once give."""

import numpy as np
import pytest

from kabosu import moments as moments_module
from kabosu.kernels import Exponential, Halfway, cosine
from kabosu.kernels.logs import log_weights
from kabosu.moments import Moments
from kabosu.spaces import Masks
from kabosu.surrogates import Ridge, problems, ridge


@pytest.mark.parametrize("alpha", [0.0, 0.01])
@pytest.mark.parametrize("odd", ["", "a feature that does not vary", "two that are the same", "an empty fold"])
def test_the_same_fit_whichever_way(alpha, odd, monkeypatch):
    rng = np.random.default_rng(0)
    Z, w = (rng.random((1, 400, 40)) < 0.5).astype(float), rng.random((1, 400))
    Y = np.sin(Z @ rng.normal(size=(40, 3))) + rng.normal(size=(1, 400, 3))
    if "not vary" in odd:
        Z[:, :, 7] = 1.0
    if "same" in odd:
        Z[:, :, 8] = Z[:, :, 9]
    if "empty" in odd:
        w[:, 3::8] = 0.0
    fits = []
    for wide in (10, 1000):
        monkeypatch.setattr(ridge, "WIDE", wide)
        fits.append(Ridge(alpha).fit(Z, Y, w, np.ones((1, 40)), 8))
    for name in ("coef", "std_error", "intercept", "fidelity", "r2"):
        np.testing.assert_allclose(getattr(fits[0], name), getattr(fits[1], name), rtol=1e-7, atol=1e-9, err_msg=name)


def test_moments_without_a_fold():
    rng = np.random.default_rng(0)
    moments = Moments.of(rng.normal(size=(1, 80, 3)), rng.normal(size=(1, 80, 2)), np.ones((1, 80)))
    rest, others = moments.pooled - moments.only(2), moments.without()
    np.testing.assert_allclose(rest.gram[:, 0], others.gram[:, 2])
    np.testing.assert_allclose(rest.cross[:, 0], others.cross[:, 2])


def test_masks_of_equal_numbers_still_keep_as_many_as_they_should():
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.random(500), rng.integers(0, 4, (500, 9)) / 4 + 0.1])
    space = Masks(9, (0.1,) * 10)
    masks = space.read(points)
    kept = np.searchsorted(np.cumsum(space.counts[:-1]), points[:, 0], side="right")
    assert (masks.sum(axis=1) == kept).all()
    ranks = points[:, 1:].argsort(axis=1, kind="stable").argsort(axis=1)
    assert (masks == (ranks < kept[:, None])).all()


def test_some_draws_say_enough_about_a_variance(monkeypatch):
    from kabosu.surrogates import errorbars

    rng = np.random.default_rng(0)
    Z = rng.normal(size=(1, 4000, 20))
    Y = Z[..., :3] ** 2 + rng.normal(size=(1, 4000, 3)) * (1 + np.abs(Z[..., 3:6]))
    whole = Ridge().fit(Z, Y, np.ones((1, 4000)), np.zeros((1, 20)))
    monkeypatch.setattr(errorbars, "MANY", 100_000)
    some = Ridge().fit(Z, Y, np.ones((1, 4000)), np.zeros((1, 20)))
    assert np.abs(np.log(some.std_error / whole.std_error)).max() < 0.2
    assert not np.array_equal(some.std_error, whole.std_error)
    np.testing.assert_array_equal(some.coef, whole.coef)
    monkeypatch.setattr(problems, "NUMBERS", 720)
    np.testing.assert_allclose(Ridge().fit(Z, Y, np.ones((1, 4000)), np.zeros((1, 20))).std_error, some.std_error, rtol=1e-10)


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("shared", [1, 2])
def test_many_features_give_what_few_do(layout, marks, shared, monkeypatch):
    """Fold by fold, block by block, from masks as bits: the same moments, errors and degrees of freedom."""
    rng = np.random.default_rng(1)
    Z = np.array(rng.random((400, 30)) < rng.random((400, 1)), order=layout)[None]
    Y, w, origin = rng.normal(size=(shared, 400, 3)) + Z[..., :3], rng.random((1, 400)), np.ones((1, 30))
    few, moments = Ridge().fit(Z.astype(float), Y, w, origin, 8), Moments.of(Z.astype(float), Y, w, 8, origin)
    monkeypatch.setattr(moments_module, "MANY", 20)
    monkeypatch.setattr(problems, "NUMBERS", 1000)
    Z = Z if marks else Z.astype(float)
    many, folds = Ridge().fit(Z, Y, w, origin, 8), Moments.of(Z, Y, w, 8, origin)
    for name in ("gram", "cross", "square", "weight2"):
        np.testing.assert_allclose(getattr(folds, name), getattr(moments, name), rtol=1e-12, atol=1e-12, err_msg=name)
    for name in ("coef", "std_error", "intercept", "fidelity", "r2", "dof"):
        np.testing.assert_allclose(getattr(many, name), getattr(few, name), rtol=1e-10, atol=1e-12, err_msg=name)


def test_masks_as_bits_weigh_as_numbers_do():
    Z, origin = np.random.default_rng(0).random((1, 200, 30)) < 0.4, np.ones((1, 30))
    Z[0, 0], Z[0, 1] = False, True
    for kernel in (Exponential(0.25, cosine), Exponential(2.0), Halfway(Exponential(0.25, cosine), -3.0)):
        np.testing.assert_allclose(log_weights(kernel, Z, origin), log_weights(kernel, Z.astype(float), origin), rtol=1e-12, atol=1e-13)


def test_masks_of_many_parts_keep_what_their_law_says():
    from kabosu.samplers import Sobol

    p = 400
    counts = np.arange(p + 1.0) / np.arange(p + 1.0).sum()
    space = Masks(p, tuple(counts))
    masks = Sobol(8).draw(space, 0, 4096, 3)[0]
    kept = masks.sum(axis=1)
    assert abs(kept.mean() - counts @ np.arange(p + 1)) < 0.2  # stratified: independent draws miss by 1.5
    share = masks.mean(axis=0)
    assert np.abs(share - kept.mean() / p).max() < 5 * np.sqrt(0.22 / 4096)
    together = (masks[:, 0] & masks[:, 1]).mean()
    assert abs(together - (counts * np.arange(p + 1) * (np.arange(p + 1) - 1)).sum() / (p * (p - 1))) < 0.04
    again = Sobol(8).draw(space, 100, 300, 3)[0]
    assert (again == masks[100:300]).all()
    assert not (Sobol(8).draw(space, 0, 4096, 4)[0] == masks).all()
    assert (masks[::8] != masks[1::8]).any()
    assert Sobol(8).draw(Masks(30_000, (1 / 30_001,) * 30_001), 0, 8, 0).shape == (1, 8, 30_000)
