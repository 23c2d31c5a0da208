"""What a picture's explanation is, for models whose answer is known; what the model is handed."""

import numpy as np
import pytest
from pictures import Keeper, photo, quarters

import kabosu as kb
from kabosu import kernels, testing
from kabosu.domains.blend import Blend, Cover
from kabosu.domains.image import Image

skimage = pytest.importorskip("skimage", reason="segments by name need scikit-image")


def linear(cells, weights):
    """f = sum of weights of the segments that look as they did, for a picture that is 1 everywhere and a fill of 0."""
    return lambda X: np.stack([X[:, cells == i].reshape(len(X), -1).mean(axis=1) * w for i, w in enumerate(weights)]).sum(axis=0)


@pytest.mark.parametrize("recipe", ["kabosu", "lime"])
def test_a_linear_model_is_recovered(recipe):
    cells = quarters(20, 30)
    weights = np.array([0.5, -2.0, 0.0, 3.0])
    surrogate = "ordinary" if recipe == "lime" else None
    e = kb.ImageExplainer(linear(cells, weights), segments=cells, fill=0.0, recipe=recipe, surrogate=surrogate).explain(np.ones((20, 30)))
    np.testing.assert_allclose(e.coef[:, 0], weights, atol=1e-10)
    assert e.columns == ("segment 0", "segment 1", "segment 2", "segment 3")


def test_masks_may_overlap():
    """A pixel is replaced as soon as one of its parts is: f = 1[both there] for the pixels under both."""
    masks = np.zeros((3, 6, 6), dtype=bool)
    masks[0, :4], masks[1, 2:], masks[2, :, 0] = True, True, True
    parts = Image(masks, fill=0.0).parts(np.ones((6, 6)))
    for z in np.array(np.meshgrid(*[[False, True]] * 3)).reshape(3, -1).T:
        wanted = np.ones((6, 6))
        for i in range(3):
            wanted[masks[i] & ~z[i]] = 0.0
        assert np.array_equal(parts.masked(z[None])[0], wanted)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.int32, np.int64, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7, 5, 3), (8, 10, 4), (16, 3, 1)])
def test_blending_is_choosing(shape, dtype):
    """Words of eight bytes that lie in one region, those that are torn, and arrays of which they do not make a whole."""
    rng = np.random.default_rng(3)
    original, fill = (rng.normal(size=shape).astype(dtype) if np.dtype(dtype).kind == "f" else rng.integers(0, 2, shape).astype(dtype) for _ in range(2))
    labels = np.repeat(rng.integers(-1, 4, (shape[0], -(-shape[1] // 3))), 3, axis=1)[:, : shape[1]]
    cover = Cover.of_labels(labels)
    masks = rng.random((20, 4)) < 0.5
    got = Blend(original, fill, Cover(np.broadcast_to(cover.atoms[..., None], shape), None, 4)).rows(masks)
    keep = np.where(labels < 0, True, masks[:, np.maximum(labels, 0)])
    assert got.dtype == dtype and np.array_equal(got, np.where(keep[..., None], original, fill))


SHAPES = {"gray": (24, 30), "one channel": (24, 30, 1), "color": (24, 30, 3), "with alpha": (24, 30, 4), "first": (3, 24, 30), "first of one": (1, 24, 30)}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("segments", ["slic", "felzenszwalb", "quickshift", "watershed", "grid"])
def test_the_model_gets_the_very_dtype_and_layout(segments, shape, dtype):
    channels = 0 if len(shape) == 2 else min(shape)
    image = photo(24, 30, channels, dtype)
    image = np.moveaxis(image, -1, 0) if shape[0] < 5 else image
    model = Keeper(lambda X: X.reshape(len(X), -1).mean(axis=1))
    before = image.copy()
    e = kb.ImageExplainer(model, segments=segments, budget=300).explain(image)
    assert all(batch.shape[1:] == image.shape and batch.dtype == dtype for batch in model.batches)
    assert np.array_equal(model.batches[0][0], image) and np.array_equal(image, before)
    assert len(e) >= 1 and e.layout.picture.shape == (24, 30, 3) and sum(map(len, model.batches)) == e.n_model_calls


def test_every_segment_is_hidden_in_some_draw():
    """The label map of lime's wrapper may start at 1, and the last segment is then never hidden."""
    labels = quarters(12, 12) * 10 + 7
    model = Keeper(lambda X: X[:, -1, -1])
    e = kb.ImageExplainer(model, segments=labels, fill=0.0).explain(np.ones((12, 12)))
    np.testing.assert_allclose(e.coef[:, 0], [0, 0, 0, 1], atol=1e-10)


def test_labels_below_0_are_never_hidden():
    labels = quarters(12, 12) - 1
    model = Keeper(lambda X: X.mean(axis=(1, 2)))
    e = kb.ImageExplainer(model, segments=labels, fill=0.0).explain(np.ones((12, 12)))
    assert len(e) == 3 and all((batch[:, :6, :6] == 1).all() for batch in model.batches)


def test_fills():
    image = photo(dtype=np.float64)
    cells = quarters(*image.shape[:2])
    hidden = np.zeros((1, 4), dtype=bool)
    mean = Image(cells).parts(image).masked(hidden)[0]
    for i in range(4):
        np.testing.assert_allclose(mean[cells == i], np.broadcast_to(image[cells == i].mean(axis=0), mean[cells == i].shape))
    for fill, wanted in ((0.25, 0.25), ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)), (image[::-1], image[::-1]), (lambda x: 1 - x, 1 - image)):
        np.testing.assert_allclose(Image(cells, fill=fill).parts(image).masked(hidden)[0], np.broadcast_to(wanted, image.shape))
    assert Image(cells, fill="blur").parts(image).masked(hidden)[0].std() < image.std()
    noise = [Image(cells, fill="noise").parts(image).masked(hidden)[0] for _ in range(2)]
    assert np.array_equal(*noise) and not np.allclose(noise[0], image)


def test_inpainting_continues_a_ramp():
    """A segment in a linear ramp is filled with the ramp; the segment's own pixels are not seen."""
    ramp = np.broadcast_to(np.linspace(0, 1, 40), (40, 40)).copy()
    labels = np.full((40, 40), -1)
    labels[15:25, 15:25] = 0
    marked = np.where(labels == 0, 1.0, ramp)
    filled = Image(labels, fill="inpaint").parts(marked).masked(np.zeros((1, 1), dtype=bool))[0]
    np.testing.assert_allclose(filled, ramp, atol=0.01)


def test_whole_numbers_lose_their_fraction_as_in_lime():
    image = np.array([[[3], [4]]], dtype=np.uint8)
    assert Image(np.zeros((1, 2), dtype=int), channels="last").parts(image).masked(np.zeros((1, 1), dtype=bool)).ravel().tolist() == [3, 3]


def test_the_certificate_is_that_of_every_domain():
    testing.check_domain(Image(quarters(12, 16)), [photo(12, 16, seed=i) for i in range(5)], kernels.Exponential(0.25, kernels.cosine))
    testing.check_domain(Image("grid", 9, "noise"), [photo(12, 16, 0, np.float32, seed=1), photo(20, 9, 3)], kernels.Exponential(0.25, kernels.cosine))


def test_images_of_different_sizes():
    images = [photo(20, 20), photo(30, 24), photo(16, 40, 3)]
    es = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid", n_segments=9).explain_many(images)
    assert len(es) == 3 and [e.layout.picture.shape[:2] for e in es] == [(20, 20), (30, 24), (16, 40)]
    alone = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid", n_segments=9).explain(images[1])
    assert np.array_equal(alone.coef, es[1].coef)


def test_some_segments_only():
    cells = quarters(12, 12)
    model = Keeper(linear(cells, [1.0, 2.0, 3.0, 4.0]))
    e = kb.ImageExplainer(model, segments=cells, fill=0.0).explain(np.ones((12, 12)), features=["segment 1", 3])
    np.testing.assert_allclose(e.coef[:, 0], [2.0, 4.0], atol=1e-10)
    assert e.columns == ("segment 1", "segment 3") and all((batch[:, 6:, :6] == 1).all() for batch in model.batches)


def test_it_round_trips_through_json():
    e = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid", n_segments=4).explain(photo())
    back = kb.Explanation.from_json(e.to_json())
    for name in ("picture", "atoms", "covers"):
        assert np.array_equal(getattr(back.layout, name), getattr(e.layout, name)), name
    assert np.array_equal(back.coef, e.coef)


def test_normalized_pictures_are_shown_in_full_range():
    image = (photo(dtype=np.float32) - 0.45) / 0.22
    e = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid", n_segments=4).explain(image)
    assert e.layout.picture.min() == 0 and e.layout.picture.max() == 255
    plain = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid", n_segments=4).explain(photo())
    assert np.array_equal(plain.layout.picture, photo())


def test_the_first_of_several_numbers_is_not_the_target():
    scores = lambda X: np.stack([X.mean(axis=(1, 2, 3)), 5 + X.mean(axis=(1, 2, 3)), -X.mean(axis=(1, 2, 3))], axis=1)  # noqa: E731
    explainer = lambda **options: kb.ImageExplainer(scores, segments="grid", n_segments=4, **options).explain(photo())  # noqa: E731
    assert explainer().target == "1" and explainer(output="prediction").target == "0"
    assert explainer(output_names=["cat", "dog", "owl"]).target == "dog"
