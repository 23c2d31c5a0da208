"""Recipe "lime" estimates what lime's image explainer estimates: means over 48 runs of both agree within their errors."""

import numpy as np
import pytest
from pictures import photo
from test_networks import mobilenet

import kabosu as kb

lime_image = pytest.importorskip("lime.lime_image", reason="the original, to compare with")
pytest.importorskip("skimage", reason="lime cuts pictures with it")
RUNS, SAMPLES = 48, 256


def cells(picture):
    """3 x 4 blocks."""
    H, W = picture.shape[:2]
    return np.arange(H)[:, None] * 3 // H * 4 + np.arange(W)[None] * 4 // W


def theirs(x, ask, seed, label):
    found = lime_image.LimeImageExplainer(random_state=seed).explain_instance(
        x, ask, labels=(label,), top_labels=None, num_samples=SAMPLES, segmentation_fn=cells, batch_size=64
    )
    local = dict(found.local_exp[label])
    return np.array([local[j] for j in range(len(local))] + [found.intercept[label]])


def ours(x, ask, seed, label):
    e = kb.ImageExplainer(ask, segments=cells, recipe="lime", budget=SAMPLES, random_state=seed).explain(x)
    return np.append(e.coef[:, label], e.intercept[label])


def compare(x, ask, label):
    a, b = (np.array([explain(x, ask, seed + 1, label) for seed in range(RUNS)]) for explain in (theirs, ours))
    z = (a.mean(axis=0) - b.mean(axis=0)) / np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / RUNS)
    assert np.abs(z).max() < 4, z
    assert 0.6 < np.sqrt((a.var(axis=0, ddof=1) / b.var(axis=0, ddof=1)).mean()) < 1.6


def spots(x):
    """Probabilities that hang on bright spots together: neither linear nor additive."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(4, x.size))

    def ask(X):
        hidden = np.tanh((X.reshape(len(X), -1).astype(np.float64) - x.ravel()) @ weights.T / 3e3)
        score = hidden[:, 0] * hidden[:, 1] + np.maximum(hidden[:, 2], hidden[:, 3])
        return np.stack([1 / (1 + np.exp(score)), 1 - 1 / (1 + np.exp(score))], axis=1)

    return ask


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_the_same_mean_on_a_network_of_spots(dtype):
    x = photo(24, 32, 3, dtype)
    scale = 1 if dtype is np.uint8 else 255
    model = spots(x.astype(float) * scale)
    compare(x, lambda X: model(X.astype(float) * scale), 1)


def test_pictures_are_cut_as_lime_cuts_them():
    """Quickshift with lime's numbers is the recipe's default; the same segments, whatever they are called."""
    from lime.wrappers.scikit_image import SegmentationAlgorithm

    x = photo(48, 56)
    wanted = SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2, rng=0)(x)
    found = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), recipe="lime").domain.parts(x).layout.atoms
    pairs = np.unique(np.stack([wanted.ravel(), found.ravel()]), axis=1).shape[1]
    assert pairs == len(np.unique(wanted)) == len(np.unique(found)) > 1


@pytest.mark.slow
def test_the_same_mean_on_mobilenet():
    """A real network on a real photo: what makes it a macaw."""
    interpreter, names, read = mobilenet()
    from kabosu.responders.litert import AskInterpreter

    interpreter.allocate_tensors()
    compare(np.asarray(read("parrot.jpg")), AskInterpreter(interpreter), names.index("macaw"))
