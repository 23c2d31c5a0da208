"""A model's trees in terms of the drawn units: read once per model, then filled with each block's probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kabosu import frames
from kabosu.domains.expectations import Expectations, over_levels, over_thresholds
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Unit
from kabosu.engines.binding import Binding, Refusal, by_levels, fixed_numbers, level_numbers
from kabosu.engines.ensemble import Ensemble
from kabosu.types import Array, Float, Int


@dataclass(frozen=True)
class Nodes:
    """What the sweep needs of every node, and which rows of the tables belong to whom.

    depth, high, low, lost, above, first, width, leaf, value : see ``boxes.sweep``.
    thresholds : sorted thresholds of each interval unit (drawn ones, then fixed columns).  start : first table row of each unit.
    sets : (S, L) level sets of state units, ``set_unit`` whose they are; their rows come last.
    """

    depth: Int[Array, "N"]
    high: Int[Array, "N"]
    low: Int[Array, "N"]
    lost: Int[Array, "N"]
    above: Int[Array, "N"]
    first: Int[Array, "N"]
    width: Int[Array, "N"]
    leaf: Array
    value: Float[Array, "N k"]
    thresholds: tuple[Float[Array, "T"], ...]
    start: tuple[int, ...]
    sets: Array
    set_unit: Int[Array, "S"]
    fixed: tuple[int, ...]
    rows: int
    deepest: int


def compile_nodes(ensemble: Ensemble, binding: Binding, units: Sequence[Unit], columns: Sequence[frames.Column]) -> Nodes:
    """Thresholds as table rows, intervals and level sets of every edge."""
    from kabosu.engines.boxes import intervals

    m, inner = len(units), ensemble.left >= 0
    fixed = tuple(i for i, j in enumerate(binding.unit) if j < 0)
    unit_of = np.array([j if j >= 0 else m + fixed.index(i) for i, j in enumerate(binding.unit)], dtype=np.int32)
    unit = np.where(inner, unit_of[np.where(inner, ensemble.feature, 0)], -1).astype(np.int32)
    state = np.array([*(by_levels(u) for u in units), *([False] * len(fixed))])
    cut, missing_left = _cuts(ensemble, binding, inner, unit, state)
    thresholds = tuple(np.unique(cut[(unit == u) & np.isfinite(cut)]) if not state[u] else np.zeros(0) for u in range(len(state)))
    start, rows = [], 1
    for u, t in enumerate(thresholds):
        start.append(rows)
        rows += 0 if state[u] else len(t) + 2
    row = np.zeros(len(unit), dtype=np.int32)
    for u, t in enumerate(thresholds):
        at = (unit == u) & ~state[u]
        row[at] = np.where(cut[at] == -np.inf, 0, start[u] + np.searchsorted(t, cut[at]))
    states = _states(ensemble, binding, units, columns, inner, state)
    ends = np.array([0 if s else start[u] + len(thresholds[u]) for u, s in enumerate(state)], dtype=np.int32)
    lost_rows = np.where(state, 0, ends + 1).astype(np.int32)
    low_rows = np.zeros(len(state), dtype=np.int32)
    depth, high, low, lost, above, reach = intervals(ensemble.left, ensemble.right, unit, row, missing_left, states, low_rows, ends, lost_rows, len(state))
    parent_unit = np.where(ensemble.parent >= 0, unit[ensemble.parent], -1)
    sets, set_unit, high = _set_rows(parent_unit, state, reach, high, rows)
    widths = np.array([len(u.scales) for u in units] + [0] * len(fixed))
    firsts = np.concatenate([[0], np.cumsum(widths)])[:-1]
    pick = np.maximum(parent_unit, 0)
    return Nodes(
        depth, high, low, lost, above, firsts[pick].astype(np.int32), np.where(parent_unit >= 0, widths[pick], 0).astype(np.int32), ~inner, ensemble.value, thresholds, tuple(start), sets, set_unit, fixed, rows + len(sets), int(depth.max(initial=0))
    )


def _cuts(ensemble: Ensemble, binding: Binding, inner: Array, unit: Array, state: Array) -> tuple[Float[Array, "N"], Array]:
    """Raw thresholds of interval units, and where missing goes after imputers."""
    cut, missing_left = np.full(len(unit), np.nan), ensemble.missing_left.copy()
    for i, source in enumerate(binding.sources):
        at = inner & (ensemble.feature == i)
        if not at.any() or state[unit[at][0]]:
            continue
        if (ensemble.category[at] >= 0).any():
            raise Refusal(f"model column {i} is split as a category but drawn as a number; name it in categorical=")
        t = ensemble.threshold[at]
        cut[at] = source.pull(t, ensemble.float32) if binding.unit[i] >= 0 else t
        if source.indicator:
            missing_left[at] = t >= 1
        elif not np.isnan(source.lost):
            missing_left[at] = (np.float32(source.lost) if ensemble.float32 else source.lost) <= t
    return cut, missing_left


def _states(ensemble: Ensemble, binding: Binding, units: Sequence[Unit], columns: Sequence[frames.Column], inner: Array, state: Array) -> Array:
    """(N, L) the levels that go left at splits of level units."""
    L = max((len(u.levels) for u in units if by_levels(u)), default=0)
    states = np.zeros((len(inner), L), dtype=np.bool_)
    for i, source in enumerate(binding.sources):
        at = np.flatnonzero(inner & (ensemble.feature == i))
        if not len(at) or binding.unit[i] < 0 or not state[binding.unit[i]]:
            continue
        numbers = level_numbers(units[binding.unit[i]], source, columns[source.column])
        numbers = numbers.astype(np.float32).astype(np.float64) if ensemble.float32 else numbers
        states[at, : len(numbers)] = ensemble.goes_left(at, numbers)
    return states


def _set_rows(parent_unit: Array, state: Array, reach: Array, high: Array, rows: int) -> tuple[Array, Array, Array]:
    """One table row for each different set of levels."""
    edges = np.flatnonzero((parent_unit >= 0) & state[np.maximum(parent_unit, 0)])
    if not len(edges):
        return np.zeros((0, reach.shape[1]), dtype=bool), np.zeros(0, dtype=np.int64), high
    keys, index = np.unique(np.column_stack([parent_unit[edges], reach[edges]]), axis=0, return_inverse=True)
    high = high.copy()
    high[edges] = rows + index.reshape(-1)
    return keys[:, 1:].astype(bool), keys[:, 0].astype(np.int64), high


def fill(nodes: Nodes, binding: Binding, block: TabularBlock) -> tuple[Float[Array, "rows B"], Float[Array, "rows w B"], list[Expectations]]:
    """Probabilities and slopes of every table row, for the instances of the block."""
    B, W = block.size, max(law.width for law in block.laws)
    T, D = np.zeros((nodes.rows, B)), np.zeros((nodes.rows, W, B))
    found: list[Expectations] = []
    for u, (unit, law) in enumerate(zip(block.units, block.laws, strict=True)):
        if by_levels(unit):
            E = over_levels(law)
            _fill_sets(nodes, u, E, T, D)
        else:
            E = over_thresholds(law, np.append(nodes.thresholds[u], np.inf))
            a, b = nodes.start[u], nodes.start[u] + len(nodes.thresholds[u]) + 1
            slope, slope_lost = E.slopes()
            T[a:b], T[b] = E.mass.T, E.lost
            D[a:b, : law.width], D[b, : law.width] = slope.transpose(1, 2, 0), slope_lost.T
        found.append(E)
    for n, i in enumerate(nodes.fixed):
        _fill_fixed(nodes, len(block.units) + n, fixed_numbers(binding.sources[i], block.fixed[block.all_columns[binding.sources[i].column].name]), T)
    return T, D, found


def _fill_sets(nodes: Nodes, u: int, E: Expectations, T: Array, D: Array) -> None:
    at = np.flatnonzero(nodes.set_unit == u)
    if not len(at):
        return
    members = nodes.sets[at][:, : E.mass.shape[1]].astype(np.float64)
    rows = nodes.rows - len(nodes.sets) + at
    T[rows] = members @ E.mass.T
    D[rows, 0] = members @ E.slopes()[0][..., 0].T


def _fill_fixed(nodes: Nodes, u: int, x: Float[Array, "B"], T: Array) -> None:
    a, t = nodes.start[u], np.append(nodes.thresholds[u], np.inf)
    T[a : a + len(t)] = x[None] <= t[:, None]
    T[a + len(t)] = np.isnan(x)


def exact_means(nodes: Nodes, tables: Sequence[Array], p: int) -> tuple[Float[Array, "p k B"], Float[Array, "k B"]]:
    """beta and E_q f of the sum of trees, without its base."""
    from kabosu.engines.boxes import sweep

    T, D = tables
    k, B = nodes.value.shape[1], T.shape[1]
    beta, total = np.zeros((p, k, B)), np.zeros((k, B))
    sweep(nodes.depth, nodes.high, nodes.low, nodes.lost, nodes.first, nodes.width, nodes.above, nodes.leaf, nodes.value, T, D, nodes.deepest, beta, total)
    return beta, total
