"""Where all coordinates are 0 or 1 the line carries booleans; everything it computes is what the numbers give, and users' own parts see numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import Ridge as SklearnRidge

import kabosu as kb
from kabosu.domains.bins import Bins
from kabosu.domains.tabular import Tables
from kabosu.kernels import Exponential, Metric, euclidean
from kabosu.moments import Moments
from kabosu.samplers import Plain
from kabosu.surrogates import Estimator, Ridge, Select, Tree

X = load_wine().data[:, :6]


def ask(rows):
    a = np.asarray(rows)
    return np.stack([a[:, 0] * a[:, 1], np.sin(a[:, 2]) + a[:, 5]], axis=1)


def block(data=X, neighborhood=Bins("quartile"), n=3):
    return next(Tables.fit(data, neighborhood).represent(data[:n]))


def test_booleans_are_the_features():
    one, draws = block(), Plain().draw(block().space, 0, 500, 0)
    marks = one.binary(draws)
    assert marks.dtype == bool
    np.testing.assert_array_equal(marks, one.features(draws))


@pytest.mark.parametrize("data", [X, pd.DataFrame(X[:, :2], columns=list("ab")).assign(kind=["1", "2"] * (len(X) // 2))], ids=["numbers", "mixed"])
def test_other_coordinates_stay_numbers(data):
    one = next(Tables.fit(data).represent(data[:3]))
    assert one.binary(Plain().draw(one.space, 0, 50, 0)) is None


@pytest.mark.parametrize("p", [1, 6, 255, 256, 300, 700])
def test_distances_of_booleans(p):
    rng = np.random.default_rng(p)
    Z, origin = rng.random((2, 40, p)) < 0.5, (rng.random((2, p)) < 0.5).astype(float)
    Z[:, 0], origin[0] = False, 1.0
    np.testing.assert_array_equal(euclidean(Z, origin), euclidean(Z.astype(float), origin))
    np.testing.assert_allclose(euclidean(Z, origin + 0.5), euclidean(Z.astype(float), origin + 0.5))
    np.testing.assert_array_equal(Exponential()(Z, origin), Exponential()(Z.astype(float), origin))
    np.testing.assert_array_equal(Exponential(1.0, Metric("cityblock")).log(Z, origin), Exponential(1.0, Metric("cityblock")).log(Z.astype(float), origin))


@pytest.mark.parametrize("surrogate", [Ridge(), Ridge(1.0, "fit"), Select(3), Select(3, "forward_selection"), Select(3, "highest_weights"), Select(2, "lasso_path"), Tree(), Estimator(SklearnRidge())], ids=repr)
def test_fits_of_booleans(surrogate):
    hood = kb.measure(kb.respond.as_model(ask), block(), Plain(), 0, 400)
    numbers = kb.Neighborhood(hood.Z.astype(float), hood.Y, hood.origin, hood.prediction)
    assert hood.Z.dtype == bool
    for a, b in ((hood, numbers), (hood.with_instance(), numbers.with_instance()), (hood.take([1]), numbers.take([1]))):
        one, other = kb.fit(a, Exponential(), surrogate), kb.fit(b, Exponential(), surrogate)
        for name in ("coef", "std_error", "intercept", "r2", "fidelity", "local", "dof"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_moments_of_booleans():
    rng = np.random.default_rng(0)
    Z, Y, w = rng.random((2, 50, 4)) < 0.4, rng.normal(size=(2, 50, 2)), rng.random((2, 50))
    one, other = Moments.of(Z, Y, w), Moments.of(Z.astype(float), Y, w)
    assert np.array_equal(one.gram, other.gram) and np.array_equal(one.cross, other.cross)


def test_kernels_of_users_see_numbers():
    seen = []

    def kernel(Z, origin):
        seen.append(Z.dtype)
        return np.exp(-((-Z + origin[:, None]) ** 2).sum(axis=2))

    def distance(Z, origin):
        seen.append(Z.dtype)
        return np.abs(Z - origin[:, None]).sum(axis=2)

    for chosen in (kernel, Exponential(1.0, distance)):
        hood = kb.measure(kb.respond.as_model(ask), block(), Plain(), 0, 200)
        kb.fit(hood, chosen, Ridge())
    assert set(seen) == {np.dtype(float)}
