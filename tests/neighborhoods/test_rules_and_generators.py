"""Rows by a function of the user's, and rules that every row keeps: what the model is asked, what is refused and how."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from neighbors import ask, every_kind, not_both, shuffled
from scipy.stats import truncnorm

import kabosu as kb
from kabosu.domains import Bins, Constrained, Copula, Gaussian, Generator, Nearest, Observed, Tables
from kabosu.domains.constrained import fresh
from kabosu.kernels import Exponential, width_for
from kabosu.samplers import Plain, Sobol
from kabosu.testing import Counted

DATA = every_kind()


def explained(neighborhood, x=None, model=ask, data=DATA, **options):
    return kb.TabularExplainer(model, data, neighborhood=neighborhood, kernel_width=1.0, **options).explain(data[:1] if x is None else x)


def test_a_function_is_a_neighborhood():
    e = explained(shuffled)
    assert e.engine == "rows"
    assert e.n_model_calls == 1025
    assert explained(Generator(shuffled)).coef.tobytes() == e.coef.tobytes()
    assert explained(partial(shuffled)).coef.tobytes() == e.coef.tobytes()
    assert explained(Generator(shuffled, seed=1)).coef.tobytes() != e.coef.tobytes()


def test_the_generators_rows_are_what_the_model_is_asked():
    rows, seen = [], []

    def generate(x, n, rng):
        rows.append(shuffled(x, n, rng))
        return rows[-1]

    def model(frame):
        seen.append(frame)
        return ask(frame)

    made = kb.TabularExplainer(model, DATA, neighborhood=Generator(generate, rows=64), kernel_width=1.0)
    seen.clear()
    made.explain(DATA[3:4])
    pd.testing.assert_frame_equal(seen[-1].reset_index(drop=True), rows[-1], check_dtype=True)


def test_the_generator_is_handed_the_users_kind_and_may_give_another_order():
    given = []

    def generate(x, n, rng):
        given.append(x)
        row = x.to_dicts()[0]
        return pl.DataFrame([row | {"number": row["number"] + rng.normal()} for _ in range(n)])[::-1].select(x.columns[::-1])

    data = pl.from_pandas(DATA[["number", "small", "color"]])
    model = lambda f: f["number"].to_numpy() * 2.0  # noqa: E731
    e = kb.TabularExplainer(model, data, neighborhood=Generator(generate, rows=50)).explain(data[:1])
    assert isinstance(given[0], pl.DataFrame)
    assert e.coef[0, 0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("generate", "match"),
    [
        (lambda x, n, rng: shuffled(x, n - 1, rng), "expected 1024"),
        (lambda x, n, rng: shuffled(x, n, rng).drop(columns="small"), "small"),
        (lambda x, n, rng: shuffled(x, n, rng).assign(more=1), "more"),
        (lambda x, n, rng: shuffled(x, n, rng).assign(color="ultraviolet"), "ultraviolet"),
        (lambda x, n, rng: shuffled(x, n, rng).assign(number=np.nan), "missing"),
        (lambda x, n, rng: shuffled(x, n, rng).assign(number=np.inf), "infinite"),
        (lambda x, n, rng: 1 / 0, "ZeroDivisionError"),
        (lambda x, n, rng: "rows", "generated rows"),
    ],
)
def test_bad_generators_are_refused_with_a_reason(generate, match):
    with pytest.raises(kb.KabosuError, match=match):
        explained(generate)


def test_a_budget_takes_a_part_of_the_rows():
    model = Counted(ask)
    e = kb.TabularExplainer(model, DATA, neighborhood=shuffled, budget=200).explain(DATA[:1])
    assert e.n_model_calls == model.rows == 200


RULES = {
    "gaussian": Gaussian(),
    "global": Gaussian("mean"),
    "bins": Bins(),
    "copula": Copula(),
    "conditional": Copula("mean"),
    "nearest": Nearest(),
    "observed": Observed(),
    "generator": Generator(shuffled),
}


@pytest.mark.parametrize("name", RULES)
def test_the_model_is_only_asked_about_rows_that_keep_the_rules(name):
    asked = []

    def model(frame):
        asked.append(frame)
        return ask(frame)

    rules = Constrained(RULES[name], bounds={"number": (-1.0, None), "zeros": (None, 2.0)}, monotone={"holed": 1}, immutable=["color", "kind"], keep=not_both)
    x = DATA[DATA["holed"] < 0][:1]
    explained(rules, x, model)
    rows = pd.concat(asked)
    assert (rows["number"] >= -1).all()
    assert (rows["zeros"] <= 2).all()
    assert ((rows["holed"] >= x["holed"].iloc[0]) | rows["holed"].isna()).all()
    assert (rows["color"] == x["color"].iloc[0]).all()
    assert not_both(rows).all()


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.7), (1.0, None), (None, -1.5)])
def test_bounds_cut_the_normal_off(low, high):
    """Against scipy.stats.truncnorm: the local law of a Gaussian is N(x, radius^2), cut off."""
    X = np.random.default_rng(0).normal(size=(500, 2))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    x, sd = np.array([[0.2, 0.0]]), 0.8
    block = next(Tables.fit(X, Constrained(bounds={"x0": (low, high)})).represent(x)).tilt(Exponential(width_for(sd)))
    drawn = block.law.cells(Sobol(8).draw(block.space, 0, 1 << 14, 0))
    expected = truncnorm((-np.inf if low is None else (low - 0.2) / sd), (np.inf if high is None else (high - 0.2) / sd), 0.2, sd)
    assert drawn[0].mean() == pytest.approx(expected.mean(), abs=0.01)
    assert drawn[0].std() == pytest.approx(expected.std(), rel=0.02)
    assert drawn[1].std() == pytest.approx(sd, rel=0.02)


def test_the_local_law_given_the_rules_is_the_weighted_draw_law_given_them():
    """Over both columns together: importance weights on draws that numpy rejects."""
    rng, X = np.random.default_rng(1), np.random.default_rng(0).normal(size=(2000, 2)) @ np.array([[1.0, 0.8], [0, 0.6]])
    inside = lambda rows: rows[:, 0] ** 2 + rows[:, 1] ** 2 < 1.5  # noqa: E731
    block = next(Tables.fit(X, Constrained(Gaussian(), keep=inside)).represent(X[:1])).tilt(Exponential(1.0))
    q = np.stack(block.law.cells(Plain().draw(block.space, 0, 20_000, 0)), axis=-1)[0]
    free = X[0] + rng.normal(size=(200_000, 2)) * X.std(axis=0)
    free = free[inside(free)]
    w = np.exp(-0.5 * (((free - X[0]) / X.std(axis=0)) ** 2).sum(axis=1))
    assert inside(q).all()
    assert np.allclose(q.mean(axis=0), np.average(free, axis=0, weights=w), atol=0.02)
    assert np.allclose(np.cov(q.T), np.cov(free.T, aweights=w), atol=0.02)


def test_fresh_points_are_uniform_and_not_the_old_ones():
    u = Sobol(8).draw(kb.spaces.Cube(5), 0, 8192, 0)[0]
    v = fresh(u, range(1, 4))
    z = (v.reshape(-1, 5).mean(axis=0) - 0.5) * np.sqrt(12 * 3 * 8192)
    assert np.abs(z).max() < 5
    both = np.corrcoef(np.concatenate([u, *v], axis=1).T) - np.eye(20)
    assert np.abs(both).max() < 5 / np.sqrt(8192)
    assert len(np.unique(v.reshape(-1, 5), axis=0)) == 3 * 8192
    assert ((v > 0) & (v < 1)).all()


@pytest.mark.parametrize(
    ("rules", "match"),
    [
        ({"keep": lambda rows: np.zeros(len(rows), bool)}, "0 of [0-9]+ draws"),
        ({"keep": lambda rows: rows["number"]}, "booleans"),
        ({"keep": lambda rows: np.ones(3, bool)}, "booleans"),
        ({"keep": lambda rows: rows["nothing"]}, "KeyError"),
        ({"keep": 3}, "keep=3"),
        ({"bounds": {"number": (50.0, 60.0)}}, "0 of [0-9]+ draws"),
        ({"bounds": {"number": (3.0, 1.0)}}, "low <= high"),
        ({"bounds": {"number": 3.0}}, "low, high"),
        ({"bounds": {"nobody": (0, 1)}}, "nobody"),
        ({"bounds": {"color": (0, 1)}}, "category"),
        ({"monotone": {"number": 2}}, r"\+1"),
        ({"monotone": {"number": True}}, r"\+1"),
        ({"monotone": {"color": 1}}, "category"),
        ({"immutable": ["nobody"]}, "nobody"),
        ({"immutable": "number"}, "list of names"),
        ({"immutable": list(DATA)}, "every column"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused_with_a_reason(rules, match):
    with pytest.raises(kb.KabosuError, match=match):
        explained(Constrained(**rules))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Constrained("copula"), "neighborhood object"),
        (lambda: Constrained(Copula), "neighborhood object"),
        (lambda: Copula("center"), "center"),
        (lambda: Copula(given="number"), "list of names"),
        (lambda: explained(Copula(given=["nobody"])), "nobody"),
        (lambda: explained(Copula(given=list(DATA))), "every column"),
        (lambda: Nearest(k=1), "k=1"),
        (lambda: Nearest(jitter=2.0), "jitter"),
        (lambda: Observed(rows=1), "rows=1"),
        (lambda: Generator(3), "function"),
        (lambda: Generator(shuffled, rows=0), "rows=0"),
        (lambda: explained("copulas"), "copula"),
    ],
)
def test_wrong_options_are_refused_where_they_are_given(make, match):
    with pytest.raises(kb.InputError, match=match):
        make()


def test_positions_name_columns_of_arrays():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = lambda A: A[:, 0] + A[:, 1]  # noqa: E731
    for held in ([2], ["x2"]):
        e = kb.TabularExplainer(model, X, neighborhood=Constrained(Copula(), immutable=held, monotone={0: 1})).explain(X[0])
        assert e.columns == ("x0", "x1")
