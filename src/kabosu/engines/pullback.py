"""Preprocessing steps read backwards: which of the user's columns, and which map of it, is each column of the last step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.engines.binding import Refusal, Source
from kabosu.engines.shapes import SHAPES
from kabosu.types import Array

Names = Sequence[Any] | None
SEARCHES = ("GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV")


def opened(model: Any) -> Any:
    """The estimator that a search found best."""
    return opened(model.best_estimator_) if type(model).__name__ in SEARCHES else model


def sources_of(model: Any, columns: Sequence[frames.Column]) -> tuple[Any, tuple[Source, ...]]:
    """The final estimator of a pipeline, and where its columns come from."""
    model = opened(model)
    sources = tuple(Source(j) for j in range(len(columns)))
    if type(model).__name__ != "Pipeline":
        return model, sources
    steps = [step for _, step in model.steps]
    return steps[-1], _through_all(steps[:-1], sources, [c.name for c in columns])


def _through_all(steps: Sequence[Any], sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    for step in steps:
        sources = through(step, sources, names)
        names = None
    return sources


def through(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    """Columns after one preprocessing step."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return sources
    kind = type(step).__name__
    if kind not in STEPS:
        raise Refusal(f"the preprocessing step {kind} cannot be read back to the columns")
    return STEPS[kind](step, sources, names)


def _pipeline(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    return _through_all([inner for _, inner in step.steps], sources, names)


def _selected(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    return tuple(s for s, kept in zip(sources, step.get_support(), strict=True) if kept)


def _standard(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    return _affine(step.mean_ if step.with_mean else None, step.scale_, sources)


def _min_max(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    if step.clip:
        raise Refusal("MinMaxScaler(clip=True) is not read")
    return _affine(-step.min_ / step.scale_, 1 / step.scale_, sources)


def _max_abs(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    return _affine(None, step.scale_, sources)


def _robust(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    return _affine(step.center_ if step.with_centering else None, step.scale_ if step.with_scaling else None, sources)


def _affine(shift: Array | None, scale: Array | None, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    n = len(sources)
    shifts = np.broadcast_to(0.0 if shift is None else shift, n)
    scales = np.broadcast_to(1.0 if scale is None else scale, n)
    return tuple(_scaled(s, float(a), float(b)) for s, a, b in zip(sources, shifts, scales, strict=True))


def _scaled(s: Source, shift: float, scale: float) -> Source:
    if scale <= 0:
        raise Refusal("a scaler with a negative scale turns thresholds around")
    if s.indicator:
        raise Refusal("a scaled missing indicator is not read")
    if s.codes is not None:
        return replace(s, codes=Scaled(s.codes, shift, scale))
    if s.shape is not None:
        return replace(s, shape=replace(s.shape, steps=(*s.shape.steps, (shift, scale))))
    return replace(s, steps=(*s.steps, (shift, scale)), lost=(s.lost - shift) / scale)


@dataclass(frozen=True)
class Scaled:
    """A level's number after a scaler."""

    codes: Callable[[Any], float]
    shift: float
    scale: float

    def __call__(self, level: Any) -> float:
        return (self.codes(level) - self.shift) / self.scale


def _imputer(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    if not frames.is_missing(step.missing_values) or any(frames.is_missing(v) for v in step.statistics_):
        raise Refusal("a SimpleImputer of other than missing values, or of an empty column, is not read")
    filled = tuple(_filled(s, v) for s, v in zip(sources, step.statistics_, strict=True))
    if not step.add_indicator:
        return filled
    return (*filled, *(replace(sources[i], indicator=True) for i in step.indicator_.features_))


def _filled(s: Source, value: Any) -> Source:
    if isinstance(value, str):
        return replace(s, fill=value)
    if s.shape is not None:
        raise Refusal("an imputer after a step that bends the column is not read")
    number = float(value)
    return replace(s, lost=number, fill=value) if np.isnan(s.lost) and s.codes is None else s


def _one_hot(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    if getattr(step, "_infrequent_enabled", False):
        raise Refusal("a OneHotEncoder that merges infrequent categories is not read")
    out = []
    for i, (s, categories) in enumerate(zip(sources, step.categories_, strict=True)):
        _encodable(s)
        dropped = None if step.drop_idx_ is None else step.drop_idx_[i]
        out += [replace(s, codes=Table(_keys([c]), 0.0)) for n, c in enumerate(categories) if n != dropped]
    return tuple(out)


def _ordinal(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    if getattr(step, "_infrequent_enabled", False):
        raise Refusal("an OrdinalEncoder that merges infrequent categories is not read")
    for s in sources:
        _encodable(s)
    unknown = np.nan if step.unknown_value is None else float(step.unknown_value)
    lost = float(step.encoded_missing_value)
    tables = [{k: (lost if k is None else float(n)) for n, k in enumerate(map(_key, c))} for c in step.categories_]
    return tuple(replace(s, codes=Table(table, unknown)) for s, table in zip(sources, tables, strict=True))


def _encodable(s: Source) -> None:
    if s.codes is not None or s.steps or s.indicator or s.shape is not None:
        raise Refusal("an encoder after another transformation is not read")


def _key(category: Any) -> Any:
    return None if frames.is_missing(category) else category.item() if isinstance(category, np.generic) else category


def _keys(categories: Sequence[Any]) -> dict[Any, float]:
    return {_key(c): 1.0 for c in categories}


@dataclass(frozen=True)
class Table:
    """A level's number by a table; others get ``default``."""

    numbers: Mapping[Any, float]
    default: float

    def __call__(self, level: Any) -> float:
        return self.numbers.get(level, self.default)


def _columns(step: Any, sources: tuple[Source, ...], names: Names) -> tuple[Source, ...]:
    out: list[Source] = []
    names = _lent(step, names)
    for _, inner, columns in step.transformers_:
        picked = _picked(columns, sources, names)
        if not (isinstance(inner, str) and inner == "drop") and picked:
            inside = [names[i] for i in picked] if names is not None else None
            out += through(inner, tuple(sources[i] for i in picked), inside)
    return tuple(out)


def _lent(step: Any, names: Names) -> Names:
    """The step's own names where the table has only positions: the responder lends them to arrays."""
    own = getattr(step, "feature_names_in_", None)
    return list(own) if own is not None and names is not None and len(own) == len(names) and not {*own} & {*names} else names


def _picked(columns: Any, sources: tuple[Source, ...], names: Names) -> list[int]:
    if isinstance(columns, slice):
        columns = range(len(sources))[columns] if not isinstance(columns.start, str) else list(names)[columns]
    columns = [columns] if isinstance(columns, (str, int)) else list(columns)
    if columns and all(isinstance(c, (bool, np.bool_)) for c in columns):
        return [i for i, on in enumerate(columns) if on]
    if any(isinstance(c, str) for c in columns):
        if names is None:
            raise Refusal("a ColumnTransformer by names after another step is not read")
        return [list(names).index(c) for c in columns]
    return [int(c) for c in columns]


STEPS: Mapping[str, Callable[[Any, tuple[Source, ...], Names], tuple[Source, ...]]] = MappingProxyType(
    {
        **SHAPES,
        "ColumnTransformer": _columns,
        "MaxAbsScaler": _max_abs,
        "MinMaxScaler": _min_max,
        "OneHotEncoder": _one_hot,
        "OrdinalEncoder": _ordinal,
        "Pipeline": _pipeline,
        "RobustScaler": _robust,
        "SelectKBest": _selected,
        "SelectPercentile": _selected,
        "SimpleImputer": _imputer,
        "StandardScaler": _standard,
        "VarianceThreshold": _selected,
    }
)
