"""A photo of a cat and a mouse, and a small network."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from lime import lime_image
from lime.wrappers.scikit_image import SegmentationAlgorithm
from skimage.io import imread
from skimage.transform import resize

net = Interpreter(str(DATA / "image/mobilenet_v1_0.5_160_quant.tflite"))
net.allocate_tensors()
into, out = net.get_input_details()[0], net.get_output_details()[0]


def predict_fn(images):
    """Probabilities of 1,001 classes."""
    found = []
    for image in images:
        net.set_tensor(into["index"], (255 * image).astype(np.uint8)[None])
        net.invoke()
        found.append(net.get_tensor(out["index"])[0] / 256)
    found = np.array(found, dtype=float)
    return found / found.sum(axis=1, keepdims=True)


image = resize(imread(DATA / "image/cat_mouse.jpg")[..., :3], (160, 160), anti_aliasing=True)
explainer = lime_image.LimeImageExplainer(random_state=0)
segmenter = SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=20, ratio=0.2)
explanation = explainer.explain_instance(image, predict_fn, top_labels=5, hide_color=0, num_samples=120, segmentation_fn=segmenter)
temp, mask = explanation.get_image_and_mask(explanation.top_labels[0], positive_only=True, num_features=5, hide_rest=True)
both, signs = explanation.get_image_and_mask(explanation.top_labels[0], positive_only=False, num_features=10, hide_rest=False)
ind = explanation.top_labels[0]
dict_heatmap = dict(explanation.local_exp[ind])
heatmap = np.vectorize(dict_heatmap.get)(explanation.segments)
result = [explanation.top_labels, mask, signs, temp, both, heatmap, explanation.local_exp]
