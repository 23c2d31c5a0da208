"""Images: segments are kept or replaced; the model gets the user's own dtype, layout and kind of array."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.domains.blend import Blend, BlendedParts, Cover
from kabosu.domains.fills import fill_of
from kabosu.domains.masks import EvenCounts, MaskedBlock, MaskLaw
from kabosu.domains.segments import chosen, cover_of, notes_of, unit_range
from kabosu.errors import InputError
from kabosu.types import Array, Batch, Bool, Int

CHANNELS = ("auto", "last", "first")
FEW = (1, 3, 4)  # channels of ordinary pictures
AS_THEY_ARE = ("L", "RGB", "RGBA", "I", "I;16", "F")  # of PIL, whose numbers are colors or gray of more bits; others are converted


@dataclass(frozen=True, eq=False)
class Regions:
    """Where the features of a picture lie.

    picture : (H, W, 3) in the instance's own colors, 8 bits each, for people to see.
    atoms : (H, W) number of the smallest region of each pixel, -1 outside all.  covers : (p, a) whether a feature covers a region.
    """

    picture: Array
    atoms: Int[Array, "H W"]
    covers: Bool[Array, "p a"]

    @classmethod
    def of(cls, picture: Array, cover: Cover) -> "Regions":
        """Of a picture (H, W, C) in [0, 1]."""
        color = picture[..., :3] if picture.shape[2] >= 3 else picture[..., :1]
        shown = np.broadcast_to(np.rint(color * 255), (*picture.shape[:2], 3)).astype(np.uint8)
        return cls(np.ascontiguousarray(shown), cover.atoms, np.eye(cover.size, dtype=bool) if cover.covers is None else cover.covers)

    def where(self, part: int) -> Bool[Array, "H W"]:
        """The pixels of one feature."""
        return np.append(self.covers[part], False)[self.atoms]

    def middle(self, part: int) -> tuple[int, int]:
        """Row and column of the pixel that lies deepest inside one feature."""
        from scipy.ndimage import distance_transform_edt

        depth = np.asarray(distance_transform_edt(np.pad(self.where(part), 1)))[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(row), int(column)

    def spread(self, values: Array) -> Array:
        """(H, W) numbers of the pixels: sums over the features that cover each; 0 outside all."""
        return np.append(np.asarray(values, dtype=np.float64) @ self.covers, 0.0)[self.atoms]


@dataclass(frozen=True)
class Tensors:
    """Arrays as torch tensors on the instance's own device. dtype : one that numpy lacks; None: the array's."""

    device: Any
    dtype: Any = None

    @classmethod
    def of(cls, x: Any) -> tuple[Array, "Tensors"]:
        """A tensor's numbers, and the way back; bfloat16 fits float32."""
        known = x.detach().cpu()
        if str(x.dtype) != "torch.bfloat16":
            return known.numpy(), cls(x.device)
        return known.float().numpy(), cls(x.device, x.dtype)

    def __call__(self, rows: Array) -> Any:
        """A tensor of the same dtype."""
        import torch

        return torch.from_numpy(rows).to(self.device, self.dtype)


def as_is(rows: Array) -> Array:
    """Arrays stay arrays."""
    return rows


def pixels_of(x: Any, what: str = "the image") -> tuple[Array, Callable[[Array], Batch]]:
    """An instance as an array of finite numbers, and the way back to what the model gets."""
    package = type(x).__module__.split(".")[0]
    if package == "torch":
        numbers, back = Tensors.of(x)
        return _finite(np.asarray(numbers, order="C"), what), back
    if package == "PIL":
        x = x if x.mode in AS_THEY_ARE else x.convert("RGBA" if "A" in x.mode else "RGB")
    if np.ma.is_masked(x):
        raise InputError(f"{what} has masked numbers; fill them first, such as by x.filled(0)")
    try:
        a = np.asarray(x)
    except ValueError as e:
        raise InputError(f"{what} is a {type(x).__name__} that makes no array: {e}") from e
    return _finite(np.asarray(a, order="C"), what), as_is


def _finite(a: Array, what: str) -> Array:
    if a.dtype.kind not in "biuf" or a.dtype.itemsize > 8:
        raise InputError(f"{what} has dtype {a.dtype}; expected numbers of at most 64 bits")
    if not a.size:
        raise InputError(f"{what} has shape {a.shape}, without a single number")
    if a.dtype.kind == "f" and not np.isfinite(a).all():
        raise InputError(f"{what} holds NaN or infinity; fill them first")
    return a


def is_first(shape: tuple[int, ...], channels: str) -> bool:
    """Whether the channels come first, by what was said or by the only side that can be channels."""
    if len(shape) == 2:
        return False
    if len(shape) != 3:
        hint = "; pass one image, such as x[0], to explain, or all of them to explain_many" if len(shape) == 4 else ""
        raise InputError(f"the image has shape {shape}; expected (H, W), (H, W, C) or (C, H, W){hint}")
    if channels != "auto":
        return channels == "first"
    first, last = shape[0] in FEW, shape[2] in FEW
    if first == last:
        raise InputError(f"the image has shape {shape}, and which side is the channels cannot be told; say channels='last' or 'first'")
    return first


@dataclass(frozen=True, eq=False)
class Image:
    """Pictures of any sizes; each is taken apart by itself.

    segments : "slic", "felzenszwalb", "quickshift", "watershed", "grid", a function of the picture (H, W[, C]) in [0, 1], a label map
        (H, W), or boolean masks (q, H, W) that may overlap.  n_segments : about how many, by name.
    fill : what stands in the place of a hidden segment: "mean", "blur", "inpaint", "noise", a color in the picture's own numbers, a
        picture, or a function of the picture (H, W, C).  channels : "last", "first", or "auto": the side of 1, 3 or 4.
    law : how many segments are kept.  kept : names of the segments that vary; None: all.

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    >>> block = next(Image("grid", 4).represent([image]))
    >>> block.p, block.inputs(np.zeros((1, 5, 4), dtype=bool)).shape
    (4, (5, 32, 32, 3))

    """

    segments: Any = "slic"
    n_segments: int | None = None
    fill: Any = "mean"
    channels: str = "auto"
    law: MaskLaw = EvenCounts()  # noqa: RUF009  frozen values are fine as defaults
    kept: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        checks.one_of("channels", self.channels, CHANNELS)
        _ = self.cut  # what is wrong is said at once

    @cached_property
    def cut(self) -> Any:
        """A function of a picture, a label map or masks."""
        return chosen(self.segments, self.n_segments)

    @property
    def width(self) -> int:
        """Segments, about."""
        return 64

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is inferred."""
        return ()

    @property
    def words(self) -> str:
        """What it does, in words."""
        name = lambda v: v if isinstance(v, str) else type(v).__name__ if not callable(v) else getattr(v, "__name__", type(v).__name__)  # noqa: E731
        return f"images, segments={name(self.segments)}, fill={name(self.fill)}"

    def only(self, features: Sequence[Any]) -> "Image":
        """Vary some segments only, by name: "segment 3", or 3."""
        if not len(features):
            raise InputError("features=[] is empty; name at least one segment to vary, or leave features= out")
        return replace(self, kept=tuple(str(f) if str(f).startswith("segment ") else f"segment {f}" for f in features))

    def count(self, X: Sequence[Any]) -> int:
        """Images of a piece."""
        return len(X)

    def split(self, X: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
        """Pieces of at most ``size`` images."""
        for start in range(0, len(X), size):
            yield X[start : start + size]

    def represent(self, X: Sequence[Any]) -> Iterator[MaskedBlock]:
        """A block an image: each has its own segments."""
        for x in X:
            yield MaskedBlock.of(self.parts(x), self.law)

    def parts(self, x: Any) -> BlendedParts:
        """One image, taken apart."""
        a, back = pixels_of(x)
        first = is_first(a.shape, self.channels)
        picture = np.moveaxis(a, 0, -1) if first else a if a.ndim == 3 else a[..., None]
        shown = unit_range(picture)
        cover = cover_of(self.cut, _for_segments(shown))
        names, notes = tuple(f"segment {i}" for i in range(cover.size)), notes_of(self.segments, self.n_segments, cover.size)
        if self.kept is not None:
            names, cover = self._only(names, cover)
        replaced = fill_of(self.fill, picture, cover)
        replaced = np.moveaxis(replaced, -1, 0) if first else replaced.reshape(a.shape)
        over = cover.atoms if first or a.ndim == 2 else cover.atoms[..., None]
        return BlendedParts(names, Blend(a, np.ascontiguousarray(replaced), replace(cover, atoms=np.broadcast_to(over, a.shape))), Regions.of(shown, cover), back, notes)

    def _only(self, names: tuple[str, ...], cover: Cover) -> tuple[tuple[str, ...], Cover]:
        unknown = [f for f in self.kept or () if f not in names]
        if unknown:
            raise InputError(f"features={unknown} are not segments of this image, which has {names[0]!r} to {names[-1]!r}")
        some = [i for i, name in enumerate(names) if name in (self.kept or ())]
        return tuple(names[i] for i in some), cover.only(some)


def _for_segments(shown: Array) -> Array:
    """What is cut: colors without transparency; gray as (H, W)."""
    color = shown[..., :3] if shown.shape[2] == 4 else shown
    return color[..., 0] if color.shape[2] == 1 else color
