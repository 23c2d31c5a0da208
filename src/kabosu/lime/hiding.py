"""Superpixels: their numbers, and images that hide some of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.types import Array, Int


def from_zero(segments: Int[Array, "h w"]) -> Int[Array, "h w"]:
    """The same superpixels numbered 0 to n-1, in the order of their labels."""
    labels, numbers = np.unique(segments, return_inverse=True)
    return segments if np.array_equal(labels, np.arange(len(labels))) else numbers.reshape(segments.shape)


def hidden(image: Array, segments: Int[Array, "h w"], color: Any = None) -> Array:
    """The image with every superpixel hidden: in its mean color, or in one color."""
    made = image.copy()
    if color is not None:
        made[:] = color
        return made
    order = np.argsort(segments, axis=None, kind="stable")
    pixels, labels = image.reshape(-1, image.shape[2])[order], segments.reshape(-1)[order]
    ends = np.flatnonzero(np.diff(labels)) + 1
    flat = made.reshape(-1, image.shape[2])
    for a, b in zip([0, *ends], [*ends, len(labels)], strict=True):
        flat[order[a:b]] = [np.mean(pixels[a:b, channel]) for channel in range(image.shape[2])]
    return made


@dataclass(frozen=True)
class Hiding:
    """Two images as words of bits: where a superpixel is shown, the bits in which they differ are turned.

    That is exact for every kind of number, and copies nothing by its position.
    """

    hidden: Array
    differ: Array
    owner: Array
    shape: tuple[int, ...]
    dtype: Any
    d: int

    @classmethod
    def of(cls, image: Array, hidden: Array, segments: Int[Array, "h w"], d: int) -> "Hiding":
        """Both images and the superpixel of every number in them; labels that are none of 0 to d-1 are always shown."""
        word = np.dtype(f"u{image.dtype.itemsize}")
        a, b = (np.ascontiguousarray(x, dtype=image.dtype).view(word).reshape(-1) for x in (image, hidden))
        known = np.where((segments >= 0) & (segments < d), segments, d)
        return cls(b, a ^ b, np.repeat(known.reshape(-1), image.shape[2]), image.shape, image.dtype, d)

    def shown(self, masks: Int[Array, "n d"]) -> Array:
        """(n, h, w, c) images that show some superpixels and hide the others."""
        turned = np.full((len(masks), self.d + 1), np.iinfo(self.hidden.dtype).max, dtype=self.hidden.dtype)
        turned[:, : self.d][masks == 0] = 0
        words = turned.take(self.owner, axis=1)
        words &= self.differ
        words ^= self.hidden
        return words.view(self.dtype).reshape(len(masks), *self.shape)
