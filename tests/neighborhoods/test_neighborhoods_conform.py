"""Every neighborhood keeps the contracts of the line, on every kind of table; no engine reads what it cannot."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from neighbors import ALL, DATA, DRAWN, adult, ask, copies, every_kind, titanic
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import kabosu as kb
from kabosu import testing
from kabosu.domains import Constrained, Copula, Generator, Nearest, Observed, Tables
from kabosu.domains.copula import _spread
from kabosu.domains.joint import training_cells
from kabosu.engines import ENGINES
from kabosu.kernels import Exponential
from kabosu.recipes import NEIGHBORHOODS, TABLES
from kabosu.respond import as_model

NEW = ["conditional", "copula", "nearest", "observed"]


@pytest.mark.parametrize("name", ALL)
def test_domains_conform(name):
    data = every_kind()
    testing.check_domain(Tables.fit(data, ALL[name]), data[:4], Exponential(0.8))


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.to_dict("records")], ids=["polars", "pyarrow", "records"])
@pytest.mark.parametrize("name", NEW)
def test_kinds_of_tables_conform(kind, name):
    data = kind(every_kind(60))
    testing.check_domain(Tables.fit(data, NEIGHBORHOODS[name]), data[:3], Exponential(0.8))


@pytest.mark.parametrize("name", NEW)
def test_the_model_is_handed_the_users_dtypes(name):
    data = every_kind()
    block = next(Tables.fit(data, NEIGHBORHOODS[name]).represent(data[:3]))
    rows = block.inputs(kb.samplers.Sobol().draw(block.space, 0, 64, 0))
    assert rows.dtypes.to_dict() == data.dtypes.to_dict()
    assert rows["small"].between(data["small"].min(), data["small"].max()).all()
    assert set(rows["color"]) <= set("xyz")
    assert rows["holed"].isna().any()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("model", [LinearRegression(), RandomForestRegressor(5, max_depth=4, random_state=0)], ids=["linear", "forest"])
def test_engines_refuse_by_reason_or_are_right(name, model):
    data = every_kind()[["number", "small", "two", "zeros"]].assign(color=0.0, color2=every_kind()["number"] ** 3)
    if name in ("generator", "given") or "constrained" in name:
        return
    recipe = replace(TABLES["kabosu"], neighborhood=ALL[name], budget=2049, kernel=Exponential(1.0))
    asked = as_model(model.fit(data, ask(data.assign(holed=0.0))))
    block = next(iter(Tables.fit(data, ALL[name]).represent(data[:2])))
    reasons = {engine.name: testing.check_engine(engine, asked, block, recipe) for engine in ENGINES}
    ran = [n for n, reason in reasons.items() if reason is None]
    assert ran == (["rows", "sampled"] if name in ("observed", "few") else ["sampled"])
    assert all("product" in reason for n, reason in reasons.items() if reason and n not in ("rows", "masks"))


@pytest.mark.parametrize("name", ALL)
def test_forests_are_sampled_and_exact_is_refused(name):
    data = every_kind()
    encode = make_column_transformer((OrdinalEncoder(), ["color", "kind"]), ("passthrough", ["number", "small", "two", "zeros"]))
    model = make_pipeline(encode, RandomForestRegressor(5, random_state=0)).fit(data, ask(data))
    e = kb.TabularExplainer(model, data, neighborhood=ALL[name]).explain(data.iloc[0])
    assert e.engine == ("sampled" if name in DRAWN else "rows")
    with pytest.raises(kb.EngineError, match="product"):
        kb.TabularExplainer(model, data, neighborhood=ALL[name], engine="exact").explain(data.iloc[0])


@pytest.mark.parametrize("name", ALL)
def test_the_coordinates_are_those_of_the_rows_that_the_model_is_handed(name):
    """Both readings are of the same row: numbers with the background's decimals, whole ones whole, levels as they are."""
    data = every_kind().round({"number": 2, "zeros": 1})
    domain = Tables.fit(data, ALL[name])
    block = next(domain.represent(data[:2])).tilt(Exponential(1.0)) or next(domain.represent(data[:2]))
    draws = kb.samplers.Sobol().draw(block.space, 0, 64, 0)
    table = kb.frames.rows_like(block.inputs(draws), domain.table)
    cells = [c.reshape(2, 64) for c in training_cells(table, block.block.units)]
    assert np.allclose(block.read(cells), block.features(draws), atol=1e-9)
    if name in ("copula", "conditional", "observed"):
        assert (np.round(cells[0], 2) == cells[0]).all()


def test_a_draw_does_not_depend_on_the_draws_beside_it():
    """To the bit, which matrix products do not promise."""
    u, root = np.random.default_rng(0).random((1, 1000, 37)), np.random.default_rng(1).normal(size=(37, 37))
    whole = _spread(u, root)
    for start, stop in ((0, 1), (5, 8), (3, 500), (999, 1000)):
        assert np.array_equal(_spread(u[:, start:stop], root), whole[start:stop])


def numbers(es):
    return [(e.coef.tobytes(), e.std_error.tobytes(), e.intercept.tobytes(), e.certificate.fidelity.tobytes()) for e in es]


@pytest.mark.parametrize("name", ALL)
def test_same_numbers_in_any_order_block_and_thread(name):
    data = every_kind()
    explainer = kb.TabularExplainer(ask, data, neighborhood=ALL[name], budget=600, kernel_width=1.0)
    expected = numbers(explainer.explain_many(data[:6]))
    order = [4, 0, 5, 2, 1, 3]
    assert numbers(explainer.explain_many(data.iloc[order])) == [expected[i] for i in order]
    assert [numbers([explainer.explain(data.iloc[i])])[0] for i in (5, 2)] == [expected[5], expected[2]]
    with ThreadPoolExecutor(3) as pool:
        assert numbers(explainer.explain_many(data[:6], runner=pool)) == expected
    assert numbers(pickle.loads(pickle.dumps(explainer)).explain_many(data[:6])) == expected
    chunked = replace(explainer.model, chunk=100)
    explainer.model = chunked
    assert numbers(explainer.explain_many(data[:6])) == expected


@pytest.mark.slow
def test_same_numbers_in_processes():
    data = every_kind()
    for name in ("copula", "nearest", "observed", "constrained"):
        explainer = kb.TabularExplainer(ask, data, neighborhood=ALL[name], budget=600, kernel_width=1.0)
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            es = explainer.explain_many(data[:6], runner=pool)
        assert numbers(es) == numbers(explainer.explain_many(data[:6]))
        assert name != "observed" or (es.n_model_calls == 1).all()


@pytest.mark.skipif(not DATA.is_dir(), reason="the real tables are not here")
@pytest.mark.parametrize("table", [adult, titanic], ids=lambda t: t.__name__)
@pytest.mark.parametrize("name", [*NEW, "generator", "constrained"])
def test_real_tables(table, name):
    X, y = table()
    words = make_column_selector(dtype_exclude="number")
    model = make_pipeline(make_column_transformer((OrdinalEncoder(), words), remainder="passthrough"), RandomForestClassifier(10, max_depth=6, random_state=0)).fit(X, y)
    made = {"generator": Generator(copies, rows=300), "constrained": Constrained(Copula(), bounds={"age": (16, 90)}, monotone={"age": 1})}
    neighborhood = made.get(name) or NEIGHBORHOODS[name]
    testing.check_domain(Tables.fit(X, neighborhood), X[:3], Exponential(2.0))
    es = kb.TabularExplainer(model, X, neighborhood=neighborhood, kernel_width=2.0).explain_many(X[:3])
    assert np.isfinite(es.coef).all()
    assert np.allclose(es.prediction, model.predict_proba(X[:3]))


def test_many_kinds_of_hard_tables():
    """Few rows, more columns than rows, one column, categories only, equal columns."""
    rng = np.random.default_rng(1)
    tables = [rng.normal(size=(3, 2)), rng.normal(size=(8, 40)), rng.normal(size=(30, 1)), np.repeat(rng.normal(size=(30, 1)), 4, axis=1)]
    tables += [pd.DataFrame({"a": list("xyzxyz") * 5, "b": list("pq") * 15}), pd.DataFrame({"a": [1.0, np.nan] * 20, "b": rng.normal(size=40)})]
    for data in tables:
        for neighborhood in (Copula(), Copula("mean"), Nearest(k=5), Observed()):
            domain = Tables.fit(data, neighborhood)
            testing.check_domain(domain, data[:2], Exponential(1.5))


def test_unseen_levels_and_values_outside_are_explained():
    data = every_kind()
    x = data.iloc[[0]].assign(color="new", number=9.0)
    for name in ("copula", "conditional", "nearest", "observed"):
        e = kb.TabularExplainer(ask, data, neighborhood=name, kernel_width=1.0).explain(x)
        codes = {f.code for f in e.certificate.flags}
        assert {"unseen-level", "outside-training-range"} <= codes
        assert np.isfinite(e.coef).all()
