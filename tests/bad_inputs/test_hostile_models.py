"""Models that answer wrong things, in wrong shapes, at the wrong time, or do other things meanwhile."""

import contextlib
import decimal
import io
import random
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from outcomes import LINE, Case, Error, Outcome, Value, W, X, catalogue, explain, finite, flags, linear, wrong, wrong_model
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import kabosu as kb

DF = pd.DataFrame(X, columns=list("abcd"))
UP = X[:, 0] > 0
LINEAR = Value(LINE)


def answers(made, **options):
    """A linear model whose answer is made into something else."""
    return lambda: explain(lambda A: made(linear(A), len(A)), **options)


def does(deed, **options):
    """A linear model that does something first."""

    def model(rows):
        deed(rows)
        return linear(rows)

    return lambda: explain(model, **options)


def raises(error):
    def model(rows):
        raise error

    return lambda: explain(model)


def at_call(k, then, otherwise=linear):
    """Something else at the k-th call."""

    def make():
        calls = []

        def model(rows):
            calls.append(len(rows))
            return then(rows) if len(calls) == k else otherwise(rows)

        return explain(model)

    return make


def boom(rows):
    raise RuntimeError("boom")


def probabilities(rows):
    p = 1 / (1 + np.exp(-linear(rows)))
    return np.column_stack([1 - p, p])


def share(factor):
    """Coefficients that are those of the linear model times a factor."""
    return Value((np.array(LINE) * factor).tolist())


def labels_only(words):
    return Error(kb.LabelsOnly, f"{words}.*pass its predict_proba or decision_function.*or ask for output='label'")


class Own:
    """A class with the methods of an estimator."""

    classes_ = ("z", "a")

    def predict_proba(self, rows):
        return probabilities(rows)


ANSWERS: list[Case] = [
    ("NaN always", answers(lambda v, n: v * np.nan), wrong_model(r"answered \[nan\] for 1 of 1 row\(s\), first row 0; it must be finite")),
    ("NaN sometimes", answers(lambda v, n: np.where(v > 1, np.nan, v)), wrong_model(r"answered \[nan\] for \d+ of 1024 row\(s\)")),
    ("infinity sometimes", answers(lambda v, n: np.where(v > 1, np.inf, v)), wrong_model(r"answered \[inf\] for \d+ of 1024")),
    ("None in rows", answers(lambda v, n: [None] * n), wrong_model(r"answered \[nan\] for 1 of 1|expected numbers")),
    ("masked values", answers(lambda v, n: np.ma.masked_greater(v, 1)), wrong_model("answered masked values; it must answer a number")),
    ("None", answers(lambda v, n: None), wrong_model(r"answered a NoneType \(None\) for 1 row\(s\); expected shape")),
    ("a number", answers(lambda v, n: 3.0), wrong_model(r"answered a float \(3.0\) for 1 row\(s\); expected shape \(1,\)")),
    ("an object", answers(lambda v, n: object()), wrong_model("answered a object|expected numbers")),
    ("a generator", answers(lambda v, n: (u for u in v)), wrong_model("answered a generator|expected numbers")),
    ("a dict of two", answers(lambda v, n: {"a": v, "b": v}), wrong_model(r"a dict with the keys \['a', 'b'\]; wrap it in a function")),
    ("two arrays", answers(lambda v, n: (v[:, None], v[:, None])), wrong_model("a tuple of 2 arrays; wrap it in a function")),
    ("a string", answers(lambda v, n: "yes"), labels_only("answers class labels .*'yes'")),
    ("text", answers(lambda v, n: np.where(v > 0, "yes", "no")), labels_only("answers class labels .*'(yes|no)'")),
    ("bytes", answers(lambda v, n: np.where(v > 0, b"yes", b"no")), labels_only("answers class labels")),
    ("complex numbers", answers(lambda v, n: v + 1j), wrong_model("answered complex128; expected real numbers")),
    ("dates", answers(lambda v, n: np.full(n, np.datetime64("2020"))), wrong_model("answered datetime64.*; expected real numbers")),
    ("durations", answers(lambda v, n: np.full(n, np.timedelta64(1, "D"))), wrong_model("answered timedelta64.*; expected real numbers")),
    ("records", answers(lambda v, n: np.zeros(n, dtype=[("a", float)])), wrong_model("expected real numbers")),
    ("no rows", answers(lambda v, n: []), wrong_model(r"answered 0 row\(s\) for 1; it must answer one row for each")),
    ("a row too few", answers(lambda v, n: v[:-1]), wrong_model(r"answered 0 row\(s\) for 1")),
    ("a row too many", answers(lambda v, n: np.append(v, 1)), wrong_model(r"answered 2 row\(s\) for 1")),
    ("the first row only", answers(lambda v, n: v[:1]), wrong_model(r"answered 1 row\(s\) for 1024; it must answer one row for each")),
    ("rows as columns", answers(lambda v, n: v[None]), wrong_model(r"answered 1 row\(s\) for 1024")),
    ("no outputs", answers(lambda v, n: np.ones((n, 0))), wrong_model("answered no outputs; expected at least one number a row|shape")),
    ("a matrix a row", answers(lambda v, n: np.ones((n, 2, 2))), wrong_model(r"answered shape \(1, 2, 2\) for 1 row\(s\); expected \(1,\) or \(1, outputs\)")),
    ("ragged rows", answers(lambda v, n: [[1]] + [[1, 2]] * (n - 1)), wrong_model("answered rows of different lengths")),
    ("dicts of other keys", answers(lambda v, n: [{"p": u} if i else {"z": u} for i, u in enumerate(v)]), wrong_model(r"dicts that do not all have the keys \['z'\]")),
    ("other outputs for one row", answers(lambda v, n: np.ones((n, 2 if n == 1 else 3))), wrong_model(r"gave 2 output\(s\) for the instance and 3 for the 1024 draws")),
    ("a list", answers(lambda v, n: v.tolist()), LINEAR),
    ("a list of lists", answers(lambda v, n: [[u] for u in v]), LINEAR),
    ("a tuple", answers(lambda v, n: tuple(v)), LINEAR),
    ("dicts, as ONNX answers", answers(lambda v, n: [{"p": u, "q": -u} for u in v]), LINEAR),
    ("a column of three dimensions", answers(lambda v, n: v[:, None, None]), LINEAR),
    ("a frame", answers(lambda v, n: pd.DataFrame({"u": v, "v": -v})), LINEAR),
    ("a Series of another index", answers(lambda v, n: pd.Series(v, index=range(n, 0, -1))), LINEAR),
    ("a polars Series", answers(lambda v, n: pl.Series(v)), LINEAR),
    ("a sparse column", answers(lambda v, n: sparse.csr_array(v[:, None])), LINEAR),
    ("numbers as text", answers(lambda v, n: v.astype(str)), LINEAR),
    ("numbers as objects", answers(lambda v, n: v.astype(object)), LINEAR),
    ("Decimal", answers(lambda v, n: [decimal.Decimal(float(u)) for u in v]), LINEAR),
    ("float16", answers(lambda v, n: v.astype("f2")), Value(lambda e: np.allclose(e.coef[:, 0], LINE, atol=0.01))),
    ("float32", answers(lambda v, n: v.astype("f4")), LINEAR),
    ("booleans", answers(lambda v, n: v > 0), Value(lambda e: finite(e) and e.coef[0, 0] > 0 > e.coef[1, 0])),
]

SIZES: list[Case] = [
    ("a constant", answers(lambda v, n: np.full(n, 3.0)), flags("did-not-react", and_=lambda e: (e.coef == 0).all() and np.isnan(e.certificate.fidelity).all() and np.isnan(e.r2).all() and e.intercept[0] == 3)),
    ("zero", answers(lambda v, n: np.zeros(n)), flags("did-not-react", and_=lambda e: (e.coef == 0).all())),
    ("a constant of 1e300", answers(lambda v, n: np.full(n, 1e300)), flags("did-not-react", and_=lambda e: (e.coef == 0).all())),
    ("a constant, by lime's recipe", answers(lambda v, n: np.ones(n), recipe="lime"), flags("did-not-react", and_=lambda e: np.isnan(e.certificate.fidelity[0]))),
    ("a constant, by a tree surrogate", answers(lambda v, n: np.ones(n), surrogate=kb.surrogates.Tree(2)), flags("did-not-react", and_=lambda e: (e.coef == 0).all())),
    ("1e200", answers(lambda v, n: v * 1e200), share(1e200)),
    ("1e299", answers(lambda v, n: v * 1e299), share(1e299)),
    ("1e308", answers(lambda v, n: v * 1e307), wrong_model("it must be finite .and below 1e.300.")),
    ("1e-200", answers(lambda v, n: v * 1e-200), share(1e-200)),
    ("denormal", answers(lambda v, n: v * 1e-310), share(1e-310)),
    ("1e15 and a little", answers(lambda v, n: v + 1e15), flags("did-not-react")),
    ("1e9 and a little", answers(lambda v, n: v + 1e9), LINEAR),
    ("logits where probabilities were promised", answers(lambda v, n: np.column_stack([v, -v]), output="probability"), wrong_model("was to answer probabilities and answered .*use output='auto', 'margin' or 'score'")),
    ("probabilities that sum to 0.7", lambda: explain(lambda A: 0.7 * probabilities(A)), Value(lambda e: e.output_scale == "prediction" and finite(e))),
    ("a sigmoid column", lambda: explain(lambda A: probabilities(A)[:, 1:], output="probability"), Value(lambda e: e.coef.shape == (4, 2) and np.allclose(e.coef[:, 0], -e.coef[:, 1], atol=1e-12))),
    ("random numbers", lambda: explain(lambda A, g=np.random.default_rng(5): g.normal(size=len(A))), Value(lambda e: {"poor-fidelity", "imprecise"} <= {f.code for f in e.certificate.flags})),
    ("random numbers, few draws, many features", lambda: explain(lambda A, g=np.random.default_rng(5): g.normal(size=len(A)), np.random.default_rng(0).normal(size=(50, 40)), recipe="article"), Value(lambda e: e.r2[0] > 0.3 > 0.25 > e.certificate.fidelity[0] and "poor-fidelity" in {f.code for f in e.certificate.flags})),
    ("a line and noise", lambda: explain(lambda A, g=np.random.default_rng(5): linear(A) + g.normal(size=len(A))), Value(lambda e: (np.abs(e.coef[:, 0] - LINE) < 5 * e.std_error[:, 0]).all())),
]

DEEDS: list[Case] = [
    ("raises at once", raises(RuntimeError("boom")), wrong_model("the model failed on 1 row.s. of ndarray: RuntimeError: boom; it must answer any table")),
    ("raises at the second call", at_call(2, boom), wrong_model("the model failed on 1024 row.s. of ndarray: RuntimeError: boom")),
    ("answers NaN at the second call", at_call(2, lambda rows: linear(rows) * np.nan), wrong_model("for 1024 of 1024")),
    ("answers text at the second call", at_call(2, lambda rows: np.full(len(rows), "a")), labels_only("answers class labels .*'a'")),
    ("takes one row only", at_call(2, lambda rows: [linear(r[None])[0] for r in rows][:1]), wrong_model("answered 1 row.s. for 1024")),
    ("raises KeyboardInterrupt", raises(KeyboardInterrupt()), Error(KeyboardInterrupt, "^$")),
    ("exits", raises(SystemExit(3)), Error(SystemExit, "3")),
    ("runs out of memory", raises(MemoryError("no")), wrong_model("MemoryError: no")),
    ("recurses", raises(RecursionError("deep")), wrong_model("RecursionError: deep")),
    ("stops an iteration", raises(StopIteration()), wrong_model("StopIteration")),
    ("raises an error without text", raises(AssertionError()), wrong_model("AssertionError")),
    ("raises a KeyError", raises(KeyError("a")), wrong_model("KeyError: 'a'")),
    ("overwrites its rows", lambda: explain(lambda A: (linear(A), A.fill(0.0))[0]), LINEAR),
    ("overwrites its frame", lambda: explain(lambda A: (linear(A), A.__setitem__("a", 0.0))[0], DF, DF.iloc[0]), LINEAR),
    ("adds a column to its frame", lambda: explain(lambda A: (linear(A), A.insert(0, "new", 1.0))[0], DF, DF.iloc[0]), LINEAR),
    ("overwrites its records", lambda: explain(lambda R: ([r["a"] for r in R], [r.clear() for r in R])[0], [{"a": float(v)} for v in X[:, 0]]), Value([1.0])),
    ("overwrites its sparse rows", lambda: explain(lambda S: (np.asarray(S.sum(axis=1)).ravel(), S.data.fill(0.0))[0], sparse.csr_array(X), sparse.csr_array(X[:1])), Value([1.0] * 4)),
    ("sorts its rows", lambda: explain(lambda A: (linear(A), A.sort(axis=0))[0]), LINEAR),
    ("answers a view of its own buffer", lambda: (lambda buffer: explain(lambda A: np.matmul(A, W, out=buffer[: len(A)])))(np.empty(5000)), LINEAR),
    ("sets numpy's seed", does(lambda rows: np.random.seed(0)), LINEAR),  # noqa: NPY002  what a model may do
    ("sets Python's seed", does(lambda rows: random.seed(0)), LINEAR),
    ("ignores all columns", lambda: explain(lambda A: np.ones(len(A))), flags("did-not-react")),
    ("ignores its rows, not their order", lambda: explain(lambda A: np.arange(len(A)) * 1.0), Value(lambda e: "poor-fidelity" in {f.code for f in e.certificate.flags})),
    ("needs another column", lambda: explain(lambda A: A[:, 7]), wrong_model("IndexError: index 7 is out of bounds")),
    ("needs a frame", lambda: explain(lambda A: A["a"]), wrong_model("the model failed on 1 row.s. of ndarray: IndexError")),
    ("takes nothing", lambda: explain(lambda: 3), wrong_model("TypeError: .* takes 0 positional arguments")),
    ("takes two tables", lambda: explain(lambda a, b: 3), wrong_model("TypeError: .* missing 1 required positional argument")),
    ("reacts in one place only", lambda: explain(lambda A: (np.abs(A[:, 0] - 30) < 1) * 1.0), flags("did-not-react")),
    ("flips labels by rounding", lambda: explain(lambda A: np.round(linear(A) * 1e-3)), flags("did-not-react")),
]

KINDS: list[Case] = [
    ("None for a model", lambda: explain(None), wrong("the model is a NoneType; expected a fitted estimator, pipeline, booster, torch module, ONNX session or a function")),
    ("a path", lambda: explain("model.pkl"), wrong("the model is a str; expected a fitted estimator")),
    ("a number for a model", lambda: explain(3), wrong("the model is a int; expected")),
    ("a module", lambda: explain(np), wrong("the model is a module; expected")),
    ("a class of scikit-learn", lambda: explain(LogisticRegression), wrong("the model is the class LogisticRegression; pass a fitted instance")),
    ("a class of one's own", lambda: explain(Own), wrong("the model is the class Own; pass a fitted instance")),
    ("an estimator that is not fitted", lambda: explain(LogisticRegression()), wrong_model("LogisticRegression is not fitted; call its fit")),
    ("a pipeline that is not fitted", lambda: explain(make_pipeline(StandardScaler(), LogisticRegression())), wrong_model("StandardScaler is not fitted; call its fit")),
    ("a transformer", lambda: explain(StandardScaler().fit(X)), wrong_model("StandardScaler has none of predict_proba, decision_function, predict.*; pass a fitted model")),
    ("clusters", lambda: explain(KMeans(2, n_init=1, random_state=0).fit(X)), labels_only("answers class labels .such as 0")),
    ("labels of an estimator", lambda: explain(LogisticRegression().fit(X, UP).predict), labels_only("answers class labels")),
    ("predictions asked of a classifier", lambda: explain(LogisticRegression().fit(X, UP), output="prediction"), labels_only("answers class labels")),
    ("margins of a perceptron", lambda: explain(Perceptron().fit(X, UP)), Value(lambda e: e.output_scale == "margin" and finite(e))),
    ("probabilities asked of a machine without", lambda: explain(SVC().fit(X, UP), output="probability"), wrong("output='probability' needs predict_proba, which SVC lacks; it has decision_function, predict")),
    ("probabilities asked of a regression", lambda: explain(LinearRegression().fit(X, UP), output="probability"), wrong("output='probability' needs predict_proba, which LinearRegression lacks")),
    ("margins asked of a forest", lambda: explain(RandomForestClassifier(2).fit(X, UP), output="margin"), wrong(r"lacks; it has predict_proba, predict; its log-odds are .*logit\(model.predict_proba\(rows\)\[:, 1\]\)")),
    ("margins asked of a regression", lambda: explain(LinearRegression().fit(X, UP), output="margin"), wrong("output='margin' needs decision_function, which LinearRegression lacks")),
    ("labels asked of a regression", lambda: explain(LinearRegression().fit(X, UP), output="label"), wrong("output='label' needs a model that answers labels; LinearRegression predicts numbers")),
    ("labels asked of numbers", lambda: explain(linear, output="label"), wrong("output='label' needs a model that answers labels; this one answered the number")),
    ("labels asked of a function that fails", lambda: explain(boom, output="label"), wrong_model("failed on the background data, which output='label' asks for its labels: RuntimeError: boom")),
    ("labels asked of a function that answers None", lambda: explain(lambda A: None, output="label"), wrong_model(r"answered shape \(\); output='label' needs one label a row")),
    ("labels, asked for", answers(lambda v, n: np.where(v > 0, "yes", "no"), output="label"), Value(lambda e: e.output_names == ("no", "yes") and np.allclose(e.coef[:, 0], -e.coef[:, 1]))),
    ("a model of five columns", lambda: explain(LogisticRegression().fit(np.column_stack([X, X[:, 0]]), UP)), wrong_model("X has 4 features, but LogisticRegression is expecting 5|5 features|columns")),
    ("columns in another order than the model's", lambda: explain(LogisticRegression().fit(DF, UP), DF[list("dcba")], DF[list("dcba")].iloc[0]), wrong_model("same order as they were in fit")),
    ("classes in the model's own order", lambda: explain(Own()), Value(lambda e: e.output_names == ("z", "a") and e.target == ("z" if linear(X[:1])[0] < 0 else "a"))),
]


@catalogue(ANSWERS + SIZES + DEEDS + KINDS)
def test_model(make, outcome: Outcome):
    outcome.check(make)


def test_a_model_that_prints_prints():
    with contextlib.redirect_stdout(io.StringIO()) as said:
        e = explain(lambda A: (print(f"asked {len(A)} rows"), linear(A))[1])
    assert said.getvalue() == "asked 1 rows\nasked 1024 rows\n"
    np.testing.assert_allclose(e.coef[:, 0], LINE, atol=1e-8)


def test_warnings_of_the_model_reach_the_user():
    def model(rows):
        warnings.warn("old model", UserWarning, stacklevel=1)
        return linear(rows)

    with pytest.warns(UserWarning, match="old model"):
        explain(model)


def test_the_global_generators_are_left_alone():
    np.random.seed(3)  # noqa: NPY002  the user's
    random.seed(3)
    before = (np.random.get_state()[1].tolist(), random.getstate())  # noqa: NPY002
    explain()
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002


def test_a_model_that_sets_seeds_changes_nothing():
    plain = explain(lambda A: np.sin(A).sum(axis=1))
    seeding = explain(lambda A: (np.random.seed(1), np.sin(A).sum(axis=1))[1])  # noqa: NPY002
    assert (plain.coef == seeding.coef).all()


CASES = ANSWERS + SIZES + DEEDS + KINDS
