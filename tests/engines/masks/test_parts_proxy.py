"""The proxy of parts: its limit is the sum over all masks, it is unbiased, and it lowers the error where it says so."""

from dataclasses import replace

import numpy as np
import pytest

import kabosu as kb
from kabosu.domains.masks import Coins, EvenCounts, Removed, moments_of_kept, tilted
from kabosu.engines import Sampled
from kabosu.engines.masks import all_masks
from kabosu.engines.parts_proxy import _kernel, _limit, process
from kabosu.kernels import Halfway
from kabosu.recipes import MASK_KERNEL, TEXTS


def local(law, p):
    from kabosu.domains.masks import log_weight_of_counts

    return tilted(law.counts(p), log_weight_of_counts(MASK_KERNEL, p))[0]


@pytest.mark.parametrize("law", [EvenCounts(), Removed(), Coins()])
@pytest.mark.parametrize("length", [0.1, 1.0])
def test_limit_of_a_process_is_the_sum_over_all_masks(law, length):
    p, rng = 9, np.random.default_rng(1)
    counts = local(law, p)
    masks, q = all_masks(counts)
    Z, alpha = (rng.random((40, p)) < 0.6).astype(float), rng.normal(size=(40, 2))
    limit = _limit(Z, alpha, length, counts)
    g = _kernel(masks.astype(float), Z, length) @ alpha
    A = np.column_stack([np.ones(len(masks)), masks]) * np.sqrt(q)[:, None]
    wanted = np.linalg.lstsq(A, g * np.sqrt(q)[:, None], rcond=None)[0]
    np.testing.assert_allclose(limit.slope[0], wanted[1:], atol=1e-10)
    np.testing.assert_allclose(limit.mean[0], q @ g, atol=1e-12)
    np.testing.assert_allclose(limit.center[0], q @ masks, atol=1e-12)
    np.testing.assert_allclose(moments_of_kept(counts)[0], (q @ masks)[0], atol=1e-12)


def test_every_draw_is_predicted_by_a_process_that_has_not_seen_its_replicate():
    rng = np.random.default_rng(0)
    Z = (rng.random((64, 6)) < 0.5).astype(float)
    Y, w, R = rng.normal(size=(64, 1)), np.ones(64), 8
    changed = Y.copy()
    changed[3::R] += 100
    from unittest.mock import patch

    with patch("kabosu.engines.parts_proxy._chosen", return_value=(0.3, 0.1)):
        g = process(Z, Y, w, local(EvenCounts(), 6), R)
        h = process(Z, changed, w, local(EvenCounts(), 6), R)
    np.testing.assert_allclose(g[3::R], h[3::R], atol=1e-9)
    assert np.abs(g[4::R] - h[4::R]).max() > 1e-3


def rough(texts):
    """Products and a bend: far from linear."""
    Z = np.array([[w in t.split() for w in WORDS] for t in texts], dtype=float)
    return 1 / (1 + np.exp(-(4 * Z[:, 0] * Z[:, 1] + 3 * Z[:, 2] - 2 * Z[:, 3] * Z[:, 4] - 2 + 6 / (1 + Z.sum(axis=1)))))


WORDS = list("abcdefghijklmn")
TEXT = " ".join(WORDS)


def test_nearer_to_the_limit_and_its_errors_are_honest():
    limit = kb.TextExplainer(rough, budget=20_000).explain(TEXT)
    assert limit.engine == "masks"
    plain, proxied, covered = [], [], []
    for seed in range(1, 6):
        explainer = kb.TextExplainer(rough, budget=513, random_state=seed)
        a = kb.TextExplainer(rough, budget=513, random_state=seed, recipe=replace(TEXTS["kabosu"], engines=(Sampled(),))).explain(TEXT)
        b = explainer.explain(TEXT, proxy="parts")
        assert (a.engine, b.engine) == ("sampled", "parts-proxy")
        assert "a smooth model of the parts, which left" in b.certificate.adjusted_by
        assert a.n_model_calls == b.n_model_calls <= 513
        plain.append(a.coef - limit.coef)
        proxied.append(b.coef - limit.coef)
        low, high = b.interval()
        covered.append((low <= limit.coef) & (limit.coef <= high))
        np.testing.assert_allclose(b.intercept + b.coef.sum(axis=0), b.local_prediction, atol=1e-12)
    assert np.sqrt(np.mean(np.square(proxied))) < 0.7 * np.sqrt(np.mean(np.square(plain)))
    assert np.abs(np.mean(proxied, axis=0)).max() < 0.7 * np.sqrt(np.mean(np.square(plain)))
    assert 0.85 < np.mean(covered) <= 1.0


def test_a_linear_model_needs_no_proxy():
    e = kb.TextExplainer(lambda texts: [t.count("a") + 2.0 * t.count("b") for t in texts], budget=513).explain(TEXT, proxy="parts")
    assert e.certificate.adjusted_by == ""
    np.testing.assert_allclose(e.coef[:3, 0], [1, 2, 0], atol=1e-9)


def test_halfway_is_the_even_mixture():
    p = 12
    block = kb.domains.Text().parts(" ".join(WORDS[:p]))
    from kabosu.domains.masks import MaskedBlock

    drawn = MaskedBlock.of(block, EvenCounts())
    q = drawn.tilt(MASK_KERNEL)
    half = drawn.tilt(Halfway(MASK_KERNEL, q.log_total))
    np.testing.assert_allclose(half.counts, (np.array(q.counts) + drawn.counts) / 2, atol=1e-14)
    masks = np.tri(p + 1, p, -1)[None]  # keep 0, 1, ..., p
    weight = Halfway(MASK_KERNEL, q.log_total)(masks, np.ones((1, p)))[0]
    np.testing.assert_allclose(weight * drawn.counts, half.counts, rtol=1e-12)
