"""The additive surrogate: against least squares written out, against the trees' exact curves, and on tables of every kind."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.surrogates import Additive, Ridge, Select

mpl.use("Agg")
HERE = np.zeros((1, 2))


def draws(seed: int, s: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1, s, 2)), rng.uniform(0.2, 1.0, (1, s))


def penalized(Z: np.ndarray, y: np.ndarray, w: np.ndarray, knots: list[np.ndarray], penalty: float, sd: np.ndarray):
    """Hat functions by numpy's interpolation, curvature by finite differences, all as one least squares; returns g."""
    see = lambda Z: np.concatenate([np.stack([np.interp(Z[:, j], k, row) for row in np.eye(len(k))], axis=1) for j, k in enumerate(knots)], axis=1)  # noqa: E731
    H, rows, a = see(Z), [], 0
    for k, scale in zip(knots, sd, strict=True):
        h = np.diff(k) / scale
        for i in range(len(k) - 2):
            row = np.zeros(H.shape[1])
            row[a + i], row[a + i + 2] = 1 / h[i], 1 / h[i + 1]
            row[a + i + 1] = -row[a + i] - row[a + i + 2]
            rows.append(row / np.sqrt((h[i] + h[i + 1]) / 2))
        a += len(k)
    A = np.concatenate([np.column_stack([np.ones(len(H)), H]) * np.sqrt(w / w.sum())[:, None], np.sqrt(penalty) * np.pad(np.array(rows), ((0, 0), (1, 0)))])
    b = np.linalg.lstsq(A, np.concatenate([y * np.sqrt(w / w.sum()), np.zeros(len(rows))]), rcond=None)[0]
    return lambda Z: b[0] + see(Z) @ b[1:]


def test_the_curves_are_penalized_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    from kabosu.surrogates import additive

    monkeypatch.setattr(additive, "SMOOTH", np.array([0.01]))
    Z, w = draws(0)
    y = np.sin(2 * Z[0, :, 0]) + Z[0, :, 1] ** 2
    curves = Additive(pieces=6).curves(Z, y[None, :, None], w, HERE)
    knots = [additive.basis(Z[0, :, j], w[0], 6) for j in range(2)]
    g = penalized(Z[0], y, w[0], knots, 0.01, Z[0].std(axis=0))
    cell_means = lambda c, z, v: np.array([np.average(v[np.searchsorted(c.edges, z) == i], weights=w[0][np.searchsorted(c.edges, z) == i]) for i in range(len(c.mass))])  # noqa: E731
    first = g(np.column_stack([Z[0, :, 0], np.zeros(600)]))
    shift = np.average(first, weights=w[0])
    np.testing.assert_allclose(curves.curves[0].effect[:, 0], cell_means(curves.curves[0], Z[0, :, 0], first - shift), atol=1e-6)
    left = 0.0
    for r in range(8):
        out = np.arange(600) % 8 == r
        left += (w[0][out] * (y[out] - penalized(Z[0][~out], y[~out], w[0][~out], knots, 0.01, Z[0].std(axis=0))(Z[0][out])) ** 2).sum()
    total = (w[0] * (y - np.average(y, weights=w[0])) ** 2).sum()
    np.testing.assert_allclose(curves.fidelity, 1 - left / total, rtol=1e-5)


def test_a_straight_line_stays_one() -> None:
    Z, w = draws(1)
    Y = (2 * Z[..., :1] - Z[..., 1:] + 5).repeat(1, axis=2)
    curves = Additive().curves(Z, Y, w, HERE)
    assert curves.fidelity[0] > 1 - 1e-9
    np.testing.assert_allclose(curves.curves[0].at(np.array([0.5]))[0] - curves.curves[0].at(np.array([-0.5]))[0], 2.0, atol=0.2)
    assert np.isclose(curves.mean[0], np.average(Y[0, :, 0], weights=w[0]))


def test_bands_cover_a_smooth_additive_model() -> None:
    """95% bands over independent scrambles: of 60 neighborhoods the true mean of each cell is inside about as often as they say."""
    inside = []
    for seed in range(60):
        Z, w = draws(seed, 512)
        noise = np.random.default_rng(1000 + seed).normal(size=512)
        curve = Additive(pieces=6).curves(Z, (np.sin(Z[0, :, 0]) + noise)[None, :, None], w, HERE).curves[0]
        cell, z = np.searchsorted(curve.edges, Z[0, :, 0]), Z[0, :, 0]
        true = np.array([np.average(np.sin(z[cell == i]), weights=w[0][cell == i]) for i in range(len(curve.mass))])
        inside.append(np.abs(curve.effect[:, 0] - true) < 2.365 * curve.error[:, 0])
    assert 0.88 < np.mean(inside) < 0.99


@pytest.fixture(scope="module")
def forest():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return RandomForestRegressor(60, min_samples_leaf=3, random_state=0).fit(X, y), X


def test_drawn_curves_are_near_the_exact_ones(forest) -> None:
    model, X = forest
    exact = kb.TabularExplainer(model, X, surrogate="additive").explain(X.iloc[3])
    drawn = kb.TabularExplainer(model, X, surrogate="additive", engine="sampled").explain(X.iloc[3])
    assert (exact.engine, drawn.engine) == ("tree", "sampled")
    assert abs(exact.curves.fidelity[0] - drawn.curves.fidelity[0]) < 0.06
    for name in exact.curves.order()[:4]:
        one, other = exact.curves[name], drawn.curves[name]
        middle = np.concatenate([one.edges[:1] - 0.01, (one.edges[1:] + one.edges[:-1]) / 2, one.edges[-1:] + 0.01])
        off = one.mass @ (one.effect[:, 0] - other.at(middle)[:, 0]) ** 2
        assert off < 0.1 * one.variance[0]
        assert (other.error > 0).any()
        assert not one.error.any()
    np.testing.assert_allclose(drawn.curves.mean, exact.curves.mean, rtol=0.02)


def test_every_kind_of_column_has_its_curve_and_comes_back_from_json() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"size": rng.normal(50, 9, 300), "kind": rng.choice(["a", "b", "c"], 300), "flag": rng.integers(0, 2, 300), "age": np.where(rng.random(300) < 0.2, np.nan, rng.gamma(3, 5, 300))}
    )
    f = lambda t: np.column_stack([np.sqrt(np.abs(t["size"])) + 2 * (t["kind"] == "a") + t["flag"], t["age"].fillna(30)])  # noqa: E731
    e = kb.TabularExplainer(f, table, surrogate="additive").explain(table.iloc[0])
    assert list(e.curves) == list(e.columns)
    kind = e.curves["kind"]
    assert kind.levels == ("kind = a", "kind = b", "kind = c")
    assert kind.levels[kind.own] == f"kind = {table['kind'][0]}"
    np.testing.assert_allclose(kind.effect[0] - kind.effect[1:], [[2.0, 0.0], [2.0, 0.0]], atol=1e-2)
    assert e.curves["size"].x == table["size"][0]
    assert e.curves.fidelity[0] > 0.98
    again = kb.Explanation.from_json(e.to_json())
    assert again.curves["age"].error.tobytes() == e.curves["age"].error.tobytes()
    plain = kb.TabularExplainer(f, table).explain(table.iloc[0])
    np.testing.assert_array_equal(e.coef, plain.coef)
    axes = e.plot_curves()
    assert "band: 95%" in axes[0].figure.get_suptitle()
    with pytest.raises(kb.InputError, match="surrogate='additive'"):
        _ = plain.curves


def test_bins_have_a_step_for_each(forest) -> None:
    model, X = forest
    for options in ({"recipe": "lime"}, {"neighborhood": "bins"}):
        e = kb.TabularExplainer(model, X, surrogate="additive", engine="sampled", **options).explain(X.iloc[3])
        bmi = e.curves["bmi"]
        assert len(bmi.levels) == 4
        assert bmi.levels[bmi.own] in e.feature_names
        assert e.curves.fidelity[0] > e.certificate.fidelity[0] + 0.2
        assert abs(bmi.mass @ bmi.effect[:, 0]) < 1e-9 * np.abs(bmi.effect).max()


def test_the_best_features_may_be_shown(forest) -> None:
    model, X = forest
    e = kb.TabularExplainer(model, X, surrogate="additive", engine="sampled").explain(X.iloc[3], max_features=3)
    assert (e.coef[:, 0] != 0).sum() == 3
    assert len(e.curves) == 10
    assert Additive(Select(3)).then == Select(3)
    with pytest.raises(kb.InputError, match="then="):
        Additive(Additive())


@pytest.mark.slow
def test_a_network_is_explained_better_by_curves_at_a_wide_kernel() -> None:
    X, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(50,), max_iter=3000, alpha=1.0, random_state=0)).fit(X, y)
    e = kb.TabularExplainer(model, X, surrogate="additive", kernel_width=3.0).explain(X[3])
    assert e.curves.fidelity[0] >= e.certificate.fidelity[0] - 0.01
    assert Ridge() == Additive().then
