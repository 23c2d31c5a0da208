"""The one pass over the nodes (MATH (8), (10)), compiled: a block of instances goes through each node together."""

import numpy as np
from numba import njit

from kabosu.types import Array


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    depth: Array, high: Array, low: Array, lost: Array, first: Array, width: Array, above: Array, leaf: Array, value: Array, T: Array, D: Array, deepest: int, beta: Array, total: Array
) -> None:
    """Add every tree's beta_j and E_q f.

    Nodes in pre-order: depth; rows of T and D with T[high] - T[low] + T[lost] = q(I_v) for the edge into v; first
    coordinate and number of coordinates of the edge's unit; depth of the nearest edge above on the same unit (-1: none).
    T : (rows, B) probabilities.  D : (rows, w, B) slopes.  beta : (p, k, B) and total : (k, B) are added to.
    P goes down, G comes up: beta_j += G(v) (rho(v) - rho(anc(v))), rho = D / q, kept on a stack as deep as the tree.
    """
    k, B, w = value.shape[1], T.shape[1], D.shape[1]
    P, Q = np.ones((deepest + 1, B)), np.ones((deepest + 1, B))
    R, G = np.zeros((deepest + 1, w, B)), np.zeros((deepest + 1, k, B))
    path = np.zeros(deepest + 1, dtype=np.int64)
    top = -1
    for v in range(len(depth)):
        d = depth[v]
        while top >= d:
            _close(path[top], top, first, width, above, R, G, beta, total)
            top -= 1
        top = d
        path[d] = v
        for c in range(k):
            for b in range(B):
                G[d, c, b] = 0.0
        if d > 0:
            hi, lo, ms, a = high[v], low[v], lost[v], above[v]
            for b in range(B):
                q = T[hi, b] - T[lo, b] + T[ms, b]
                base = Q[a, b] if a >= 0 else 1.0
                Q[d, b] = q
                P[d, b] = P[d - 1, b] * q / base if q > 0 and base > 0 else 0.0
            for i in range(width[v]):
                for b in range(B):
                    R[d, i, b] = (D[hi, i, b] - D[lo, i, b] + D[ms, i, b]) / Q[d, b] if Q[d, b] > 0 else 0.0
        else:
            for b in range(B):
                P[0, b] = 1.0
        if leaf[v]:
            for c in range(k):
                for b in range(B):
                    G[d, c, b] = value[v, c] * P[d, b]
    while top >= 0:
        _close(path[top], top, first, width, above, R, G, beta, total)
        top -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def _close(v: int, d: int, first: Array, width: Array, above: Array, R: Array, G: Array, beta: Array, total: Array) -> None:
    """A node whose subtree is done: hand G to the parent, the slope to beta."""
    k, B = total.shape
    if d == 0:
        for c in range(k):
            for b in range(B):
                total[c, b] += G[0, c, b]
        return
    a = above[v]
    for i in range(width[v]):
        j = first[v] + i
        for c in range(k):
            for b in range(B):
                rho = R[d, i, b] - (R[a, i, b] if a >= 0 else 0.0)
                beta[j, c, b] += G[d, c, b] * rho
    for c in range(k):
        for b in range(B):
            G[d - 1, c, b] += G[d, c, b]


@njit(cache=True)
def intervals(left: Array, right: Array, unit: Array, row: Array, missing_left: Array, states: Array, low_row: Array, high_row: Array, lost_row: Array, unit_count: int) -> tuple[Array, Array, Array, Array, Array, Array]:
    """For the edge into each node: depth, the unit's interval (rows), and the depth of the edge above on the same unit.

    unit, row : of each inner node's split: the unit and the table row of its threshold.  missing_left : where missing goes.
    states : (N, L) levels that go left, for level units (empty rows elsewhere).
    low_row, high_row, lost_row : (units,) rows of -inf (zero), +inf and missing of each unit; 0 is the zero row.
    Returns depth, high, low, lost rows, above, and (N, L) the levels that reach each node by its edge's unit.
    """
    N, L = len(left), states.shape[1]
    depth = np.zeros(N, dtype=np.int32)
    high, low, lost = np.zeros(N, dtype=np.int32), np.zeros(N, dtype=np.int32), np.zeros(N, dtype=np.int32)
    above = np.full(N, -1, dtype=np.int32)
    reach = np.zeros((N, L), dtype=np.bool_)
    path = np.zeros(4096, dtype=np.int64)
    last = np.full((4096, unit_count), -1, dtype=np.int32)
    for v in range(N):
        d = depth[v]
        path[d] = v
        if d > 0:
            parent = path[d - 1]
            u = unit[parent]
            goes_left = left[parent] == v
            last[d] = last[d - 1]
            a = last[d, u]
            above[v] = a
            if a >= 0:
                prior = path[a]
                high[v], low[v], lost[v] = high[prior], low[prior], lost[prior]
                reach[v] = reach[prior]
            else:
                high[v], low[v], lost[v] = high_row[u], low_row[u], lost_row[u]
                reach[v] = True
            if goes_left:
                high[v] = min(high[v], max(row[parent], low[v]))
            else:
                low[v] = max(low[v], min(row[parent], high[v]))
            if missing_left[parent] != goes_left:
                lost[v] = 0
            for i in range(L):
                reach[v, i] = reach[v, i] and (states[parent, i] == goes_left)
            last[d, u] = d
        else:
            last[0] = -1
        if left[v] >= 0:
            depth[left[v]] = d + 1
            depth[right[v]] = d + 1
    return depth, high, low, lost, above, reach

