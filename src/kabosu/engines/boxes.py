"""The one pass over the nodes (MATH (8), (10)), compiled: a block of instances goes through each node together."""

import math

import numpy as np
from numba import njit

from kabosu.types import Array

MILLS = (
    0.6398201096557464,
    0.4213487519629292,
    0.17322252692216528,
    0.02960126639954393,
    -0.008013496963056832,
    -0.0037486161457056977,
    0.0008117599983279073,
    0.00044261655159119086,
    -0.00015729642530142393,
    -4.241707697971815e-05,
    3.355006332454491e-05,
    -9.020153715731958e-07,
    -5.703231196735313e-06,
    1.9664643677282164e-06,
    4.415698342780286e-07,
    -5.804411079626069e-07,
    1.1505234470497916e-07,
    9.281419048628803e-08,
    -4.7173693440735046e-08,
    -6.6633727233887795e-09,
    5.996916633278133e-09,
)
"""Mills' ratio M of the normal: M(x) / y as a polynomial in c, y = 1 / (1 + x / 3), c = y scaled to -1..1 for 0 <= x <= 40; relative error 1e-14."""


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    left: Array, depth: Array, unit: Array, row: Array, high: Array, low: Array, lost: Array, whole: Array, state: Array, above: Array, first: Array, width: Array,
    value: Array, cut: Array, normal: Array, bins: Array, share: Array, start: Array, inverse: Array, Q: Array, R0: Array, T: Array, D: Array, deepest: int, beta: Array,
    total: Array,
) -> None:  # fmt: skip
    """Add every tree's beta_j and E_q f (MATH (8)); memory is the stack of one path.

    Nodes in pre-order. Of a split: unit, row of its threshold in the tables (or ``cut``, computed here, for normal units).
    Of the edge into a node: depth of the splits above that bound its unit's interval from above and below (-1: none), rows
    of the unit's missing (0: not inside) and of its whole line, row of its level set (``state``, -1: an interval), depth of
    the edge above on the same unit (0: none), the unit's first coordinate and number of coordinates.
    normal : (units,) whether q(x <= t) = Phi(t inverse - start).  bins, share : (N,) of a split of a binned unit, the bin it
    cuts (-1: none) and the share below the cut.  Q, R0 : (units, 2, L, B) of each bin and of those below it, q and slope.
    T : (rows, B) probabilities, D : (w, rows, B) slopes.
    P goes down, G comes up: beta_j += G(v) (rho(v) - rho(anc(v))), rho = D / q. beta : (p, k, B), total : (k, B) are added to.
    """
    k, B, w = value.shape[1], T.shape[1], D.shape[0]
    P, I = np.ones((deepest + 1, B)), np.ones((deepest + 1, B))
    R, G = np.zeros((deepest + 1, w, B)), np.zeros((deepest + 1, k, B))
    F, S = np.zeros((deepest + 1, B)), np.zeros((deepest + 1, w, B))
    path = np.zeros(deepest + 1, dtype=np.int64)
    top = -1
    for v in range(len(depth)):
        d = np.int64(depth[v])
        while top >= d:
            _close(path[top], top, first, width, above, R, G, beta, total)
            top -= 1
        if left[v] < 0 and d > 0 and width[v] == 1:
            a, j = above[v], first[v]
            if state[v] >= 0:
                _leaf(value[v], T[state[v]], T[0], T[0], D[0, state[v]], D[0, 0], D[0, 0], I[a], P[d - 1], R[a, 0], G[d - 1], beta[j])
            else:
                h, m, ms = high[v], low[v], lost[v]
                _leaf(
                    value[v], F[h] if h >= 0 else T[whole[v]], F[m] if m >= 0 else T[0], T[ms],
                    S[h, 0] if h >= 0 else D[0, whole[v]], S[m, 0] if m >= 0 else D[0, 0], D[0, ms], I[a], P[d - 1], R[a, 0], G[d - 1], beta[j],
                )  # fmt: skip
            continue
        top = d
        path[d] = v
        if d > 0 and state[v] >= 0:
            _enter(T[state[v]], T[0], T[0], I[above[v]], P[d - 1], P[d], I[d])
            _slope(D[0, state[v]], D[0, 0], D[0, 0], I[d], R[d, 0])
        elif d > 0:
            _enter(F[high[v]] if high[v] >= 0 else T[whole[v]], F[low[v]] if low[v] >= 0 else T[0], T[lost[v]], I[above[v]], P[d - 1], P[d], I[d])
            for i in range(width[v]):
                _slope(S[high[v], i] if high[v] >= 0 else D[i, whole[v]], S[low[v], i] if low[v] >= 0 else D[i, 0], D[i, lost[v]], I[d], R[d, i])
        if left[v] < 0:
            for c in range(k):
                _scale(value[v, c], P[d], G[d, c])
            continue
        for c in range(k):
            _scale(0.0, P[d], G[d, c])
        u = unit[v]
        if bins[v] >= 0:
            _mix(1.0, share[v], Q[u, 0, bins[v]], Q[u, 1, bins[v]], F[d])
            _mix(1.0, share[v], R0[u, 0, bins[v]], R0[u, 1, bins[v]], S[d, 0])
        elif normal[u]:
            _phi(cut[v] * inverse[u], inverse[u], start[u], F[d], S[d, 0])
        elif row[v] >= 0:
            _copy(T[row[v]], F[d])
            for i in range(w):
                _copy(D[i, row[v]], S[d, i])
    while top >= 0:
        _close(path[top], top, first, width, above, R, G, beta, total)
        top -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def _phi(x: float, inverse: float, start: Array, F: Array, S: Array) -> None:
    """F = Phi(a), S = -phi(a) for a = x - start; Phi(-a) = phi(a) M(a) with Mills' ratio M, one exp an entry."""
    B = len(F)
    for b in range(B):
        a = min(max(x - start[b], -38.0), 38.0)
        F[b] = a
        S[b] = -math.exp(-0.5 * a * a) * 0.3989422804014327
    for b in range(B):
        a = F[b]
        y = 1.0 / (1.0 + abs(a) * 0.3333333333333333)
        c = (y - 0.06976744186046512) * 2.15 - 1.0
        h = MILLS[20]
        h = h * c + MILLS[19]
        h = h * c + MILLS[18]
        h = h * c + MILLS[17]
        h = h * c + MILLS[16]
        h = h * c + MILLS[15]
        h = h * c + MILLS[14]
        h = h * c + MILLS[13]
        h = h * c + MILLS[12]
        h = h * c + MILLS[11]
        h = h * c + MILLS[10]
        h = h * c + MILLS[9]
        h = h * c + MILLS[8]
        h = h * c + MILLS[7]
        h = h * c + MILLS[6]
        h = h * c + MILLS[5]
        h = h * c + MILLS[4]
        h = h * c + MILLS[3]
        h = h * c + MILLS[2]
        h = h * c + MILLS[1]
        h = h * c + MILLS[0]
        upper = -S[b] * y * h
        F[b] = upper if a < 0.0 else 1.0 - upper


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(hi: Array, lo: Array, ms: Array, above: Array, before: Array, P: Array, I: Array) -> None:  # noqa: E741  1 / q
    """P(v) = P(parent) q(I_v) / q(I_anc(v)), with 1 / q kept; 0 where q is 0 or so small that 1 / q would overflow."""
    for b in range(len(P)):
        q = hi[b] - lo[b] + ms[b]
        inside = q > 1e-290
        P[b] = before[b] * q * above[b] if inside else 0.0
        I[b] = 1.0 / q if inside else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _leaf(value: Array, hi: Array, lo: Array, ms: Array, dhi: Array, dlo: Array, dms: Array, above: Array, before: Array, rho: Array, G: Array, beta: Array) -> None:
    """A leaf whole: G = value P, and G (D / q - rho(anc)) without the division, since P = P(parent) q / q(anc)."""
    for c in range(len(value)):
        for b in range(len(above)):
            q = hi[b] - lo[b] + ms[b]
            t = value[c] * before[b] * above[b] if q > 1e-290 else 0.0
            g = t * q
            G[c, b] += g
            beta[c, b] += t * (dhi[b] - dlo[b] + dms[b]) - g * rho[b]


@njit(cache=True, nogil=True, error_model="numpy")
def _slope(hi: Array, lo: Array, ms: Array, I: Array, R: Array) -> None:  # noqa: E741
    """rho(v) = D(I_v) / q(I_v)."""
    for b in range(len(R)):
        R[b] = (hi[b] - lo[b] + ms[b]) * I[b]


@njit(cache=True, nogil=True, error_model="numpy")
def _close(v: int, d: int, first: Array, width: Array, above: Array, R: Array, G: Array, beta: Array, total: Array) -> None:
    """A node whose subtree is done: hand G to the parent, the slope to beta."""
    for c in range(G.shape[1]):
        _add(G[d, c], total[c] if d == 0 else G[d - 1, c])
        if d > 0:
            for i in range(width[v]):
                _credit(G[d, c], R[d, i], R[above[v], i], beta[first[v] + i, c])


@njit(cache=True, nogil=True)
def _scale(value: float, P: Array, G: Array) -> None:
    for b in range(len(G)):
        G[b] = value * P[b]


@njit(cache=True, nogil=True)
def _copy(a: Array, to: Array) -> None:
    """By a loop: numba would compile the words of an error with an assignment of arrays, for seconds."""
    for b in range(len(a)):
        to[b] = a[b]


@njit(cache=True, nogil=True)
def _add(G: Array, to: Array) -> None:
    for b in range(len(G)):
        to[b] += G[b]


@njit(cache=True, nogil=True)
def _credit(G: Array, here: Array, above: Array, beta: Array) -> None:
    for b in range(len(G)):
        beta[b] += G[b] * (here[b] - above[b])


@njit(cache=True, nogil=True)
def bin_rows(whole: Array, bin: Array, share: Array, unit: Array, row: Array, q: Array, slope: Array, T: Array, D: Array) -> None:  # noqa: A002
    """Table rows of binned units: the bins below, where ``whole``, and a share of one bin. q, slope : (units, 2, L, B), of each bin and of those below it."""
    for r in range(len(row)):
        u, n = unit[r], bin[r]
        _mix(whole[r], share[r], q[u, 0, n], q[u, 1, n], T[row[r]])
        _mix(whole[r], share[r], slope[u, 0, n], slope[u, 1, n], D[row[r]])


@njit(cache=True, nogil=True)
def of_own(table: Array, own: Array, units: Array, out: Array) -> None:
    """Each instance's column of its unit's table, by its own bin. table : (n, 2, L, L), own : (n, B), out : (units, 2, L, B)."""
    for n in range(len(units)):
        for part in range(table.shape[1]):
            for i in range(table.shape[2]):
                for b in range(own.shape[1]):
                    out[units[n], part, i, b] = table[n, part, i, own[n, b]]


@njit(cache=True, nogil=True)
def _mix(whole: float, share: float, own: Array, below: Array, out: Array) -> None:
    for b in range(len(out)):
        out[b] = whole * below[b] + share * own[b]


@njit(cache=True)
def intervals(left: Array, right: Array, unit: Array, cut: Array, missing_left: Array, states: Array, lost_row: Array, units: int) -> tuple[Array, Array, Array, Array, Array, Array]:
    """For the edge into each node: depth, depths of the splits that bound the unit from above and below, missing row, depth of the edge above on the same unit, levels.

    unit : of each split, -1 at leaves.  cut : its threshold.
    missing_left : where missing goes.  states : (N, L) levels that go left, for level units.  lost_row : (units,) table row of
    missing.
    """
    N, L = len(left), states.shape[1]
    depth, above, lost = np.zeros(N, dtype=np.int32), np.zeros(N, dtype=np.int32), np.zeros(N, dtype=np.int32)
    high, low = np.full(N, -1, dtype=np.int32), np.full(N, -1, dtype=np.int32)
    reach = np.zeros((N, L), dtype=np.bool_)
    path = np.zeros(4096, dtype=np.int64)
    last = np.zeros((4096, units), dtype=np.int32)
    for v in range(N):
        d = depth[v]
        path[d] = v
        if d > 0:
            parent = path[d - 1]
            u = unit[parent]
            goes_left = left[parent] == v
            _copy(last[d - 1], last[d])
            a = last[d, u]
            above[v] = a
            if a > 0:
                prior = path[a]
                high[v], low[v], lost[v] = high[prior], low[prior], lost[prior]
                _copy(reach[prior], reach[v])
            else:
                lost[v] = lost_row[u]
                for i in range(L):
                    reach[v, i] = True
            if goes_left and (high[v] < 0 or cut[parent] < cut[path[high[v]]]):
                high[v] = d - 1
            elif not goes_left and (low[v] < 0 or cut[parent] > cut[path[low[v]]]):
                low[v] = d - 1
            if high[v] >= 0 and low[v] >= 0 and cut[path[high[v]]] <= cut[path[low[v]]]:
                low[v] = high[v]
            if missing_left[parent] != goes_left:
                lost[v] = 0
            for i in range(L):
                reach[v, i] = reach[v, i] and (states[parent, i] == goes_left)
            last[d, u] = d
        else:
            for i in range(units):
                last[0, i] = 0
        if left[v] >= 0:
            depth[left[v]] = d + 1
            depth[right[v]] = d + 1
    return depth, high, low, lost, above, reach
