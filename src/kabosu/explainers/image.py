"""Images: which segments of a picture the model looks at."""

from collections.abc import Callable, Sequence
from typing import Any

from kabosu import checks
from kabosu.domains.image import Image
from kabosu.domains.segments import Quickshift
from kabosu.errors import InputError
from kabosu.explainers.base import Explainer, chosen_recipe
from kabosu.recipes import IMAGES, MASK_LAWS, Recipe
from kabosu.responders.arrays import array_model


class ImageExplainer(Explainer):
    """Explain predictions on images by segments that are kept or replaced.

    An image is (H, W), (H, W, C) or (C, H, W), of any dtype and range, a torch tensor or a PIL image. The model is asked with
    batches of the very same dtype, layout and kind of array, some images at a time.

    Parameters
    ----------
    model : torch module, ONNX Runtime session, LiteRT interpreter, or a function of batches (n, H, W, C) that answers (n,) or
        (n, outputs).
    segments : "slic", "felzenszwalb", "quickshift", "watershed" or "grid"; an object of ``domains.segments``; a function of the
        picture (H, W[, C]) in [0, 1]; a label map (H, W), where labels below 0 are never hidden; masks (q, H, W) that may overlap.
        ``None``: "slic", or under recipe="lime" quickshift with lime's numbers.
    n_segments : about how many, for segments by name; ``None``: 40.
    fill : what stands in the place of a hidden segment: "mean" (the segment's mean color), "blur", "inpaint", "noise", a color in
        the image's own numbers, an image, or a function of the image (H, W, C).
    channels : "last", "first", or "auto": the side of length 1, 3 or 4.
    target : a function of the model's whole answer to a batch that gives the numbers to explain, for boxes, maps and
        dicts: ``Box``, ``Region`` and ``Count`` of ``kabosu.targets``, or one of your own.
    batch_size : most images asked at once; ``None``: of two million numbers together. Where memory runs out, half as many are asked.
    output : "auto", "probability", "margin" or "prediction" (a regression with several outputs).  output_names : of all outputs.
    neighborhood : how many segments are kept: "even" (any number is as likely), "coins" (each by itself, as in lime), or an object.
    recipe, kernel_width, surrogate, engine, budget, random_state, strict : as for ``TabularExplainer``.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((32, 32, 3), dtype=np.uint8)
    >>> image[:8, :8] = 255
    >>> bright = lambda images: images[:, :8, :8].mean(axis=(1, 2, 3)) / 255
    >>> e = ImageExplainer(bright, segments="grid", n_segments=16, fill=0).explain(image)
    >>> e.columns[e.order()[0]], round(float(e.coef[0, 0]), 6)
    ('segment 0', 1.0)

    """

    def __init__(
        self,
        model: Any,
        *,
        segments: Any = None,
        n_segments: int | None = None,
        fill: Any = "mean",
        channels: str = "auto",
        target: Callable[[Any], Any] | None = None,
        batch_size: int | None = None,
        recipe: str | Recipe = "kabosu",
        neighborhood: Any = None,
        kernel_width: float | None = None,
        surrogate: Any = None,
        engine: str = "auto",
        output: str = "auto",
        output_names: Sequence[Any] | None = None,
        budget: int | None = None,
        random_state: int = 0,
        strict: bool = False,
    ) -> None:
        self.recipe = chosen_recipe(IMAGES, MASK_LAWS, "counts", recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        cut = segments if segments is not None else Quickshift() if self.recipe.name == "lime" else "slic"
        self.domain = Image(cut, n_segments, fill, channels, self.recipe.neighborhood)
        self.model = array_model(model, output, target, batch_size, output_names)

    def _alone(self, x: Any) -> Any:
        return [x]

    def _several(self, X: Any) -> Any:
        if not hasattr(X, "__len__") or not hasattr(X, "__getitem__") or isinstance(X, (str, dict)):
            raise InputError(f"explain_many takes images one after the other, a list or an array (n, H, W, C), and a {type(X).__name__} was given")
        return [X[i] for i in range(len(X))]
