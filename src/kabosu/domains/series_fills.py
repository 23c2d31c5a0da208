"""What stands in the place of a hidden stretch of a series. None of them is random."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.domains.blend import Cover
from kabosu.errors import InputError
from kabosu.types import Array, Float

Fill = Callable[[Array, Cover], Array]


def mean(series: Float[Array, "T C"], cover: Cover) -> Float[Array, "T C"]:
    """Each channel's mean over the whole series."""
    return np.broadcast_to(series.mean(axis=0), series.shape)


def linear(series: Float[Array, "T C"], cover: Cover) -> Float[Array, "T C"]:
    """A straight line from the last step before a stretch to the first after it; level at the ends of the series.

    Examples
    --------
    >>> linear(np.array([[0.0], [9], [9], [3], [4]]), Cover.of_labels(np.array([[-1], [0], [0], [-1], [-1]]))).ravel()
    array([0., 1., 2., 3., 4.])

    """
    out, steps = series.copy(), np.arange(len(series))
    for c in range(series.shape[1]):
        for inside in _pieces(cover.atoms[:, c]):
            around = [t for t in (inside[0] - 1, inside[-1] + 1) if 0 <= t < len(series)]
            out[inside, c] = np.interp(steps[inside], around, series[around, c]) if around else series[:, c].mean()
    return out


def _pieces(atoms: Array) -> list[Array]:
    """Runs of steps of one region."""
    runs = np.split(np.arange(len(atoms)), np.flatnonzero(atoms[1:] != atoms[:-1]) + 1)
    return [run for run in runs if atoms[run[0]] >= 0]


def noise(series: Float[Array, "T C"], cover: Cover) -> Float[Array, "T C"]:
    """Independent normal noise with each channel's mean and spread, the same at every call."""
    return series.mean(axis=0) + np.random.default_rng(0).normal(size=series.shape) * series.std(axis=0)


def frequency(series: Float[Array, "T C"], cover: Cover) -> Float[Array, "T C"]:
    """The same power at every frequency, with other phases (Theiler et al. 1992), the same at every call."""
    spectrum = np.fft.rfft(series, axis=0)
    turns = np.random.default_rng(0).uniform(0, 2 * np.pi, spectrum.shape)
    turns[0] = 0.0
    if len(series) % 2 == 0:
        turns[-1] = 0.0
    return np.fft.irfft(spectrum * np.exp(1j * turns), len(series), axis=0)


FILLS: Mapping[str, Fill] = MappingProxyType({"mean": mean, "linear": linear, "noise": noise, "frequency": frequency})
FROM_DATA = ("background", "swap")


def fill_of(fill: Any, series: Float[Array, "T C"], cover: Cover, background: Float[Array, "n T C"] | None) -> Float[Array, "T C"]:
    """A series (T, C) to show where stretches are hidden. background : other series of this length."""
    if isinstance(fill, str):
        if fill == "background":
            return _needed(background, fill).mean(axis=0)
        if fill not in FILLS:
            raise InputError.choice("fill", fill, (*FILLS, *FROM_DATA))
        return np.array(FILLS[fill](series, cover))
    made = np.asarray(fill(series) if callable(fill) else fill)
    made = made[:, None] if made.ndim == 1 and len(made) == len(series) and series.shape[1] == 1 else made
    if made.dtype.kind not in "biuf" or made.shape not in ((), (series.shape[1],), series.shape, (len(series), 1)):
        raise InputError(f"fill has shape {made.shape} and dtype {made.dtype}; expected a name ({', '.join((*FILLS, *FROM_DATA))}), a number, one a channel, a series of shape {series.shape} or a function of it")
    if not np.isfinite(made).all():
        raise InputError("fill holds NaN or infinity; expected finite numbers")
    return np.broadcast_to(made, series.shape).astype(np.float64)


def _needed(background: Array | None, fill: str) -> Array:
    if background is None or not len(background):
        raise InputError(f"fill={fill!r} needs background series of the instance's length and channels; pass data= with some")
    return background


def donors_of(background: Float[Array, "n T C"] | None) -> Float[Array, "n T C"]:
    """Series to swap stretches with."""
    return _needed(background, "swap")
