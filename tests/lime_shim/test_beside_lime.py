"""What an audit beside lime found missing: corners of parameters, of pages, of the shortcuts to lime's numbers."""

import statistics
import warnings

import lime.lime_base
import lime.lime_tabular
import lime.lime_text
import numpy as np
import pytest
from sklearn.linear_model import Ridge as SklearnRidge
from twins import model_of, run

import kabosu.lime.lime_tabular
from kabosu.lime import evidence, sums
from kabosu.lime.hiding import Hiding
from kabosu.lime.indexed import texts
from kabosu.lime.lime_base import LimeBase
from kabosu.lime.lime_tabular import LimeTabularExplainer
from kabosu.lime.lime_text import LimeTextExplainer
from kabosu.moments import Moments
from kabosu.surrogates import Ridge, Select


def lengths(texts):
    p = np.array([len(t) / 100 for t in texts])
    return np.column_stack([1 - p, p])


def test_sampling_around_the_row_with_bins_is_told():
    X, _, ask = model_of("iris")
    with pytest.warns(UserWarning, match="discretize_continuous=False"):
        explainer = LimeTabularExplainer(X, sample_around_instance=True, random_state=3)
    _, _, theirs = run(lime.lime_tabular, ask, X, 0, {"sample_around_instance": True}, {"num_samples": 100}, seed=3)
    seen = []
    explainer.explain_instance(X[0], lambda rows: (seen.append(rows), ask(rows))[1], num_samples=100)
    np.testing.assert_array_equal(seen[0], theirs[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LimeTabularExplainer(X, sample_around_instance=True, bug_compatible=True)
        LimeTabularExplainer(X, sample_around_instance=True, discretize_continuous=False)


@pytest.mark.parametrize("options", [{}, {"discretize_continuous": False}])
def test_no_labels(options):
    X, _, ask = model_of("iris")
    theirs, ours = (m.LimeTabularExplainer(X, random_state=0, **options).explain_instance(X[0], ask, labels=(), num_samples=100) for m in (lime.lime_tabular, kabosu.lime.lime_tabular))
    assert ours.local_exp == theirs.local_exp == ours.intercept == {}
    assert "Prediction probabilities" in ours.as_html()
    with pytest.raises(ValueError, match="no label"):
        ours.to_kabosu()


@pytest.mark.parametrize("option", ["opacity", "text", "nonsense"])
def test_options_that_a_page_does_not_have(option):
    X, _, ask = model_of("iris")
    for m in (lime.lime_tabular, kabosu.lime.lime_tabular):
        e = m.LimeTabularExplainer(X, random_state=0).explain_instance(X[0], ask, num_samples=100)
        with pytest.raises(TypeError, match=option):
            e.as_html(**{option: True})
    e = LimeTextExplainer(random_state=0).explain_instance("a good film", lengths, num_samples=50)
    with pytest.raises(TypeError, match="show_table"):
        e.as_html(show_table=False)


def test_equal_weights_stand_in_the_order_of_their_features():
    """Two samples: all words that went weigh the same."""
    words = "a b c d e f g h i j k l m n"
    theirs, ours = (m.LimeTextExplainer(random_state=1).explain_instance(words, lengths, num_samples=2, num_features=14) for m in (lime.lime_text, kabosu.lime.lime_text))
    assert [i for i, w in ours.local_exp[1] if w > 1e-9] == [i for i, w in theirs.local_exp[1] if w > 1e-9] == sorted(i for i, w in theirs.local_exp[1] if w > 1e-9)


@pytest.mark.parametrize("m", [0, 1, 3, 4, 5, 8, 9, 17])
def test_texts_are_joined_words(m):
    rng = np.random.default_rng(m)
    shown, gone = [f"w{i} " for i in range(m)] + ["."], [" " * (i % 3) for i in range(m)] + ["."]
    rows = rng.random((50, m)) < 0.5
    assert texts(shown, gone, rows) == ["".join(s if r else g for r, s, g in zip([*row, True], shown, gone, strict=True)) for row in rows]


@pytest.mark.parametrize("shape", [(8, 8, 3), (23, 21, 3), (7, 5, 1), (16, 10, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64, np.int64])
def test_hidden_parts_pixel_by_pixel(shape, dtype):
    rng = np.random.default_rng(0)
    image, hidden = (rng.integers(0, 255, shape).astype(dtype) for _ in range(2))
    segments, masks = rng.integers(-1, 6, shape[:2]), rng.integers(0, 2, (9, 5))
    stays = np.column_stack([masks, np.ones((9, 2), dtype=int)])[:, segments] == 1  # 5 and -1 are no superpixels of the masks
    got = Hiding.of(image, hidden, segments, 5).shown(masks)
    np.testing.assert_array_equal(got, np.where(stays[..., None], image, hidden))
    assert got.dtype == dtype and got.flags.c_contiguous


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [bool, float])
def test_moments_around_the_first(kind, order, monkeypatch):
    monkeypatch.setattr(sums, "ROWS", 64)
    rng = np.random.default_rng(1)
    Z, Y, w = np.asarray(rng.random((300, 7)), order=order), rng.normal(size=(300, 2)), rng.random(300)
    Z = Z < 0.6 if kind is bool else Z
    Z[0] = 1
    a, b = sums.around_first(Z, Y, w), Moments.of(Z[None].astype(float), Y[None], w[None], 1, np.ones((1, 7)))
    for name in ("gram", "cross", "square", "weight2"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ["none", "forward_selection", "highest_weights", "lasso_path"])
@pytest.mark.parametrize(("center", "scale", "away"), [(0, 1, 0), (1e5, 1, 0), (0, 1e6, 0), (3, 1e-4, 0), (0, 1, 1e6)])
def test_far_and_large_columns(method, center, scale, away):
    """Where sums lose digits the samples are asked."""
    rng = np.random.default_rng(2)
    Z = center + scale * rng.normal(size=(400, 6))
    Z[0] += scale * away
    y = ((Z - center) / scale) @ [3, -2, 1, 0.5, 0, 0] + rng.normal(size=400)
    distances = np.linalg.norm((Z - Z[1]) / scale, axis=1)
    theirs, ours = (B(lambda d: np.exp(-(d**2) / 20), random_state=0).explain_instance_with_data(Z, y[:, None], distances, 0, 4, method) for B in (lime.lime_base.LimeBase, LimeBase))
    assert [i for i, _ in ours[1]] == [i for i, _ in theirs[1]]
    np.testing.assert_allclose([w * scale for _, w in ours[1]], [w * scale for _, w in theirs[1]], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose([ours[2], ours[3][0]], [theirs[2], theirs[3][0]], rtol=1e-3 if away else 1e-7)  # R2 is counted from the answer at the instance, too


@pytest.mark.parametrize("options", [{}, {"discretize_continuous": False}])
def test_errors_that_wait_are_those_at_once(options, monkeypatch):
    X, _, ask = model_of("wine")
    explain = lambda: LimeTabularExplainer(X, random_state=0, **options).explain_instance(X[7], ask, labels=(0, 2), num_samples=600)  # noqa: E731
    later = explain()
    assert isinstance(later.found.regression.source, evidence.Neighborhood)
    monkeypatch.setattr("kabosu.lime.regression.MOST", 0)
    now = explain()
    assert later.local_exp == now.local_exp
    for label in (0, 2):
        np.testing.assert_allclose([e for _, e in later.std_error[label]], [e for _, e in now.std_error[label]], rtol=1e-6)
    np.testing.assert_allclose(later.certificate.fidelity, now.certificate.fidelity, rtol=1e-6)
    np.testing.assert_array_equal(later.to_kabosu().coef, now.to_kabosu().coef)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [bool, float])
def test_evidence_of_samples_by_hand(order, kind):
    """Samples are kept as they were, weights too; answers of another level move the intercept alone."""
    rng = np.random.default_rng(0)
    Z, w = np.asarray(rng.random((30, 5)) < 0.6, dtype=kind, order=order), rng.random(30)
    answers = np.column_stack([rng.integers(0, 3, 30), 100 + rng.normal(size=30)]) / 4
    kept = evidence.Neighborhood.of(Z, answers, w, Select(5, "none", Ridge(1.0, per="fit")))
    np.testing.assert_array_equal(kept.points(), Z)
    seen, peer = kept.evidence, SklearnRidge(1.0).fit(Z, answers, sample_weight=w)
    np.testing.assert_allclose(seen.mean, np.mean(Z, axis=0))
    np.testing.assert_allclose(seen.spread, [statistics.pstdev(column) for column in answers.T.tolist()])
    np.testing.assert_allclose(seen.reacted, [sum(y != column[0] for y in column) / 30 for column in answers.T])
    np.testing.assert_allclose(seen.fit.coef[0], peer.coef_.T, atol=1e-12)
    np.testing.assert_allclose(seen.fit.intercept[0], peer.intercept_)


def test_samples_that_numerical_code_asks_for():
    """Papers call lime's private neighborhood; it is there, in floats."""
    X, _, _ = model_of("iris")
    for options in ({}, {"discretize_continuous": False}):
        a, b = (m.LimeTabularExplainer(X, random_state=4, **options)._LimeTabularExplainer__data_inverse(X[0], 50) for m in (lime.lime_tabular, kabosu.lime.lime_tabular))
        for theirs, ours in zip(a, b, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
