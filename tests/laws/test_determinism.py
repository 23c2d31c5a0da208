"""Same instance, same settings, same numbers, to the bit: whatever the order, the block size, the workers."""

import importlib
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from worlds import ask_mixed, ask_numeric, ask_three, digest, digests, mixed, numeric

import kabosu as kb
from kabosu.surrogates import Ridge, Select

core = importlib.import_module("kabosu.explain")
N = 5
ROOT = Path(__file__).parents[2]

SETTINGS = {
    "kabosu": {"budget": 2100},
    "narrow": {"kernel_width": 0.2, "budget": 1100},
    "global": {"neighborhood": "gaussian-global", "budget": 1100},
    "article": {"recipe": "article"},
    "lime": {"recipe": "lime", "budget": 600},
    "forward": {"recipe": "lime", "budget": 300, "surrogate": Select(3, "forward_selection", Ridge(1.0, per="fit"))},
    "lasso": {"recipe": "lime", "budget": 200, "surrogate": Select(3, "lasso_path", Ridge(1.0, per="fit"))},
    "best": {"surrogate": Select(4), "budget": 1100},
}
WORLDS = {"mixed": (ask_mixed, mixed), "numeric": (ask_numeric, numeric), "three outputs": (ask_three, numeric)}
CASES = [(w, s) for w in ("mixed", "numeric") for s in SETTINGS] + [("three outputs", s) for s in ("kabosu", "forward", "best")]


def explainer(world, setting):
    ask, table = WORLDS[world]
    return kb.TabularExplainer(ask, table(), **SETTINGS[setting])


@pytest.fixture(params=CASES, ids=lambda p: f"{p[0]}-{p[1]}", scope="module")
def case(request):
    made = explainer(*request.param)
    rows = WORLDS[request.param[0]][1]()[:N]
    return made, rows, digests(made.explain_many(rows))


def block_of(monkeypatch, made, size):
    monkeypatch.setattr(core, "BLOCK", size * made.recipe.samples * made.domain.width)


def test_block_sizes(case, monkeypatch):
    made, rows, expected = case
    for size in range(1, N + 1):
        block_of(monkeypatch, made, size)
        assert digests(made.explain_many(rows)) == expected, size


def test_order_and_company(case):
    made, rows, expected = case
    order = [3, 0, 2, 1, 4]
    shuffled = rows.iloc[order] if hasattr(rows, "iloc") else rows[order]
    assert digests(made.explain_many(shuffled)) == [expected[i] for i in order]
    assert [digest(made.explain(rows.iloc[i] if hasattr(rows, "iloc") else rows[i])) for i in (4, 1)] == [expected[4], expected[1]]


@pytest.mark.parametrize("workers", [1, 4])
def test_threads(case, monkeypatch, workers):
    made, rows, expected = case
    block_of(monkeypatch, made, 2)
    with ThreadPoolExecutor(workers) as pool:
        assert digests(made.explain_many(rows, runner=pool)) == expected


@pytest.mark.parametrize("world", WORLDS)
def test_processes(world, monkeypatch):
    made, rows = explainer(world, "kabosu"), WORLDS[world][1]()[:N]
    expected = digests(made.explain_many(rows))
    block_of(monkeypatch, made, 2)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert digests(made.explain_many(rows, runner=pool)) == expected


def test_pickles(case):
    made, rows, expected = case
    es = pickle.loads(pickle.dumps(made)).explain_many(rows)
    assert digests(es) == expected
    assert digests(pickle.loads(pickle.dumps(es))) == expected
    assert [digest(pickle.loads(pickle.dumps(e))) for e in es] == expected


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("world", ["mixed", "numeric"])
def test_background_order_is_irrelevant(world, setting):
    ask, table = WORLDS[world]
    data = table()
    rows, order = data[:N], np.random.default_rng(1).permutation(len(data))
    shuffled = data.iloc[order] if world == "mixed" else data[order]
    a, b = (kb.TabularExplainer(ask, d, **SETTINGS[setting]).explain_many(rows) for d in (data, shuffled))
    assert [e.feature_names for e in a] == [e.feature_names for e in b]
    np.testing.assert_allclose(a.coef, b.coef, rtol=0, atol=1e-10 * np.abs(a.coef).max())


@pytest.mark.parametrize("model", [LogisticRegression(max_iter=3000), MLPClassifier((20,), max_iter=200, random_state=0, early_stopping=True), RandomForestClassifier(20, random_state=0)])
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_coefficients_of_real_models_do_not_depend_on_the_block(load, model, monkeypatch):
    """A matrix product may move the last bit of one row's answer with the rows beside it. The draws of an instance are many
    and aligned, so theirs do not move; its own prediction, one row among few, may, and must not touch the coefficients."""
    X, y = load(return_X_y=True)
    made = kb.TabularExplainer(make_pipeline(StandardScaler(), model).fit(X, y), X)
    bits = set()
    for size in (1, 2, 3, N):
        block_of(monkeypatch, made, size)
        es = made.explain_many(X[:N])
        bits.add((es.coef.tobytes(), es.std_error.tobytes()))
    assert len(bits) == 1
    np.testing.assert_allclose(made.explain(X[3]).prediction, es.prediction[3], rtol=1e-14)


def test_the_number_of_blas_threads_moves_only_the_last_bits():
    """It is a setting of the machine, like its processor: nothing in the library can make a threaded matrix product exact."""
    code = "import sys, kabosu as kb; sys.path.insert(0, 'tests/laws'); from worlds import ask_numeric as f, numeric; X = numeric(200, 60); print(kb.TabularExplainer(f, X).explain_many(X[:2]).coef.tolist())"
    a, b = (
        np.array(json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n}, capture_output=True, text=True, check=True).stdout))
        for n in "12"
    )
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * np.abs(a).max())


def test_seed_matters():
    a, b = (kb.TabularExplainer(ask_numeric, numeric(), random_state=s).explain(numeric()[0]) for s in (0, 1))
    assert digest(a) != digest(b)


def test_a_row_with_an_unseen_level_changes_no_other():
    """Its own law counts its level as one more training row; the laws of its neighbors do not know it."""
    data = mixed()
    rows = data[:4].copy()
    alone = digests(kb.TabularExplainer(ask_mixed, data).explain_many(rows))
    lime = digests(kb.TabularExplainer(ask_mixed, data, recipe="lime", budget=500).explain_many(rows))
    rows["color"] = ["x", "new", rows["color"][2], rows["color"][3]]
    rows.loc[3, "color"] = "newer"
    for expected, settings in ((alone, {}), (lime, {"recipe": "lime", "budget": 500})):
        made = kb.TabularExplainer(ask_mixed, data, **settings)
        es = made.explain_many(rows)
        assert digests(es)[2] == expected[2]
        assert [digest(made.explain(rows.iloc[i])) for i in range(4)] == digests(es)
        assert "unseen-level" in {f.code for f in es[1].certificate.flags}
