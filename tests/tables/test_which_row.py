"""What explain_many says while it runs: which row an error is about, and how far it is."""

import importlib
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import StringIO

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import kabosu as kb
from kabosu.runners import Line, Serial

X, Y = load_diabetes(return_X_y=True, as_frame=True)
EXPLAINER = kb.TabularExplainer(LinearRegression().fit(X, Y), X)


def with_a_hole(row, n=300):
    rows = X.head(n).copy()
    rows.iloc[row, 2] = np.nan
    return rows


@pytest.mark.parametrize("row", [0, 17, 299])
@pytest.mark.parametrize("runner", [Serial, lambda: ThreadPoolExecutor(2)], ids=["serial", "threads"])
def test_an_error_names_its_row_and_how_to_go_on(monkeypatch, row, runner):
    monkeypatch.setattr(importlib.import_module("kabosu.explain"), "BLOCK", 20_000)  # several pieces
    with pytest.raises(kb.RowError, match=rf"^row {row}: column 'bmi' is missing in the instance and never.*\(on_error='record' goes on past such rows\)$"):
        EXPLAINER.explain_many(with_a_hole(row), runner=runner())


@pytest.mark.slow
def test_an_error_of_another_process_names_its_row():
    with ProcessPoolExecutor(1) as pool, pytest.raises(kb.RowError, match="^row 17: column 'bmi'"):
        EXPLAINER.explain_many(with_a_hole(17), runner=pool)


def test_an_error_about_a_single_row_needs_no_number():
    for ask in (lambda: EXPLAINER.explain(with_a_hole(0).iloc[0]), lambda: EXPLAINER.explain_many(with_a_hole(0, 1))):
        with pytest.raises(kb.RowError, match="^column 'bmi' is missing in the instance"):
            ask()


def test_a_text_without_words_is_named_by_its_place():
    explainer = kb.TextExplainer(lambda texts: np.array([len(t) for t in texts], dtype=float))
    with pytest.raises(kb.RowError, match="^row 2: the text '' has no units"):
        explainer.explain_many(["a good day", "a bad day", ""])


class Stream(StringIO):
    """Standard error as a notebook has it: no terminal."""


@pytest.mark.parametrize(("module", "shown"), [("ipykernel.iostream", True), ("io", False)], ids=["notebook", "pipe"])
def test_notebooks_see_the_progress_line_and_pipes_do_not(monkeypatch, module, shown):
    monkeypatch.setattr(Stream, "__module__", module)
    monkeypatch.setattr(sys, "stderr", Stream())
    Line()(3, 5)
    Line()(5, 5)
    assert sys.stderr.getvalue() == ("\rexplained 3 of 5 rows\rexplained 5 of 5 rows\n" if shown else "")
