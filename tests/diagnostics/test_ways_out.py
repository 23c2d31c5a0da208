"""Each flag, raised on real data, is gone when its own advice is followed to the letter."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from kabosu.diagnostics import FLAGS

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
W, V = load_wine(return_X_y=True, as_frame=True)
D, T = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
FOREST = RandomForestClassifier(100, random_state=0).fit(X, Y)
MEANS = RandomForestClassifier(50, random_state=0).fit(X.iloc[:, :10], Y)
WINES = RandomForestClassifier(100, random_state=0).fit(W, V)
LINE = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, Y)
BOOSTED = GradientBoostingRegressor(random_state=0).fit(D, T)
TWINS = X.assign(twin=2.0001 * X["mean radius"])
SEXES = D.assign(sex=D["sex"].map({1.0: "one", 2.0: "two"}))


def closed(A):
    """A forest behind a function: nothing can be read."""
    return FOREST.predict_proba(A)


def boosted(A):
    return BOOSTED.predict(A)


def with_twin(A):
    return LINE.predict_proba(A[list(X)])


def of_sexes(A):
    return BOOSTED.predict(A.assign(sex=A["sex"].map({"one": 1.0, "two": 2.0}).fillna(1.5)))


def codes(model, data, x, ask=None, **options):
    return {flag.code for flag in kb.TabularExplainer(model, data, **options).explain(x, **(ask or {})).certificate.flags}


def odd(data, **changes):
    row = data.iloc[0].copy()
    for name, value in changes.items():
        row[name] = value
    return row


FAT, MARTIAN = odd(D, bmi=70.0), odd(SEXES, sex="three")

CASES = {  # code: model, data, row, options of the explainer, advice: each other options
    "low-effective-sample-size": (closed, X, X.iloc[20], {"neighborhood": "observed"}, [{"kernel_width": 3.0}]),
    "near-global-kernel": (FOREST, X, X.iloc[20], {"recipe": "lime"}, [{"kernel_width": 0.58}]),
    "poor-fidelity": (WINES, W, W.iloc[10], {}, [{"kernel_width": "auto"}, {"kernel_width": 0.2}, {"neighborhood": "bins"}]),
    "large-local-gap": (FOREST, X, X.iloc[38], {}, [{"kernel_width": 0.3}]),
    "saturated-probability": (LINE, X, X.iloc[0], {}, [{"output": "margin"}]),
    "imprecise": (boosted, D, D.iloc[20], {"recipe": "article"}, [{"budget": 3000}]),
    "did-not-react": (FOREST, X, X.iloc[78], {}, [{"kernel_width": 1.0}]),
    "ill-conditioned": (with_twin, TWINS, TWINS.iloc[20], {"neighborhood": "observed", "kernel_width": 3.0}, [{"ask": {"features": list(X)}}, {"neighborhood": "gaussian"}]),
    "unsettled-ranking": (boosted, D, D.iloc[20], {"ask": {"top_k": 3, "budget": 129}}, [{"ask": {"top_k": 3, "budget": 1025}}, {"ask": {"top_k": 3, "budget": 129, "confidence": 0.5}}]),
    "outside-training-range": (BOOSTED, D, FAT, {}, [{"data": pd.concat([D, FAT.to_frame().T])}]),
    "unseen-level": (of_sexes, SEXES, MARTIAN, {}, [{"data": pd.concat([SEXES, MARTIAN.to_frame().T]).astype(SEXES.dtypes)}]),
    "constant-feature": (closed, X, X.iloc[20], {"recipe": "lime", "kernel_width": 0.05, "budget": 200}, [{"kernel_width": 2.0, "budget": 2000}]),
    "kernel-underflow": (closed, X, X.iloc[20], {"recipe": "article", "kernel_width": 0.02}, [{"kernel_width": 2.0}, {"recipe": "kabosu"}]),
    "off-manifold": (MEANS, X.iloc[:, :10], X.iloc[20, :10], {"off_manifold": True}, [{"neighborhood": name} for name in ("copula", "conditional", "nearest", "observed")]),
}


@pytest.mark.parametrize("code", CASES)
def test_following_the_advice_ends_the_flag(code):
    model, data, row, options, ways = CASES[code]
    assert code in codes(model, data, row, **options)
    for way in ways:
        rest = {name: value for name, value in (options | way).items() if name != "data"}
        assert code not in codes(model, way.get("data", data), row, **rest), way


LONG = " ".join(f"word{i} of" for i in range(1100))


def counts(texts):
    return np.array([float("word7 " in text) for text in texts])


def bright(images):
    return np.sin(9 * images.reshape(len(images), -1)).prod(axis=1)


def summed(series):
    return series.reshape(len(series), -1).sum(axis=1)


PARTS = {
    "coarse-parts": (lambda budget=2100: kb.TextExplainer(counts, budget=budget).explain(LONG), {"budget": 2500}),
    "many-parts": (lambda n_segments=225: kb.ImageExplainer(bright, segments="grid", n_segments=n_segments, fill=0.0, budget=500).explain(np.eye(15) + 0.2), {"n_segments": 100}),
    "same-fill": (lambda fill="mean": kb.ImageExplainer(summed, segments=np.arange(64).reshape(8, 8), fill=fill).explain(load_digits().images[0]), {"fill": "noise"}),
    "few-parts": (lambda n_segments=1: kb.SeriesExplainer(summed, n_segments=n_segments).explain(np.arange(9.0)), {"n_segments": 3}),
    "channels-first": (lambda order="TC": kb.SeriesExplainer(summed, order=order).explain(np.ones((3, 30))), {"order": "CT"}),
}


@pytest.mark.parametrize("code", PARTS)
def test_following_the_advice_about_parts_ends_the_flag(code):
    ask, way = PARTS[code]
    raised, mended = ({flag.code for flag in e.certificate.flags} for e in (ask(), ask(**way)))
    assert code in raised and code not in mended


def test_no_way_out_is_left_untried():
    assert set(CASES) | set(PARTS) == set(FLAGS)
