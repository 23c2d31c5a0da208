"""Series into stretches of time: equal ones, at change points, or as the user says; for all channels together or each by itself."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.domains.blend import Cover
from kabosu.errors import InputError
from kabosu.types import Array, Float, Int

STRETCHES = 10
TOGETHER = ("together", "apart", "only")


def uniform(series: Float[Array, "T C"], n: int) -> Int[Array, "T"]:
    """n stretches, as equal as the steps allow.

    Examples
    --------
    >>> uniform(np.zeros((7, 1)), 3)
    array([0, 0, 0, 1, 1, 2, 2])

    """
    T = len(series)
    return np.arange(T) * min(n, T) // T


def change_points(series: Float[Array, "T C"], n: int) -> Int[Array, "T"]:
    """n stretches of about constant level: by ``ruptures`` where it is installed, else by our own bottom-up merging."""
    scaled = (series - series.mean(axis=0)) / np.where(series.std(axis=0) > 0, series.std(axis=0), 1.0)
    n = min(n, max(1, len(series) // 2))
    if n < 2 or not scaled.any():
        return uniform(series, n)
    starts = _by_ruptures(scaled, n) if find_spec("ruptures") else bottom_up(scaled, n)
    return np.searchsorted(starts, np.arange(len(series)), side="right") - 1


def _by_ruptures(scaled: Float[Array, "T C"], n: int) -> Array:
    from ruptures import BottomUp

    ends = BottomUp(model="l2", min_size=2, jump=1).fit_predict(scaled, n_bkps=n - 1)
    return np.array([0, *ends[:-1]])


def bottom_up(series: Float[Array, "T C"], n: int) -> Array:
    """Where n stretches begin: from pairs of steps, the two neighbors whose union adds least to the squared error are merged.

    Keogh, Chu, Hart and Pazzani (2001), "An online algorithm for segmenting time series", with constant pieces.

    Examples
    --------
    >>> bottom_up(np.array([[0.0], [0], [0], [0], [5], [5], [5], [5], [1], [1]]), 3)
    array([0, 4, 8])

    """
    starts = list(range(0, len(series) - 1, 2))
    sums = [series[a:b].sum(axis=0) for a, b in zip(starts, [*starts[1:], len(series)], strict=True)]
    sizes = [b - a for a, b in zip(starts, [*starts[1:], len(series)], strict=True)]
    while len(starts) > n:
        means, m = np.array(sums) / np.array(sizes)[:, None], np.array(sizes, dtype=np.float64)
        cost = (m[:-1] * m[1:] / (m[:-1] + m[1:])) * ((means[1:] - means[:-1]) ** 2).sum(axis=1)
        i = int(cost.argmin())
        sums[i : i + 2], sizes[i : i + 2] = [sums[i] + sums[i + 1]], [sizes[i] + sizes[i + 1]]
        del starts[i + 1]
    return np.array(starts)


BY_NAME: Mapping[str, Callable[[Any, int], Array]] = MappingProxyType({"uniform": uniform, "change points": change_points})


def chosen(segments: Any, n: int | None) -> Any:
    """A function of a series (T, C), or labels or masks, of what was asked for."""
    if isinstance(segments, str):
        if segments not in BY_NAME:
            raise InputError.choice("segments", segments, BY_NAME)
        return (BY_NAME[segments], STRETCHES if n is None else checks.whole("n_segments", n, 1, "a number of stretches"))
    if n is not None:
        raise InputError(f"n_segments={n!r} is for segments given by name; leave it out")
    return segments if callable(segments) else _as_array(segments)


def _as_array(segments: Any) -> Array:
    try:
        a = np.asarray(segments)
    except ValueError as e:
        raise InputError(f"segments is a {type(segments).__name__} that makes no array: {e}") from e
    if not (a.dtype.kind in "iu" and a.ndim in (1, 2) and a.size) and not (a.dtype.kind == "b" and a.ndim in (2, 3)):
        raise InputError(f"segments has shape {a.shape} and dtype {a.dtype}; expected a name ({', '.join(BY_NAME)}), a function, whole-number labels (T,) or (T, C), or boolean masks (q, T) or (q, T, C)")
    return a


def cover_of(segments: Any, series: Float[Array, "T C"], together: str) -> Cover:
    """Parts of a series (T, C). together : how stretches of time meet channels where the segments do not say."""
    T, C = series.shape
    found = segments[0](series, segments[1]) if isinstance(segments, tuple) else segments if isinstance(segments, np.ndarray) else _as_array(segments(series))
    masks = found.dtype.kind == "b"
    shape = found.shape[1:] if masks else found.shape
    if shape not in ((T,), (T, C)):
        raise InputError(f"the segments cover {shape} and the series is {(T, C)} (steps, channels); they must be (steps,) or (steps, channels)")
    if masks:
        wide = np.broadcast_to(found if found.ndim == 3 else found[..., None], (len(found), T, C))
        if not len(wide) or not wide.any(axis=(1, 2)).all():
            raise InputError("a mask covers no step; leave it out")
        return Cover.of_masks(wide)
    labels = found if found.ndim == 2 else _with_channels(found, C, together)
    cover = Cover.of_labels(labels)
    if not cover.size:
        raise InputError("the segments have no label of at least 0, so there is nothing to explain")
    return cover


def _with_channels(labels: Int[Array, "T"], C: int, together: str) -> Int[Array, "T C"]:
    """Labels of steps and channels: a stretch of all channels, of each channel, or whole channels."""
    dense = np.where(labels >= 0, np.searchsorted(np.unique(labels[labels >= 0]), labels), -1)
    if together == "only":
        return np.broadcast_to(np.arange(C), (len(labels), C))
    if together == "together":
        return np.broadcast_to(dense[:, None], (len(labels), C))
    return np.where(dense[:, None] >= 0, np.arange(C) * (dense.max() + 1) + dense[:, None], -1)
