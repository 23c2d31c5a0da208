"""Boosted probabilities with the exact margin as proxy: unbiased, less error at equal calls, error bars that hold, left out where it is no help."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier

import kabosu as kb
from kabosu.engines import Proxy, Sampled
from kabosu.engines import proxy as room
from kabosu.explain import explain
from kabosu.recipes import TABLES
from kabosu.samplers import Plain, Sobol
from kabosu.surrogates import Ridge

X, Y = load_breast_cancer(return_X_y=True)
X = X[:, [0, 1, 4, 7, 21]]


def boosted() -> GradientBoostingClassifier:
    return GradientBoostingClassifier(n_estimators=30, random_state=0).fit(X, Y)


def explained(model, engine, seed: int, samples: int = 256, row: int = 8, data=X, **changes):
    recipe = replace(TABLES["kabosu"], samples=samples, budget=samples + 1, tolerance=None, engines=(engine,), seed=seed, **changes)
    return kb.TabularExplainer(model, data, recipe=recipe).explain(data[row] if isinstance(data, np.ndarray) else data.iloc[row])


def test_it_comes_before_plain_sampling_and_says_what_it_did() -> None:
    e = kb.TabularExplainer(boosted(), X).explain(X[8])
    assert e.engine == "proxy"
    assert "margin" in e.refusals["tree"]
    assert e.certificate.adjusted_by.startswith("the exact margin, which left ")
    assert e.certificate.adjusted_by in str(e)
    assert e.n_model_calls > 1024
    assert np.allclose(e.coef[:, 0], -e.coef[:, 1])
    assert kb.TabularExplainer(boosted(), X, engine="sampled").explain(X[8]).engine == "proxy"
    with pytest.raises(kb.EngineError, match="output='margin'"):
        kb.TabularExplainer(boosted(), X, engine="exact").explain(X[8])


def test_unbiased_and_nearer_at_equal_calls() -> None:
    """100 explanations of 128 independent draws each: their mean is the limit, their spread less than without the proxy and what their errors say."""
    explainer, n = kb.TabularExplainer(boosted(), X), 100

    def drawn(engine, seed: int, samples: int = 128):
        recipe = replace(TABLES["kabosu"], samples=samples, budget=samples + 1, tolerance=None, engines=(engine,), seed=seed, sampler=Plain())
        return explain(explainer.model, X[8:9], domain=explainer.domain, recipe=recipe)[0]["1"]

    limit = drawn(Sampled(), 777, 2**16)
    made, without = ([drawn(engine, seed) for seed in range(1, n + 1)] for engine in (Proxy(), Sampled()))
    coef, plain, errors = (np.array([getattr(e, name)[:, 0] for e in es]) for es, name in ((made, "coef"), (without, "coef"), (made, "std_error")))
    z = (coef.mean(axis=0) - limit.coef[:, 0]) / np.sqrt(coef.var(axis=0, ddof=1) / n + limit.std_error[:, 0] ** 2)
    assert np.abs(z).max() < 4
    assert (coef.var(axis=0) < 0.8 * plain.var(axis=0)).all()
    assert 0.88 < (np.abs(coef - limit.coef[:, 0]) < 1.98 * errors).mean() < 0.99


def test_a_probability_that_is_nearly_its_margin_is_nearly_exact() -> None:
    model = GradientBoostingClassifier(n_estimators=20, learning_rate=1e-4, random_state=0).fit(X, Y)
    e, margin = explained(model, Proxy(), 0), kb.TabularExplainer(model, X, output="margin").explain(X[8])
    p = e.prediction[1]
    np.testing.assert_allclose(e.coef_scaled[:, 1], p * (1 - p) * margin.coef_scaled[:, 0], atol=1e-3 * np.abs(e.coef_scaled).max())
    plain = explained(model, Sampled(), 0)
    assert e.certificate.monte_carlo_error[1] < 0.05 * plain.certificate.monte_carlo_error[1]
    np.testing.assert_allclose(e.local_prediction, plain.local_prediction, atol=1e-4)
    np.testing.assert_allclose(e.intercept, plain.intercept, atol=1e-3)


def test_a_proxy_that_is_no_help_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = lambda self, rows, hood: np.random.default_rng(0).normal(size=(len(rows), hood.Z.shape[1], 1))  # noqa: E731
    monkeypatch.setattr(room.Margin, "at", noise)
    e, plain = explained(boosted(), Proxy(), 3, 2048), explained(boosted(), Sampled(), 3, 2048)
    assert e.certificate.adjusted_by == ""
    assert e.coef.tobytes() == plain.coef.tobytes()
    assert e.std_error.tobytes() == plain.std_error.tobytes()


def test_three_classes_missing_categories_bins_and_a_ridge() -> None:
    rng = np.random.default_rng(0)
    W, y = load_wine(return_X_y=True, as_frame=True)
    data = W.iloc[:, :5].assign(kind=pd.Categorical(rng.choice(["a", "b", "c"], len(W))))
    data.loc[rng.random(len(W)) < 0.2, "ash"] = np.nan
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype").fit(data, y)
    for changes in ({}, {"neighborhood": kb.domains.Bins("quartile")}, {"surrogate": Ridge(0.1)}):
        changes = {"sampler": Sobol(8), **changes}
        limit, e = explained(model, Sampled(), 5, 2**14, data=data, **changes), explained(model, Proxy(), 1, 512, data=data, **changes)
        assert e.coef.shape == (limit.coef.shape[0], 3)
        assert "left" in e.certificate.adjusted_by
        both = np.sqrt(e.std_error**2 + limit.std_error**2)
        assert (np.abs(e.coef - limit.coef) <= 6 * both + 1e-12).all()


def test_the_numbers_do_not_depend_on_the_block() -> None:
    explainer = kb.TabularExplainer(boosted(), X)
    together = explainer.explain_many(X[:6])
    alone = np.array([explainer.explain(x).coef for x in X[:6]])
    np.testing.assert_allclose(together.coef, alone, rtol=1e-12)
    assert together[0].engine == "proxy"


@pytest.mark.parametrize(
    ("model", "options", "why"),
    [
        (RandomForestClassifier(3), {"kernel_width": 1.0, "engine": "sampled"}, "no exact margin"),
        (GradientBoostingClassifier(n_estimators=3), {"recipe": "lime"}, "local law itself"),
        (GradientBoostingClassifier(n_estimators=3), {"neighborhood": "copula"}, ""),
        (GradientBoostingClassifier(n_estimators=3), {"output": "margin", "engine": "sampled"}, "no exact margin"),
    ],
)
def test_refused_with_a_reason(model, options: dict, why: str) -> None:
    e = kb.TabularExplainer(model.fit(X, Y), X, budget=300, **options).explain(X[3])
    assert e.engine in ("index-proxy", "sampled")
    assert why in e.refusals["proxy"]
