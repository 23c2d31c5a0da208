"""top_k: the draws end when the order is settled, the confidence in it is what it says, and the forecast comes true."""

import numpy as np
import pytest
from test_coverage import MODELS, explained, reference
from worlds import ask_numeric, numeric

import kabosu as kb
from kabosu.diagnostics.ranking import draws_for, rank_confidence
from kabosu.samplers import Plain, Sobol


def one(*numbers):
    return np.array(numbers, dtype=np.float64)[None, :, None]


def test_two_features_have_the_probability_of_their_difference():
    from scipy.stats import norm

    b, error = one(2.0, -1.5), one(0.3, 0.4)
    assert rank_confidence(b, error, 1)[0, 0] == pytest.approx(norm.cdf(0.5 / 0.5))
    assert rank_confidence(b, error, 2)[0, 0] == rank_confidence(b, error, 1)[0, 0]


def test_against_simulated_coefficients():
    """Independent normal errors; the product counts what the pairs share as if they did not."""
    b, error = np.array([3.0, -2.2, 1.8, 0.4, 0.3]), 0.35
    drawn = np.abs(b + error * np.random.default_rng(0).normal(size=(200_000, 5)))
    for K in (1, 2, 3):
        settled = (np.argsort(-drawn, axis=1)[:, :K] == np.arange(K)).all(axis=1).mean()
        assert rank_confidence(one(*b), one(*[error] * 5), K)[0, 0] == pytest.approx(settled, abs=0.02)


def test_what_is_exact_is_sure_and_what_is_unknown_is_not_known():
    b, sure, unknown = one(2.0, 2.0, 1.0), np.zeros((1, 3, 1)), np.full((1, 3, 1), np.nan)
    assert rank_confidence(b, sure, 2)[0, 0] == 1
    assert np.isnan(rank_confidence(b, unknown, 2)[0, 0])
    assert draws_for(b, np.full((1, 3, 1), 0.1), 2, 0.95)[0, 0] == np.inf
    assert draws_for(one(2.0, 1.0), one(0.5, 0.5), 1, 0.95)[0, 0] == 2


@pytest.mark.parametrize("K", [1, 3])
def test_draws_end_when_the_order_is_settled(K):
    e = kb.TabularExplainer(ask_numeric, numeric(), budget=200_000).explain(numeric()[0], top_k=K)
    assert e.certificate.ended_by == "top-k order"
    assert (e.certificate.top_k, e.certificate.forecast) == (K, 0)
    assert e.certificate.rank_confidence[0] >= 0.95


def test_a_tie_is_not_settled_and_says_so():
    e = kb.TabularExplainer(lambda X: (X[:, :2] > 0).sum(axis=1), numeric(p=3), random_state=1).explain(np.zeros(3), top_k=1, confidence=0.999, budget=2000)
    assert e.certificate.ended_by == "budget"
    assert e.certificate.forecast > 0
    assert "unsettled-ranking" in {flag.code for flag in e.certificate.flags}


def test_a_surer_order_takes_more_draws():
    calls = [kb.TabularExplainer(ask_numeric, numeric(), budget=500_000).explain(numeric()[1], top_k=6, confidence=c).n_model_calls for c in (0.5, 0.99)]
    assert calls[0] < calls[1]


def test_the_forecast_is_of_the_right_size():
    """Scrambled nets may need less than draws that are independent."""
    explainer = kb.TabularExplainer(ask_numeric, numeric(), budget=1025)
    short = explainer.explain(numeric()[0], tolerance=0.02)
    enough = explainer.explain(numeric()[0], tolerance=0.02, budget=200_000)
    assert short.certificate.ended_by == "budget"
    assert enough.certificate.ended_by == "tolerance"
    needed = enough.n_model_calls - short.n_model_calls
    assert needed / 4 < short.certificate.forecast < 8 * needed


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Sobol(2), Plain()], ids=["Sobol", "Plain"])
def test_confidence_is_calibrated_within_three_points(sampler):
    """Mean stated confidence beside the share of orders that are the limit's: instances, seeds and models together."""
    stated, right = [], []
    for data in ("breast cancer", "wine"):
        for name in MODELS:
            model, X, rows, long = reference(data, name, 16)
            for seed in range(12):
                for e, truth in zip(explained(model, X, rows, seed=seed, sampler=sampler, samples=1024, budget=1025, top_k=3), long, strict=True):
                    if not {"poor-fidelity", "did-not-react"} & {f.code for f in truth.certificate.flags}:
                        stated.append(e.certificate.rank_confidence[e.target_index])
                        right.append((e.order()[:3] == truth.order()[:3]).all())
    print(f"{type(sampler).__name__}: stated {np.mean(stated):.3f}, right {np.mean(right):.3f} of {len(stated)}")
    assert abs(np.mean(stated) - np.mean(right)) <= 0.03
