"""Images: with the same RandomState the model sees the same images, and the numbers are lime's to 1e-8."""

import lime.lime_image
import lime.wrappers.scikit_image
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from twins import Recorder

import kabosu.lime.lime_image
from kabosu.lime.lime_image import ImageExplanation
from kabosu.lime.wrappers.scikit_image import SegmentationAlgorithm

skimage = pytest.importorskip("skimage")
SIZE = 48


def photo(kind):
    from skimage.data import astronaut
    from skimage.transform import resize

    image = resize(astronaut(), (SIZE, SIZE), anti_aliasing=True)
    return {"float": image, "float32": image.astype(np.float32), "bytes": (255 * image).astype(np.uint8), "gray": image.mean(axis=2)}[kind]


def ask(images):
    """Five classes from smooth weights over the picture."""
    scaled = images / (255.0 if images.dtype == np.uint8 else 1.0)
    W = np.random.default_rng(0).normal(size=(SIZE * SIZE * 3, 5)) / SIZE
    s = np.tanh(scaled.reshape(len(images), -1) @ W)
    e = np.exp(3 * s)
    return e / e.sum(axis=1, keepdims=True)


def grid(image):
    return np.kron(np.arange(16).reshape(4, 4), np.ones((SIZE // 4, SIZE // 4), dtype=int))


CASES = [
    ("float", {}, {}),
    ("bytes", {}, {"hide_color": 0}),
    ("bytes", {}, {}),
    ("float32", {}, {"segmentation_fn": grid}),
    ("gray", {}, {"segmentation_fn": grid}),
    ("float", {}, {"segmentation_fn": grid, "hide_color": [0.5, 0.0, 1.0], "num_features": 5, "top_labels": 2}),
    ("float", {}, {"segmentation_fn": grid, "top_labels": None, "labels": (0, 3), "num_features": 8}),
    ("float", {"kernel_width": 0.1}, {"segmentation_fn": grid, "batch_size": 7}),
    ("float", {"kernel": lambda d, kernel_width: 1 / (1 + d / kernel_width)}, {"segmentation_fn": grid}),
    ("float", {"feature_selection": "lasso_path"}, {"segmentation_fn": grid, "num_features": 6, "top_labels": 1}),
    ("float", {"feature_selection": "highest_weights"}, {"segmentation_fn": grid, "num_features": 6, "top_labels": 2}),
    ("float", {}, {"segmentation_fn": grid, "distance_metric": "euclidean"}),
    ("float", {}, {"segmentation_fn": grid, "model_regressor": LinearRegression()}),
]


def both(kind, init, explain, compatible, seed=4):
    out = []
    for module in (lime.lime_image, kabosu.lime.lime_image):
        recorder = Recorder(ask)
        extra = {"bug_compatible": compatible} if module is kabosu.lime.lime_image else {}
        explainer = module.LimeImageExplainer(random_state=np.random.RandomState(seed), **init, **extra)
        e = explainer.explain_instance(photo(kind), recorder, **{"num_samples": 150, **explain})
        out.append((e, recorder.seen, explainer.random_state.randint(10**9)))
    return out


def assert_same_images(theirs, ours):
    np.testing.assert_array_equal(ours.segments, theirs.segments)
    np.testing.assert_array_equal(ours.image, theirs.image)
    assert list(ours.local_exp) == list(theirs.local_exp)
    assert ours.top_labels == getattr(theirs, "top_labels", None)
    for label, pairs in theirs.local_exp.items():
        mine = dict(ours.local_exp[label])
        assert set(mine) == {i for i, _ in pairs}
        np.testing.assert_allclose([mine[i] for i, _ in pairs], [w for _, w in pairs], rtol=0, atol=1e-8)
        assert ours.intercept[label] == pytest.approx(theirs.intercept[label], abs=1e-8)
        for options in ({}, {"positive_only": False, "negative_only": True}, {"positive_only": False, "num_features": 9}, {"hide_rest": True}, {"positive_only": False, "hide_rest": True, "min_weight": 0.01}):
            for a, b in zip(theirs.get_image_and_mask(label, **options), ours.get_image_and_mask(label, **options), strict=True):
                np.testing.assert_array_equal(b, a)
                assert b.dtype == a.dtype
    assert float(ours.score) == pytest.approx(theirs.score, abs=1e-8)
    np.testing.assert_allclose(np.asarray(ours.local_pred), theirs.local_pred, rtol=0, atol=1e-8)


@pytest.mark.parametrize("compatible", [True, None], ids=["as lime", "mended"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_same_images_and_numbers(case, compatible):
    (theirs, asked, left), (ours, mine, right) = both(*CASES[case], compatible)
    assert len(mine) == len(asked)
    for a, b in zip(asked, mine, strict=True):
        np.testing.assert_array_equal(b, a)
        assert b.dtype == a.dtype
    assert_same_images(theirs, ours)
    assert left == right


@pytest.mark.parametrize("name", ["quickshift", "felzenszwalb", "slic"])
def test_segmentations(name):
    image = photo("float")
    options = {"kernel_size": 3, "max_dist": 6, "ratio": 0.5, "n_segments": 12, "scale": 80, "unknown": 1}
    theirs, ours = (module(name, **options) for module in (lime.wrappers.scikit_image.SegmentationAlgorithm, SegmentationAlgorithm))
    assert ours.target_params == theirs.target_params
    np.testing.assert_array_equal(ours(image), theirs(image))


def test_the_last_segment_of_slic():
    """Its labels count from 1: lime never switches off the last, which here is the only cause."""
    image = photo("float")
    segments = SegmentationAlgorithm("slic", n_segments=12)(image)
    last = segments == segments.max()
    assert segments.min() == 1
    alone = lambda images: np.column_stack([1 - (p := images[:, last].mean(axis=(1, 2))), p])  # noqa: E731
    weight = {}
    for compatible in (True, False):
        e = kabosu.lime.lime_image.LimeImageExplainer(random_state=0, bug_compatible=compatible).explain_instance(
            image, alone, hide_color=0, top_labels=2, num_samples=200, segmentation_fn=lambda image: segments, progress_bar=False
        )
        weight[compatible] = max(abs(w) for _, w in e.local_exp[1])
    assert weight[True] < 1e-6
    assert weight[False] == pytest.approx(image[last].mean(), rel=0.1)


def test_wrong_options():
    e = ImageExplanation(photo("float"), grid(None))
    with pytest.raises(KeyError):
        e.get_image_and_mask(1)
    e.local_exp[1] = [(0, 1.0)]
    with pytest.raises(ValueError):
        e.get_image_and_mask(1, positive_only=True, negative_only=True)


def test_the_seed_reaches_the_segmentation():
    assert SegmentationAlgorithm("quickshift", random_seed=5).target_params == {"rng": 5}
    assert lime.wrappers.scikit_image.SegmentationAlgorithm("quickshift", random_seed=5).target_params == {}


def test_one_channel_and_one_column():
    image = photo("gray")[..., None]
    e = kabosu.lime.lime_image.LimeImageExplainer(random_state=0).explain_instance(image, lambda images: images.mean(axis=(1, 2, 3)), segmentation_fn=grid, top_labels=2, num_samples=100)
    assert e.image.shape == (SIZE, SIZE, 3)
    assert len(e.local_exp) == 2
    assert e.certificate.effective_sample_size > 30
    assert e.std_error[1][0][1] > 0
