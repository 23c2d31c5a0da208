"""Numbers to explain of answers that are none: boxes of a detector, maps of a segmentation.

A target is a function of the model's whole answer to a batch that gives one number a row; these are the common ones, as values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.respond import as_array
from kabosu.types import Array, Float


@dataclass(frozen=True, eq=False)
class Region:
    """The mean of a map over some of its pixels: of the logits of a class, say, where an object is.

    mask : (H, W) which pixels.  channel : of maps (n, C, H, W) or (n, H, W, C); None: maps (n, H, W).
    key : of the map, where the model answers a dict.

    Examples
    --------
    >>> maps = np.arange(16.0).reshape(1, 2, 2, 4)
    >>> Region(np.array([[True] * 4, [False] * 4]), channel=1)(maps)
    array([9.5])

    """

    mask: Any
    channel: int | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        mask = np.asarray(self.mask)
        if mask.ndim != 2 or mask.dtype.kind != "b" or not mask.any():
            raise InputError(f"mask has shape {mask.shape} and dtype {mask.dtype}; expected booleans (H, W), some of them True")

    def __call__(self, answer: Any) -> Float[Array, "n"]:
        """One number a row."""
        maps, mask = as_array(_at(answer, self.key)), np.asarray(self.mask)
        if self.channel is not None:
            first = maps.ndim == 4 and maps.shape[2:] == mask.shape
            maps = maps[:, self.channel] if first else maps[..., self.channel]
        if maps.shape[1:] != mask.shape:
            raise InputError(f"the maps have shape {maps.shape[1:]} and the mask {mask.shape}" + ("; say which channel" if maps.ndim == 4 else ""))
        return maps[:, mask].mean(axis=1)


@dataclass(frozen=True)
class Box:
    """How well an object is found: the largest score times overlap among the boxes of its label.

    box : (x1, y1, x2, y2) of the object.  label : of its class; None: any.  The answer is a dict an image, or a dict of arrays over all images, with
    the boxes, scores and labels under these names, as torchvision's detectors have them. As in D-RISE (Petsiuk et al. 2021).

    Examples
    --------
    >>> found = [{"boxes": [[0, 0, 2, 2], [4, 4, 6, 6]], "scores": [0.9, 0.8], "labels": [1, 1]}]
    >>> Box((0, 0, 2, 1), label=1)(found)
    array([0.45])

    """

    box: tuple[float, float, float, float]
    label: Any = None
    boxes: str = "boxes"
    scores: str = "scores"
    labels: str = "labels"

    def __post_init__(self) -> None:
        if np.shape(self.box) != (4,) or not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise InputError(f"box={self.box!r}; expected (x1, y1, x2, y2) with x1 < x2 and y1 < y2")

    def __call__(self, answer: Any) -> Float[Array, "n"]:
        """One number a row; 0 where there is no such box."""
        return np.array([self._one(image) for image in _images(answer, (self.boxes, self.scores))])

    def _one(self, image: Mapping[str, Any]) -> float:
        boxes, scores = (np.asarray(as_array(_at(image, name)), dtype=np.float64) for name in (self.boxes, self.scores))
        if not scores.size:
            return 0.0
        wanted = np.ones(len(scores), dtype=bool) if self.label is None else np.asarray(as_array(_at(image, self.labels))) == self.label
        return float((scores * overlap(np.asarray(self.box, dtype=np.float64), boxes.reshape(-1, 4)) * wanted).max())


@dataclass(frozen=True)
class Count:
    """How many objects of a label are found, each as much as its score.

    Examples
    --------
    >>> Count(1)([{"scores": [0.9, 0.5, 0.7], "labels": [1, 2, 1]}])
    array([1.6])

    """

    label: Any
    least: float = 0.0
    scores: str = "scores"
    labels: str = "labels"

    def __post_init__(self) -> None:
        checks.number("least", self.least, "a score from which objects count", low=0.0)

    def __call__(self, answer: Any) -> Float[Array, "n"]:
        """One number a row."""
        pairs = [(np.asarray(as_array(_at(i, self.scores)), dtype=np.float64), np.asarray(as_array(_at(i, self.labels)))) for i in _images(answer, (self.scores, self.labels))]
        return np.array([float(scores[(labels == self.label) & (scores >= self.least)].sum()) for scores, labels in pairs])


def overlap(box: Float[Array, "4"], others: Float[Array, "n 4"]) -> Float[Array, "n"]:
    """Area in common over area of either (Jaccard)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod() - common
    return common / np.where(areas > 0, areas, 1.0)


def _at(answer: Any, key: str | None) -> Any:
    if key is None:
        return answer
    if not isinstance(answer, Mapping) or key not in answer:
        raise InputError(f"the answer is a {type(answer).__name__}{f' with the keys {list(answer)[:10]}' if isinstance(answer, Mapping) else ''}; expected a dict with {key!r}")
    return answer[key]


def _images(answer: Any, keys: tuple[str, ...]) -> Sequence[Mapping[str, Any]]:
    """A dict an image."""
    if isinstance(answer, Mapping):
        for key in keys:
            _at(answer, key)
        return [dict(zip(answer, parts, strict=True)) for parts in zip(*answer.values(), strict=True)]
    return list(answer)
