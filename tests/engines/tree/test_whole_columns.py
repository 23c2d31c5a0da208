"""Integer columns with a large standard deviation: the rounded normal's table against a sum over its integers, infinity included."""

import numpy as np
from scipy import stats

from kabosu import frames
from kabosu.domains.expectations import over_thresholds
from kabosu.domains.units import Number


def test_rounded_normal_table_reaches_infinity():
    values = np.random.default_rng(0).integers(-300, 300, 500).astype(float)
    name, series = "amount", values.astype(int)
    unit = Number.fit(frames.describe(name, series), values, "instance")
    assert unit.whole
    assert unit.scale > 20
    law = unit.law(np.array([12.0])).tilt(1 / 0.8**2)
    cuts = np.array([-np.inf, -40.0, 12.0, 12.5, 90.0, np.inf])
    table = over_thresholds(law, cuts)

    _, mu, s = law._local
    k = np.arange(-3000, 3001)
    center, sd = 12 + unit.scale * mu[0], unit.scale * s
    p = stats.norm.cdf(k + 0.5, center, sd) - stats.norm.cdf(k - 0.5, center, sd)
    z = (k - 12) / unit.scale
    np.testing.assert_allclose(table.mass[0], [p[k <= c].sum() for c in cuts], atol=1e-12)
    np.testing.assert_allclose(table.first[0, :, 0], [(p * z)[k <= c].sum() for c in cuts], atol=1e-9)
