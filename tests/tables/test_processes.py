"""Explainers, explanations and their pieces travel: plain pickle, and other processes give the same digits."""

import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from every_table import ARROW, DICTS, PANDAS, POLARS, A, N
from scipy import sparse
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb

LABEL = np.array(["ape", "bee", "cat"])[np.arange(N) % 3]
MIXED = PANDAS[["float", "nan", "Int64", "str", "cat", "bool", "u1"]]


def pipeline(frame):
    """A model on numbers, strings and categories."""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")), (StandardScaler(), make_column_selector(dtype_include="number"))
    )
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=3)).fit(frame, LABEL)


def first_number(rows):
    """A function that pickles by its name."""
    return np.asarray([row["a"] for row in rows] if isinstance(rows, list) else rows["float"], dtype=float)


SIMPLE_POLARS, SIMPLE_ARROW = POLARS.select("float", "int", "string", "enum", "date", "null"), ARROW.select(["float", "int", "string", "dictionary", "date"])
SPARSE = sparse.random(N, 50, density=0.2, format="csr", random_state=0)
CASES = {
    "array": (lambda: LogisticRegression().fit(A, LABEL), A),
    "pandas": (lambda: pipeline(MIXED), MIXED),
    "polars": (lambda: first_number, SIMPLE_POLARS),
    "arrow": (lambda: first_number, SIMPLE_ARROW),
    "dicts": (lambda: first_number, DICTS),
    "sparse": (lambda: LogisticRegression().fit(SPARSE, LABEL), SPARSE),
}


@pytest.mark.parametrize("recipe", ["kabosu", "lime"])
@pytest.mark.parametrize("case", CASES)
def test_explainers_and_explanations_pickle(case, recipe):
    make, data = CASES[case]
    explainer = kb.TabularExplainer(make(), data, recipe=recipe, budget=300)
    again = pickle.loads(pickle.dumps(explainer))
    e, other = explainer.explain(data[3:4]), again.explain(data[3:4])
    assert np.array_equal(e.coef, other.coef)
    assert repr(explainer) == repr(again)
    copy = pickle.loads(pickle.dumps(e))
    assert np.array_equal(copy.coef, e.coef)
    assert (copy.feature_names, copy.values, copy.target, copy.certificate.flags) == (e.feature_names, e.values, e.target, e.certificate.flags)
    es = explainer.explain_many(data[:4])
    copies = pickle.loads(pickle.dumps(es))
    assert [np.array_equal(a.coef, b.coef) for a, b in zip(es, copies, strict=True)] == [True] * 4


def test_dict_vectorizer_and_instances_pickle():
    rows = [{k: v for k, v in row.items() if k in "aks"} for row in DICTS]
    explainer = kb.TabularExplainer(make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, LABEL), rows, budget=300)
    assert pickle.loads(pickle.dumps(explainer)).explain(rows[3]).target == explainer.explain(rows[3]).target


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        yield pool


@pytest.mark.parametrize("case", ["array", "pandas", "polars", "dicts", "sparse"])
def test_processes_and_threads_give_the_same_digits(case, processes, monkeypatch):
    monkeypatch.setattr(sys.modules["kabosu.explain"], "BLOCK", 6_000)  # several pieces
    make, data = CASES[case]
    explainer = kb.TabularExplainer(make(), data, budget=300)
    want = explainer.explain_many(data[:12])
    with ThreadPoolExecutor(2) as threads:
        for pool in (threads, processes):
            es = explainer.explain_many(data[:12], runner=pool)
            assert [np.array_equal(a.coef, b.coef) and np.array_equal(a.std_error, b.std_error) for a, b in zip(want, es, strict=True)] == [True] * 12


def test_frames_of_rows_that_were_explained_apart():
    explainer = kb.TabularExplainer(pipeline(MIXED), MIXED, budget=300)
    es = explainer.explain_many(MIXED[:5])
    frame = es.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert np.array_equal(es[2].coef, explainer.explain(MIXED.iloc[2]).coef)
