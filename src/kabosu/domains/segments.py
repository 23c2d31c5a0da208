"""Pictures into segments: scikit-image's algorithms, grids, label maps, masks that overlap, or a function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.domains.blend import ALONE, Cover
from kabosu.errors import InputError, MissingExtra
from kabosu.types import Array, Float, Int

SEGMENTS = 40  # an animal of a photo is found as surely as with 64, and with smaller errors (docs/images.md)
FEW = 10  # segments below which an algorithm found too few


def scikit_image(module: str) -> Any:
    """A module of scikit-image, which is no dependency."""
    try:
        return __import__(f"skimage.{module}", fromlist=[module])
    except ImportError as e:
        raise MissingExtra.of("scikit-image", "image") from e


@dataclass(frozen=True)
class Slic:
    """Superpixels by k-means in color and place (Achanta et al. 2012).

    n : about how many.  compactness : the weight of place against color.  smallest : share of the average size below which a
    segment joins a neighbor. With scikit-image's 10 and 0.5 nine photos came out in 29 to 50 segments where 64 were asked, with
    these in 59 to 66 (``docs/images.md``).
    """

    n: int = SEGMENTS
    compactness: float = 20.0
    smallest: float = 0.25

    def __call__(self, picture: Float[Array, "H W *C"]) -> Int[Array, "H W"]:
        """Labels of a picture in [0, 1]."""
        axis, color = (None if picture.ndim == 2 else -1), picture.shape[2:] == (3,)
        compactness = self.compactness if color else self.compactness / 100  # Lab colors reach to 100, others to 1
        return scikit_image("segmentation").slic(picture, n_segments=self.n, compactness=compactness, start_label=0, channel_axis=axis, min_size_factor=self.smallest)


@dataclass(frozen=True)
class Felzenszwalb:
    """Segments by a graph of neighbors (Felzenszwalb and Huttenlocher 2004). scale : larger gives larger segments."""

    scale: float = 200.0
    sigma: float = 0.8
    min_size: int = 100

    def __call__(self, picture: Float[Array, "H W *C"]) -> Int[Array, "H W"]:
        """Labels of a picture in [0, 1]."""
        axis = None if picture.ndim == 2 else -1
        return scikit_image("segmentation").felzenszwalb(picture, scale=self.scale, sigma=self.sigma, min_size=self.min_size, channel_axis=axis)


@dataclass(frozen=True)
class Quickshift:
    """Segments by modes of density in color and place (Vedaldi and Soatto 2008), with the numbers that lime has."""

    kernel_size: float = 4.0
    max_dist: float = 200.0
    ratio: float = 0.2

    def __call__(self, picture: Float[Array, "H W *C"]) -> Int[Array, "H W"]:
        """Labels of a picture in [0, 1]."""
        color = np.repeat(picture.reshape(*picture.shape[:2], -1)[..., :1], 3, axis=2) if picture.ndim == 2 or picture.shape[2] != 3 else picture
        return scikit_image("segmentation").quickshift(color, kernel_size=self.kernel_size, max_dist=self.max_dist, ratio=self.ratio, rng=0)


@dataclass(frozen=True)
class Watershed:
    """Basins of the gradient, from about n markers on a grid. compactness : 0 follows the edges only."""

    n: int = SEGMENTS
    compactness: float = 0.001

    def __call__(self, picture: Float[Array, "H W *C"]) -> Int[Array, "H W"]:
        """Labels of a picture in [0, 1]."""
        gray = picture if picture.ndim == 2 else picture.mean(axis=2)
        edges = scikit_image("filters").sobel(gray)
        return scikit_image("segmentation").watershed(edges, markers=min(self.n, gray.size), compactness=self.compactness)


@dataclass(frozen=True)
class Grid:
    """Rectangles: rows by columns, as equal as the pixels allow.

    Examples
    --------
    >>> Grid(2, 3)(np.zeros((4, 6)))[[0, -1]]
    array([[0, 0, 1, 1, 2, 2],
           [3, 3, 4, 4, 5, 5]])

    """

    rows: int = 8
    columns: int = 8

    def __call__(self, picture: Float[Array, "H W *C"]) -> Int[Array, "H W"]:
        """Labels of a picture."""
        H, W = picture.shape[:2]
        down, across = (np.arange(side) * min(n, side) // side for side, n in ((H, self.rows), (W, self.columns)))
        return down[:, None] * min(self.columns, W) + across


def _grid_of(n: int) -> Grid:
    side = max(1, round(np.sqrt(n)))
    return Grid(side, -(-n // side))


BY_NAME: Mapping[str, Callable[[int], Any]] = MappingProxyType(
    {"slic": Slic, "felzenszwalb": lambda _: Felzenszwalb(), "quickshift": lambda _: Quickshift(), "watershed": Watershed, "grid": _grid_of}
)


def chosen(segments: Any, n: int | None) -> Any:
    """A function of a picture, a label map or masks, of what was asked for."""
    if isinstance(segments, str):
        if segments not in BY_NAME:
            raise InputError.choice("segments", segments, BY_NAME)
        if n is not None and segments in ("felzenszwalb", "quickshift"):
            raise InputError(f"n_segments={n!r} does not tell {segments} what to do; give segments={type(BY_NAME[segments](0))()!r} with other numbers")
        return BY_NAME[segments](SEGMENTS if n is None else checks.whole("n_segments", n, 2, "a number of segments"))
    if n is not None:
        raise InputError(f"n_segments={n!r} is for segments given by name, and segments={type(segments).__name__} was given; leave one of them out")
    if isinstance(segments, type):
        raise InputError(f"segments={segments!r} is a class; pass an object of it, such as {segments.__name__}()")
    return segments if callable(segments) else _as_array(segments)


def _as_array(segments: Any) -> Array:
    try:
        a = np.asarray(segments)
    except ValueError as e:
        raise InputError(f"segments is a {type(segments).__name__} that makes no array: {e}; expected a name, a function, a label map (H, W) or masks (q, H, W)") from e
    if not (a.ndim == 2 and a.dtype.kind in "iu") and not (a.ndim == 3 and a.dtype.kind == "b"):
        raise InputError(f"segments has shape {a.shape} and dtype {a.dtype}; expected a name ({', '.join(BY_NAME)}), a function, an integer label map (H, W) or boolean masks (q, H, W)")
    return a


def notes_of(segments: Any, n: int | None, found: int) -> Mapping[str, str]:
    """What is odd about the number of segments that were found, by flag: one explains nothing, few by an algorithm explain little."""
    if found == 1:
        return ALONE
    asked = 0 if not isinstance(segments, str) or segments == "grid" else n or SEGMENTS
    if found < min(FEW, asked / 2):
        return {"few-parts": f"{segments} found only {found} segments"}
    return {}


def cover_of(segments: Any, picture: Float[Array, "H W *C"]) -> Cover:
    """What ``chosen`` gave, on one picture (H, W) or (H, W, C) in [0, 1]; every part covers some pixels."""
    found = segments if isinstance(segments, np.ndarray) else _as_array(segments(picture))
    if found.shape[-2:] != picture.shape[:2]:
        raise InputError(f"the segments cover {found.shape[-2:]} pixels and the picture has {picture.shape[:2]}; they must be of one size")
    if found.dtype.kind == "b":
        if not found.any(axis=(1, 2)).all():
            raise InputError(f"mask {int((~found.any(axis=(1, 2))).argmax())} of {len(found)} covers no pixel; leave it out")
        return Cover.of_masks(found)
    cover = Cover.of_labels(found)
    if not cover.size:
        raise InputError("the label map has no label of at least 0, so there is nothing to explain")
    return cover


def unit_range(picture: Array) -> Float[Array, "..."]:
    """Any picture as floats in [0, 1]: integers by their dtype, floats as they are or, where they leave [0, 1], from least to most."""
    if picture.dtype.kind == "b":
        return picture.astype(np.float64)
    if picture.dtype.kind in "iu":
        info = np.iinfo(picture.dtype)
        if info.min <= picture.min() and info.max < 2**16:
            return (picture.astype(np.float64) - info.min * (info.min < 0)) / (info.max - info.min)
    a = picture.astype(np.float64)
    low, high = float(a.min()), float(a.max())
    if low >= 0 and high <= 1:
        return a
    if low >= 0 and high <= 255:
        return a / 255
    return (a - low) / ((high - low) or 1.0)
