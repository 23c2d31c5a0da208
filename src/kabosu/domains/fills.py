"""What stands in the place of a hidden segment of a picture. All are made once, before any draw, and none is random."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.domains.blend import Cover
from kabosu.domains.segments import scikit_image
from kabosu.errors import InputError
from kabosu.types import Array, Float

Fill = Callable[[Array, Cover], Array]


def mean(picture: Float[Array, "H W C"], cover: Cover) -> Float[Array, "H W C"]:
    """Each segment's mean color, lime's default. Where segments overlap, each piece's own."""
    atoms = cover.atoms.reshape(-1)
    inside = atoms >= 0
    flat = picture.reshape(len(atoms), -1)
    count = np.bincount(atoms[inside])
    means = np.stack([np.bincount(atoms[inside], weights=flat[inside, c]) / count for c in range(flat.shape[1])], axis=1)
    return np.where(inside[:, None], means[atoms], flat).reshape(picture.shape)


def blur(picture: Float[Array, "H W C"], cover: Cover) -> Float[Array, "H W C"]:
    """The picture out of focus, by an eighth of its shorter side."""
    from scipy.ndimage import gaussian_filter

    sigma = max(1.0, min(picture.shape[:2]) / 16)
    return gaussian_filter(picture, sigma=(sigma, sigma, 0), mode="nearest")


def noise(picture: Float[Array, "H W C"], cover: Cover) -> Float[Array, "H W C"]:
    """Independent normal noise with the mean and spread of the picture's channels, the same at every call."""
    drawn = np.random.default_rng(0).normal(size=picture.shape)
    return np.clip(picture.mean(axis=(0, 1)) + drawn * picture.std(axis=(0, 1)), picture.min(axis=(0, 1)), picture.max(axis=(0, 1)))


def inpaint(picture: Float[Array, "H W C"], cover: Cover) -> Float[Array, "H W C"]:
    """Each segment as its surroundings continue into it (biharmonic), all other segments being there."""
    restore = scikit_image("restoration").inpaint_biharmonic
    low, high = picture.min(), picture.max()
    out = picture.copy()
    for part in range(cover.size):
        inside = cover.where(part)
        window = _around(inside)
        if inside[window].all():
            raise InputError("fill='inpaint' needs something around each segment, and one covers the whole picture; use another fill or smaller segments")
        crop = (picture[window] - low) / ((high - low) or 1.0)
        filled = restore(crop, inside[window], channel_axis=-1) * (high - low) + low
        out[window] = np.where(inside[window][..., None], np.clip(filled, low, high), out[window])
    return out


def _around(inside: Array, margin: int = 6) -> tuple[slice, slice]:
    """The window of a segment, with a margin."""
    places = [np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0)]
    down, across = (slice(max(0, at[0] - margin), at[-1] + 1 + margin) for at in places)
    return down, across


FILLS: Mapping[str, Fill] = MappingProxyType({"mean": mean, "blur": blur, "inpaint": inpaint, "noise": noise})


def fill_of(fill: Any, picture: Array, cover: Cover) -> Array:
    """A picture (H, W, C) of the same dtype to show where segments are hidden.

    fill : a name of ``FILLS``, a color (a number, or one a channel), a picture, or a function of the picture.
    """
    if isinstance(fill, str):
        if fill not in FILLS:
            raise InputError.choice("fill", fill, FILLS)
        return FILLS[fill](picture.astype(np.float64), cover).astype(picture.dtype)  # integers lose their fraction, as lime's do
    made = np.asarray(fill(picture) if callable(fill) else fill)
    if made.ndim == 2 and made.shape == picture.shape[:2]:
        made = made[..., None]
    if made.dtype.kind not in "biuf" or not (made.ndim <= 1 or made.shape[:2] == picture.shape[:2]) or (made.size and made.shape[-1:] not in ((), (1,), picture.shape[2:])):
        what = f"shape {made.shape} and dtype {made.dtype}"
        raise InputError(f"fill has {what}; expected a name ({', '.join(FILLS)}), a number, {picture.shape[2]} number(s), a picture of shape {picture.shape} or a function of the picture")
    return np.broadcast_to(_fitting(made, picture), picture.shape).astype(picture.dtype)


def _fitting(made: Array, picture: Array) -> Array:
    """Numbers that the picture's dtype can hold."""
    if not np.isfinite(made).all():
        raise InputError("fill holds NaN or infinity; expected finite numbers")
    if picture.dtype.kind in "iu":
        info = np.iinfo(picture.dtype)
        if made.min() < info.min or made.max() > info.max:
            raise InputError(f"fill reaches from {made.min():g} to {made.max():g} and the picture's {picture.dtype} from {info.min} to {info.max}; give colors in the picture's own range")
    return made
