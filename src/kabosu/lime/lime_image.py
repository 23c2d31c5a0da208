"""Explain predictions on images, as lime does: same names, same samples, same numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kabosu.errors import InputError, MissingExtra
from kabosu.explanation import Certificate
from kabosu.explanation import Explanation as Kabosu
from kabosu.lime import answers
from kabosu.lime.bridge import Found, as_kabosu, found
from kabosu.lime.faults import as_of, mended
from kabosu.lime.hiding import Hiding, from_zero, hidden
from kabosu.lime.kernels import bound
from kabosu.lime.lime_base import LimeBase
from kabosu.lime.masks import distances
from kabosu.lime.results import PerLabel, PerLabelArray
from kabosu.lime.wrappers.scikit_image import SegmentationAlgorithm
from kabosu.report.words import PRESENT
from kabosu.runners import Line
from kabosu.types import Array


class ImageExplanation:
    """Why the model answered so: for each label, superpixels with their weights.

    image : (H, W, C).  segments : (H, W) the superpixel of each pixel.
    """

    def __init__(self, image: Array, segments: Array) -> None:
        self.image = image
        self.segments = segments
        self.intercept: dict[Any, Any] = {}
        self.local_exp: dict[Any, list[tuple[Any, Any]]] = {}
        self.local_pred: Any = None
        self.score: Any = None
        self.top_labels: list[Any] | None = None
        self.found: Found | None = None

    def learn(self, found: Found) -> None:
        """Take over what a regression found."""
        if not found.labels:
            return
        self.found, regression = found, found.regression
        for c, label in enumerate(found.labels):
            self.intercept[label], self.local_exp[label] = regression.intercept(c), regression.ranked(c)
        self.score = PerLabel({label: regression.score(c) for c, label in enumerate(found.labels)})
        self.local_pred = PerLabelArray({label: regression.local(c) for c, label in enumerate(found.labels)})

    def get_image_and_mask(self, label: Any, positive_only: bool = True, negative_only: bool = False, hide_rest: bool = False, num_features: int = 5, min_weight: float = 0.0) -> tuple[Array, Array]:
        """An image that shows the superpixels of a label, and the mask of them.

        positive_only, negative_only : the first num_features of one sign, 1 in the mask; both False: of either, in green and
        red, 1 and -1 in the mask.  hide_rest : black elsewhere.  min_weight : least size of a weight.
        """
        if label not in self.local_exp:
            raise KeyError(f"label {label} was not explained; these were: {[int(x) for x in self.local_exp]}")
        if positive_only and negative_only:
            raise ValueError("positive_only and negative_only are both True; set one of them to False")
        pairs = self.local_exp[label]
        shown = np.zeros(self.image.shape) if hide_rest else self.image.copy()
        mask = np.zeros(self.segments.shape, self.segments.dtype)
        if positive_only or negative_only:
            sign = 1 if positive_only else -1
            chosen = [i for i, weight in pairs if sign * weight > 0 and sign * weight > min_weight][:num_features]
            here = np.isin(self.segments, chosen)
            shown[here], mask[here] = self.image[here], 1
            return shown, mask
        for i, weight in pairs[:num_features]:
            if np.abs(weight) >= min_weight:
                here = self.segments == i
                shown[here], mask[here] = self.image[here], -1 if weight < 0 else 1
                shown[here, 0 if weight < 0 else 1] = np.max(self.image)
        return shown, mask

    @property
    def std_error(self) -> dict[Any, list[tuple[Any, float]]]:
        """Label -> pairs (superpixel, standard error of its weight), in the order of ``local_exp``."""
        errors = self._evidence().regression.fit.std_error[0]
        return {label: [(i, float(errors[int(i), c])) for i, _ in self.local_exp[label]] for c, label in enumerate(self._evidence().labels)}

    @property
    def certificate(self) -> Certificate:
        """The evidence that the numbers can be believed."""
        return self.to_kabosu().certificate

    def to_kabosu(self) -> Kabosu:
        """The same as ``kabosu.Explanation``."""
        evidence = self._evidence()
        names = [f"segment {i}" for i in range(len(evidence.origin))]
        return as_kabosu(evidence, names, names, names, [str(label) for label in evidence.labels])

    def _evidence(self) -> Found:
        if self.found is None:
            raise InputError("this explanation holds no label; the evidence comes with those that explain_instance() is asked for")
        return self.found


class LimeImageExplainer:
    """Explains classifiers of images by hiding superpixels.

    kernel_width : of the exponential kernel, in cosine distance.  kernel : (distances, kernel_width) -> weights.
    bug_compatible : True has every fault of lime back, for audits; None: as ``kabosu.lime.fix`` said.

    Examples
    --------
    >>> def bright_corner(images):
    ...     p = images[:, :4, :4].mean(axis=(1, 2, 3))
    ...     return np.column_stack([1 - p, p])
    >>> image, quarters = np.zeros((8, 8, 3)), np.kron([[0, 1], [2, 3]], np.ones((4, 4), dtype=int))
    >>> image[:4, :4] = 1
    >>> e = LimeImageExplainer(random_state=0).explain_instance(image, bright_corner, hide_color=0, segmentation_fn=lambda image: quarters, progress_bar=False)
    >>> int(e.local_exp[1][0][0])
    0

    """

    def __init__(
        self,
        kernel_width: float = 0.25,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        feature_selection: str = "auto",
        random_state: Any = None,
        *,
        bug_compatible: bool | None = None,
    ) -> None:
        from sklearn.utils import check_random_state

        self.mended = mended(bug_compatible)
        self.random_state = check_random_state(random_state)
        self.feature_selection = feature_selection
        self.base = LimeBase(bound(kernel, float(kernel_width)), verbose, random_state=self.random_state)

    def explain_instance(
        self,
        image: Any,
        classifier_fn: Any,
        labels: Sequence[int] = (1,),
        hide_color: Any = None,
        top_labels: int | None = 5,
        num_features: int = 100000,
        num_samples: int = 1000,
        batch_size: int = 10,
        segmentation_fn: Callable[[Array], Array] | None = None,
        distance_metric: str = "cosine",
        model_regressor: Any = None,
        random_seed: int | None = None,
        progress_bar: bool = True,
    ) -> ImageExplanation:
        """Explain one image, (H, W, C) or (H, W).

        classifier_fn : (n, H, W, C) -> probabilities (n, k).  labels : classes to explain where top_labels is None.
        hide_color : what hides a superpixel, None: its own mean color.  batch_size : images asked at once.
        segmentation_fn : image -> (H, W) whole numbers; quickshift unless given.  random_seed : of that.
        """
        picture = _colored(np.asarray(image))
        seed = self.random_state.randint(0, high=1000) if random_seed is None else random_seed
        if segmentation_fn is None:
            given = {} if random_seed is None and "segmentation_seed" in self.mended else {"random_seed": seed}  # as lime, which never passed it on
            with as_of(self.mended):
                segmentation_fn = SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2, **given)
        pieces = np.asarray(segmentation_fn(picture))
        if pieces.shape != picture.shape[:2]:
            raise InputError(f"segmentation_fn gave shape {pieces.shape} for an image of shape {picture.shape}; expected {picture.shape[:2]}")
        if "segments" in self.mended:
            pieces = from_zero(pieces)
        fudged = hidden(picture, pieces, hide_color)
        data, Y = self.data_labels(picture, fudged, pieces, classifier_fn, num_samples, batch_size=batch_size, progress_bar=progress_bar)
        explanation, chosen = ImageExplanation(picture, pieces), list(labels)
        if top_labels:
            chosen = list(np.argsort(Y[0])[-top_labels:])
            explanation.top_labels = chosen[::-1]
        masks = data != 0
        regression = self.base.regress(masks, Y, distances(masks, distance_metric), chosen, num_features, self.feature_selection, model_regressor)
        explanation.learn(found(regression, chosen, masks, Y, "classification", words=PRESENT))
        return explanation

    def data_labels(self, image: Array, fudged_image: Array, segments: Array, classifier_fn: Any, num_samples: int, batch_size: int = 10, progress_bar: bool = True) -> tuple[Array, Array]:
        """Which superpixels each sample shows, (n, d) zeros and ones, the image itself first; and the model's answers (n, k)."""
        d = len(np.unique(segments))
        data = self.random_state.randint(0, 2, num_samples * d).reshape(num_samples, d)
        data[0] = 1
        ask, done, hiding = answers.asking(classifier_fn), [], Hiding.of(image, fudged_image, segments, d)
        for start in range(0, num_samples, batch_size):
            done.append(answers.as_array(ask(hiding.shown(data[start : start + batch_size]))))
            if progress_bar:
                Line()(min(start + batch_size, num_samples), num_samples)
        return data, answers.probabilities(np.concatenate(done), self.mended)


def _colored(image: Array) -> Array:
    """(H, W, C); gray images in three channels."""
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim == 2:
        try:
            from skimage.color import gray2rgb
        except ImportError as e:
            raise MissingExtra.of("scikit-image", "image") from e
        return gray2rgb(image)
    if image.ndim != 3:
        raise InputError(f"the image has shape {image.shape}; expected (height, width, channels) or (height, width)")
    return image
