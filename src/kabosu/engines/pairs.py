"""Pairwise effects from the same boxes with two D's (MATH section 3), compiled; for one instance."""

import numpy as np
from numba import njit

from kabosu.types import Array


@njit(cache=True, nogil=True, error_model="numpy")
def pair_effects(
    left: Array, depth: Array, high: Array, low: Array, lost: Array, whole: Array, state: Array, above: Array, first: Array, width: Array, value: Array,
    F: Array, S: Array, T: Array, D: Array, deepest: int, out: Array,
) -> None:  # fmt: skip
    """Add value P rho_i rho_j of every leaf and every two units on its path to ``out`` (p, p, k), i < j.

    F, S : (N,), (w, N) of each split, q(x <= threshold) and its D.  T, D : (rows,), (w, rows) of whole lines, missing and
    level sets; other columns as in ``boxes.sweep``. The last edge on a unit has its whole box: those above it are ``covered``.
    """
    w = S.shape[0]
    P, Q, rho = np.ones(deepest + 1), np.ones(deepest + 1), np.zeros((deepest + 1, w))
    path, covered = np.zeros(deepest + 1, dtype=np.int64), np.zeros(deepest + 1, dtype=np.int64)
    for v in range(len(left)):
        d = depth[v]
        path[d] = v
        if d > 0:
            h, m = path[high[v]] if high[v] >= 0 else -1, path[low[v]] if low[v] >= 0 else -1
            q = T[state[v]] if state[v] >= 0 else _inside(h, m, F, T, whole[v], lost[v])
            Q[d] = q if q > 1e-290 else 0.0
            P[d] = P[d - 1] * q / Q[above[v]] if Q[d] > 0.0 and Q[above[v]] > 0.0 else 0.0
            for i in range(width[v] if Q[d] > 0.0 else 0):
                rho[d, i] = (D[i, state[v]] if state[v] >= 0 else _inside(h, m, S[i], D[i], whole[v], lost[v])) / q
        if left[v] < 0 and P[d] > 0.0:
            _leaf(path, d, covered, above, first, width, value[v], P[d], rho, out)


@njit(cache=True, nogil=True)
def _inside(high: int, low: int, at: Array, T: Array, whole: int, lost: int) -> float:
    """Of an interval between the thresholds of two splits (-1: none), and of its missing."""
    return (at[high] if high >= 0 else T[whole]) - (at[low] if low >= 0 else 0.0) + T[lost]


@njit(cache=True, nogil=True)
def _leaf(path: Array, d: int, covered: Array, above: Array, first: Array, width: Array, value: Array, P: float, rho: Array, out: Array) -> None:
    for e in range(d + 1):
        covered[e] = 0
    for e in range(1, d + 1):
        covered[above[path[e]]] = 1
    for e in range(1, d + 1):
        for g in range(1, e):
            if not covered[e] and not covered[g]:
                _both(value, P, rho[e], rho[g], first[path[e]], first[path[g]], width[path[e]], width[path[g]], out)


@njit(cache=True, nogil=True)
def _both(value: Array, P: float, one: Array, other: Array, at: int, to: int, width: int, wide: int, out: Array) -> None:
    for a in range(width):
        for b in range(wide):
            i, j = min(at + a, to + b), max(at + a, to + b)
            for c in range(len(value)):
                out[i, j, c] += value[c] * P * one[a] * other[b]
