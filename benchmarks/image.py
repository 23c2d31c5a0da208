"""Images with a model that costs next to nothing: 224 x 224 with the same 64 segments, 512 x 512 with each library's own segments."""

import numpy as np
from lime.lime_image import LimeImageExplainer
from skimage import data
from skimage.transform import resize

import kabosu as kb
from benchmarks.clock import Row, faster, show, side_by_side, timed

SAMPLES = 1000


def cheap(X: np.ndarray) -> np.ndarray:
    """Two probabilities from some of the pixels."""
    p = X[:, ::16, ::16].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - p, p], axis=1)


def cells(image: np.ndarray) -> np.ndarray:
    return np.arange(224)[:, None] // 28 * 8 + np.arange(224)[None] // 28


def rows() -> list[Row]:
    large = data.astronaut()
    small = (resize(large, (224, 224)) * 255).astype(np.uint8)
    theirs = LimeImageExplainer(random_state=0)
    lime = lambda x, **o: theirs.explain_instance(x, cheap, labels=(1,), top_labels=None, num_samples=SAMPLES, **o)  # noqa: E731
    ours = kb.ImageExplainer(cheap, segments=cells, recipe="lime", budget=SAMPLES)
    default = kb.ImageExplainer(cheap, segments=cells, budget=SAMPLES + 1)
    large_ones = kb.ImageExplainer(cheap, segments="slic", n_segments=190, budget=SAMPLES + 1)
    a = side_by_side([lambda: lime(small, segmentation_fn=cells), lambda: ours.explain(small), lambda: default.explain(small)], 3)
    loop = timed(lambda: lime(large))
    b = side_by_side([lambda: large_ones.explain(large)], 3)[0]
    p = len(large_ones.explain(large, budget=SAMPLES + 1))
    return [
        faster("image 224 x 224, 64 segments, 1,000 samples, lime's law", a[0], a[1], 15),
        faster("the same, our default recipe", a[0], a[2], 15),
        faster(f"image 512 x 512, 1,000 samples, segmentation included ({p} segments)", loop, b, 20),
    ]


if __name__ == "__main__":
    show(rows())
