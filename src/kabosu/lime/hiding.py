"""Superpixels: their numbers, and images that hide some of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.types import Array, Int

GROUP = 32  # bytes that are copied at once
CACHE = 1 << 19  # bytes of an image that are worked on at once


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

    That is exact for every kind of number. Words of an image go in groups of up to 32 bytes; most groups lie within one
    superpixel, and every mixture of superpixels is one pattern, worked out once an image.

    hidden, differ : (m,) words.  patterns : (P, g) superpixels of a group.  owner : (m / g,) the pattern of each group.
    """

    hidden: Array
    differ: Array
    patterns: Int[Array, "P g"]
    owner: Int[Array, "m"]
    shape: tuple[int, ...]
    dtype: Any
    d: int

    @classmethod
    def of(cls, image: Array, hidden: Array, segments: Int[Array, "h w"], d: int) -> "Hiding":
        """Both images and the superpixel of every number in them; labels that are none of 0 to d-1 are always shown."""
        word = np.dtype(f"u{image.dtype.itemsize}")
        a, b = (np.ascontiguousarray(x, dtype=image.dtype).view(word).reshape(-1) for x in (image, hidden))
        known = np.where((segments >= 0) & (segments < d), segments, d)
        g = next(g for g in (32, 16, 8, 4, 2, 1) if g * word.itemsize <= GROUP and b.size % g == 0)
        patterns, owner = _patterns(np.repeat(known.reshape(-1), image.shape[2]).reshape(-1, g), d)
        return cls(b, a ^ b, patterns, owner, image.shape, image.dtype, d)

    def shown(self, masks: Int[Array, "n d"]) -> Array:
        """(n, h, w, c) images that show some superpixels and hide the others."""
        word, g = self.hidden.dtype, self.patterns.shape[1]
        turned = np.full((len(masks), self.d + 1), np.iinfo(word).max, dtype=word)
        turned[:, : self.d][masks == 0] = 0
        table, words = turned.take(self.patterns, axis=1), np.empty((len(masks), len(self.owner), g), dtype=word)
        step = max(1, CACHE // (g * word.itemsize))
        for start in range(0, len(self.owner), step):
            owner, at = self.owner[start : start + step], slice(start * g, (start + step) * g)
            for bits, rows in zip(words[:, start : start + step], table, strict=True):
                rows.take(owner, axis=0, out=bits, mode="clip")
                flat = bits.reshape(-1)
                flat &= self.differ[at]
                flat ^= self.hidden[at]
        return words.reshape(len(masks), -1).view(self.dtype).reshape(len(masks), *self.shape)


def _patterns(groups: Int[Array, "m g"], d: int) -> tuple[Int[Array, "P g"], Int[Array, "m"]]:
    """The different rows and which each row is: those of one superpixel by its number, then the mixtures."""
    mixed = np.flatnonzero((groups != groups[:, :1]).any(axis=1))
    mixtures, numbers = np.unique(groups[mixed], axis=0, return_inverse=True)
    owner = groups[:, 0].copy()
    owner[mixed] = d + 1 + numbers.reshape(-1)
    return np.concatenate([np.repeat(np.arange(d + 1)[:, None], groups.shape[1], axis=1), mixtures]), owner
