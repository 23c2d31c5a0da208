"""Training data of any kind as the table of floats that lime works on, and back as what the model eats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.columns import Column, Table
from kabosu.errors import RowError
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Form:
    """A data frame, records, or an array that holds strings: numbers as they are, everything else as codes into its levels.

    table : the user's own, without rows.  exemplars : a cell of each level, None for numbers.
    """

    table: Table
    columns: tuple[Column, ...]
    levels: tuple[tuple[Any, ...] | None, ...]
    exemplars: tuple[Any, ...]

    def row(self, x: Any) -> Float[Array, "d"]:
        """One instance as floats."""
        table = frames.rows_like(x, self.table)
        return np.array([float(self._floats(j, table.columns[j])[0]) for j in range(len(self.columns))])

    def rows(self, X: Float[Array, "n d"]) -> Any:
        """Floats as the user's own kind of table."""
        values = []
        for column, levels, exemplar, v in zip(self.columns, self.levels, self.exemplars, np.asarray(X).T, strict=True):
            whole = np.rint(v) if column.kind == "whole" else v
            values.append((None, whole) if levels is None else (exemplar, v.astype(np.int64)))
        return frames.build(self.table, self.columns, values)

    def _floats(self, j: int, series: Any) -> Float[Array, "n"]:
        column, levels = self.columns[j], self.levels[j]
        if levels is None:
            return frames.numbers(column, series)
        code = {v: float(i) for i, v in enumerate(levels)}
        cells = frames.cells(series)
        unseen = [v for v in cells if v not in code]
        if unseen:
            raise RowError(f"column {column.name!r} holds {unseen[0]!r}, which the training data does not; it holds {list(levels)[:20]}")
        return np.array([code[v] for v in cells])

    def columns_named(self) -> list[str] | None:
        """Names of the columns, where the table has any."""
        return list(map(str, self.table.names)) if self.table.named else None

    def names(self) -> dict[int, list[str]]:
        """Words of the levels, by column."""
        return {j: ["missing" if v is None else str(v) for v in levels] for j, levels in enumerate(self.levels) if levels is not None}


@dataclass(frozen=True)
class Tensors:
    """A torch tensor: the model is asked tensors of its dtype on its device."""

    like: Any

    def row(self, x: Any) -> Float[Array, "d"]:
        """One instance as floats."""
        return np.asarray(_tensor_floats(x), dtype=np.float64).reshape(-1)

    def rows(self, X: Float[Array, "n d"]) -> Any:
        """Floats as a tensor."""
        from torch import as_tensor

        return as_tensor(np.ascontiguousarray(X)).to(dtype=self.like.dtype, device=self.like.device)

    def columns_named(self) -> list[str] | None:
        """No names."""
        return None

    def names(self) -> dict[int, list[str]]:
        """No words."""
        return {}


def _tensor_floats(x: Any) -> Any:
    from kabosu.respond import as_array

    return as_array(x)


def formed(data: Any) -> tuple[Any, Form | Tensors | None]:
    """Training data as a table of floats and its form; arrays of numbers and sparse matrices are what lime takes already."""
    package = type(data).__module__.split(".")[0]
    if package == "torch":
        return np.asarray(_tensor_floats(data), dtype=np.float64), Tensors(data[:0])
    if package == "scipy" or (isinstance(data, np.ndarray) and data.dtype.kind in "fiub"):
        return data, None
    table = frames.read(data, "training data")
    columns = tuple(frames.describe(n, s) for n, s in zip(table.names, table.columns, strict=True))
    known = [_levels(column, series) for column, series in zip(columns, table.columns, strict=True)]
    empty = Table(table.kind, table.names, tuple(series[:0] for series in table.columns), table.template, table.named)
    form = Form(empty, columns, tuple(k[0] for k in known), tuple(k[1] for k in known))
    return np.column_stack([form._floats(j, series) for j, series in enumerate(table.columns)]), form


def _levels(column: Column, series: Any) -> tuple[tuple[Any, ...] | None, Any]:
    """The different cells of a column in the order of their words, and where each is found."""
    if column.kind != "level":
        return None, None
    first: dict[Any, int] = {}
    for i, v in enumerate(frames.cells(series)):
        first.setdefault(v, i)
    levels: Sequence[Any] = sorted(first, key=lambda v: (v is None, str(v)))
    return tuple(levels), frames.gather(series, [first[v] for v in levels])
