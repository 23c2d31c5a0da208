"""Functions of rows: whatever they return is read as (rows, outputs), or refused with a reason."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import kabosu as kb
from kabosu.errors import InputError, LabelsOnly, ModelError
from kabosu.respond import Model, as_model, with_names

X = np.random.default_rng(0).normal(size=(60, 3))
P = 1 / (1 + np.exp(-X[:, 0]))


def probability(rows):
    return 1 / (1 + np.exp(-rows[:, 0]))


def explained(model, **options):
    return kb.TabularExplainer(model, X, budget=300, **options).explain(X[3])


ANSWERS = {
    "1-D": (lambda A: A[:, 0], 1),
    "one column": (lambda A: A[:, :1], 1),
    "list": (lambda A: A[:, 0].tolist(), 1),
    "list of arrays": (lambda A: list(A[:, :2]), 2),
    "lists": (lambda A: A[:, :2].tolist(), 2),
    "tuples": (lambda A: tuple(map(tuple, A[:, :2])), 2),
    "numpy scalars": (lambda A: [np.float32(v) for v in A[:, 0]], 1),
    "tuple of a matrix": (lambda A: (A[:, :2],), 2),
    "dict of a matrix": (lambda A: {"logits": A[:, :2]}, 2),
    "list of dicts": (lambda A: [{"up": a, "down": b} for a, b in A[:, :2]], 2),
    "frame": (lambda A: pd.DataFrame(A[:, :2], columns=["up", "down"]), 2),
    "series": (lambda A: pd.Series(A[:, 0], index=range(9, 9 + len(A))), 1),
    "nullable": (lambda A: pd.Series(A[:, 0], dtype="Float64"), 1),
    "polars frame": (lambda A: pl.DataFrame(A[:, :2]), 2),
    "polars series": (lambda A: pl.Series(A[:, 0]), 1),
    "arrow": (lambda A: pa.chunked_array([A[:, 0]]), 1),
    "sparse": (lambda A: sparse.csr_array(A[:, :2]), 2),
    "matrix": (lambda A: np.asmatrix(A[:, :2]), 2),
    "objects": (lambda A: A[:, 0].astype(object), 1),
    "strings of numbers": (lambda A: A[:, 0].astype(str), 1),
    "float32": (lambda A: A[:, 0].astype("f4"), 1),
    "axes of one": (lambda A: A[:, None, :2, None], 2),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("form", ANSWERS)
def test_answers_in_every_form(form):
    answer, k = ANSWERS[form]
    for n in (1, 2, 60):
        Y = as_model(answer)(X[:n], n)
        assert Y.shape == (n, k)
        assert np.allclose(Y, X[:n, :k], atol=1e-6)
    assert np.allclose(explained(answer).prediction, X[3, :k], atol=1e-6)


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.int64])
def test_whole_answers_are_numbers(kind):
    assert np.array_equal(as_model(lambda A: (A[:, 0] > 0).astype(kind))(X, 60)[:, 0], X[:, 0] > 0)


REFUSED = {
    "nothing": (lambda A: None, "answered a NoneType"),
    "one number": (lambda A: 3.0, "answered a float \\(3.0\\)"),
    "too few": (lambda A: A[:7, 0], r"answered \d row\(s\) for"),
    "too many": (lambda A: np.zeros(1000), r"answered 1000 row\(s\) for"),
    "no outputs": (lambda A: A[:, :0], "no outputs"),
    "cube": (lambda A: np.zeros((len(A), 2, 2)), r"answered shape \(\d+, 2, 2\)"),
    "NaN": (lambda A: np.where(A[:, 0] == X[3, 0], 1.0, np.nan), "answered \\[nan\\].*must be finite"),
    "infinite": (lambda A: A[:, 0] + np.inf, "answered \\[inf\\]"),
    "complex": (lambda A: A[:, 0] + 1j, "answered complex128"),
    "times": (lambda A: np.full(len(A), np.datetime64("2020-01-01")), "answered datetime64"),
    "ragged": (lambda A: [[1.0]] + [[1.0, 2.0]] * (len(A) - 1), "different lengths"),
    "pairs of arrays": (lambda A: (A[:, :2], A[:, 1:]), "a tuple of 2 arrays; wrap it in a function"),
    "list of arrays": (lambda A: [A[:, :2]] * 3, "a list of 3 arrays"),
    "dict": (lambda A: {"logits": A, "hidden": A}, r"keys \['logits', 'hidden'\]"),
    "objects": (lambda A: [object()] * len(A), "<object object"),
    "raises": (lambda A: {}["missing"], "KeyError: 'missing'"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_answers_that_cannot_be_explained(form):
    answer, words = REFUSED[form]
    with pytest.raises(ModelError, match=words):
        explained(answer)


def test_labels_are_refused_with_a_way_out():
    def label(rows):
        return np.where(rows[:, 0] > 0, "up", "down")

    with pytest.raises(LabelsOnly, match=r"such as '(up|down)'.*predict_proba.*output='label'"):
        explained(label)
    e = explained(label, output="label")
    assert (e.output_names, e.output_scale) == (("down", "up"), "label")
    assert e.target == ("up" if X[3, 0] > 0 else "down")
    assert e.prediction.tolist() == [float(X[3, 0] <= 0), float(X[3, 0] > 0)]


@pytest.mark.parametrize("cast", [lambda v: v.astype(int), lambda v: v, lambda v: v.astype(float), lambda v: v[:, None], lambda v: v.tolist(), pd.Series], ids=["int", "bool", "float", "column", "list", "series"])
def test_labels_of_any_type(cast):
    e = explained(lambda A: cast(A[:, 0] > 0), output="label")
    assert e.prediction.tolist() == [float(X[3, 0] <= 0), float(X[3, 0] > 0)]


def test_label_output_of_what_is_no_label():
    with pytest.raises(InputError, match="answered the number"):
        explained(lambda A: A[:, 0], output="label")
    with pytest.raises(ModelError, match="one label a row"):
        explained(lambda A: np.where(A > 0, "u", "v"), output="label")
    with pytest.raises(ModelError, match="'huge', which it gave for no row of the background"):
        explained(lambda A: ["huge"] * len(A) if len(A) > 60 else ["small"] * len(A), output="label")


def test_one_probability_is_two_classes():
    e = explained(probability, output="probability")
    assert (e.output_names, e.output_scale) == (("0", "1"), "probability")
    assert np.allclose(e.prediction, [1 - P[3], P[3]])
    with pytest.raises(ModelError, match="to answer probabilities and answered"):
        explained(lambda A: 10 * A[:, 0], output="probability")


def test_probabilities_are_seen_where_they_sum_to_1():
    e = explained(lambda A: np.column_stack([1 - probability(A), probability(A)]))
    assert (e.output_scale, e.target) == ("probability", str(int(P[3] > 0.5)))
    assert explained(lambda A: A[:, :2]).target == "0"
    assert explained(lambda A: A[:, :2], output="margin").target == str(int(X[3, :2].argmax()))


@pytest.mark.parametrize("output", ["margin", "score", "prediction"])
def test_a_function_answers_what_it_is_said_to_answer(output):
    e = explained(lambda A: A[:, 0], output=output)
    assert e.output_scale == output
    assert e.output_names == ("1" if output == "margin" else "prediction",)


def test_a_model_may_change_its_rows():
    def rude(rows):
        answer = rows[:, 0].copy()
        rows[:] = 0
        return answer

    before = X.copy()
    e = explained(rude)
    assert np.array_equal(X, before)
    assert np.allclose(e.coef[:, 0], [1, 0, 0], atol=1e-9)


def test_functions_are_not_asked_before_they_must():
    asked = []
    explainer = kb.TabularExplainer(lambda A: asked.append(len(A)) or A[:, 0], X, budget=300)
    assert not asked
    e = explainer.explain(X[3])
    assert sum(asked) == e.n_model_calls <= 300


def test_outputs_may_be_named_by_hand():
    named = with_names(Model(lambda A: np.column_stack([1 - probability(A), probability(A)]), "probability", None, None), ["no", "yes"])
    assert explained(named).output_names == ("no", "yes")
    assert as_model(named) is named


def test_partials_and_objects_that_are_called():
    class Called:
        def __call__(self, rows):
            return rows[:, 1]

    assert np.allclose(explained(Called()).prediction, X[3, 1])
    assert np.allclose(explained(partial(lambda rows, j: rows[:, j], j=2)).prediction, X[3, 2])


@pytest.mark.parametrize("model", [None, 3, "model.pkl", X, dict], ids=repr)
def test_what_is_no_model(model):
    with pytest.raises(InputError, match="expected a fitted estimator|pass a fitted instance"):
        as_model(model)
