"""A model's trees in terms of the drawn units: read once per model; ``fill`` puts each block's probabilities in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kabosu import frames
from kabosu.domains.expectations import below
from kabosu.domains.laws import Inside
from kabosu.domains.units import Number, Unit
from kabosu.engines.binding import Binding, Refusal, by_levels, level_numbers
from kabosu.engines.ensemble import Ensemble
from kabosu.types import Array, Float, Int

ZERO, ONE = 0, 1  # table rows of nothing and of everything
HUGE = 1e150  # thresholds beyond it, as CatBoost writes for missing, have no number on their far side


@dataclass(frozen=True)
class Nodes:
    """What the sweep needs of every node (see ``boxes.sweep``), and which table rows belong to whom.

    thresholds : sorted thresholds of each interval unit with a table (drawn ones but binned, then fixed columns).  begin : its first row;
    then come its whole line and its missing.  normal : units whose q(x <= t) is computed at the node instead.
    sets : (S, L) level sets of state units, ``set_unit`` whose they are; their rows come last.  fixed : model columns kept as
    in the instance.  bins, share : of splits of binned units, the bin that the threshold cuts (-1: none) and
    F of it there.  within : of binned units, on the whole line and on missing: whether the bins below count, a bin, its share.
    widths : coordinates of each drawn unit.  complete : every leaf's values add up to the same number.
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
    bins: Int[Array, "N"]
    share: Float[Array, "N"]
    within: tuple[Float[Array, "2 3"] | None, ...]
    widths: Int[Array, "m"]
    deepest: int
    complete: bool


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
    insides = [None if by_levels(u) or isinstance(u, Number) else u.inside for u in units]
    binned = np.array([inside is not None for inside in insides] + [False] * len(fixed))
    thresholds, begin, row, rows = _rows(cut, unit, state | normal, binned)
    bins, share = _cut_bins(cut, unit, insides)
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
        ensemble.left.astype(np.int32), depth, unit, row, high, low, lost, ends[pick], set_row, above, firsts[pick], width, ensemble.value, cut, normal, thresholds, begin, sets, set_unit, fixed, rows + len(sets),
        bins, share, tuple(None if inside is None else _within(inside) for inside in insides), widths[:m], int(depth.max(initial=0)), _complete(ensemble.value[~inner]),
    )  # fmt: skip


def _cut_bins(cut: Array, unit: Array, insides: Sequence[Inside | None]) -> tuple[Int[Array, "N"], Float[Array, "N"]]:
    """Of each split of a binned unit, the bin that its threshold cuts, and F of that bin; all bins below it lie left."""
    bins, share = np.full(len(cut), -1, dtype=np.int32), np.zeros(len(cut))
    for u, inside in enumerate(insides):
        at = unit == u
        if inside is not None and at.any():
            bins[at], share[at] = _last(below(inside, cut[at]))
    return bins, share


def _last(F: Float[Array, "T L"]) -> tuple[Int[Array, "T"], Float[Array, "T"]]:
    """The last bin with anything at or below each threshold, and its F."""
    at = np.maximum((F > 0).sum(axis=1) - 1, 0)
    if not ((np.arange(F.shape[1]) >= at[:, None]) | (F == 1)).all():
        raise Refusal("bins that overlap")
    return at, F[np.arange(len(F)), at]


def _within(inside: Inside) -> Float[Array, "2 3"]:
    """The whole line without missing, and missing."""
    (at,), (share,) = _last(below(inside, np.array([np.inf])))
    return np.array([[1.0, at, share], [0.0, len(inside.low) - 1, np.isnan(inside.low[-1])]])


def _complete(leaves: Float[Array, "n k"]) -> bool:
    sums = leaves.sum(axis=1)
    return leaves.shape[1] > 1 and bool(np.allclose(sums, sums[0], rtol=1e-12, atol=0))


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
        cut[at] = _without_huge(source.pull(t, single=ensemble.float32)) if binding.unit[i] >= 0 else t
        if source.indicator:
            missing_left[at] = t >= 1
        elif not np.isnan(source.lost):
            missing_left[at] = ensemble.rounded(np.array([source.lost]))[0] <= t
    return cut, missing_left


def _without_huge(t: Float[Array, "n"]) -> Float[Array, "n"]:
    return np.where(np.abs(t) > HUGE, np.copysign(np.inf, t), t)


def _rows(cut: Array, unit: Array, without: Array, binned: Array) -> tuple[tuple[Array, ...], tuple[int, ...], Int[Array, "N"], int]:
    """Table rows of the thresholds of units that have a table: thresholds, the whole line, missing."""
    thresholds, begin, rows = [], [], 2
    row = np.full(len(unit), -1, dtype=np.int32)
    for u, none in enumerate(without):
        at = unit == u
        t = np.zeros(0) if none or binned[u] else np.unique(cut[at & np.isfinite(cut)])
        thresholds.append(t)
        begin.append(rows)
        if not none and not binned[u]:
            row[at] = np.where(cut[at] == -np.inf, ZERO, rows + np.searchsorted(t, cut[at]))
        rows += 0 if none else len(t) + 2
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
