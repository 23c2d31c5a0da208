"""Bad texts, models and options, each with its outcome: an error that says what to do, flags, or a value."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kabosu as kb
from kabosu.recipes import TEXTS

sys.path.insert(0, str(Path(__file__).parents[1] / "bad_inputs"))
from outcomes import Error, Value, catalogue, flags, wrong, wrong_model, wrong_row  # noqa: E402

WEIGHT = {"good": 0.4, "bad": -0.3}


def ask(texts):
    return [0.5 + sum(v for w, v in WEIGHT.items() if w in t.split()) for t in texts]


def say(text="a good day", model=ask, **options):
    return kb.TextExplainer(model, **options).explain(text)


def fails(texts):
    raise RuntimeError("out of memory")


SPAM = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["win now", "see you", "win a prize", "come home"], ["spam", "ham", "spam", "ham"])

TEXT = [
    ("empty", lambda: say(""), wrong_row("no units to vary")),
    ("spaces", lambda: say(" \n\t "), wrong_row("no units to vary")),
    ("punctuation", lambda: say("?!... --"), wrong_row("no units to vary")),
    ("None", lambda: say(None), wrong("expected a text")),
    ("a number", lambda: say(3.5), wrong("expected a text")),
    ("bytes", lambda: say(b"a good day"), wrong("decode")),
    ("a dict", lambda: say({"text": "a good day"}), wrong("expected a text")),
    ("two texts to explain", lambda: say(["a good day", "a bad day"]), wrong("explain_many")),
    ("no texts", lambda: kb.TextExplainer(ask).explain_many([]), Value(lambda es: len(es) == 0)),
    ("NaN among texts", lambda: kb.TextExplainer(ask).explain_many(["a good day", float("nan")]), wrong_row("expected a string")),
    ("a table of texts", lambda: kb.TextExplainer(ask).explain_many(np.array([["a", "b"]])), wrong("list of texts")),
    ("recorded", lambda: kb.TextExplainer(ask).explain_many(["a good day", "", "bad"], on_error="record"), Value(lambda es: list(es.errors) == [1] and len(list(es)) == 2)),
    ("numpy strings", lambda: kb.TextExplainer(ask).explain_many(np.array(["a good day"])), Value(lambda es: es[0].coef[1, 0].round(9) == 0.4)),
    ("one word", lambda: say("good"), Value([0.4])),
    ("one letter", lambda: say("日", model=lambda ts: [float(bool(t)) for t in ts]), Value([1.0])),
    ("half of a pair", lambda: say("good \ud83d day"), Value([0.4, 0.0])),
    ("nul", lambda: say("good\x00day good"), Value(lambda e: e.feature_names == ("good", "day"))),
    ("markup", lambda: say("AT&T <b>good</b>"), Value(lambda e: "AT&amp;T &lt;b&gt;" in e.to_html() and "<b>good" not in e.to_html())),
    ("one very long word", lambda: say("x" * 5000 + " good"), Value(lambda e: len(e.feature_names[0]) < 60 and e.layout.spans[0] == ((0, 5000),))),
    ("the same word a thousand times", lambda: say("good " * 1000), Value([0.4])),
    ("right to left and zero width", lambda: say("\u202egood\u200b \u2066bad\u2069"), Value(lambda e: set(e.feature_names) == {"good", "bad"})),
]


@catalogue(TEXT)
def test_texts(make, outcome):
    outcome.check(make)


MODEL = [
    ("fails", lambda: say(model=fails), wrong_model("out of memory")),
    ("one answer for all", lambda: say(model=lambda ts: [1.0]), wrong_model("1 row")),
    ("NaN", lambda: say(model=lambda ts: [np.nan] * len(ts)), wrong_model("finite")),
    ("NaN for the empty text only", lambda: say(model=lambda ts: [1.0 if t.strip() else np.nan for t in ts]), wrong_model("1 of")),
    ("labels", lambda: say(model=lambda ts: ["spam"] * len(ts)), Error(kb.LabelsOnly, "predict_proba")),
    ("strings of numbers", lambda: say(model=lambda ts: ["0.5" for _ in ts]), Value(lambda e: np.allclose(e.coef, 0))),
    ("probabilities above 1", lambda: say(model=lambda ts: [7.0] * len(ts), output="probability"), wrong_model("answered 7")),
    ("another number of outputs", lambda: say(model=lambda ts: np.zeros((len(ts), 1 + (len(ts) > 1)))), wrong_model("output")),
    ("constant", lambda: say(model=lambda ts: [0.3] * len(ts)), flags("did-not-react")),
    ("no model", lambda: say(model=None), wrong("fitted estimator")),
    ("a class", lambda: say(model=LogisticRegression), wrong("class")),
    ("not fitted", lambda: say(model=make_pipeline(TfidfVectorizer(), LogisticRegression())), wrong_model("not fitted")),
    ("a model of tables", lambda: say(model=LogisticRegression().fit([[0.0], [1.0]], [0, 1])), wrong_model("failed")),
    ("changes its list", lambda: say(model=lambda ts: [ask([ts.pop(0)])[0] for _ in range(len(ts))]), Value([0.0, 0.4, 0.0])),
    ("another scale", lambda: say(model=SPAM, output="prediction"), Error(kb.LabelsOnly, "label")),
    ("labels asked for", lambda: say("win now", model=SPAM, output="label"), Value(lambda e: e.output_names == ("ham", "spam"))),
]


@catalogue(MODEL)
def test_models(make, outcome):
    outcome.check(make)


OPTION = [
    ("units by a wrong name", lambda: say(units="wrods"), wrong("use one of word")),
    ("units are a number", lambda: say(units=3), wrong("expected one of")),
    ("units find nothing", lambda: say(units=re.compile("z+")), wrong_row("no units")),
    ("units outside", lambda: say(units=[(0, 99)]), wrong("10 characters")),
    ("units overlap", lambda: say(units=[(0, 4), (2, 6)]), wrong("do not overlap")),
    ("units not of the text", lambda: say(units=lambda t: ["no such word"]), wrong("not in the text")),
    ("units match nothing at all", lambda: say(units=re.compile("x*")), wrong_row("no units")),
    ("occurrences", lambda: say(occurrences=True), wrong("occurrences=True")),
    ("fill by a wrong name", lambda: say(fill="nothing"), wrong("use one of delete")),
    ("fill without a tokenizer", lambda: say(fill="mask"), wrong("tokenizer=")),
    ("fill gives too few", lambda: say(fill=lambda t, gone: []), wrong_model("one text a draw")),
    ("fill gives numbers", lambda: say(fill=lambda t, gone: [1] * len(gone)), wrong_model("one text a draw")),
    ("fill fails", lambda: say(fill=lambda t: t), wrong_model("TypeError")),
    ("recipe", lambda: say(recipe="limes"), wrong("recipe=")),
    ("neighborhood of tables", lambda: say(neighborhood="gaussian"), wrong("neighborhood=")),
    ("kernel width", lambda: say(kernel_width=-1), wrong("kernel_width=")),
    ("budget", lambda: say(budget=2), wrong("budget=2")),
    ("budget below two rows a word", lambda: say("a b c d e f g h i j k l m n o p", budget=20), wrong("at least")),
    ("exact of a function of many words", lambda: say(" ".join("abcdefghijklmnopqrstuvwxyz"), engine="exact"), Error(kb.EngineError, "engine='auto'")),
    ("features that are not there", lambda: kb.TextExplainer(ask).explain("a good day", features=["bad"]), wrong("no units of this text")),
    ("features", lambda: kb.TextExplainer(ask).explain("a good bad day", features=["good", "bad"]), Value([0.4, -0.3])),
    ("outputs that are not there", lambda: kb.TextExplainer(SPAM).explain("win now", outputs=["eggs"]), wrong("outputs")),
    ("batch size", lambda: say(batch_size=2.5), wrong("batch_size=2.5")),
    ("small batches", lambda: say(batch_size=1), Value([0.0, 0.4, 0.0])),
    ("a proxy by a wrong name", lambda: kb.TextExplainer(ask).explain("a good day", proxy="magic"), wrong("proxy=")),
    ("a law whose counts are no list", lambda: say(neighborhood=lambda p: p), wrong("neighborhood=")),
    ("a recipe of tables", lambda: say(recipe=replace(TEXTS["kabosu"], samples=3, budget=4, tolerance=None)), wrong("at least")),
]


@catalogue(OPTION)
def test_options(make, outcome):
    outcome.check(make)


def test_strict_makes_flags_errors():
    with pytest.raises(kb.CertificateError, match="did-not-react"):
        say(model=lambda ts: [0.3] * len(ts), strict=True)


def test_what_is_said_is_strict_json():
    d = json.loads(say("good \ud83d <b> day").to_json(), parse_constant=pytest.fail)
    assert d["layout"]["text"] == "good \ud83d <b> day"
