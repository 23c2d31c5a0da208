"""Every feature's whole main effect in one more pass over the nodes (MATH (10)), compiled; for one instance."""

import numpy as np
from numba import njit

from kabosu.types import Array


@njit(cache=True, nogil=True, error_model="numpy")
def main_effects(
    left: Array, depth: Array, unit: Array, cell: Array, at: Array, high: Array, low: Array, whole: Array, lost: Array, state: Array, above: Array, sets: Array, first_set: int,
    value: Array, T: Array, offset: Array, cells: Array, deepest: int, steps: Array, missing: Array,
) -> None:  # fmt: skip
    """Add, for the edge into each node v on unit u, G(v) / q(I_v) on I_v and take G(v) / q(I_anc(v)) from I_anc(v).

    cell, at : of each split: how many thresholds of its unit are below it, and q(x <= its threshold).
    T : (rows,) probabilities of whole lines, missing and level sets; other columns as in ``boxes.sweep``.
    offset, cells : (units,) where a unit's cells begin in ``steps``, and how many; steps : (all cells + 1, k) differences for
    interval units, values for level units.  missing : (units, k) on missing.
    """
    k = value.shape[1]
    P, I = np.ones(deepest + 1), np.ones(deepest + 1)
    G = np.zeros((deepest + 1, k))
    begin, end, gone, row, of, path = np.zeros((6, deepest + 1), dtype=np.int64)
    top = -1
    for v in range(len(left) + 1):
        d = depth[v] if v < len(left) else 0
        while top >= d and top >= 0:
            if top > 0:
                a = above[path[top]]
                for c in range(k):
                    _spread(G[top, c] * I[top], c, of[top], begin[top], end[top], gone[top], row[top], cells, sets, first_set, offset, steps, missing)
                    if a > 0:
                        _spread(-G[top, c] * I[a], c, of[top], begin[a], end[a], gone[a], row[a], cells, sets, first_set, offset, steps, missing)
                    elif row[top] >= 0:
                        for i in range(cells[of[top]]):
                            steps[offset[of[top]] + i, c] -= G[top, c]
                    else:
                        _spread(-G[top, c], c, of[top], 0, cells[of[top]], 1, -1, cells, sets, first_set, offset, steps, missing)
                    G[top - 1, c] += G[top, c]
            top -= 1
        if v == len(left):
            break
        top = d
        path[d] = v
        if d > 0:
            u, h, m = unit[path[d - 1]], high[v], low[v]
            of[d], row[d], gone[d] = u, state[v], lost[v]
            begin[d] = cell[path[m]] + 1 if m >= 0 else 0
            end[d] = cell[path[h]] + 1 if h >= 0 else cells[u]
            if state[v] >= 0:
                q = T[state[v]]
            else:
                q = (at[path[h]] if h >= 0 else T[whole[v]]) - (at[path[m]] if m >= 0 else 0.0) + T[lost[v]]
            P[d] = P[d - 1] * q * I[above[v]] if q > 1e-290 else 0.0
            I[d] = 1.0 / q if q > 1e-290 else 0.0
        for c in range(k):
            G[d, c] = value[v, c] * P[d] if left[v] < 0 else 0.0


@njit(cache=True, nogil=True)
def _spread(g: float, c: int, u: int, begin: int, end: int, gone: int, row: int, cells: Array, sets: Array, first_set: int, offset: Array, steps: Array, missing: Array) -> None:
    """Add g on an interval (by differences), its missing, or a set of levels."""
    o = offset[u]
    if row >= 0:
        for i in range(cells[u]):
            if sets[row - first_set, i]:
                steps[o + i, c] += g
        return
    steps[o + begin, c] += g
    steps[o + end, c] -= g
    if gone > 0:
        missing[u, c] += g
