"""Words: sentences say what the numbers say, with their units."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import kabosu as kb
from kabosu.report.plain import describe
from kabosu.report.words import cell, column, condition, number

RNG = np.random.default_rng(0)


def linear(seed=0, **options):
    frame = pd.DataFrame({"age": RNG.normal(40, 10, 200), "tall": RNG.normal(size=200), "sex": RNG.choice(["female", "male"], 200), "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 99, 200), "D")})
    def model(d):
        return 2.0 * d["age"].to_numpy() - 3.0 * d["tall"].to_numpy() + 5.0 * (d["sex"] == "female").to_numpy() + 0.5 * (d["day"] - pd.Timestamp("2024-01-01")).dt.days.to_numpy()
    return kb.TabularExplainer(model, frame, engine="sampled", **options).explain(frame.iloc[int(np.argmax(frame["sex"] == "female"))]), frame


def test_sentences_of_a_linear_model_give_its_own_numbers():
    e, frame = linear()
    text = e.describe()
    assert "One more unit of age (here " in text and "raises the prediction by 2 (" in text
    assert "One more unit of tall (here " in text and "lowers the prediction by 3 (" in text
    assert "Having sex = female instead of another sex raises the prediction by 5 (" in text
    assert "One more day of day (here 2024-" in text and "raises the prediction by 0.5 (" in text
    assert f"{number(2 * frame['age'].std(ddof=0), 3)} per standard deviation of {number(frame['age'].std(ddof=0), 3)}" in text
    order = [text.index(word) for word in ("of age", "of day", "sex =", "of tall")]
    assert order == sorted(order)


def test_the_interval_in_the_sentence_is_the_intervals(e):
    t = e.target_index
    j = int(e.order()[0])
    low, high = sorted(abs(v) for v in e.interval()[:, j, t])
    assert f"95% interval {number(low, 3)} to {number(high, 3)}" in e.describe()


def test_effects_that_may_be_nothing_are_called_unclear():
    X = RNG.normal(size=(300, 2))
    e = kb.TabularExplainer(lambda X: X[:, 0] + 1e-9 * RNG.normal(size=len(X)), X, engine="sampled", recipe="article").explain(X[0])
    line = next(text for text in e.describe().splitlines() if "of x1" in text)
    low, high = e.interval()[:, 1, 0]
    assert ("has no clear effect on the prediction" in line) == (low <= 0 <= high)
    X = RNG.normal(size=(300, 3))
    e = kb.TabularExplainer(lambda X: np.abs(X[:, 0]), X, engine="sampled", recipe="article").explain(np.zeros(3))
    assert e.describe().count("has no clear effect") == sum(e.interval()[0, :, 0] * e.interval()[1, :, 0] <= 0) > 0


def test_bins_and_missing_values_in_words():
    frame = pd.DataFrame({"a": RNG.normal(size=200), "b": np.where(RNG.random(200) < 0.3, np.nan, RNG.normal(size=200)), "c": np.where(RNG.random(200) < 0.3, None, "x")})
    def model(d):
        return d["a"].to_numpy() + 3.0 * d["b"].isna().to_numpy() + 2.0 * d["c"].isna().to_numpy()
    lost = frame[frame["b"].isna() & frame["c"].isna()].iloc[0]
    text = kb.TabularExplainer(model, frame, engine="sampled").explain(lost).describe()
    assert "Having no value of b instead of one raises the prediction by" in text
    assert "Having no value of c instead of one raises the prediction by 2" in text
    e = kb.TabularExplainer(model, frame, neighborhood="bins", engine="sampled").explain(lost)
    j = e.columns.index("a")
    assert f"Having {e.feature_names[j]} instead of another range" in e.describe()


def test_the_end_says_how_far_to_believe_it():
    e, _ = linear()
    assert "a line describes the model closely here (fidelity 1" in e.describe()
    X = RNG.normal(size=(200, 3))
    rough = kb.TabularExplainer(lambda X: np.sin(40 * X).sum(axis=1), X, engine="sampled").explain(X[0])
    text = rough.describe()
    assert "does not describe the model well here" in text
    for flag in rough.certificate.flags:
        assert f"Take care: {flag.message}; {flag.way_out}." in text
    flat = kb.TabularExplainer(lambda X: np.ones(len(X)), X, engine="sampled").explain(X[0]).describe()
    assert "No feature has an effect here." in flat and "the model's answer does not vary here" in flat
    assert "nan" not in flat


def test_max_features_and_the_count_of_the_others(e):
    text = e.describe(2)
    assert text.count(" raises ") + text.count(" lowers ") + text.count(" no clear effect") == 2
    assert f"The other {len(e) - 2} features have smaller effects." in text
    for odd in (0, -1, 2.5, "3", True):
        with pytest.raises(kb.InputError, match="max_features"):
            describe(e, odd)


def test_a_value_that_is_there_reads_as_what_were_if_it_were_not(e):
    j = e.feature_names.index("income is missing")
    assert condition(e, j) == ("income is missing" if e.values[j] else "if income were missing")
    assert "Having no value of income instead of one" in e.describe() or j in e.order()[5:]


def test_a_missing_number_and_that_it_is_missing_are_told_apart():
    frame = pd.DataFrame({"age": [20.0, np.nan, 40.0, 50.0, np.nan] * 20})
    explainer = kb.TabularExplainer(lambda d: d["age"].fillna(5.0).to_numpy(), frame, engine="sampled")
    there, lost = explainer.explain({"age": 40.0}), explainer.explain({"age": np.nan})
    assert [condition(there, j) for j in (0, 1)] == ["age = 40", "if age were missing"]
    assert [condition(lost, j) for j in (0, 1)] == ["age (missing)", "age is missing"]
    assert "if age were missing  present" in str(there) and "age is missing  yes" in str(lost)


def test_a_group_of_numbers_is_no_unit():
    frame = pd.DataFrame(RNG.normal(size=(200, 3)), columns=["a", "b", "c"])
    e = kb.TabularExplainer(lambda d: d.to_numpy() @ [1.0, 2.0, 3.0], frame, groups={"size": ["a", "b"]}).explain(frame.iloc[0])
    j = e.columns.index("size")
    assert condition(e, j) == e.feature_names[j] and condition(e, j).startswith("size = (")
    assert f"Having {e.feature_names[j]} instead of another row's size " in e.describe() and e.describe().count("per standard deviation") == 1
    assert "per these" not in e.to_html() and "or of this condition instead of another" in e.to_html()


def test_interactions_that_were_asked_for_are_printed():
    frame = pd.DataFrame(RNG.normal(size=(200, 3)), columns=["a", "b", "c"])
    explainer = kb.TabularExplainer(lambda d: (d["a"] * d["b"]).to_numpy() + d["c"].to_numpy(), frame, engine="sampled")
    e = explainer.explain(frame.iloc[0], interactions=1)
    (row,) = e.interactions.to_records()
    assert all(type(row[name]) is float for name in ("coef", "std_error", "coef_scaled", "share"))
    (shown,) = [text for text in str(e).splitlines() if text.startswith("a x b")]
    assert shown.split()[3:] == [number(row["coef"], 3, sign=True), column([row["coef_scaled"]])[0], f"{number(100 * row['share'], 2)}%"]
    assert "a x b" not in str(explainer.explain(frame.iloc[0]))
    assert re.search(r"<bdi>a</bdi> &times; <bdi>b</bdi></th><td class=\"v\">[+−][\d.]+<small>[\d.]+%", e.to_html())  # noqa: RUF001
    assert "&times;" not in explainer.explain(frame.iloc[0]).to_html()


def test_booleans_are_named_by_their_own_values():
    frame = pd.DataFrame({"adult": [True, False] * 20, "fare": RNG.normal(size=40)})
    e = kb.TabularExplainer(lambda d: 2.0 * d["adult"].to_numpy() + d["fare"].to_numpy(), frame).explain({"adult": True, "fare": 0.0})
    assert "Having adult = True instead of adult = False raises the prediction by 2 (" in e.describe()
    assert "adult = True  True" in str(e) and e.to_frame()["value"].tolist() == ["True", "0"]


def test_a_reason_against_several_engines_is_said_once(e):
    text = str(replace(e, refusals={"tree": "no structure", "linear": "no structure", "enumerate": "too many rows"}))
    assert "not tree: no structure (nor linear)\nnot enumerate: too many rows\n" in text


def test_print_shows_the_answer_the_evidence_and_aligned_rows(e):
    text = str(e)
    lines = text.splitlines()
    t = e.target_index
    assert lines[0].startswith(f"probability of '{e.target}': {number(e.prediction[t], 3)}")
    for wanted in ("fidelity: ", "gap to the model: ", "sampling error: ", "model calls: ", "kernel width: ", "draws: 2 scrambles of ", "engine: index-proxy, recipe kabosu, random_state 0"):
        assert any(line.startswith(wanted) for line in lines)
    head = next(i for i, line in enumerate(lines) if line.startswith("feature"))
    rows = lines[head + 1 : head + 1 + len(e)]
    assert [row.split("  ")[0] for row in rows] == [condition(e, j) if e.columns[j].endswith(" is missing") else e.feature_names[j] for j in e.order()]
    assert len({len(row.rsplit("±", 1)[0].rstrip()) for row in rows if "±" in row}) == 1  # the scaled column ends in one place


def test_flags_are_printed_with_their_way_out():
    X = RNG.normal(size=(100, 3))
    e = kb.TabularExplainer(lambda X: np.sin(40 * X).sum(axis=1), X, engine="sampled").explain(X[0])
    (flag,) = [f for f in e.certificate.flags if f.code == "poor-fidelity"]
    assert f"! poor-fidelity: {flag.message}\n  {flag.way_out}" in str(e)


def test_hundreds_of_features_do_not_fill_the_terminal():
    X = RNG.normal(size=(100, 60))
    e = kb.TabularExplainer(lambda X: X.sum(axis=1), X, engine="sampled").explain(X[0])
    assert "... and 30 more with smaller effects; to_frame() has all" in str(e)
    assert len(str(e).splitlines()) < 45


def test_long_names_keep_the_table_narrow():
    frame = pd.DataFrame(RNG.normal(size=(50, 2)), columns=["the mean of " * 20 + "all", "b"])
    explainer = kb.TabularExplainer(lambda d: d.to_numpy().sum(axis=1), frame)
    e = explainer.explain(frame.iloc[0])
    assert "the mean of the mean of the mean of the mean of … ean of all  " in str(e)
    assert max(len(row) for row in str(e).splitlines() if not row.startswith("not ")) < 120 and max(map(len, str(explainer.explain_many(frame[:3])).splitlines())) < 200
    assert e.to_frame()["feature"][0] == frame.columns[0]


def test_many_in_short(es, ragged):
    text = str(es)
    assert text.splitlines()[0] == "7 explanations"
    for i, one in enumerate(es):
        assert text.splitlines()[i + 2].startswith(f"{i}    {one.target}")
    assert "3 explanations, 1 could not be made" in str(ragged) and "row 2: " in str(ragged)
    assert str(kb.Explanations.gather([])) == "0 explanations"


def test_many_in_short_name_the_flags_of_the_rows_that_have_some():
    X = RNG.normal(size=(100, 2))
    explainer = kb.TabularExplainer(lambda A: A.sum(axis=1), X)
    assert "flags" not in str(explainer.explain_many(X[:3]))
    lines = str(explainer.explain_many(np.vstack([X[0], [0.0, 99.0]]))).splitlines()
    assert lines[1].endswith("  flags") and lines[3].endswith("  outside-training-range") and lines[2] == lines[2].rstrip()


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "0"), (-0.0, "0"), (100.0, "100"), (0.1 + 0.2, "0.3"), (12345.678, "12346"), (1e-7, "1e-7"), (1.5e12, "1.5e+12"), (-3.0, "-3"), (np.inf, "inf"), (99999.5, "99999")]
)
def test_numbers_are_short(value, expected):
    assert number(value) in (expected, "100000")


@pytest.mark.parametrize("x", [*(10.0 ** RNG.uniform(-4, 8, 200)), *(-(10.0 ** RNG.uniform(-4, 8, 200)))])
def test_numbers_are_within_half_a_digit(x):
    assert float(number(x)) == pytest.approx(x, rel=5.01e-4)
    assert float(column([x])[0]) == pytest.approx(x, rel=5.01e-3)


def test_cells():
    assert [cell(v) for v in (None, np.nan, True, np.False_, 3, 2.0, 0.1234567, "a", pd.NA)] == ["missing", "missing", "True", "False", "3", "2", "0.123457", "a", "missing"]
