"""Explanations laid over pictures, as pixels: for axes and for pages, without matplotlib."""

import struct
import zlib

import numpy as np

from kabosu.domains.image import Regions
from kabosu.plots.style import LIGHT, Palette
from kabosu.types import Array, Float

STRONGEST = 0.8  # how much of a pixel the largest effect hides


def rgb(color: str) -> Float[Array, "3"]:
    """A color #rrggbb as three numbers from 0 to 255."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def tinted(layout: Regions, effects: Float[Array, "p"], colors: Palette = LIGHT) -> Array:
    """(H, W, 3) the picture, paler, with blue over what raises and orange over what lowers, the more the larger."""
    gray = layout.picture @ np.array([0.2126, 0.7152, 0.0722])
    pale = 0.75 * (0.35 * layout.picture + 0.65 * gray[..., None]) + 0.25 * 255.0
    strength = share(layout.spread(effects))
    color = np.where(strength[..., None] >= 0, rgb(colors.positive), rgb(colors.negative))
    alpha = STRONGEST * np.abs(strength)[..., None]
    return np.rint(pale * (1 - alpha) + color * alpha).astype(np.uint8)


def share(values: Float[Array, "H W"]) -> Float[Array, "H W"]:
    """Values as shares of the largest, -1 to 1."""
    most = float(np.abs(values).max(initial=0.0))
    return values / most if most > 0 else values


def masked(layout: Regions, parts: Array) -> Array:
    """(H, W, 3) some segments in their own colors, the rest faded to a light gray."""
    inside = layout.spread(np.isin(np.arange(len(layout.covers)), parts).astype(np.float64)) > 0
    faded = 0.12 * (layout.picture @ np.array([0.2126, 0.7152, 0.0722])) + 0.88 * 235.0
    return np.where(inside[..., None], layout.picture, np.rint(faded)[..., None]).astype(np.uint8)


def smaller(pixels: Array, most: int) -> Array:
    """A picture of at most ``most`` pixels a side: means of blocks."""
    step = -(-max(pixels.shape[:2]) // most)
    if step < 2:
        return pixels
    H, W = (side // step * step or side for side in pixels.shape[:2])
    rows, columns = np.add.reduceat(pixels[:H].astype(np.float64), range(0, H, step), axis=0), range(0, W, step)
    sums = np.add.reduceat(rows[:, :W], columns, axis=1)
    return np.rint(sums / (min(step, H) * min(step, W))).astype(np.uint8)


def png(pixels: Array) -> bytes:
    """(H, W, 3) of 8 bits as a PNG file (ISO/IEC 15948): each row less the one above it, deflated.

    Examples
    --------
    >>> png(np.zeros((2, 3, 3), dtype=np.uint8))[1:4]
    b'PNG'

    """
    H, W = pixels.shape[:2]
    rows = pixels.reshape(H, -1)
    less = rows - np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    raw = np.concatenate([np.full((H, 1), 2, dtype=np.uint8), less], axis=1).tobytes()
    parts = ((b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in parts)
