"""Bent lines of columns: their limits are sums over all levels and quadratures of the normals, the error falls, and intervals hold the limit."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, ndtr
from sklearn.linear_model import LogisticRegression
from worlds import numeric

import kabosu as kb
from kabosu.domains.components import components
from kabosu.domains.tabular import TabularBlock
from kabosu.engines import ColumnsProxy, Sampled
from kabosu.engines.columns import Columns
from kabosu.engines.columns_proxy import gains
from kabosu.engines.index_proxy import Lines, Proxied, best_of, cubic
from kabosu.engines.logistic import PENALTIES, logistic
from kabosu.kernels import Exponential
from kabosu.recipes import TABLES

RNG = np.random.default_rng(0)
MIXED = pd.DataFrame(
    {
        "size": RNG.normal(size=400),
        "color": RNG.choice(["red", "green", "blue"], 400, p=[0.9, 0.08, 0.02]),
        "paid": np.where(RNG.random(400) < 0.4, 0.0, RNG.normal(5.0, 2.0, 400)),  # 0 is a point of its own
    }
)


def columns_of(data, row, width=1.0):
    block = next(iter(kb.TabularExplainer(lambda A: np.zeros(len(A)), data).domain.represent(data.iloc[[row]])))
    assert isinstance(block, TabularBlock)
    local = block.tilt(Exponential(width))
    assert local is not None
    return Columns.of(local.laws)


def law_of(columns):
    """Every combination of components, normals by 200 nodes, and its probability."""
    x, w = hermegauss(200)
    w = w / w.sum()
    H, q = np.zeros((1, 0)), np.ones(1)
    for j in range(len(columns.known)):
        own = columns.owner == j
        places = [(p + s * x, share * w) if s else (np.array([p]), np.array([share])) for share, p, s in zip(columns.share[own], columns.place[own], columns.width[own], strict=True)]
        z, share = (np.concatenate(a) for a in zip(*places, strict=True))
        H, q = np.column_stack([np.repeat(H, len(z), axis=0), np.tile(z, len(H))]), np.repeat(q, len(z)) * np.tile(share, len(q))
    return H, q


@pytest.fixture(scope="module")
def mixed():
    columns = columns_of(MIXED, 3)
    return columns, *law_of(columns)


def test_coordinates_are_standardized_by_their_law(mixed):
    _, H, q = mixed
    np.testing.assert_allclose(q @ H, 0, atol=1e-12)
    np.testing.assert_allclose(H.T @ (q[:, None] * H), np.eye(3), atol=1e-10)


def test_limits_of_the_cubic_are_sums_over_the_law(mixed):
    columns, H, q = mixed
    b = columns.index(np.array([0.7, -0.5, 1.2]))
    F = columns.features(H, b)
    mean, slope = columns.limits(b)
    np.testing.assert_allclose(mean, q @ F, atol=1e-10)
    np.testing.assert_allclose(slope, H.T @ (q[:, None] * F), atol=1e-9)


@pytest.mark.parametrize("steep", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("level", [-3.0, 0.0, 2.0])
def test_limit_of_the_logistic_line_is_the_sum_over_the_law(mixed, steep, level):
    columns, H, q = mixed
    b = steep * np.array([0.7, -0.5, 1.2])
    mean, slope = columns.step(level, b)
    g = expit(level + H @ b)
    assert mean == pytest.approx(q @ g, abs=1e-6)
    np.testing.assert_allclose(slope, H.T @ (q * g), atol=1e-6)


def test_a_line_without_slope_is_its_level(mixed):
    assert mixed[0].step(1.0, np.zeros(3)) == (expit(1.0), pytest.approx(np.zeros(3)))


@pytest.mark.parametrize("make", [cubic, logistic], ids=["cubic", "logistic"])
def test_what_is_taken_off_has_no_limit_of_its_own(mixed, make):
    """Under the law, a line fitted to it is 0."""
    columns, H, q = mixed
    some = np.random.default_rng(1).choice(len(H), 500, p=q / q.sum())
    y = expit(1 + H[some] @ np.array([1.0, 0.5, -1.0]) + 0.3 * H[some, 0] ** 2)
    g = make(Lines.of(np.column_stack([np.ones(500), H[some]]), np.ones(500)), y, H, columns)
    line = Lines.of(np.column_stack([np.ones(len(H)), H]), q).coef(g)
    np.testing.assert_allclose(line, 0, atol=1e-6)
    assert g.std() > 0.01


def test_the_logistic_line_is_scikit_learns(mixed):
    """Weighted draws, answers between 0 and 1 as shares of two classes; its limit by the sum over the law."""
    columns, H, q = mixed
    rng = np.random.default_rng(1)
    h = H[rng.choice(len(H), 500, p=q / q.sum())]
    y, w = expit(1 + h @ np.array([1.0, 0.5, -1.0]) + 0.3 * h[:, 0] ** 2), rng.uniform(0.2, 1, size=500)
    made = logistic(Lines.of(np.column_stack([np.ones(500), h]), w), y, H[:50], columns)
    for penalty, g in zip(PENALTIES, made.T, strict=True):
        line = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=1000).fit(np.vstack([h, h]), np.repeat([1, 0], 500), np.concatenate([w * y, w * (1 - y)]) / w.sum())
        values = line.predict_proba(H)[:, 1]
        limit = Lines.of(np.column_stack([np.ones(len(H)), H]), q).rest(values[:, None])[:, 0]
        np.testing.assert_allclose(g, limit[:50], atol=1e-5)


def law_in(data, row, j, width=1.0):
    block = next(iter(kb.TabularExplainer(lambda A: np.zeros(len(A)), data).domain.represent(data.iloc[[row]])))
    return block.tilt(Exponential(width)).laws[j]


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_the_law_of_levels_is_the_tilted_table(width):
    share, place, spread = components(law_in(MIXED, 3, 1, width))
    own = (MIXED["color"] == MIXED["color"][3]).mean()
    far = (1 - own) * np.exp(-0.5 / width**2)  # another level is at distance 1
    np.testing.assert_allclose(share, np.array([own, far]) / (own + far), rtol=1e-12)
    assert (place.tolist(), spread.tolist()) == ([1.0, 0.0], [0.0, 0.0])


def test_rounding_adds_a_twelfth():
    whole = pd.DataFrame({"a": np.random.default_rng(0).integers(0, 400, 300), "b": np.random.default_rng(1).normal(size=300)})
    share, _, spread = components(law_in(whole, 0, 0))
    sd, at = np.sqrt(0.5) * whole["a"].std(ddof=0), np.arange(-2000, 2001)  # of the normal law at width 1, and whole numbers around its mean
    p = ndtr((at + 0.5) / sd) - ndtr((at - 0.5) / sd)
    assert share.tolist() == [1.0]
    assert spread[0] * whole["a"].std(ddof=0) == pytest.approx(np.sqrt(p @ at**2), rel=1e-9)


def test_columns_whose_law_is_bent_have_no_part():
    """Numbers that may be missing, and whole ones of which few lie within the kernel's reach; a model of them only is not adjusted."""
    data = pd.DataFrame({"a": np.where(RNG.random(300) < 0.2, np.nan, RNG.normal(size=300)), "b": RNG.integers(0, 1000, 300), "c": RNG.normal(size=300)})
    row = int(np.flatnonzero(data["a"].notna())[0])
    assert columns_of(data, row, 0.001).known.tolist() == [False, False, False, True]
    assert columns_of(data, row, 0.5).known.tolist() == [False, False, True, True]


X = numeric(p=8)
SLOPE = np.linspace(-1.5, 1.5, 8)


def line(A):
    p = expit(1 + A @ SLOPE)
    return np.column_stack([1 - p, p])


def smooth(A):
    return np.log1p(np.exp(A @ SLOPE)) + 0.1 * A[:, 0] * A[:, 7]


def rough(A):
    return (A @ SLOPE > 0.5) * 1.0 + np.sign(np.sin(9 * A[:, 0]))


def explained(model, engine, seed=0, calls=512, width=1.0, rows=X[:3], **changes):
    recipe = replace(TABLES["kabosu"], samples=calls, budget=calls + 1, seed=seed, kernel=Exponential(width), **{"tolerance": None, "engines": (engine,), **changes})
    return kb.TabularExplainer(model, X, recipe=recipe).explain_many(rows)


@pytest.mark.parametrize(("model", "gain"), [(line, 0.1), (smooth, 0.7), (rough, 1.05)], ids=["line", "smooth", "rough"])
def test_nearer_to_the_limit_and_its_errors_are_honest(model, gain):
    limit = explained(model, Sampled(), 999, 1 << 17).coef if model is not line else truth()
    plain, better, covered = [], [], []
    for seed in range(12):
        a, b = (explained(model, engine, seed) for engine in (Sampled(), ColumnsProxy()))
        assert (a.n_model_calls == b.n_model_calls).all()
        plain.append(a.coef - limit)
        better.append(b.coef - limit)
        low, high = np.stack([e.interval() for e in b], axis=1)
        covered.append((low <= limit) & (limit <= high))
    assert np.sqrt(np.mean(np.square(better))) < gain * np.sqrt(np.mean(np.square(plain)))
    assert 0.88 < np.mean(covered) <= 1.0


def truth():
    """Coefficients of the line by one-dimensional quadrature: E h'(v) times its slopes."""
    x, w = hermegauss(200)
    w = w / w.sum()
    sd = np.sqrt(0.5) * X.std(axis=0)  # of the local law at width 1
    v = 1 + X[:3] @ SLOPE
    bend = expit(v[:, None] + np.linalg.norm(sd * SLOPE) * x)
    coef = ((bend * (1 - bend)) @ w)[:, None] * SLOPE
    return np.stack([-coef, coef], axis=2)


def test_it_says_what_it_left_and_two_probabilities_mirror_each_other():
    e = explained(line, ColumnsProxy())[0]
    assert e.engine == "index-proxy"
    assert e.certificate.adjusted_by == "a logistic line, which left 0% of the variance to the draws"
    np.testing.assert_allclose(e.coef[:, 0], -e.coef[:, 1], atol=1e-12)
    np.testing.assert_allclose(e.local_prediction.sum(), 1.0, atol=1e-12)
    assert explained(smooth, ColumnsProxy())[0].certificate.adjusted_by.startswith("a cubic of the linear index, which left ")
    assert explained(rough, ColumnsProxy())[0].certificate.adjusted_by == ""


LEVELS = pd.DataFrame(X, columns=list("abcdefgh")).assign(color=RNG.choice(["red", "green", "blue"], len(X), p=[0.6, 0.3, 0.1]))


def bent(A):
    return smooth(A.iloc[:, :8].to_numpy() + (A[["color"]] == "red").to_numpy())


@pytest.mark.parametrize(("model", "data"), [(smooth, X), (bent, LEVELS)], ids=["numbers", "levels"])
def test_a_row_is_adjusted_alike_in_any_company(model, data):
    """Laws of rows with other levels differ."""
    explainer, data = kb.TabularExplainer(model, data, budget=1025, kernel_width=1.0), data[:4]
    together, alone = explainer.explain_many(data, tolerance=1e-9), [explainer.explain_many(data[b : b + 1], tolerance=1e-9)[0] for b in range(len(data))]
    assert {e.engine for e in together} == {"index-proxy"}
    assert any(e.certificate.adjusted_by for e in alone[1:])
    for b in range(len(data)):
        np.testing.assert_array_equal(together[b].coef, alone[b].coef)
        np.testing.assert_array_equal(together[b].std_error, alone[b].std_error)
        assert together[b].certificate.adjusted_by == alone[b].certificate.adjusted_by


def test_plain_draws_that_do_are_left_alone_and_the_others_end_sooner():
    recipe = replace(TABLES["kabosu"], samples=256, budget=8193, tolerance=0.05, kernel=Exponential(1.0))
    plain, better = (kb.TabularExplainer(line, X, recipe=replace(recipe, engines=(engine,))).explain_many(X[:8]) for engine in (Sampled(), ColumnsProxy()))
    assert better.n_model_calls.sum() < 0.5 * plain.n_model_calls.sum()
    loose = kb.TabularExplainer(line, X, recipe=replace(recipe, engines=(ColumnsProxy(),), tolerance=0.9)).explain(X[0])
    assert (loose.certificate.adjusted_by, loose.certificate.ended_by) == ("", "tolerance")


@pytest.mark.parametrize(("first", "by"), [(smooth, "a cubic"), (lambda A: smooth(A) + 0.5 * np.sign(np.sin(9 * A[:, 0])), "")], ids=["bent at once", "bent later"])
def test_the_first_round_decides(first, by):
    """A model that shows its bent line only after the first round keeps its plain draws; one that shows it at once does not."""
    asked = []

    def turns(A):
        asked.append(len(A))
        return first(A) if sum(asked) < 300 else smooth(A)

    recipe = replace(TABLES["kabosu"], samples=256, budget=8193, tolerance=1e-9, engines=(ColumnsProxy(),), kernel=Exponential(1.0))
    e = kb.TabularExplainer(turns, X, recipe=recipe).explain(X[0])
    assert e.certificate.ended_by == "budget"
    assert e.certificate.adjusted_by.startswith(by)
    assert bool(e.certificate.adjusted_by) == bool(by)


def test_what_makes_the_standard_errors_larger_is_not_taken_off(monkeypatch):
    from kabosu.engines import columns_proxy

    def harmful(makers, lines, Y, *_):
        return Proxied(np.random.default_rng(0).normal(size=Y.shape), np.full(Y.shape[1], 0.1), np.full(Y.shape[1], "noise", dtype=object))

    monkeypatch.setattr(columns_proxy, "best_of", harmful)
    plain, kept = (explained(smooth, engine)[0] for engine in (Sampled(), ColumnsProxy()))
    np.testing.assert_array_equal(plain.coef, kept.coef)
    assert kept.certificate.adjusted_by == ""


def test_draws_are_predicted_by_others():
    columns = columns_of(pd.DataFrame(X), 0)
    h = np.random.default_rng(0).normal(size=(512, 8))
    lines, Y = Lines.of(np.column_stack([np.ones(512), h]), np.ones(512)), smooth(h)[:, None]
    taken = lambda Y: best_of({"cubic": partial(cubic, law=columns)}, lines, Y, 2, np.array([0]), np.ones(1)).g  # noqa: E731
    before, changed = taken(Y), Y.copy()
    fold = (np.arange(512) % 2 == 1) & (np.arange(512) >= 256)
    changed[fold, 0] += 0.01 * np.random.default_rng(0).normal(size=fold.sum())
    after = taken(changed)
    np.testing.assert_allclose(before[fold], after[fold], atol=1e-12)
    assert np.abs(before[~fold] - after[~fold]).max() > 1e-4


def test_gains_are_those_of_the_net():
    """Of independent draws about 1; of scrambled points on a smooth answer less."""
    h = np.random.default_rng(0).normal(size=(1024, 8))
    lines, Y = Lines.of(np.column_stack([np.ones(1024), h]), np.ones(1024)), smooth(h)[:, None]
    error = kb.surrogates.Ridge().fit(h[None], Y[None], np.ones((1, 1024)), np.zeros((1, 8))).std_error[0]
    assert gains(error, lines, Y) == pytest.approx(1.0, rel=1e-9)
    assert gains(0.5 * error, lines, Y) == pytest.approx(0.25, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"surrogate": "lasso"}, "by least squares"),
        ({"neighborhood": "copula"}, "not of a product law q, in which columns are independent"),
        ({"recipe": replace(TABLES["kabosu"], sampler=kb.samplers.Plain())}, "from draws in replicates"),
        ({"recipe": replace(TABLES["kabosu"], proxy="quadratic")}, "a proxy of its own"),
    ],
    ids=["lasso", "copula", "plain", "proxy"],
)
def test_where_it_does_not_apply_it_says_why(options, words):
    e = kb.TabularExplainer(smooth, X, budget=1025, **options).explain(X[0])
    assert e.engine == "sampled"
    assert words in e.refusals["index-proxy"]


def test_the_design_is_recorded():
    made = lambda *args, **options: explained(*args, **options)[0].certificate.design  # noqa: E731
    points = "2 scrambles of 256 Sobol points of the local law"
    assert made(line, ColumnsProxy()) == f"{points}; taken off: a logistic line, which left 0% of the variance to the draws"
    assert made(rough, ColumnsProxy()) == f"{points}; the first round found no bent line worth taking off"
    assert made(rough, Sampled()) == points
    assert made(rough, Sampled(), sampler=kb.samplers.Plain(), draws_from="D") == "512 independent draws of the draw law, weighed by the kernel"
    es = kb.TabularExplainer(lambda A: np.sqrt(1 + A["size"].to_numpy() ** 2), MIXED, engine="sampled").explain_many(MIXED.iloc[:2])
    assert "rare levels and repeated values by optimum allocation" in es[0].certificate.design
    assert kb.Explanations.from_json(es.to_json())[1].certificate.design == es[1].certificate.design
    assert kb.Explanation.from_json(es[0].to_json()).certificate.design in str(es[0])
