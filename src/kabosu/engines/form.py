"""A fitted model in terms of the drawn units: what was read of it, and which of its columns each unit fills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import Binding, Refusal, Source, bind, fixed_numbers
from kabosu.engines.exact import unreadable
from kabosu.engines.memory import Same
from kabosu.engines.pullback import opened
from kabosu.engines.states import Behind, State, behind, state_of
from kabosu.errors import ReadingError
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float, Int

CLOSE = 1e-4  # relative difference of what was read from the model's own answer at which the reading is not believed

Reader = Callable[[Any, str, Sequence[frames.Column]], tuple[Any, tuple[Source, ...]]]
"""(model, method, columns of the table) -> what was read, and where its columns come from."""


@dataclass(frozen=True, eq=False)
class Form:
    """What was read (a function of model columns), and the columns behind each unit.

    fixed : positions of the model columns that are kept as in the instance.
    """

    core: Callable[[Array], Array]
    binding: Binding
    behind: tuple[Behind, ...]

    @property
    def fixed(self) -> list[int]:
        """Model columns that no unit fills."""
        return [i for i, j in enumerate(self.binding.unit) if j < 0]

    def kept(self, block: TabularBlock) -> Float[Array, "B d"]:
        """The fixed columns at the instances; 0 elsewhere."""
        out = np.zeros((block.size, len(self.binding.unit)))
        for i in self.fixed:
            source = self.binding.sources[i]
            column = block.all_columns[source.column]
            out[:, i] = fixed_numbers(source, column, block.fixed[column.name], None)
        return out

    def at(self, block: TabularBlock) -> Float[Array, "B d"]:
        """All model columns at the instances."""
        out = self.kept(block)
        for columns, law in zip(self.behind, block.laws, strict=True):
            out[:, columns.index] = columns.table[law.own] if columns.table is not None else columns.at(law.at()[:, None])[:, 0]
        return out

    @cached_property
    def normal(self) -> tuple[int, ...]:
        """Units that are normal under every local law, and whose columns are straight."""
        return tuple(u for u, columns in enumerate(self.behind) if columns.normal)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """First coordinate of each unit."""
        return tuple(np.cumsum([0, *(columns.width for columns in self.behind)])[:-1].tolist())

    @cached_property
    def normal_step(self) -> Float[Array, "P d"]:
        """Model columns per coordinate of the normal units."""
        out = np.zeros((len(self.normal), len(self.binding.unit)))
        for row, u in zip(out, self.normal, strict=True):
            row[list(self.behind[u].index)] = self.behind[u].slope * self.behind[u].scale
        return out

    def normals(self, local: TabularBlock) -> "Normals":
        """The normal units side by side."""
        laws = [local.laws[u] for u in self.normal]
        level, own = self.kept(local), np.zeros((1, 0))
        if laws:
            center, own = (np.stack([getattr(law, name) for law in laws], axis=1) for name in ("center", "own"))
            behind = [(n, i, a, b) for n, u in enumerate(self.normal) for i, a, b in zip(self.behind[u].index, self.behind[u].slope, self.behind[u].level, strict=True)]
            unit, index, slope, shift = (np.array(part) for part in zip(*behind, strict=True)) if behind else (np.zeros(0, dtype=np.int64),) * 4
            level[:, index] = center[:, unit] * slope + shift
        precision = local.laws[0].precision
        own = own[:1] if (own == own[:1]).all() else own
        return Normals(np.array([self.first[u] for u in self.normal], dtype=np.int64), self.normal_step, level, own * precision / (1 + precision), float(np.sqrt(1 / (1 + precision))))

    def others(self, local: TabularBlock, finest: Sequence[float]) -> list[tuple[int, State]]:
        """The units that are not normal, by position. ``finest``: of every unit, see ``state_of``."""
        return [(u, state_of(local.laws[u], columns, finest[u])) for u, columns in enumerate(self.behind) if not columns.normal]

    def states(self, local: TabularBlock, finest: Sequence[float] | None = None) -> list[State]:
        """The columns under the local laws. ``finest``: of each unit, see ``state_of``."""
        scales = [np.inf] * len(self.behind) if finest is None else finest
        return [state_of(law, columns, scale) for law, columns, scale in zip(local.laws, self.behind, scales, strict=True)]

    def check(self, block: TabularBlock, prediction: Float[Array, "B k"]) -> None:
        """What was read must answer what the model answers."""
        with np.errstate(all="ignore"):
            read = self.core(self.at(block))
        off = np.abs(read - prediction).max(axis=1) / np.maximum(np.abs(prediction).max(), 1e-12)
        if not (off <= CLOSE).all():
            b = int(np.nan_to_num(off, nan=np.inf).argmax())
            raise ReadingError(f"the model as read predicts {read[b].tolist()} where the model predicts {prediction[b].tolist()}")


@dataclass(frozen=True)
class Normals:
    """Units that are normal under q, side by side.

    at : (P,) their coordinates.  step : model columns per coordinate.  level : model columns at coordinate 0, those that no
    unit fills at the instances, those of other units 0.  middle, sd : mean and standard deviation of the coordinates.
    """

    at: Int[Array, "P"]
    step: Float[Array, "P d"]
    level: Float[Array, "B d"]
    middle: Float[Array, "b P"]
    sd: float


def form_of(reader: Reader, model: Model, representation: Representation, recipe: Recipe) -> Form | str:
    """The form of a model for a block, from memory where it was read before; or why there is none."""
    reason = unreadable(representation, recipe)
    if reason is not None or not isinstance(representation, TabularBlock):
        return reason or "not a table"
    method = getattr(model.ask, "method", None)
    if method is None or getattr(model.ask, "combine", None) is not None:
        return "labels are steps, not sums" if model.scale == "label" else f"a {type(model.original).__name__} answers by code that cannot be read"
    return _form(reader, Same(model.original), method, Same(representation.all_columns), tuple(map(Same, representation.units)))


@lru_cache(maxsize=32)
def _form(reader: Reader, original: Same, method: str, columns: Same, units: tuple[Same, ...]) -> Form | str:
    try:
        core, sources = _read(reader, original, method, columns)
        binding = bind(sources, columns.it, [u.it for u in units])
        return Form(core, binding, behind(binding, columns.it, [u.it for u in units]))
    except Refusal as e:
        return str(e)


@lru_cache(maxsize=32)
def _read(reader: Reader, original: Same, method: str, columns: Same) -> tuple[Any, tuple[Source, ...]]:
    return reader(opened(original.it), method, columns.it)
