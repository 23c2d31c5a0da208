"""Which drawn unit is behind each column that a model splits on, through the preprocessing steps that can be read.

A pipeline's steps are pulled back to the user's own columns: scalers move thresholds, imputers say where missing goes,
encoders turn a level into a number. Any other step is refused by name and the sampled engine runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Levels, Unit
from kabosu.engines.ensemble import Encoder, Ensemble
from kabosu.types import Array, Float

Step = tuple[float, float]  # x -> (x - shift) / scale


class Refusal(Exception):  # noqa: N818  an answer, not a fault
    """Why an exact engine does not apply."""


@dataclass(frozen=True)
class Source:
    """Where one model column comes from.

    column : position in the user's table.  steps : increasing maps x -> (x - shift) / scale, in order.
    lost : what a missing value becomes (NaN: stays missing).
    fill : the level that a missing one becomes before it is encoded.
    codes : level -> number, where an encoder made it one.  indicator : the column is 1 where the value is missing.
    shape : what a step that bends numbers makes of the filled number (``engines.shapes``).
    """

    column: int
    steps: tuple[Step, ...] = ()
    lost: float = np.nan
    fill: Any = None
    codes: Callable[[Any], float] | None = None
    indicator: bool = False
    shape: Callable[[Array], Array] | None = None

    def forward(self, x: Float[Array, "n"]) -> Float[Array, "n"]:
        """The model column of raw numbers."""
        if self.indicator:
            return np.isnan(x).astype(np.float64)
        for shift, scale in self.steps:
            x = (x - shift) / scale
        x = np.where(np.isnan(x), self.lost, x)
        return x if self.shape is None else self.shape(x)

    def back(self, t: Float[Array, "T"]) -> Float[Array, "T"]:
        """Raw numbers of numbers after the steps."""
        for shift, scale in reversed(self.steps):
            t = t * scale + shift
        return t

    def pull(self, t: Float[Array, "T"], *, single: bool) -> Float[Array, "T"]:
        """Largest raw numbers that the model still sends left of t; ``single``: it compares in float32."""
        if self.indicator:
            return np.where(t >= 0, np.inf, -np.inf)
        if self.shape is not None:
            raise Refusal("thresholds on a bent column are not read")
        t = _from_single(t) if single else t
        return _settle(self.back(t), t, self.forward) if self.steps else t


def _from_single(t: Float[Array, "T"]) -> Float[Array, "T"]:
    """Largest doubles that round to a float32 <= t."""
    with np.errstate(over="ignore"):
        return _single_edges(t)


def _single_edges(t: Float[Array, "T"]) -> Float[Array, "T"]:
    low = t.astype(np.float32)
    low = np.where(low.astype(np.float64) > t, np.nextafter(low, np.float32(-np.inf)), low).astype(np.float32)
    middle = (low.astype(np.float64) + np.nextafter(low, np.float32(np.inf)).astype(np.float64)) / 2
    return np.where(middle.astype(np.float32) == low, middle, np.nextafter(middle, -np.inf))


def _settle(raw: Array, t: Array, forward: Callable[[Array], Array]) -> Array:
    """Move by single steps until raw is the largest with forward(raw) <= t."""
    for _ in range(8):
        raw = np.where(forward(raw) > t, np.nextafter(raw, -np.inf), raw)
    for _ in range(8):
        up = np.nextafter(raw, np.inf)
        raw = np.where(forward(up) <= t, up, raw)
    return raw


@dataclass(frozen=True)
class Binding:
    """Model columns in terms of the drawn units.

    sources : of the model's columns.  unit : (columns,) index of the unit behind each, -1 where it is kept at the instance's value.
    """

    sources: tuple[Source, ...]
    unit: tuple[int, ...]


def bind(sources: Sequence[Source], columns: Sequence[frames.Column], units: Sequence[Unit]) -> Binding:
    """Match sources to units by the user's column names."""
    behind = {name: j for j, u in enumerate(units) for name in u.columns}
    unit = tuple(behind.get(columns[s.column].name, -1) for s in sources)
    for s, j in zip(sources, unit, strict=True):
        if j >= 0 and s.codes is not None and not by_levels(units[j]):
            raise Refusal(f"column {columns[s.column].name!r} is encoded as a category, but drawn as a number; name it in categorical=")
    return Binding(tuple(sources), unit)


def by_levels(unit: Unit) -> bool:
    """True for categories and groups, whose states are levels; False for numbers and bins, whose states are intervals."""
    return isinstance(unit, Levels) and unit.inside is None


def level_numbers(unit: Levels, source: Source, column: frames.Column, encoder: Encoder | None) -> Float[Array, "L"]:
    """The model column at each level of a unit; ``encoder``: the model's own, of its categorical columns."""
    exemplars = unit.exemplars[[c.name for c in unit.filled].index(column.name)]
    return cell_numbers(exemplars, source, column, encoder)


def cell_numbers(series: Any, source: Source, column: frames.Column, encoder: Encoder | None) -> Float[Array, "n"]:
    """The model column of cells that are not plain numbers."""
    cells = frames.cells(series)
    if source.codes is not None:
        return np.array([source.codes(source.fill if v is None else v) for v in cells])
    if encoder is not None:
        return encoder(cells)
    codes = frames.category_codes(series)
    try:
        return source.forward(np.array([np.nan if v is None else float(v) for v in cells]) if codes is None else codes)
    except (TypeError, ValueError):
        raise Refusal(f"column {column.name!r} holds strings that no readable encoder turns into numbers") from None


def model_columns(ensemble: Ensemble, binding: Binding, block: TabularBlock) -> Float[Array, "B d"]:
    """The instances as the model's last step sees them."""
    return drawn_columns(ensemble, binding, block, [law.at()[:, None] for law in block.laws])


def drawn_columns(ensemble: Ensemble, binding: Binding, block: TabularBlock, cells: Sequence[Array]) -> Float[Array, "n d"]:
    """B*s rows with these (#B, s) cells of the units as the model's last step sees them, instance after instance."""
    B, s = block.size, cells[0].shape[1]
    out = np.empty((B, s, len(binding.sources)))
    for i, (source, j) in enumerate(zip(binding.sources, binding.unit, strict=True)):
        column, encoder = block.all_columns[source.column], ensemble.encoders.get(i)
        if j >= 0 and by_levels(block.units[j]):
            out[:, :, i] = level_numbers(block.units[j], source, column, encoder)[cells[j]]
        elif j >= 0:
            out[:, :, i] = source.forward(cells[j].astype(np.float64))
        else:
            out[:, :, i] = fixed_numbers(source, column, block.fixed[column.name], encoder)[:, None]
    return out.reshape(B * s, -1)


def fixed_numbers(source: Source, column: frames.Column, cells: tuple[Any, Array], encoder: Encoder | None) -> Float[Array, "B"]:
    """The model column of a column that is not drawn."""
    exemplars, v = cells
    return source.forward(v) if exemplars is None else cell_numbers(exemplars, source, column, encoder)[v]
