"""Many explanations as one matrix of effects on each row's own target, on the columns that any of them has."""

from dataclasses import dataclass

import numpy as np

from kabosu.explanations import Explanations
from kabosu.types import Array, Float, Int


@dataclass(frozen=True)
class Effects:
    """Rows that could be explained, by columns.

    positions : (n,) of the rows in the data.  coef_scaled, std_error_scaled : NaN where a row does not have the column.
    """

    columns: tuple[str, ...]
    positions: Int[Array, "n"]
    coef_scaled: Float[Array, "n p"]
    std_error_scaled: Float[Array, "n p"]


def effects(es: Explanations, output: str | None = None) -> Effects:
    """Of one output by name, or (None) of each row's target. Ragged collections are joined on column names."""
    known: dict[tuple[str, int], int] = {}
    parts = []
    for block in es.blocks:
        where = [known.setdefault(key, len(known)) for key in _keys(block.labels.columns)]
        t = block.targets if output is None else np.full(len(block), block.output_names.index(output))
        scale = np.broadcast_to(block.labels.scale, block.coef.shape[:2])
        rows = np.arange(len(block))
        parts.append((where, block.coef[rows, :, t] * scale, block.std_error[rows, :, t] * np.abs(scale)))
    n = len(es.positions)
    coef, error = np.full((n, len(known)), np.nan), np.full((n, len(known)), np.nan)
    start = 0
    for where, c, se in parts:
        coef[start : start + len(c), where], error[start : start + len(c), where] = c, se
        start += len(c)
    return Effects(tuple(name for name, _ in known), es.positions, coef, error)


def _keys(columns: tuple[str, ...]) -> list[tuple[str, int]]:
    """A name and how often it came before, so that repeated names stay apart."""
    seen: dict[str, int] = {}
    keys = []
    for name in columns:
        keys.append((name, seen.get(name, 0)))
        seen[name] = seen.get(name, 0) + 1
    return keys
