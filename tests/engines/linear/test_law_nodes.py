"""Laws as weighted points, and expectations over thresholds, against means over a million quantiles of the law itself."""

import numpy as np
import pytest

from kabosu import frames
from kabosu.domains.bins import Bins
from kabosu.domains.expectations import over_thresholds
from kabosu.domains.nodes import gauss_sum, inside_nodes, normal_nodes
from kabosu.domains.tabular import Gaussian

LONG = (-(2.0**62), 2.0**62)
rng = np.random.default_rng(0)
COLUMNS = {
    "real": ("number", float, (-np.inf, np.inf), rng.normal(2, 3, 500)),
    "byte": ("whole", np.uint8, (0.0, 255.0), rng.integers(0, 256, 500).astype(float)),
    "short": ("whole", np.uint16, (0.0, 65535.0), rng.integers(0, 60000, 500).astype(float)),
    "large": ("whole", np.int64, LONG, rng.integers(0, 900, 500).astype(float)),
    "huge": ("whole", np.int64, LONG, rng.integers(0, 900_000, 500).astype(float)),
}
U = (np.arange(1 << 20) + 0.5) / (1 << 20)


def law_of(name, precision, at=3.0):
    kind, dtype, bounds, values = COLUMNS[name]
    unit = Gaussian("instance").unit(frames.Column(name, kind, np.dtype(dtype), bounds), values)
    return unit.law(np.array([at])).tilt(precision)


@pytest.mark.parametrize("precision", [0.0, 3.0, 400.0])
@pytest.mark.parametrize("name", COLUMNS)
def test_points_of_numbers(name, precision):
    law = law_of(name, precision)
    z, x = law.coordinates(U)[0, :, 0], law.cells(U)[0]
    at, d, p = normal_nodes(law, np.zeros(0), np.inf)
    assert p.sum() == pytest.approx(1, abs=1e-11)
    np.testing.assert_allclose((at - law.center[:, None]) / law.scale, np.broadcast_to(d, at.shape), atol=1e-9)
    for g in (lambda x: x / law.scale, lambda x: np.cos(2 * x / law.scale)):
        spread = g(x).std() + 1e-9
        assert (p * g(at)).sum() == pytest.approx(g(x).mean(), abs=1e-5 * spread)
        assert (p * d * g(at)).sum() == pytest.approx((z * g(x)).mean(), abs=1e-5 * np.abs(z).max())


@pytest.mark.parametrize("precision", [0.0, 3.0, 400.0])
@pytest.mark.parametrize("name", COLUMNS)
def test_expectations_over_thresholds(name, precision):
    law = law_of(name, precision)
    z, x = law.coordinates(U)[0, :, 0], law.cells(U)[0]
    t = np.quantile(x, [0.1, 0.5, 0.8])
    E = over_thresholds(law, t)
    size = z.std()
    assert E.mean[0, 0] == pytest.approx(z.mean(), abs=2e-5 * size)
    assert E.covariance[0, 0, 0] == pytest.approx(z.var(), rel=2e-5)
    for i, cut in enumerate(t):
        assert E.mass[0, i] == pytest.approx((x <= cut).mean(), abs=2e-5)
        assert E.first[0, i, 0] == pytest.approx((z * (x <= cut)).mean(), abs=3e-5 * size)


@pytest.mark.parametrize("name", COLUMNS)
def test_points_of_bins(name):
    kind, dtype, bounds, values = COLUMNS[name]
    inside = Bins("quartile").unit(frames.Column(name, kind, np.dtype(dtype), bounds), values).inside
    kink = float(np.median(values))
    g = lambda x: np.cos(2 * x / values.std()) + np.abs(x - kink) / values.std()  # noqa: E731
    x, w, start = inside_nodes(inside, np.array([kink]), np.inf)
    np.testing.assert_allclose(np.add.reduceat(w, start), 1, atol=1e-11)
    wanted = [g(inside(np.full(len(U), b), U)).mean() for b in range(len(inside.mean))]
    np.testing.assert_allclose(np.add.reduceat(w * g(x), start), wanted, atol=3e-6)


def test_kinks_and_fine_functions_are_integrated():
    law = law_of("real", 3.0)
    x, _, p = normal_nodes(law, np.array([3.7]), law.scale / 20)
    assert (p * np.abs(x - 3.7)).sum() == pytest.approx(np.abs(law.cells(U)[0] - 3.7).mean(), rel=1e-6)
    sd = law.scale * 0.5
    assert (p * np.cos(30 * (x - 3.0) / sd)).sum() == pytest.approx(0.0, abs=1e-13)


@pytest.mark.parametrize("n", [1, 7, 16, 17, 1000, 10**6])
def test_sums_of_powers(n):
    x, w = gauss_sum(n)
    k = np.arange(n, dtype=np.float64) / n
    for power in (0, 1, 2, 15, 31):
        assert w @ (x / n) ** power == pytest.approx((k**power).sum(), rel=1e-10)
