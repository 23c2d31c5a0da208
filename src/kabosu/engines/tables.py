"""A model's trees in terms of the drawn units: read once per model, then filled with each block's probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kabosu import frames
from kabosu.domains.expectations import Expectations, over_levels, over_thresholds
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Number, Unit
from kabosu.engines.binding import Binding, Refusal, by_levels, fixed_numbers, level_numbers
from kabosu.engines.ensemble import Encoder, Ensemble
from kabosu.types import Array, Float, Int

ZERO, ONE = 0, 1  # table rows of nothing and of everything


@dataclass(frozen=True)
class Nodes:
    """What the sweep needs of every node (see ``boxes.sweep``), and which table rows belong to whom.

    thresholds : sorted thresholds of each interval unit with a table (drawn ones, then fixed columns).  begin : its first row;
    then come its whole line and its missing.  normal : units whose q(x <= t) is computed at the node instead.
    sets : (S, L) level sets of state units, ``set_unit`` whose they are; their rows come last.  fixed : model columns kept as
    in the instance.
    """

    left: Int[Array, "N"]
    depth: Int[Array, "N"]
    unit: Int[Array, "N"]
    row: Int[Array, "N"]
    high: Int[Array, "N"]
    low: Int[Array, "N"]
    lost: Int[Array, "N"]
    whole: Int[Array, "N"]
    state: Int[Array, "N"]
    above: Int[Array, "N"]
    first: Int[Array, "N"]
    width: Int[Array, "N"]
    value: Float[Array, "N k"]
    cut: Float[Array, "N"]
    normal: Array
    thresholds: tuple[Float[Array, "T"], ...]
    begin: tuple[int, ...]
    sets: Array
    set_unit: Int[Array, "S"]
    fixed: tuple[int, ...]
    rows: int

    @property
    def deepest(self) -> int:
        """Depth of the deepest node."""
        return int(self.depth.max(initial=0))


def compile_nodes(ensemble: Ensemble, binding: Binding, units: Sequence[Unit], columns: Sequence[frames.Column]) -> Nodes:
    """Thresholds as table rows, intervals and level sets of every edge."""
    from kabosu.engines.boxes import intervals

    m, inner = len(units), ensemble.left >= 0
    fixed = tuple(i for i, j in enumerate(binding.unit) if j < 0)
    unit_of = np.array([j if j >= 0 else m + fixed.index(i) for i, j in enumerate(binding.unit)], dtype=np.int32)
    unit = np.where(inner, unit_of[np.where(inner, ensemble.feature, 0)], -1).astype(np.int32)
    state = np.array([*map(by_levels, units), *([False] * len(fixed))])
    normal = np.array([*map(_is_normal, units), *([False] * len(fixed))])
    cut, missing_left = _cuts(ensemble, binding, inner, unit, state)
    thresholds, begin, row, rows = _rows(cut, unit, state | normal)
    ends = np.array([ONE if state[u] or normal[u] else begin[u] + len(thresholds[u]) for u in range(len(state))], dtype=np.int32)
    lost_rows = np.where(state | normal, ZERO, ends + 1).astype(np.int32)
    states = _states(ensemble, binding, units, columns, inner, state)
    depth, high, low, lost, above, reach = intervals(ensemble.left, ensemble.right, unit, cut, missing_left, states, lost_rows, len(state))
    edge = np.where(ensemble.parent >= 0, unit[ensemble.parent], -1)
    sets, set_unit, set_row = _set_rows(edge, state, reach, rows)
    widths = np.array([len(u.scales) for u in units] + [0] * len(fixed), dtype=np.int32)
    firsts = (np.cumsum(widths) - widths).astype(np.int32)
    pick = np.maximum(edge, 0)
    width = np.where(edge >= 0, widths[pick], 0).astype(np.int32)
    return Nodes(
        ensemble.left.astype(np.int32), depth, unit, row, high, low, lost, ends[pick], set_row, above, firsts[pick], width, ensemble.value, cut, normal, thresholds, begin, sets, set_unit, fixed, rows + len(sets)
    )  # fmt: skip


def _is_normal(unit: Unit) -> bool:
    """True where the local law is a normal and nothing else."""
    return isinstance(unit, Number) and not unit.atoms and not unit.whole and bool(np.isinf(unit.column.bounds).all())


def _cuts(ensemble: Ensemble, binding: Binding, inner: Array, unit: Array, state: Array) -> tuple[Float[Array, "N"], Array]:
    """Raw thresholds of interval units, and where missing goes after imputers."""
    cut, missing_left = np.zeros(len(unit)), ensemble.missing_left.copy()
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
            missing_left[at] = ensemble.rounded(np.array([source.lost]))[0] <= t
    return cut, missing_left


def _rows(cut: Array, unit: Array, without: Array) -> tuple[tuple[Array, ...], tuple[int, ...], Int[Array, "N"], int]:
    """Table rows of the thresholds of units that have a table: thresholds, the whole line, missing."""
    thresholds, begin, rows = [], [], 2
    row = np.full(len(unit), -1, dtype=np.int32)
    for u, none in enumerate(without):
        at = unit == u
        t = np.zeros(0) if none else np.unique(cut[at & np.isfinite(cut)])
        thresholds.append(t)
        begin.append(rows)
        if not none:
            row[at] = np.where(cut[at] == -np.inf, ZERO, rows + np.searchsorted(t, cut[at]))
            rows += len(t) + 2
    return tuple(thresholds), tuple(begin), row, rows


def _states(ensemble: Ensemble, binding: Binding, units: Sequence[Unit], columns: Sequence[frames.Column], inner: Array, state: Array) -> Array:
    """(N, L) the levels that go left at splits of level units."""
    L = max((len(u.levels) for u in units if by_levels(u)), default=0)
    states = np.zeros((len(inner), L), dtype=np.bool_)
    for i, source in enumerate(binding.sources):
        at = np.flatnonzero(inner & (ensemble.feature == i))
        if not len(at) or binding.unit[i] < 0 or not state[binding.unit[i]]:
            continue
        numbers = level_numbers(units[binding.unit[i]], source, columns[source.column], ensemble.encoders.get(i))
        states[at, : len(numbers)] = ensemble.goes_left(at, numbers)
    return states


def _set_rows(edge: Array, state: Array, reach: Array, rows: int) -> tuple[Array, Array, Int[Array, "N"]]:
    """One table row for each different set of levels."""
    row = np.full(len(edge), -1, dtype=np.int32)
    at = np.flatnonzero((edge >= 0) & state[np.maximum(edge, 0)])
    if not len(at):
        return np.zeros((0, reach.shape[1]), dtype=bool), np.zeros(0, dtype=np.int64), row
    keys, index = np.unique(np.column_stack([edge[at], reach[at]]), axis=0, return_inverse=True)
    row[at] = rows + index.reshape(-1)
    return keys[:, 1:].astype(bool), keys[:, 0].astype(np.int64), row


def fill(nodes: Nodes, binding: Binding, encoders: Mapping[int, Encoder], block: TabularBlock) -> tuple[Float[Array, "rows B"], Float[Array, "w rows B"], list[Expectations]]:
    """Probabilities and slopes of every table row, for the instances of the block."""
    B, W = block.size, max(law.width for law in block.laws)
    T, D = np.zeros((nodes.rows, B)), np.zeros((W, nodes.rows, B))
    T[ONE] = 1.0
    found: list[Expectations] = []
    for u, (unit, law) in enumerate(zip(block.units, block.laws, strict=True)):
        if by_levels(unit):
            found.append(over_levels(law))
            _fill_sets(nodes, u, found[-1], T, D)
        else:
            found.append(over_thresholds(law, np.zeros(0) if nodes.normal[u] else np.append(nodes.thresholds[u], np.inf)))
            if not nodes.normal[u]:
                _fill_interval(nodes.begin[u], found[-1], T, D)
    for n, i in enumerate(nodes.fixed):
        column = block.all_columns[binding.sources[i].column]
        _fill_fixed(nodes, len(block.units) + n, fixed_numbers(binding.sources[i], column, block.fixed[column.name], encoders.get(i)), T)
    return T, D, found


def _fill_interval(a: int, E: Expectations, T: Array, D: Array) -> None:
    b, w = a + E.mass.shape[1], E.first.shape[2]
    slope, slope_lost = E.slopes()
    T[a:b], T[b] = E.mass.T, E.lost
    D[:w, a:b], D[:w, b] = slope.transpose(2, 1, 0), slope_lost.T


def _fill_sets(nodes: Nodes, u: int, E: Expectations, T: Array, D: Array) -> None:
    at = np.flatnonzero(nodes.set_unit == u)
    if len(at):
        members = nodes.sets[at][:, : E.mass.shape[1]].astype(np.float64)
        rows = nodes.rows - len(nodes.sets) + at
        T[rows] = np.einsum("sl,bl->sb", members, E.mass)
        D[0, rows] = np.einsum("sl,bl->sb", members, E.slopes()[0][..., 0])


def _fill_fixed(nodes: Nodes, u: int, x: Float[Array, "B"], T: Array) -> None:
    a, t = nodes.begin[u], np.append(nodes.thresholds[u], np.inf)
    T[a : a + len(t)] = x[None] <= t[:, None]
    T[a + len(t)] = np.isnan(x)


def exact_means(nodes: Nodes, block: TabularBlock, T: Array, D: Array) -> tuple[Float[Array, "p k B"], Float[Array, "k B"]]:
    """Cov_q(z)^-1 Cov_q(z, f) and E_q f of the sum of trees, without its base. A last output that completes a constant sum is not swept."""
    from kabosu.engines.boxes import sweep

    value, whole = _without_last(nodes.value, nodes.left < 0, nodes.depth)
    p, k, B = sum(law.width for law in block.laws), value.shape[1], T.shape[1]
    beta, total = np.zeros((p, k, B)), np.zeros((k, B))
    start, inverse, sd = _normals(nodes, block)
    sweep(
        nodes.left, nodes.depth, nodes.unit, nodes.row, nodes.high, nodes.low, nodes.lost, nodes.whole, nodes.state, nodes.above, nodes.first, nodes.width,
        value, nodes.cut, nodes.normal, start, inverse, T, D, nodes.deepest, beta, total,
    )  # fmt: skip
    beta /= np.concatenate([np.full(law.width, sd[u]) for u, law in enumerate(block.laws)])[:, None, None]
    if whole is None:
        return beta, total
    return np.concatenate([beta, -beta.sum(axis=1, keepdims=True)], axis=1), np.concatenate([total, whole - total.sum(axis=0, keepdims=True)])


def _without_last(value: Float[Array, "N k"], leaf: Array, depth: Array) -> tuple[Float[Array, "N k"], float | None]:
    """Probabilities of a tree's leaves all add up to the same number."""
    sums = value[leaf].sum(axis=1)
    if value.shape[1] < 2 or not np.allclose(sums, sums[0], rtol=1e-12, atol=0):
        return value, None
    return np.ascontiguousarray(value[:, :-1]), float(sums[0] * (depth == 0).sum())


def _normals(nodes: Nodes, block: TabularBlock) -> tuple[Float[Array, "u B"], Float[Array, "u"], Float[Array, "u"]]:
    """start, inverse with q(x <= t) = Phi(t inverse - start), and the local standard deviation of the coordinate; 1 for other units."""
    start, inverse, sd = np.zeros((len(nodes.normal), block.size)), np.ones(len(nodes.normal)), np.ones(len(nodes.normal))
    for u in np.flatnonzero(nodes.normal):
        law = block.laws[u]
        _, mean, sd[u] = law._local
        inverse[u] = 1 / (law.scale * sd[u])
        start[u] = law.center * inverse[u] + mean / sd[u]
    return start, inverse, sd
