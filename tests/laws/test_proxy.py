"""Proxy adjustment: the same limit, a smaller error where a proxy can learn the model, and nothing where it cannot."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import numeric

import kabosu as kb
from kabosu.moments import fold_of
from kabosu.recipes import TABLES
from kabosu.surrogates import Ridge
from kabosu.surrogates import proxy as proxies

X = numeric(p=12)
x = np.zeros(12)


def steps(A):
    """Interacting steps, whose limit at 0 is known: half a step each, E_q of the slope is a normal density."""
    return (A[:, 0] > 0.2) * (A[:, 1] > -0.1) + 0.5 * (A[:, 2] > 0) * (A[:, 3] < 0.3)


def two(A):
    f = steps(A) / 2
    return np.column_stack([1 - f, f])


def explained(model, seed, proxy, calls=1024, **options):
    recipe = replace(TABLES["kabosu"], samples=calls, budget=calls + 1, tolerance=None, proxy=proxy, seed=seed)
    return kb.TabularExplainer(model, X, recipe=recipe, **options).explain(x)


@pytest.fixture(scope="module")
def limit():
    return explained(steps, 77, None, 1 << 18).coef[:, 0]


def test_the_error_falls_and_is_known(limit):
    plain, adjusted = ([explained(steps, seed, proxy) for seed in range(2)] for proxy in (None, "trees"))
    rms = [np.sqrt(np.mean([(e.coef[:, 0] - limit) ** 2 for e in es])) for es in (plain, adjusted)]
    assert rms[1] < 0.85 * rms[0]
    said = [np.sqrt(np.mean([e.std_error[:, 0] ** 2 for e in es])) for es in (plain, adjusted)]
    assert said[1] < 0.85 * said[0]
    inside = [(low <= limit) & (limit <= high) for low, high in (e.interval()[..., 0] for e in adjusted)]
    assert np.mean(inside) >= 0.8
    assert {e.certificate.adjusted_by for e in adjusted} == {"trees"}
    assert {e.n_model_calls for e in adjusted} == {1025}
    assert "error lowered by a proxy (trees)" in str(adjusted[0])
    assert "error lowered" not in str(plain[0])


def test_draws_are_predicted_by_proxies_that_have_not_seen_their_replicate():
    """What is taken off a replicate does not move with the answers of that replicate; that of the other does."""
    Z, rng = np.random.default_rng(1).normal(size=(256, 12)), np.random.default_rng(0)
    draws, free, origin = proxies.Draws(Z, np.ones(256)), proxies.Draws(X, np.ones(len(X))), np.zeros(12)
    Y = steps(Z)[:, None].astype(float)
    seen = fold_of(256, 2, 2) == 1
    changed = Y + seen[:, None] * rng.normal(size=Y.shape)
    before, after = (answers - proxies._predicted(proxies.quadratic, draws, answers, origin, free, Ridge(), 2)[0] for answers in (Y, changed))
    np.testing.assert_allclose(before[seen], after[seen], atol=1e-12)
    assert (np.abs(before - after)[~seen] > 1e-4).mean() > 0.9


def test_trees_see_which_of_the_other_levels_was_drawn():
    """A model that tells levels apart that the surrogate does not."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"level": rng.choice(list("abcdefgh"), 600), **{f"x{j}": rng.normal(size=600) for j in range(4)}})
    jump = lambda T: 3.0 * T["level"].isin(["b", "d", "g"]).to_numpy() * (T["x0"].to_numpy() > 0.3)  # noqa: E731
    base = replace(TABLES["kabosu"], samples=1024, budget=1025, tolerance=None)
    explainer = lambda **options: kb.TabularExplainer(jump, data, recipe=replace(base, **options)).explain(data.iloc[0])  # noqa: E731
    limit = explainer(samples=1 << 16, budget=(1 << 16) + 1, seed=9).coef[:, 0]
    wrong = [np.sqrt(np.mean([(explainer(seed=s, proxy=proxy).coef[:, 0] - limit) ** 2 for s in range(3)])) for proxy in (None, "trees")]
    assert wrong[1] < 0.5 * wrong[0]


def test_products_are_for_the_quadratic_proxy():
    e = explained(lambda A: A[:, 0] * A[:, 1] + A[:, 2] ** 2 + A[:, 3], 0, "auto", 512)
    assert e.certificate.adjusted_by == "quadratic"
    sd = X.std(axis=0)
    assert np.abs(e.coef[:, 0] * sd - np.eye(12)[3] * sd).max() < 0.02  # at 0 only the line has a slope


def test_a_proxy_that_cannot_learn_is_left_out():
    plain, adjusted = (explained(lambda A: A[:, 0] + np.sin(1e5 * A[:, 1]), 0, proxy, 512) for proxy in (None, "auto"))
    assert adjusted.certificate.adjusted_by == ""
    assert (plain.coef == adjusted.coef).all()


def test_two_probabilities_stay_mirrored():
    e = explained(two, 1, "trees", 512)
    np.testing.assert_allclose(e.coef[:, 0], -e.coef[:, 1], atol=1e-9)
    np.testing.assert_allclose(e.local_prediction.sum(), 1.0, atol=1e-9)


def test_the_option_of_one_call_and_its_limits():
    explainer = kb.TabularExplainer(steps, X)
    e = explainer.explain(x, proxy="trees", tolerance=0.2)
    assert e.certificate.ended_by == "tolerance"
    with pytest.raises(kb.InputError, match="adjusts coefficients of all features by least squares"):
        explainer.explain(x, proxy="trees", max_features=2)
    with pytest.raises(kb.InputError, match="proxy='forest' is not known; use one of 'trees', 'quadratic', 'auto'"):
        explainer.explain(x, proxy="forest")
    assert explainer.explain_many(np.stack([x, X[0]]), proxy="quadratic").coef.shape == (2, 12, 1)
