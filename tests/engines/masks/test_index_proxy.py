"""The cubic of the linear index: its limit is the sum over all masks, it is unbiased, and it lowers the error where it says so."""

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest

import kabosu as kb
from kabosu.domains.masks import Coins, EvenCounts, MaskedBlock, Removed, log_weight_of_counts, tilted
from kabosu.engines import IndexProxy, Sampled
from kabosu.engines.cubic import Counts
from kabosu.engines.index_proxy import index_proxy
from kabosu.engines.masks import all_masks
from kabosu.explain import measure
from kabosu.recipes import MASK_KERNEL, TEXTS

P = 14
WORDS = [f"w{i}" for i in range(P)]
TEXT = " ".join(WORDS)


def kept(texts):
    return np.array([[w in t.split() for w in WORDS] for t in texts], dtype=float)


def score(texts):
    Z = kept(texts)
    return Z @ np.linspace(-1, 1.5, P) / np.sqrt(1 + Z.sum(axis=1))


def probability(texts):
    p = 1 / (1 + np.exp(2 - kept(texts) @ np.linspace(-1, 1.5, P)))
    return np.column_stack([1 - p, p])


def product(texts):
    Z = kept(texts)
    return Z[:, :6].prod(axis=1) + 0.5 * Z[:, 3:5].prod(axis=1)


def rough(texts):
    """Saturated, with steps and an interaction."""
    Z = kept(texts)
    return (Z @ np.linspace(-1, 1.5, P) > 2) + 0.3 * Z[:, 0] * Z[:, 1]


@pytest.mark.parametrize("law", [EvenCounts(), Removed(), Coins()])
@pytest.mark.parametrize("p", [2, 3, 9])
def test_limit_of_each_term_is_the_sum_over_all_masks(law, p):
    q = tilted(law.counts(p), np.asarray(log_weight_of_counts(MASK_KERNEL, p)))[0]
    counts = Counts.of(q)
    b = counts.index(np.random.default_rng(p).normal(size=p))
    masks, share = all_masks(q)
    F = counts.features(masks.astype(float), b)
    A = np.column_stack([np.ones(len(masks)), masks]) * np.sqrt(share)[:, None]
    mean, slope = counts.limits(b)
    np.testing.assert_allclose(mean, share @ F, atol=1e-12)
    np.testing.assert_allclose(slope, np.linalg.lstsq(A, F * np.sqrt(share)[:, None], rcond=None)[0][1:], atol=1e-9)
    assert share @ (masks @ b) ** 2 - (share @ (masks @ b)) ** 2 == pytest.approx(1.0)


def test_an_index_of_equal_slopes_is_none():
    counts = Counts.of(EvenCounts().counts(5))
    np.testing.assert_array_equal(counts.index(np.full(5, 2.0)), np.zeros(5))
    assert np.isfinite(np.concatenate([a.ravel() for a in counts.limits(np.zeros(5))])).all()


def drawn(ask, law=EvenCounts()):
    explainer = kb.TextExplainer(ask, units="word")
    block = next(iter(explainer.domain.represent([TEXT])))
    assert isinstance(block, MaskedBlock)
    recipe = replace(TEXTS["kabosu"], neighborhood=law)
    local = block.tilt(MASK_KERNEL)
    assert local is not None
    return measure(explainer.model, block, recipe.sampler, 0, 512, tilt=None), recipe, Counts.of(np.array(local.counts))


def test_draws_are_predicted_by_cubics_that_have_not_seen_their_replicates():
    hood, recipe, counts = drawn(score)
    before = index_proxy(hood, recipe, counts, np.array([0])).g
    Y = hood.Y.copy()
    fold = np.arange(512) % 4 == 3
    Y[0, fold, 0] += 0.01 * np.random.default_rng(0).normal(size=fold.sum())
    after = index_proxy(replace(hood, Y=Y), recipe, counts, np.array([0])).g
    np.testing.assert_allclose(before[fold], after[fold], atol=1e-12)
    assert np.abs(before[~fold] - after[~fold]).max() > 1e-4


def test_what_is_taken_off_has_no_limit_of_its_own():
    """At all masks, by any fold's cubic: a line fitted to it under q is 0."""
    from kabosu.engines.index_proxy import Lines, cubic

    hood, _, counts = drawn(probability)
    Z, y = hood.Z[0].astype(float), hood.Y[0, :, 1]
    masks, q = all_masks(counts.q)
    g = cubic(Lines.of(np.column_stack([np.ones(len(Z)), Z]), np.ones(len(Z))), y, masks.astype(float), counts)
    line = Lines.of(np.column_stack([np.ones(len(masks)), masks]), q).coef(g)
    np.testing.assert_allclose(line, 0, atol=1e-10)
    assert g.std() > 0.01


@pytest.mark.parametrize(("ask", "gain"), [(score, 0.2), (probability, 0.5), (product, 0.9), (rough, 1.0)])
def test_nearer_to_the_limit_and_its_errors_are_honest(ask, gain):
    limit = kb.TextExplainer(ask, budget=20_000).explain(TEXT)
    assert limit.engine == "masks"
    plain, better, covered = [], [], []
    for seed in range(1, 9):
        a, b = (
            kb.TextExplainer(ask, budget=513, random_state=seed, recipe=replace(TEXTS["kabosu"], engines=(engine,))).explain(TEXT, tolerance=1e-9) for engine in (Sampled(), IndexProxy())
        )
        assert (a.engine, b.engine) == ("sampled", "index-proxy")
        assert a.n_model_calls == b.n_model_calls <= 513
        plain.append(a.coef - limit.coef)
        better.append(b.coef - limit.coef)
        low, high = b.interval()
        covered.append((low <= limit.coef) & (limit.coef <= high))
        np.testing.assert_allclose(b.intercept + b.coef.sum(axis=0), b.local_prediction, atol=1e-12)
    assert "a cubic of the linear index, which left" in b.certificate.adjusted_by
    assert np.sqrt(np.mean(np.square(better))) < gain * np.sqrt(np.mean(np.square(plain)))
    assert 0.88 < np.mean(covered) <= 1.0


def test_the_two_probabilities_mirror_each_other():
    e = kb.TextExplainer(probability, budget=513).explain(TEXT, tolerance=1e-9)
    np.testing.assert_allclose(e.coef[:, 0], -e.coef[:, 1], atol=1e-12)


def test_plain_draws_that_do_are_left_alone():
    e = kb.TextExplainer(score, budget=4097).explain(TEXT, tolerance=0.5)
    assert (e.engine, e.certificate.adjusted_by, e.certificate.ended_by) == ("index-proxy", "", "tolerance")


def test_a_linear_model_needs_none():
    e = kb.TextExplainer(lambda texts: kept(texts) @ np.arange(P), budget=513).explain(TEXT, tolerance=1e-300)
    assert e.certificate.adjusted_by == ""
    np.testing.assert_allclose(e.coef[:, 0], np.arange(P), atol=1e-9)


def test_a_proxy_that_gains_less_than_a_tenth_is_left_out():
    """Noise beside a bent line: the cubic would leave 0.98 of its variance."""
    hood, recipe, counts = drawn(lambda texts: np.array([crc32(t.encode()) / 2**32 for t in texts]) + 0.4 * score(texts))
    proxied = index_proxy(hood, recipe, counts, np.array([0]))
    assert proxied.left == 1 and not proxied.g.any()


def test_of_many_outputs_the_explained_one_is_adjusted():
    many = lambda texts: np.column_stack([score(texts) * (1 + j / 10) for j in range(12)])  # noqa: E731
    explain = lambda engine: kb.TextExplainer(many, budget=513, recipe=replace(TEXTS["kabosu"], engines=(engine,))).explain(TEXT, tolerance=1e-9)  # noqa: E731
    a, b = explain(Sampled()), explain(IndexProxy())
    same = np.asarray(np.isclose(a.coef, b.coef, rtol=1e-12, atol=0).all(axis=0))
    assert same.sum() == 11 and not same[b.target_index]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"surrogate": "lasso"}, "not solved from moments"), ({"recipe": "lime"}, "by least squares"), ({"recipe": replace(TEXTS["kabosu"], proxy="quadratic")}, "a proxy of its own")],
)
def test_where_it_does_not_apply_it_says_why(options, words):
    e = kb.TextExplainer(score, budget=513, **options).explain(TEXT)
    assert e.engine == "sampled"
    assert words in e.refusals["index-proxy"], e.refusals


def test_too_many_parts():
    text = " ".join(f"v{i}" for i in range(140))
    e = kb.TextExplainer(lambda texts: [np.sqrt(len(t)) for t in texts], budget=513).explain(text)
    assert e.engine == "sampled" and "140 parts are more than the 128" in e.refusals["index-proxy"]
