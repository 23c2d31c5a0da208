"""What does a network look at? Photos, a MobileNet, and the segments that make it say what it says.

    python examples/10_image.py [folder]     with a folder, the pictures are written there

The photos and the network lie in shared/data/image beside the repository; without them, a picture of scikit-image and a model
that looks for bright, round things show the same.
"""

import sys
from pathlib import Path

import numpy as np
from skimage import data
from skimage.transform import resize

import kabosu as kb

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "image"
PHOTOS = {"dogs.png": "Bernese mountain dog", "owl.jpg": "an owl, taken for a grouse", "parrot.jpg": "macaw", "pets.jpg": "two dogs", "cat_mouse.jpg": "not recognized: a black bear"}


def photo(path):
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB").resize((224, 224)))


def network():
    """MobileNetV2 as LiteRT has it, and its words; None without the files or the package."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    if not SHARED.exists():
        return None
    return Interpreter(str(SHARED / "mobilenet_v2_1.0_224_quant.tflite")), (SHARED / "imagenet_labels.txt").read_text().splitlines()


def bright(images):
    return images[:, 20:90, 90:140].mean(axis=(1, 2, 3)) / 255


found = network()
if found is None:
    pictures = {"astronaut": (resize(data.astronaut(), (224, 224)) * 255).astype(np.uint8)}
    explainer = kb.ImageExplainer(bright)
else:
    pictures = {name: photo(SHARED / name) for name in PHOTOS}
    explainer = kb.ImageExplainer(found[0], output_names=found[1])

for name, picture in list(pictures.items())[: None if len(sys.argv) > 1 else 1]:
    e = explainer.explain(picture, budget=513)
    print(f"{name}: {e.target} {e.prediction[e.target_index]:.2f}, fidelity {e.certificate.fidelity[e.target_index]:.2f}, most: {[e.columns[j] for j in e.order()[:3]]}")
    if len(sys.argv) > 1:
        e.save(Path(sys.argv[1]) / f"{Path(name).stem}.png")
        e.save(Path(sys.argv[1]) / f"{Path(name).stem}.html")
