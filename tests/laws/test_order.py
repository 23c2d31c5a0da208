"""top_k: the draws end when the order is settled, the confidence in it is what it says, and the forecast comes true."""

import numpy as np
import pytest
from cells import DATA, MODELS, described, pairs
from worlds import ask_numeric, numeric

import kabosu as kb
from kabosu.diagnostics.ranking import draws_for, rank_confidence
from kabosu.recipes import TABLES
from kabosu.samplers import Plain


def one(*numbers):
    return np.array(numbers, dtype=np.float64)[None, :, None]


def test_two_features_have_the_probability_of_their_difference():
    from scipy.stats import norm

    b, error = one(2.0, -1.5), one(0.3, 0.4)
    assert rank_confidence(b, error, 1)[0, 0] == pytest.approx(norm.cdf(0.5 / 0.5))
    assert rank_confidence(b, error, 2)[0, 0] == pytest.approx(norm.cdf(0.5 / 0.5))


@pytest.mark.parametrize("p", [3, 8, 30])
@pytest.mark.parametrize("K", [1, 2, 3, 5])
@pytest.mark.parametrize("uneven", [0.0, 1.0])
def test_against_simulated_coefficients(p, K, uneven):
    """Independent normal errors, alike or not."""
    rng = np.random.default_rng([p, K])
    b, error = np.sort(np.abs(rng.normal(size=p)))[::-1], 0.15 * np.exp(uneven * rng.normal(size=p))
    drawn = b + error * rng.normal(size=(100_000, p))
    settled = (np.argsort(-drawn, axis=1)[:, :K] == np.arange(p)[:K]).all(axis=1).mean()
    assert rank_confidence(one(*b), one(*error), K)[0, 0] == pytest.approx(settled, abs=0.01)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("p", [4, 30, 130])
def test_confidence_is_the_same_in_any_company(p, k):
    rng = np.random.default_rng(0)
    coef, error = rng.normal(size=(700, p, k)), rng.exponential(0.2, size=(700, p, k))
    for K in (1, 3, 5):
        together = rank_confidence(coef, error, K)
        for some in ([0], [1], [2, 3], range(4, 60)):
            np.testing.assert_array_equal(together[list(some)], rank_confidence(coef[list(some)], error[list(some)], K))


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


RULES = {
    "tolerance": {"tolerance": 0.05, "budget": 8192},
    "loose tolerance": {"tolerance": 0.1, "samples": 512, "budget": 16_385},
    "top-k order": {"top_k": 3, "budget": 8192},
}
SAMPLERS = {"default": TABLES["kabosu"].sampler, "Plain": Plain()}


def right(e, limit):
    """Whether the head of the order is the limit's."""
    K = e.certificate.top_k
    return (e.order()[:K] == limit.order()[:K]).all()


@pytest.mark.slow
@pytest.mark.parametrize("K", [3, 5])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_confidence_is_calibrated_within_three_points(sampler, K):
    """Mean stated confidence beside the share of orders that are the limit's, of one round: 64 rows and three seeds for each table and model.

    How far the largest coefficients are apart is the row's: of eight rows a table, whatever the seeds, too few gaps are seen (0.82 and 0.88).
    """
    found = [(e, limit) for data in DATA for name in MODELS for e, limit in pairs(data, name, 3, count=64, sampler=SAMPLERS[sampler], top_k=K) if described(e)]
    stated, held = np.mean([e.certificate.rank_confidence[e.target_index] for e, _ in found]), np.mean([right(*pair) for pair in found])
    print(f"| one round | {sampler} | first {K} | stated {stated:.3f}, right {held:.3f} of {len(found):,} |")
    assert len(found) >= 1500  # 2,044 and 2,035 with the adult table
    assert abs(stated - held) <= 0.03


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("rule", RULES)
def test_what_ended_the_draws_spoils_neither_confidence_nor_intervals(rule, sampler):
    """Stopping when the error looks small picks draws whose error looks small; what that costs is bounded here.

    Mean stated confidence beside the share of orders that are the limit's, within three points, and intervals that hold the limit: 64 rows
    and three seeds for each table and model, those that are flagged left out. (Of one seed, 680 pairs, the two differ by up to 3.3 points.)
    """
    found = [(e, limit) for data in DATA for name in MODELS for e, limit in pairs(data, name, 3, count=64, sampler=SAMPLERS[sampler], **RULES[rule]) if described(e)]
    stated, same = np.mean([e.certificate.rank_confidence[e.target_index] for e, _ in found]), np.mean([right(*pair) for pair in found])
    held = {"any rule": [], "this rule": []}
    for e, limit in found:
        low, high = e.interval()
        inside = ((low <= limit.coef) & (limit.coef <= high)).mean()
        held["any rule"].append(inside)
        held["this rule"] += [inside] if e.certificate.ended_by == rule.removeprefix("loose ") else []
    print(f"| {rule} | {sampler} | stated {stated:.3f}, right {same:.3f} | " + " | ".join(f"{k}: {np.mean(v):.3f} of {len(v):,}" for k, v in held.items() if v) + " |")
    assert abs(stated - same) <= 0.03
    assert all(0.93 <= np.mean(v) <= 0.97 for v in held.values() if v)
