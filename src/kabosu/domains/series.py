"""Time series: stretches of time, channels, or stretches of channels are kept or replaced."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.domains.blend import ALONE, Blend, BlendedParts, Cover
from kabosu.domains.image import pixels_of
from kabosu.domains.masks import EvenCounts, MaskedBlock, MaskLaw
from kabosu.domains.series_fills import FILLS, FROM_DATA, donors_of, fill_of
from kabosu.domains.stretches import TOGETHER, chosen, cover_of
from kabosu.domains.varied import VariedBlock, block_of, one_of
from kabosu.errors import InputError
from kabosu.types import Array, Batch, Bool, Float, Int

WIDE = 2  # times as many channels as steps: the axes may have changed places


@dataclass(frozen=True, eq=False)
class Course:
    """Where the features of a series lie.

    values : (T, C) the series.  atoms : (T, C) number of the smallest region of each step and channel, -1 outside all.
    covers : (p, a) whether a feature covers a region.  channels : (C,) their names.
    """

    values: Float[Array, "T C"]
    atoms: Int[Array, "T C"]
    covers: Bool[Array, "p a"]
    channels: tuple[str, ...]

    def where(self, part: int) -> Bool[Array, "T C"]:
        """The steps and channels of one feature."""
        return np.append(self.covers[part], False)[self.atoms]

    def spread(self, values: Array) -> Array:
        """(T, C) numbers of the steps: sums over the features that cover each; 0 outside all."""
        return np.append(np.asarray(values, dtype=np.float64) @ self.covers, 0.0)[self.atoms]


@dataclass(frozen=True, eq=False)
class SwappedParts:
    """One series whose stretches are swapped with those of another, in each draw one of the donors. donors : (n, *shape)."""

    names: tuple[str, ...]
    blend: Blend
    layout: Course
    back: Callable[[Array], Batch]
    notes: Mapping[str, str]
    donors: Array

    @property
    def row_size(self) -> int:
        """Numbers in one series."""
        return self.blend.original.size

    def whole(self) -> Batch:
        """The series, as a batch of one."""
        return self.back(np.array(self.blend.original[None]))

    def mixed(self, masks: Bool[Array, "s p"], chance: Float[Array, "s"]) -> Batch:
        """Series with stretches of donors."""
        kept = np.concatenate([self.blend.cover.kept(masks), np.ones((len(masks), 1), dtype=bool)], axis=1)
        return self.back(np.where(kept[:, self.blend.cover.atoms], self.blend.original, self.donors[one_of(len(self.donors), chance)]))


@dataclass(frozen=True, eq=False)
class Series:
    """Series of any lengths; each is taken apart by itself.

    segments : "uniform", "change points", a function of the series (T, C), labels (T,) or (T, C) of which those below 0 are never
        hidden, or boolean masks (q, T) or (q, T, C) that may overlap.  n_segments : how many, by name.
    channels : "together" (a stretch hides all of them), "apart" (each by itself), "only" (whole channels, no stretches).
    fill : "mean", "linear", "noise", "frequency", "background", "swap", a number, one a channel, a series, or a function of it.
    order : of an instance's axes: "TC" (steps first) or "CT".  data : background series, for "background" and "swap".
    law : how many parts are kept.  kept : names of the parts that vary; None: all.

    Examples
    --------
    >>> block = next(Series("uniform", 4).represent([np.arange(8.0)]))
    >>> block.labels().columns
    ('steps 0 to 1', 'steps 2 to 3', 'steps 4 to 5', 'steps 6 to 7')
    >>> block.inputs(np.array([[[True, False, True, True]]]))
    array([[0. , 1. , 3.5, 3.5, 4. , 5. , 6. , 7. ]])

    """

    segments: Any = "uniform"
    n_segments: int | None = None
    channels: str = "together"
    fill: Any = "mean"
    order: str = "TC"
    data: tuple[Array, ...] | None = None
    law: MaskLaw = EvenCounts()  # noqa: RUF009  frozen values are fine as defaults
    kept: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        checks.one_of("channels", self.channels, TOGETHER)
        checks.one_of("order", self.order, ("TC", "CT"))
        if isinstance(self.fill, str):
            checks.one_of("fill", self.fill, (*FILLS, *FROM_DATA))
        _ = self.cut  # what is wrong is said at once

    @cached_property
    def cut(self) -> Any:
        """A function of a series, labels or masks."""
        return chosen(self.segments, self.n_segments)

    @classmethod
    def fit(cls, data: Any, **options: Any) -> "Series":
        """With background series: an array (n, T), (n, T, C) or (n, C, T), or a list of series."""
        if data is None:
            return cls(**options)
        if isinstance(data, (str, dict)) or not hasattr(data, "__len__") or not len(data):
            raise InputError(f"data is a {type(data).__name__}; expected background series: an array (n, T) or (n, T, C), or a list of series")
        order = checks.one_of("order", options.get("order", "TC"), ("TC", "CT"))
        rows: Any = np.asarray(data.detach().cpu()) if type(data).__module__.startswith("torch") else data
        rows = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
        return cls(data=tuple(_steps_first(_numbers(row, f"background series {i}")[0], order) for i, row in enumerate(rows)), **options)

    @property
    def width(self) -> int:
        """Parts, about."""
        return 16

    @property
    def notes(self) -> tuple[str, ...]:
        """Who looks for change points."""
        from importlib.util import find_spec

        by = "ruptures" if find_spec("ruptures") else "bottom-up merging; ruptures is not installed"
        return (f"change points by {by}",) if self.segments == "change points" else ()

    @property
    def words(self) -> str:
        """What it does, in words."""
        name = lambda v: v if isinstance(v, str) else getattr(v, "__name__", type(v).__name__)  # noqa: E731
        return f"series, segments={name(self.segments)}, channels={self.channels}, fill={name(self.fill)}"

    def only(self, features: Sequence[Any]) -> "Series":
        """Vary some parts only, by name."""
        if not len(features):
            raise InputError("features=[] is empty; name at least one part to vary, or leave features= out")
        return replace(self, kept=tuple(map(str, features)))

    def count(self, X: Sequence[Any]) -> int:
        """Series of a piece."""
        return len(X)

    def split(self, X: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
        """Pieces of at most ``size`` series."""
        for start in range(0, len(X), size):
            yield X[start : start + size]

    def represent(self, X: Sequence[Any]) -> Iterator[MaskedBlock | VariedBlock]:
        """A block a series: each has its own stretches."""
        for x in X:
            yield block_of(self.parts(x), self.law)

    def parts(self, x: Any) -> BlendedParts | SwappedParts:
        """One series, taken apart."""
        a, back = _numbers(x, "the series")
        channels = channels_of(x, a, self.order)
        steps = _steps_first(a, self.order)
        series = steps.astype(np.float64)
        cover = cover_of(self.cut, series, self.channels)
        names, notes = names_of(cover, channels), {**_odd(a, self.order), **(ALONE if cover.size == 1 else {})}
        if self.kept is not None:
            names, cover = self._only(names, cover)
        same = [d for d in self.data or () if d.shape == series.shape]
        background = np.array(same) if same else None
        covers = np.eye(cover.size, dtype=bool) if cover.covers is None else cover.covers
        made = {"names": names, "layout": Course(series, np.ascontiguousarray(cover.atoms), covers, channels), "back": back, "notes": notes}
        laid = lambda v: np.ascontiguousarray((v.T if self.order == "CT" and a.ndim == 2 else v).reshape(a.shape))  # noqa: E731
        own = lambda v: laid(v).astype(a.dtype)  # noqa: E731
        cover = replace(cover, atoms=laid(cover.atoms.astype(np.int64)))
        if isinstance(self.fill, str) and self.fill == "swap":
            return SwappedParts(blend=Blend(a, a, cover), donors=np.stack([own(d) for d in donors_of(background)]), **made)
        return BlendedParts(blend=Blend(a, own(fill_of(self.fill, series, cover_of_steps(cover, made["layout"]), background)), cover), **made)

    def _only(self, names: tuple[str, ...], cover: Cover) -> tuple[tuple[str, ...], Cover]:
        unknown = [f for f in self.kept or () if f not in names]
        if unknown:
            raise InputError(f"features={unknown} are not parts of this series, which has {', '.join(map(repr, names[:3]))} and so on")
        some = [i for i, name in enumerate(names) if name in (self.kept or ())]
        return tuple(names[i] for i in some), cover.only(some)


def cover_of_steps(cover: Cover, layout: Course) -> Cover:
    """The same cover over (T, C)."""
    return replace(cover, atoms=layout.atoms)


def _numbers(x: Any, what: str) -> tuple[Array, Callable[[Array], Batch]]:
    """An instance as floats, and the way back; whole numbers become floats, since fills are fractions."""
    a, back = pixels_of(x, what)
    if a.ndim not in (1, 2):
        hint = "; pass one series, such as x[0], to explain, or all of them to explain_many" if a.ndim == 3 else ""
        raise InputError(f"{what} has shape {a.shape}; expected (T,), (T, C) or, with order='CT', (C, T){hint}")
    return (a if a.dtype.kind == "f" else a.astype(np.float64)), back


def _steps_first(a: Array, order: str) -> Array:
    """(T, C)."""
    return a[:, None] if a.ndim == 1 else a.T if order == "CT" else a


def channels_of(x: Any, a: Array, order: str) -> tuple[str, ...]:
    """Names of the channels: the columns of a frame, else by number."""
    C = 1 if a.ndim == 1 else a.shape[0 if order == "CT" else 1]
    if a.ndim == 2 and order == "TC" and hasattr(x, "columns"):
        return tuple(map(str, x.columns))
    return tuple(f"channel {c}" for c in range(C))


def _odd(a: Array, order: str) -> dict[str, str]:
    """A flag where steps and channels may have changed places."""
    if a.ndim == 1 or a.shape[order == "TC"] <= WIDE * a.shape[order == "CT"]:
        return {}
    steps, channels = a.shape if order == "TC" else a.shape[::-1]
    return {"channels-first": f"{steps} steps and {channels} channels"}


def names_of(cover: Cover, channels: Sequence[str]) -> tuple[str, ...]:
    """Parts by their steps and channels; the second of a name says so."""
    seen: dict[str, int] = {}
    names = []
    for part in range(cover.size):
        name = _name(cover.where(part), channels)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _name(inside: Bool[Array, "T C"], channels: Sequence[str]) -> str:
    steps, here = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    where = "" if len(here) == inside.shape[1] else ", ".join(channels[c] for c in here.tolist())
    when = "" if len(steps) == len(inside) and where else f"steps {steps[0]} to {steps[-1]}" if len(steps) > 1 else f"step {steps[0]}"
    return ", ".join(part for part in (where, when) if part)
