"""Scalar targets of boxes and maps: by hand, and through an explanation."""

import numpy as np
import pytest
from pictures import photo, quarters

import kabosu as kb
from kabosu.targets import Box, Count, Region, overlap

CELLS = quarters(16, 16)


def test_overlaps_by_counting_pixels():
    rng = np.random.default_rng(0)
    corners = np.sort(rng.integers(0, 12, (200, 2, 2)), axis=1)
    boxes = corners.transpose(0, 1, 2).reshape(-1, 4)
    inside = lambda b: np.pad(np.ones((b[3] - b[1], b[2] - b[0]), dtype=bool), ((b[1], 12 - b[3]), (b[0], 12 - b[2])))  # noqa: E731
    one = np.array([2, 3, 9, 8])
    for b, got in zip(boxes, overlap(one.astype(float), boxes.astype(float)), strict=True):
        both, any_ = (inside(one) & inside(b)).sum(), (inside(one) | inside(b)).sum()
        assert got == pytest.approx(both / any_)


def detector(X):
    """A box in the first quarter as sure as it is bright, one of another label in the last."""
    return [{"boxes": [[0, 0, 8, 8], [8, 8, 16, 16]], "scores": [float(x[:8, :8].mean()), float(x[8:, 8:].mean())], "labels": ["cat", "dog"]} for x in X]


def test_a_detector():
    x = photo(16, 16, 0, np.float64)
    for target, part, share in ((Box((0, 0, 8, 8), "cat"), 0, 1.0), (Box((0, 0, 8, 4)), 0, 0.5), (Count("dog"), 3, 1.0), (Count("dog", least=0.0), 3, 1.0)):
        e = kb.ImageExplainer(detector, segments=CELLS, fill=0.0, target=target).explain(x)
        wanted = np.zeros(4)
        wanted[part] = share * x[part == CELLS].mean()
        np.testing.assert_allclose(e.coef[:, 0], wanted, atol=1e-9)
    together = lambda X: {k: np.array([d[k] for d in detector(X)]) for k in ("boxes", "scores", "labels")}  # noqa: E731  arrays over all images
    a, b = (kb.ImageExplainer(f, segments=CELLS, target=Box((0, 0, 8, 8), "cat")).explain(x) for f in (detector, together))
    assert np.array_equal(a.coef, b.coef)


def test_nothing_found_is_0():
    nothing = [{"boxes": np.zeros((0, 4)), "scores": np.zeros(0), "labels": np.zeros(0)}]
    assert Box((0, 0, 1, 1))(nothing).tolist() == Count(1)(nothing).tolist() == [0.0]


@pytest.mark.parametrize("order, key", [("first", None), ("last", "out"), ("none", None)])
def test_a_segmentation(order, key):
    x = photo(16, 16, 0, np.float64)

    def maps(X):
        Y = X if order == "none" else np.stack([0 * X, X], axis=1 if order == "first" else 3)
        return Y if key is None else {key: Y}

    e = kb.ImageExplainer(maps, segments=CELLS, fill=0.0, target=Region(CELLS == 2, None if order == "none" else 1, key)).explain(x)
    np.testing.assert_allclose(e.coef[:, 0], [0, 0, x[CELLS == 2].mean(), 0], atol=1e-9)


def test_bad_targets():
    for make, words in (
        (lambda: Region(np.zeros((2, 2), dtype=bool)), "some of them True"),
        (lambda: Region([1, 0]), "mask has shape"),
        (lambda: Box((0, 0, 0, 1)), "x1 < x2"),
        (lambda: Box((0, 1)), "expected"),
        (lambda: Count(1, least=-1), "least=-1"),
    ):
        with pytest.raises(kb.InputError, match=words):
            make()
    explain = lambda model, target: kb.ImageExplainer(model, segments=CELLS, target=target).explain(photo(16, 16, 0))  # noqa: E731
    for model, target, words in (
        (lambda X: X, Region(np.ones((3, 3), dtype=bool)), "the mask"),
        (lambda X: {"a": X}, Region(CELLS == 0, key="out"), "expected a dict with 'out'"),
        (lambda X: np.stack([X, X], axis=1), Region(CELLS == 0), "say which channel"),
        (lambda X: [{"scores": [1.0]}] * len(X), Box((0, 0, 1, 1)), "expected a dict with 'boxes'"),
    ):
        with pytest.raises(kb.KabosuError, match=words):
            explain(model, target)
