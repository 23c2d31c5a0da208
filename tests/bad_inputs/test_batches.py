"""Many rows at once: empty ones, bad rows among good ones, interrupted ones, strict ones."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from outcomes import LINE, Case, Error, Outcome, Value, X, catalogue, linear, wrong, wrong_model

import kabosu as kb

LINES = kb.TabularExplainer(linear, X)
STRICT = kb.TabularExplainer(linear, X, strict=True)


def with_bad_rows(*rows):
    data = X[:8].copy()
    data[list(rows), 1] = np.inf
    return data


def recorded(*rows):
    return LINES.explain_many(with_bad_rows(*rows), on_error="record")


def picky(rows):
    """A model that fails where the second column is large."""
    if (rows[:, 1] > 50).any():
        raise ValueError("too large")
    return linear(rows)


def far_row():
    data = X[:6].copy()
    data[3, 1] = 100.0
    return data


def interrupt(rows):
    raise KeyboardInterrupt


def leave(rows):
    raise SystemExit(3)


def many(X=X[:3], explainer=LINES, **options):
    return lambda: explainer.explain_many(X, **options)


def of(make, look):
    return lambda: look(make())


EMPTY = many(X[:0])
KINDS = "expected a numpy array, a data frame"

CASES: list[Case] = [
    ("nothing", EMPTY, Value(lambda es: len(es) == 0 and list(es) == [] and es.errors == {} and es.target == () and es.output_names == ())),
    ("nothing, as a list", many([]), Value(lambda es: len(es) == 0)),
    ("nothing, by threads", many(X[:0], runner=ThreadPoolExecutor(1)), Value(lambda es: len(es) == 0)),
    ("nothing, one output", many(X[:0], outputs=["prediction"]), Value(lambda es: len(es) == 0)),
    ("nothing, recorded", many(X[:0], on_error="record"), Value(lambda es: len(es) == 0)),
    ("nothing, and how far it is", many(X[:0], progress=lambda done, total: None), Value(lambda es: len(es) == 0)),
    ("nothing, printed", of(EMPTY, lambda es: (str(es), repr(es))), Value(lambda texts: all(texts))),
    ("nothing, sliced", of(EMPTY, lambda es: es[:2]), Value(lambda some: some == [])),
    ("coefficients of nothing", of(EMPTY, lambda es: es.coef), Error(kb.RaggedError, "no rows were given; a stacked coef needs")),
    ("the first of nothing", of(EMPTY, lambda es: es[0]), Error(IndexError, "explanation 0 of 0")),
    ("a number", many(3), wrong(f"is a int; {KINDS}")),
    ("None", many(None), wrong(f"is a NoneType; {KINDS}")),
    ("a generator", many(iter(X)), wrong(f"{KINDS}")),
    ("ragged rows", many([[1.0, 2.0, 3.0, 4.0], [1.0]]), wrong("have different lengths")),
    ("one row", many(X[0]), Value(lambda es: len(es) == 1)),
    ("one dict", many({"x0": 1.0, "x1": 1.0, "x2": 1.0, "x3": 1.0}), Value(lambda es: len(es) == 1)),
    ("the wrong width", many(X[:, :3]), wrong("has 3 values; the background data has 4 columns")),
    ("the wrong width, recorded", many(X[:, :3], on_error="record"), wrong("has 3 values")),
    ("on_error that is not known", many(on_error="ignore"), wrong("on_error='ignore' is not known; use one of 'raise', 'record'")),
    ("on_error None", many(on_error=None), wrong("on_error=None is not known")),
    ("runner None", many(runner=None), wrong("runner=None; expected an executor of concurrent.futures")),
    ("runner a number", many(runner=4), wrong("runner=4; expected an executor")),
    ("runner a class", many(runner=ThreadPoolExecutor), wrong("runner=.*ThreadPoolExecutor.*; expected an executor")),
    ("n_jobs", partial(LINES.explain_many, X[:2], n_jobs=2), Error(TypeError, "unexpected keyword argument 'n_jobs'")),
    ("a bad row", many(with_bad_rows(2)), Error(kb.RowError, "column 'x1' of the instance holds infinite values")),
    ("bad rows recorded", partial(recorded, 2, 5), Value(lambda es: sorted(es.errors) == [2, 5] and all("infinite" in text for text in es.errors.values()))),
    ("bad rows leave the others", partial(recorded, 2, 5), Value(lambda es: [int(i) for i in es.positions] == [0, 1, 3, 4, 6, 7] and len(es) == 8 and len(list(es)) == 6)),
    ("bad rows are NaN in the arrays", partial(recorded, 2, 5), Value(lambda es: np.isnan(es.coef[[2, 5]]).all() and np.allclose(es.coef[[0, 1, 3], :, 0], LINE, atol=1e-6))),
    ("bad rows have no target", partial(recorded, 2), Value(lambda es: es.target[2] is None and es.target[1] == "prediction" and len(es.target) == 8)),
    ("a bad row asked for", of(partial(recorded, 2), lambda es: es[2]), Error(kb.RowError, "row 2 could not be explained: column 'x1'")),
    ("bad rows only", of(partial(recorded, *range(8)), lambda es: es.coef), Error(kb.RaggedError, r"none of the 8 row\(s\) could be explained, the first because")),
    ("the model fails at one row", many(far_row(), kb.TabularExplainer(picky, X)), wrong_model("the model failed on .*ValueError: too large")),
    ("the model fails at one row, recorded", many(far_row(), kb.TabularExplainer(picky, X), on_error="record"), Value(lambda es: list(es.errors) == [3] and "too large" in es.errors[3])),
    ("a budget too small for all, recorded", many(on_error="record", budget=8), Value(lambda es: len(es.errors) == 3 and "at least" in es.errors[0])),
    ("Ctrl-C passes through", many(explainer=kb.TabularExplainer(interrupt, X)), Error(KeyboardInterrupt, "^$")),
    ("Ctrl-C passes through a record", many(explainer=kb.TabularExplainer(interrupt, X), on_error="record"), Error(KeyboardInterrupt, "^$")),
    ("exit passes through a record", many(explainer=kb.TabularExplainer(leave, X), on_error="record"), Error(SystemExit, "3")),
    ("strict, and nothing to say", many(explainer=STRICT), Value(lambda es: len(es) == 3)),
    ("strict, and a flag", many(X[:3] + 100, STRICT), Error(kb.CertificateError, "explanation 0 raised outside-training-range: .* this instance; the model extrapolates.*strict=True")),
    ("strict, and a flag that is recorded", many(far_row(), STRICT, on_error="record"), Value(lambda es: list(es.errors) == [3] and es.errors[3].startswith("raised outside-training-range") and np.isnan(es.coef[3]).all() and es.flags[2:5] == ((), None, ()))),
    ("strict names the row", many(far_row(), STRICT), Error(kb.CertificateError, "explanation 3 raised outside-training-range")),
    ("strict, and a constant model", many(explainer=kb.TabularExplainer(lambda A: np.ones(len(A)), X, strict=True)), Error(kb.CertificateError, "did-not-react.*widen kernel_width=, or check that the model sees the columns")),
    ("an output that is not there", many(outputs=["cat"]), wrong("outputs=.'cat'. are not all explained; the outputs are .'prediction'.")),
]


@catalogue(CASES)
def test_batch(make, outcome: Outcome):
    outcome.check(make)


def test_good_rows_among_bad_ones_are_the_same_numbers():
    alone = LINES.explain_many(X[:8])
    assert (recorded(2, 5).coef[[0, 1, 3, 4, 6, 7]] == alone.coef[[0, 1, 3, 4, 6, 7]]).all()


def test_ctrl_c_leaves_the_explainer_usable():
    calls = []

    def once(rows):
        calls.append(len(rows))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return linear(rows)

    explainer = kb.TabularExplainer(once, X)
    with pytest.raises(KeyboardInterrupt):
        explainer.explain(X[0])
    np.testing.assert_allclose(explainer.explain(X[0]).coef[:, 0], LINE, atol=1e-6)
