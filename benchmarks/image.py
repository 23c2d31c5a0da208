"""Images with a model that costs next to nothing: 224 x 224 with the same 64 segments, 512 x 512 with each library's own segments."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from lime.lime_image import LimeImageExplainer
from skimage import data
from skimage.transform import resize

import kabosu as kb
from benchmarks.clock import Row, faster, lean, resident, show, side_by_side, timed

SAMPLES = 1000


def cheap(X: np.ndarray) -> np.ndarray:
    """Two probabilities from some of the pixels."""
    p = X[:, ::16, ::16].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - p, p], axis=1)


def cells(image: np.ndarray) -> np.ndarray:
    return np.arange(224)[:, None] // 28 * 8 + np.arange(224)[None] // 28


def pictures() -> tuple[np.ndarray, np.ndarray]:
    large = data.astronaut()
    return (resize(large, (224, 224)) * 255).astype(np.uint8), large


def theirs(size: int) -> Callable[[np.ndarray], Any]:
    """Lime on a picture of this size: the same cells on the small one, its own segments on the large one."""
    lime, more = LimeImageExplainer(random_state=0), {"segmentation_fn": cells} if size == 224 else {}
    return lambda x: lime.explain_instance(x, cheap, labels=(1,), top_labels=None, num_samples=SAMPLES, **more)


def ours(size: int, recipe: str = "kabosu") -> Callable[[np.ndarray], Any]:
    segments = {"segments": cells} if size == 224 else {"segments": "slic", "n_segments": 260}
    return kb.ImageExplainer(cheap, recipe=recipe, budget=SAMPLES + (recipe == "kabosu"), **segments).explain


def rows() -> list[Row]:
    small, large = pictures()
    a = side_by_side([lambda f=f: f(small) for f in (theirs(224), ours(224, "lime"), ours(224))], 3)
    loop = timed(lambda: theirs(512)(large))
    b = side_by_side([lambda: ours(512)(large)], 3)[0]
    p = len(ours(512)(large))
    return [
        faster("image 224 x 224, 64 segments, 1,000 samples, lime's law", a[0], a[1], 15),
        faster("the same, our default recipe", a[0], a[2], 15),
        faster(f"image 512 x 512, 1,000 samples, segmentation included ({p} segments)", loop, b, 20),
        *(lean(f"memory, image {size} x {size}, {SAMPLES:,} samples", "benchmarks.image", str(size), 1) for size in (224, 512)),
    ]


if __name__ == "__main__":
    if sys.argv[1:]:
        call, picture = {"ours": ours, "theirs": theirs}[sys.argv[1]](int(sys.argv[2])), pictures()[sys.argv[2] == "512"]
        {"ours": ours, "theirs": theirs}[sys.argv[1]](512)(picture[:64, :64])  # imports
        print(resident(lambda: call(picture)))
    else:
        show(rows())
