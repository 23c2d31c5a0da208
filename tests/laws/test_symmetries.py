"""What must not matter, does not: names and order of features, units, the scale of weights, the way of counting."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from worlds import ask_mixed, mixed

import kabosu as kb
from kabosu.fits import Fit
from kabosu.kernels import Exponential
from kabosu.moments import Moments
from kabosu.recipes import TABLES
from kabosu.samplers import Plain, Sobol
from kabosu.spaces import Cube
from kabosu.surrogates import Ridge, Select

SAMPLED = replace(TABLES["kabosu"], tolerance=None, samples=256, budget=257, engine="sampled")
FLOATS = st.floats(-100, 100, allow_nan=False).map(lambda v: round(v, 6))


@st.composite
def samples(draw, folds=8):
    """Z, Y, w of a few instances."""
    B, n, p, k = draw(st.integers(1, 3)), folds * draw(st.integers(3, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=(B, n, p)), rng.normal(size=(B, n, k)), rng.uniform(0.05, 1, (B, n))


def same(a: Fit, b: Fit, rtol=1e-7):
    for name in ("coef", "std_error", "intercept", "r2", "fidelity", "local", "effective_sample_size", "dof"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=1e-9, err_msg=name)


@given(samples(), st.integers(1, 20), st.integers(1, 12))
def test_moments_add(sample, cut, folds):
    """Moments of two parts together are those of the whole, where the second starts with a new round of folds."""
    Z, Y, w = sample
    at = min(cut * folds, Z.shape[1] // folds * folds)
    whole = Moments.of(Z, Y, w, folds)
    both = Moments.of(Z[:, :at], Y[:, :at], w[:, :at], folds) + Moments.of(Z[:, at:], Y[:, at:], w[:, at:], folds) if 0 < at < Z.shape[1] else whole
    for name in ("gram", "cross", "square", "weight2"):
        np.testing.assert_allclose(getattr(both, name), getattr(whole, name), rtol=1e-10, atol=1e-10)
    assert both.count == whole.count
    np.testing.assert_allclose(whole.pooled.gram[:, 0], np.einsum("bs,bsi,bsj->bij", w, *(2 * (np.concatenate([np.ones((*Z.shape[:2], 1)), Z], 2),))), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(whole.without().cross + whole.cross, np.broadcast_to(whole.pooled.cross, whole.cross.shape), atol=1e-9)


@given(samples(), st.floats(1e-6, 1e6), st.sampled_from([Ridge(), Ridge(0.3), Select(2), Select(1, "forward_selection")]), st.sampled_from([0, 8]))
def test_the_scale_of_the_weights_does_not_matter(sample, factor, surrogate, replicates):
    Z, Y, w = sample
    same(surrogate.fit(Z, Y, factor * w, Z[:, 0], replicates), surrogate.fit(Z, Y, w, Z[:, 0], replicates))


@given(samples(), st.floats(-1e3, 1e3), st.sampled_from([Ridge(), Ridge(0.3), Select(2), Select(2, "forward_selection"), Select(2, "lasso_path")]), st.sampled_from([0, 8]))
def test_where_coordinates_are_counted_from_does_not_matter(sample, by, surrogate, replicates):
    """Points and instance moved together: only the intercept follows."""
    Z, Y, w = sample
    moved, still = surrogate.fit(Z + by, Y, w, Z[:, 0] + by, replicates), surrogate.fit(Z, Y, w, Z[:, 0], replicates)
    same(replace(moved, intercept=moved.intercept + by * moved.coef.sum(axis=1)), still, 1e-6)


@given(samples(), st.data(), st.sampled_from([Ridge(), Ridge(0.3), Ridge(1.0, "fit"), Select(2, "forward_selection"), Select(2)]))
def test_the_order_of_features_does_not_matter(sample, data, surrogate):
    Z, Y, w = sample
    order = np.array(data.draw(st.permutations(range(Z.shape[2]))))
    a, b = surrogate.fit(Z[..., order], Y, w, Z[:, 0][:, order]), surrogate.fit(Z, Y, w, Z[:, 0])
    np.testing.assert_allclose(a.coef, b.coef[:, order], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(a.std_error, b.std_error[:, order], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(a.fidelity, b.fidelity, rtol=1e-6, atol=1e-9)


@given(samples(), st.data(), st.sampled_from([0, 8]))
def test_units_of_features_and_answers(sample, data, replicates):
    """z -> a + u z and f -> v f move the coefficients by v / u, exactly, errors too; R2 stays."""
    Z, Y, w = sample
    p, k = Z.shape[2], Y.shape[2]
    u, v = (data.draw(arrays(float, n, elements=st.floats(0.01, 100))) for n in (p, k))
    a = data.draw(arrays(float, p, elements=FLOATS))
    b, c = Ridge().fit(a + u * Z, v * Y, w, a + u * Z[:, 0], replicates), Ridge().fit(Z, Y, w, Z[:, 0], replicates)
    for name in ("coef", "std_error"):
        np.testing.assert_allclose(getattr(b, name), getattr(c, name) * v / u[:, None], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(b.r2, c.r2, atol=1e-7)
    np.testing.assert_allclose(b.fidelity, c.fidelity, atol=1e-6)
    np.testing.assert_allclose(b.local, c.local * v, rtol=1e-6, atol=1e-6)


@given(samples())
def test_a_sum_of_answers_is_explained_by_the_sum(sample):
    Z, Y, w = sample
    total = np.concatenate([Y, Y.sum(axis=2, keepdims=True)], axis=2)
    coef = Ridge().fit(Z, total, w, Z[:, 0]).coef
    np.testing.assert_allclose(coef[..., -1], coef[..., :-1].sum(axis=-1), rtol=1e-8, atol=1e-9)


@given(st.sampled_from([Plain(), Sobol(2), Sobol(8), Sobol(5)]), st.integers(1, 40), st.lists(st.integers(1, 3000), min_size=1, max_size=5), st.integers(0, 5))
@settings(max_examples=40)
def test_asking_for_more_continues(sampler, m, cuts, seed):
    stops = sorted(set(cuts))
    whole = sampler.draw(Cube(m), 0, stops[-1], seed)
    parts = [sampler.draw(Cube(m), a, b, seed) for a, b in zip([0, *stops], stops, strict=False)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@given(st.integers(1, 6), st.integers(2, 40), st.floats(0.05, 5), st.integers(0, 2**32 - 1))
def test_kernel_weights_are_between_0_and_1_and_fall_with_distance(p, s, width, seed):
    Z = np.random.default_rng(seed).normal(size=(2, s, p))
    w = Exponential(width)(Z, np.zeros((2, p)))
    assert ((w >= 0) & (w <= 1)).all()
    d = np.linalg.norm(Z, axis=2)
    for b in range(2):
        assert (np.diff(w[b][np.argsort(d[b])]) <= 1e-15).all()


def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(2, 3, 120), "b": rng.exponential(size=120), "c": rng.choice(list("xyz"), 120), "d": rng.integers(0, 9, 120)})


def ask(frame):
    return np.sin(frame["a"]) + frame["b"] * (frame["c"] == "x") + np.sqrt(frame["d"].abs())


NAMES = st.permutations(["a", "b", "c", "d"])


@given(NAMES, st.sampled_from(["kabosu", "lime", "article"]))
@settings(max_examples=12)
def test_renaming_columns_renames_the_features(names, recipe):
    data = table()
    new = dict(zip(data.columns, (f"{n}!" for n in names), strict=True))
    back = {v: k for k, v in new.items()}
    e = kb.TabularExplainer(ask, data, recipe=recipe, engine="sampled").explain(data.iloc[3], budget=300)
    f = kb.TabularExplainer(lambda X: ask(X.rename(columns=back)), data.rename(columns=new), recipe=recipe, engine="sampled").explain(data.rename(columns=new).iloc[3], budget=300)
    np.testing.assert_array_equal(e.coef, f.coef)
    assert [new[c] for c in e.columns] == list(f.columns)


@given(NAMES)
@settings(max_examples=6)
def test_the_order_of_columns_moves_the_answer_within_its_error(names):
    """Each column has its own coordinate of the draws, so the draws change; what is estimated does not."""
    data = table()
    e = kb.TabularExplainer(ask, data, recipe=SAMPLED).explain(data.iloc[3])
    f = kb.TabularExplainer(ask, data[names], recipe=SAMPLED).explain(data[names].iloc[3])
    at = [f.columns.index(c) for c in e.columns]
    z = (e.coef - f.coef[at]) / np.hypot(e.std_error, f.std_error[at])
    assert np.abs(z).max() < 12  # eight replicates: t with 7 degrees of freedom
    np.testing.assert_allclose(f.intercept + (f.coef * f.z[:, None]).sum(0), f.local_prediction, rtol=1e-9)


@pytest.mark.parametrize("recipe", ["kabosu", "lime", "article"])
@pytest.mark.parametrize("unit", [1000.0, 0.001, 1 / 3])
def test_the_unit_of_a_column_changes_its_coefficient_only(recipe, unit):
    data = table()
    other = data.assign(b=data["b"] * unit)
    e = kb.TabularExplainer(ask, data, recipe=recipe, engine="sampled").explain(data.iloc[3], budget=1000)
    f = kb.TabularExplainer(lambda X: ask(X.assign(b=X["b"] / unit)), other, recipe=recipe, engine="sampled").explain(other.iloc[3], budget=1000)
    np.testing.assert_allclose(e.coef_scaled, f.coef_scaled, rtol=1e-6, atol=1e-9)
    if recipe != "lime":
        np.testing.assert_allclose(f.coef[1] * unit, e.coef[1], rtol=1e-6)


def test_a_column_that_the_model_ignores_has_no_effect():
    data = mixed()
    made = kb.TabularExplainer(lambda X: ask_mixed(X.assign(number=0.0)), data, engine="sampled")
    for e in made.explain_many(data[:3]):
        assert abs(e.coef_scaled[0, 0]) <= 5 * e.std_error_scaled[0, 0]
