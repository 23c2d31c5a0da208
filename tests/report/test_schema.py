"""JSON: strict, versioned, bit-equal; anything else is refused with a reason."""

import json
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kabosu as kb
from kabosu.report import schema
from kabosu.report.codec import Reader, array_out, cell_in, cell_out

ARRAYS = [*schema.ARRAYS, "coef_scaled", "contributions"]


def strict(text):
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def same(a, b):
    """Every bit, NaN included."""
    assert a.dtype == b.dtype and a.shape == b.shape
    np.testing.assert_array_equal(a.view(np.int64), b.view(np.int64))


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.floats(allow_nan=False) | st.just(np.nan)))
def test_any_array_comes_back_bit_equal(a):
    text = json.dumps({"a": array_out(a)}, allow_nan=False)
    sizes = dict(zip("xyz", a.shape, strict=False))
    same(a, Reader(strict(text), "test").array("a", "xyz"[: a.ndim], sizes))


def test_arrays_without_elements_keep_their_shape():
    for shape in [(0, 3), (3, 0), (0,)]:
        back = Reader({"a": array_out(np.zeros(shape))}, "test").array("a", "xy"[: len(shape)], dict(zip("xy", shape, strict=False)))
        assert back.shape == shape


def test_an_explanation_comes_back_whole(e):
    back = kb.Explanation.from_json(e.to_json())
    for name in ARRAYS:
        same(np.ascontiguousarray(getattr(e, name)), np.ascontiguousarray(getattr(back, name)))
    for name in schema.EVIDENCE:
        same(np.ascontiguousarray(getattr(e.certificate, name)), np.ascontiguousarray(getattr(back.certificate, name)))
    assert back.certificate.flags == e.certificate.flags
    assert back.certificate.notes == e.certificate.notes
    assert (back.feature_names, back.columns, back.units, back.output_names, back.target) == (e.feature_names, e.columns, e.units, e.output_names, e.target)
    assert back.to_json() == e.to_json()
    assert str(back) == str(e)
    assert back["no"].coef.shape == (len(e), 1)


def test_the_text_is_strict_json_with_a_version(e, hostile):
    for one in (e, hostile[0]):
        d = strict(one.to_json())
        assert d["schema"] == "kabosu.explanation/1"
        assert d == json.loads(json.dumps(one.to_dict()))


def test_lost_and_infinite_numbers_have_words():
    X = np.random.default_rng(0).normal(size=(60, 3))
    e = kb.TabularExplainer(lambda X: np.full(len(X), 2.0), X, engine="sampled", kernel_width=np.inf).explain(X[0])
    assert np.isnan(e.certificate.fidelity).all() and np.isinf(e.kernel_width)
    d = strict(e.to_json())
    assert d["kernel_width"] == "inf" and d["certificate"]["fidelity"] == ["nan"]
    back = kb.Explanation.from_json(e.to_json())
    assert np.isnan(back.certificate.fidelity).all() and np.isinf(back.kernel_width)
    assert back.certificate.flags == e.certificate.flags != ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (None, None),
        (pd.NA, None),
        (pd.NaT, None),
        (2**80, 2**80),
        (float("-inf"), float("-inf")),
        ("nan", "nan"),
        ("\ud800", "\ud800"),
        (pd.Timestamp("2024-02-03 04:05:06.7"), datetime(2024, 2, 3, 4, 5, 6, 700000)),
        (date(2024, 2, 3), date(2024, 2, 3)),
        (np.datetime64("2024-02-03"), "2024-02-03"),
        ((1, "a"), "(1, 'a')"),
    ],
)
def test_cells_of_every_kind(value, expected):
    back = cell_in(strict(json.dumps(cell_out(value), allow_nan=False)))
    assert back == expected and type(back) is type(expected)


def test_a_lost_number_is_a_lost_number():
    assert np.isnan(cell_in(cell_out(np.nan)))


def test_a_collection_comes_back_whole(es):
    back = kb.Explanations.from_json(es.to_json())
    for name in ("coef", "std_error", "intercept", "prediction", "local_prediction", "fidelity", "coef_scaled", "n_model_calls"):
        same(np.ascontiguousarray(getattr(es, name)), np.ascontiguousarray(getattr(back, name)))
    assert [a.to_json() for a in back] == [b.to_json() for b in es]
    assert back.to_json() == es.to_json()
    assert strict(es.to_json())["schema"] == "kabosu.explanations/1"
    assert back.target == es.target and back.feature_names == es.feature_names


def test_a_ragged_collection_with_failed_rows_comes_back(ragged):
    back = kb.Explanations.from_json(ragged.to_json())
    assert (len(back), dict(back.errors)) == (4, dict(ragged.errors))
    assert list(back.errors) == [2]
    assert [one.to_json() for one in back] == [one.to_json() for one in ragged]
    with pytest.raises(kb.RaggedError):
        _ = back.coef
    with pytest.raises(kb.KabosuError, match="row 2 could not be explained"):
        back[2]


def test_an_empty_collection_comes_back():
    es = kb.Explanations.gather([])
    assert len(kb.Explanations.from_json(es.to_json())) == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"a"', "NaN", "[" * 100_000, '{"schema": 3}', '{"schema": "shap"}', "\x00", b"\xff", None, 5])
def test_garbage_is_refused(text):
    for read in (schema.from_json, schema.many_from_json):
        with pytest.raises(kb.InputError):
            read(text)


def test_other_versions_and_kinds_are_refused_with_the_way_out(e, es):
    with pytest.raises(kb.InputError, match=r"'kabosu.explanation/2' is not known.*'kabosu.explanation/1'"):
        kb.Explanation.from_json(e.to_json().replace("explanation/1", "explanation/2"))
    with pytest.raises(kb.InputError, match=r"read it with Explanations\.from_json"):
        kb.Explanation.from_json(es.to_json())
    with pytest.raises(kb.InputError, match=r"read it with Explanation\.from_json"):
        kb.Explanations.from_json(e.to_json())


def damaged(d):
    """Each way to spoil one field."""
    for name in d:
        if name != "schema":
            yield f"lacks {name}", {k: v for k, v in d.items() if k != name}
            for odd in ({}, [], None, True, "x", [["x"]], 1.5, {"a": 1}):
                if d[name] != odd and not (isinstance(odd, str) and isinstance(d[name], str)):
                    yield f"{name} = {odd!r}", {**d, name: odd}


def test_every_damaged_field_is_refused_or_harmless(e):
    d = strict(e.to_json())
    harmless = {"kernel_width = 1.5", "dof = 1.5", "refusals = {}", "curves = None"}
    for what, spoiled in damaged(d):
        if what not in harmless:
            with pytest.raises(kb.InputError):
                kb.Explanation.from_json(json.dumps(spoiled))


def test_every_damaged_field_of_a_collection_is_refused(ragged):
    d = strict(ragged.to_json())
    for _, spoiled in damaged(d):
        with pytest.raises(kb.InputError):
            kb.Explanations.from_json(json.dumps(spoiled))
    harmless = {"kernel_width = 1.5", "radius = 1.5", "refusals = {}", "notes = {}", "found = {}", "curves = None"}
    for what, block in damaged(d["blocks"][0]):
        if what not in harmless:
            with pytest.raises(kb.InputError):
                kb.Explanations.from_json(json.dumps({**d, "blocks": [block, *d["blocks"][1:]]}))


@pytest.fixture(scope="module")
def curved():
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=150), "b": np.where(rng.random(150) < 0.2, np.nan, rng.normal(size=150)), "c": rng.integers(0, 2, 150)})
    y = np.where(frame["a"] + frame["b"].fillna(1) + frame["c"] > 0.5, "yes", "no")
    explainer = kb.TabularExplainer(RandomForestClassifier(5, max_depth=4, random_state=0).fit(frame, y), frame)
    e = explainer.explain(frame.iloc[0])
    assert e.effects is not None, e.refusals
    return e


def test_curves_come_back_bit_equal(curved):
    back = kb.Explanation.from_json(curved.to_json())
    strict(curved.to_json())
    assert list(back.curves) == list(curved.curves)
    same(back.curves.mean, curved.curves.mean)
    same(back.curves.fidelity, curved.curves.fidelity)
    for name in curved.curves:
        a, b = curved.curves[name], back.curves[name]
        for part in schema.CURVE:
            same(np.ascontiguousarray(getattr(a, part)), getattr(b, part))
        np.testing.assert_array_equal([a.missing_mass, a.x, a.own], [b.missing_mass, b.x, b.own])
        assert a.levels == b.levels
    assert back.to_json() == curved.to_json()
    assert f"additive fidelity: {curved.curves.fidelity[curved.target_index]:.2g}" in str(back)


def test_every_damaged_field_of_a_curve_is_refused(curved):
    d = strict(curved.to_json())
    harmless = {"missing_mass = 1.5", "x = 1.5", "levels = []", "edges = []"}
    first = d["curves"]["curves"][0]
    for what, spoiled in damaged(first):
        if what not in harmless:
            with pytest.raises(kb.InputError):
                kb.Explanation.from_json(json.dumps({**d, "curves": {**d["curves"], "curves": [spoiled]}}))


def test_tokens_that_are_not_json_are_refused(e):
    X = np.random.default_rng(0).normal(size=(60, 3))
    flat = kb.TabularExplainer(lambda X: np.full(len(X), 2.0), X, engine="sampled").explain(X[0]).to_json()
    for word in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(kb.InputError, match=f"{word} is not JSON"):
            kb.Explanation.from_json(flat.replace('"nan"', word))
    with pytest.raises(kb.InputError, match="repeated keys"):
        kb.Explanation.from_json(e.to_json()[:-1] + ', "target": "no"}')


def test_a_number_in_words_is_not_a_number(e):
    d = e.to_dict()
    for odd in ("1.5", True, "NaN", "Infinity", None, 10**400):
        with pytest.raises(kb.InputError, match="intercept"):
            kb.Explanation.from_json(json.dumps({**d, "intercept": [odd, 0.0]}))
    with pytest.raises(kb.InputError, match=r"shape \(3,\); its names say \(2,\)"):
        kb.Explanation.from_json(json.dumps({**d, "intercept": [0.0, 0.0, 0.0]}))
