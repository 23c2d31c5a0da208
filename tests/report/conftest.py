"""Explanations to report on: numbers, categories, missing values, dates; hostile names everywhere."""

import numpy as np
import pandas as pd
import pytest

import kabosu as kb
from kabosu.respond import Model

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" x='",
    "{{7*7}}{% raw %}",
    "مرحبا بالعالم",
    "😀 & &amp; <b>日本語",
    "a_name_without_any_spaces_" * 8,
    "]]><!-- --></style></title><svg onload=alert(1)>",
]
LEVELS = ["<svg onload=alert(1)>", "'\"`</td>", "{{config}}"]
CLASSES = ("</title><script>alert(2)</script>", "<!--no", "{{1+1}}")


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def mixed_frame():
    rng = np.random.default_rng(0)
    n = 150
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.where(rng.random(n) < 0.2, np.nan, rng.normal(30, 10, n)),
            "color": rng.choice(["red", "green", "blue"], n),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "flag": rng.random(n) < 0.5,
        }
    )


def mixed_model(d):
    s = 0.05 * (d["age"].to_numpy() - 40) + 0.03 * d["income"].fillna(25).to_numpy() + (d["color"] == "red").to_numpy() - 1.5 * d["flag"].to_numpy().astype(float)
    s = s + 0.001 * (d["since"].to_numpy() - np.datetime64("2020-01-01")).astype("m8[D]").astype(float)
    return softmax(np.stack([np.zeros(len(s)), s - 1], axis=1))


@pytest.fixture(scope="session")
def mixed(mixed_frame):
    model = Model(mixed_model, "probability", ("no", "yes"), mixed_model)
    return kb.TabularExplainer(model, mixed_frame, engine="sampled")


@pytest.fixture(scope="session")
def e(mixed, mixed_frame):
    return mixed.explain(mixed_frame.iloc[0])


@pytest.fixture(scope="session")
def es(mixed, mixed_frame):
    return mixed.explain_many(mixed_frame.iloc[:7])


@pytest.fixture(scope="session")
def hostile():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(120, len(HOSTILE))), columns=HOSTILE)
    frame["cat<b>"] = rng.choice(LEVELS, 120)
    weights = rng.normal(size=(len(HOSTILE), 3))

    def ask(d):
        return softmax(d[HOSTILE].to_numpy() @ weights + np.stack([(d["cat<b>"] == v).to_numpy() for v in LEVELS], axis=1))

    explainer = kb.TabularExplainer(Model(ask, "probability", CLASSES, ask), frame, engine="sampled")
    return explainer.explain(frame.iloc[0]), explainer.explain_many(frame.iloc[:4])


@pytest.fixture(scope="session")
def ragged():
    from scipy import sparse

    S = sparse.csr_array(np.array([[1.0, 0, 2, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]))
    return kb.TabularExplainer(lambda S: S @ np.array([1.0, 2.5, 3, 4]), S).explain_many(S, on_error="record")
