"""The local laws against brute force: every draw law times the kernel, enumerated or integrated, then normalized (MATH (5) and (6)).

The laws are read at a fine grid of u in (0, 1), which integrates their quantile functions; the brute force never uses them.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from kabosu.domains import Bins, Gaussian, Sparse, Tables
from kabosu.domains.laws import LevelLaw
from kabosu.domains.units import Number
from kabosu.frames import Column
from kabosu.kernels import Exponential
from kabosu.samplers import Plain

N = 1 << 16
U = (np.arange(N) + 0.5) / N
FLOAT, INTEGER = Column("a", "number", np.dtype(float)), Column("a", "whole", np.dtype(int), (-(2.0**62), 2.0**62))
BYTE = Column("a", "whole", np.dtype(np.uint8), (0.0, 255.0))


def kernel(d2, width):
    return np.exp(-0.5 * d2 / width**2)


@pytest.mark.parametrize("width", [0.2, 0.75, 3.0, np.inf])
@pytest.mark.parametrize("own", [0, 2, 3])
def test_levels(own, width):
    rates = np.array([0.5, 0.3, 0.15, 0.05])
    law = LevelLaw(rates, np.array([own])).tilt(width**-2)
    brute = rates * kernel(np.arange(4) != own, width)
    brute /= brute.sum()
    c = kernel(1.0, width)
    assert brute[own] == pytest.approx(rates[own] / (rates[own] + (1 - rates[own]) * c))  # MATH (5)
    np.testing.assert_allclose(np.bincount(law.cells(U)[0], minlength=4) / N, brute, atol=2 / N)
    assert law.coordinates(U).mean() == pytest.approx(brute[own], abs=2 / N)


def test_an_unseen_level_counts_as_one_more_row():
    data = pd.DataFrame({"color": ["red"] * 6 + ["blue"] * 3, "other": np.arange(9.0)})
    block = next(iter(Tables.fit(data).represent(pd.DataFrame({"color": ["green"], "other": [1.0]}))))
    assert block.laws[0].coordinates(U).mean() == pytest.approx(1 / 10, abs=2 / N)


def draw_law(values, column, center, points):
    """Atoms with their rates, and the normal around ``center``, as a table of (value, probability), integers or a fine grid."""
    kept = values[~np.isnan(values)]
    rates = {a: (values == a).mean() for a in points}
    lost, rest = np.isnan(values).mean(), 1 - sum((values == a).mean() for a in points) - np.isnan(values).mean()
    scale = kept.std()
    if column.kind == "whole":
        grid = np.arange(np.floor(center - 9 * scale), np.ceil(center + 9 * scale) + 1)
        mass = norm.cdf(grid + 0.5, center, scale) - norm.cdf(grid - 0.5, center, scale)
        mass = np.where((grid >= column.bounds[0]) & (grid <= column.bounds[1]), mass, 0)
    else:
        grid = center + scale * np.linspace(-9, 9, 200_001)
        mass = norm.pdf(grid, center, scale)
    v = np.concatenate([grid, list(rates), [np.nan]])
    return v, np.concatenate([rest * mass / mass.sum(), list(rates.values()), [lost]]), scale


RNG = np.random.default_rng(0)
COLUMNS = {
    "normal": (FLOAT, RNG.normal(3, 2, 200), 4.5, ()),
    "small integers": (INTEGER, RNG.integers(0, 9, 300).astype(float), 2.0, ()),
    "small integers, between": (INTEGER, RNG.integers(0, 9, 300).astype(float), 2.5, ()),
    "bytes at the edge": (BYTE, RNG.integers(0, 12, 300).astype(float), 0.0, ()),
    "many zeros": (FLOAT, np.where(RNG.random(300) < 0.4, 0.0, RNG.exponential(size=300)), 1.2, (0.0,)),
    "at the zeros": (FLOAT, np.where(RNG.random(300) < 0.4, 0.0, RNG.exponential(size=300)), 0.0, (0.0,)),
    "missing": (FLOAT, np.where(RNG.random(300) < 0.3, np.nan, RNG.normal(size=300)), 0.7, ()),
    "missing integers": (INTEGER, np.where(RNG.random(300) < 0.3, np.nan, RNG.integers(0, 30, 300)), 11.0, ()),
}


@pytest.mark.parametrize("around", ["instance", "mean"])
@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("name", COLUMNS)
def test_numbers(name, width, around):
    column, values, x, points = COLUMNS[name]
    unit = Number.fit(column, values, around)
    law = unit.law(np.array([x])).tilt(width**-2)
    center = x if around == "instance" else np.nanmean(values)
    v, mass, scale = draw_law(values, column, center, points)
    lost = np.isnan(v)
    q = mass * kernel(np.where(lost, 1.0, ((v - x) / scale) ** 2), width)
    q /= q.sum()
    cells, z = law.cells(U)[0], law.coordinates(U)[0]
    assert np.isnan(cells).mean() == pytest.approx(q[lost].sum(), abs=4 / N)
    for a in points:
        assert (cells == a).mean() == pytest.approx(q[v == a][-1] if column is FLOAT else q[v == a].sum(), abs=4 / N)
    here, seen = cells[~np.isnan(cells)], q[~lost] / q[~lost].sum()
    mean, sd = seen @ v[~lost], np.sqrt(seen @ (v[~lost] - seen @ v[~lost]) ** 2)
    assert here.mean() == pytest.approx(mean, abs=3e-3 * scale)
    assert here.std() == pytest.approx(sd, rel=3e-3)
    if column.kind == "whole":
        for k in range(int(x) - 3, int(x) + 4):
            assert (here == k).mean() == pytest.approx(seen[v[~lost] == k].sum(), abs=1e-4)
    filled = np.where(np.isnan(cells), x, cells)
    np.testing.assert_allclose(z[:, 0], (filled - center) / scale, atol=1e-12)
    if np.isnan(values).any():
        assert (z[:, 1] == np.isnan(cells)).all()


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_a_missing_instance_is_one_difference_from_every_value(width):
    values = COLUMNS["missing"][1]
    law = Number.fit(FLOAT, values, "instance").law(np.array([np.nan])).tilt(width**-2)
    center, scale, rate = np.nanmean(values), np.nanstd(values), np.isnan(values).mean()
    grid = np.linspace(-9, 9, 200_001)
    present = (1 - rate) * norm.pdf(grid) * (grid[1] - grid[0]) * kernel(grid**2 + 1.0, width)
    cells = law.cells(U)[0]
    assert np.isnan(cells).mean() == pytest.approx(rate / (rate + present.sum()), abs=4 / N)
    assert np.nanmean(cells) == pytest.approx(center, abs=1e-3)
    assert np.nanstd(cells) == pytest.approx(scale * width / np.sqrt(1 + width**2), rel=1e-3)


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_the_normal_law_is_its_formula(width):
    """MATH (6), and no kernel at all."""
    values = COLUMNS["normal"][1]
    for around, c in (("instance", 4.5), ("mean", values.mean())):
        law = Number.fit(FLOAT, values, around).law(np.array([4.5])).tilt(width**-2)
        cells, s2 = law.cells(U)[0], values.var()
        assert cells.mean() == pytest.approx((c * width**2 + 4.5) / (1 + width**2), abs=1e-3)
        assert cells.var() == pytest.approx(s2 * width**2 / (1 + width**2), rel=2e-3)
        np.testing.assert_allclose(np.sort(cells)[[N // 40, N // 2, -N // 40]], norm.ppf([1 / 40, 0.5, 39 / 40], (c * width**2 + 4.5) / (1 + width**2), np.sqrt(s2 * width**2 / (1 + width**2))), atol=1e-3)


@pytest.mark.parametrize("width", [0.3, 1.0, np.inf])
def test_two_values_are_drawn_at_their_rates(width):
    values = np.repeat([2.0, 7.0], [30, 70])
    law = Number.fit(FLOAT, values, "instance").law(np.array([2.0])).tilt(width**-2)
    assert (law.cells(U)[0] == 7).mean() == pytest.approx(0.7 * kernel(1.0, width) / (0.3 + 0.7 * kernel(1.0, width)), abs=4 / N)
    assert set(np.unique(law.coordinates(U))) == {0.0, 1.0}


@pytest.mark.parametrize("width", [0.4, 1.0, np.inf])
@pytest.mark.parametrize("x", [0.1, 5.5, 30.0])
def test_bins(x, width):
    """Frequencies tilted by (5); within a bin lime's truncated normal, which the tilt leaves alone."""
    values = np.random.default_rng(1).gamma(2, 4, 400)
    unit = Bins("quartile").unit(FLOAT, values)
    own = unit.bin_of(np.array([x]))
    law = unit.law(own, np.array([x])).tilt(width**-2)
    edges = np.percentile(values, [25, 50, 75])
    cells = law.cells(U)[0]
    bins = np.searchsorted(edges, cells)
    brute = np.bincount(np.searchsorted(edges, values)) / 400 * kernel(np.arange(4) != own[0], width)
    np.testing.assert_allclose(np.bincount(bins, minlength=4) / N, brute / brute.sum(), atol=3 / N)
    assert (law.coordinates(U)[0, :, 0] == (bins == own[0])).all()
    ends = np.concatenate([[values.min()], edges, [values.max()]])
    for b in range(4):
        part = values[np.searchsorted(edges, values) == b]
        law_b = truncnorm((ends[b] - part.mean()) / part.std(), (ends[b + 1] - part.mean()) / part.std(), part.mean(), part.std())
        np.testing.assert_allclose(np.quantile(cells[bins == b], [0.1, 0.5, 0.9]), law_b.ppf([0.1, 0.5, 0.9]), rtol=2e-3)


def test_a_bin_of_one_value_holds_that_value():
    unit = Bins("quartile").unit(FLOAT, np.repeat([5.0, 6.0, 7.0, 8.0], [60, 20, 10, 10]))
    law = unit.law(np.array([0]), np.array([5.0]))
    assert law.coordinates(U).mean() == pytest.approx(0.6, abs=2 / N)
    assert (law.cells(U)[law.coordinates(U)[..., 0] == 1] == 5.0).all()


def everything():
    rng = np.random.default_rng(2)
    n = 150
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "n": rng.integers(0, 7, n),
            "wide": rng.integers(0, 900, n),
            "c": rng.choice(list("abc"), n),
            "m": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "z": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
            "lost": np.where(rng.random(n) < 0.2, None, rng.choice(list("pq"), n)),
        }
    )


@pytest.mark.parametrize("neighborhood", [Gaussian("instance"), Gaussian("mean"), Bins("quartile"), Bins("decile")])
@pytest.mark.parametrize("width", [None, 0.5])
def test_both_readings_of_a_draw_agree(neighborhood, width):
    """Rows handed to the model, read back as instances, have the coordinates that the surrogate saw."""
    data = everything()
    domain = Tables.fit(data, neighborhood)
    block = next(iter(domain.represent(data[:3])))
    block = block if width is None else block.tilt(Exponential(width))
    draws = Plain().draw(block.space, 0, 200, 5)
    Z = np.broadcast_to(block.features(draws), (3, 200, block.origin.shape[1]))
    made = block.inputs(draws)
    for b in range(3):
        rows = made.iloc[b * 200 : (b + 1) * 200]
        again = next(iter(domain.represent(rows)))
        for j, (unit, law, seen) in enumerate(zip(block.units, block.laws, again.laws, strict=True)):
            at = sum(one.width for one in block.laws[:j])
            if isinstance(unit, Number):
                value = np.where(np.isnan(seen.x), law.x[b], seen.x)
                np.testing.assert_allclose(Z[b, :, at], (value - law.center[b]) / law.scale, atol=1e-9)
                assert not law.missable or (Z[b, :, at + 1] == np.isnan(seen.x)).all()
            else:
                assert (Z[b, :, at] == (seen.own == law.own[b])).all(), unit.name


def test_instances_are_handed_back_as_they_are():
    data = everything()
    for neighborhood in (Gaussian("instance"), Bins("quartile")):
        block = next(iter(Tables.fit(data, neighborhood).represent(data[:9])))
        pd.testing.assert_frame_equal(block.instances().reset_index(drop=True), data[:9])


def test_sparse_entries_are_kept_at_the_tilted_rate():
    from scipy import sparse

    row = sparse.csr_array(np.array([[0, 2.0, 0, 3.0, 1.0]]))
    block = next(iter(Sparse.fit(sparse.csr_array(np.eye(5))).represent(row))).tilt(Exponential(1.0))
    draws = Plain().draw(block.space, 0, 20_000, 0)
    Z, rows = block.features(draws)[0], block.inputs(draws)
    assert ((rows.toarray()[:, [1, 3, 4]] != 0) == Z).all()
    np.testing.assert_allclose(Z.mean(0), 1 / (1 + kernel(1.0, 1.0)), atol=0.015)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.floats(0.1, 5), st.data())
def test_levels_of_any_rates(rates, width, data):
    rates = np.array(rates) / sum(rates)
    own = data.draw(st.integers(0, len(rates) - 1))
    q = np.diff(LevelLaw(rates, np.array([own])).tilt(width**-2)._table[0], prepend=0)
    brute = rates * kernel(np.arange(len(rates)) != own, width)
    np.testing.assert_allclose(q, brute / brute.sum(), atol=1e-12)


@given(st.floats(0.2, 5), st.floats(0.2, 5), st.floats(-3, 3))
def test_tilting_twice_is_tilting_once(a, b, x):
    law = Number.fit(FLOAT, COLUMNS["many zeros"][1], "mean").law(np.array([x]))
    u = U[:: N // 64]
    np.testing.assert_allclose(law.tilt(a).tilt(b).cells(u), law.tilt(a + b).cells(u), atol=1e-9)
