"""SP-LIME: a few explanations that together cover the important features (Ribeiro et al., KDD 2016, section 4; MATH section 7)."""

import heapq

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.explanations import Explanations
from kabosu.fits import t_quantile
from kabosu.pick.effects import effects
from kabosu.types import Array, Float


def pick(es: Explanations, k: int = 5) -> list[int]:
    """Positions in the data of k explanations, by greedy submodular coverage.

    W (n, p) = |coef_scaled| of each row's own target, 0 where the 95% interval contains 0; I_j = sqrt(sum_i W_ij) is the importance
    of feature j; c(V) = sum_j 1[some i in V has W_ij > 0] I_j is the coverage of the rows V. Among rows that cover as much, the
    one with the largest sum_j I_j (max_{i in V} W_ij) is taken, so that rows still differ where all features are covered.
    Each part is monotone submodular, so that greedy reaches (1 - 1/e) of the best coverage, and gains need to be computed
    again only for the row that leads (lazy greedy). Fewer than k rows: all of them.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> es = kb.TabularExplainer(lambda X: np.where(X[:, 0] > 0, X[:, 1], X[:, 2]), X).explain_many(X[:20])
    >>> len(pick(es, 2))
    2

    """
    wanted = checks.whole("k", k, 1, "a number of explanations to pick")
    if not len(es.positions):
        raise InputError("there are no explanations to pick from" + (f": all {len(es)} rows failed" if es.errors else ""))
    return [int(es.positions[i]) for i in greedy(clear_effects(es), wanted)]


def clear_effects(es: Explanations) -> Float[Array, "n p"]:
    """W: |coef_scaled|, 0 where it cannot be told from 0 or the row lacks the feature; an unknown error counts as none."""
    part = effects(es)
    dof = np.concatenate([block.dof for block in es.blocks])
    half = t_quantile(dof)[:, None] * np.where(np.isnan(part.std_error_scaled), 0.0, part.std_error_scaled)
    W = np.abs(np.where(np.isnan(part.coef_scaled), 0.0, part.coef_scaled))
    return np.where(half < W, W, 0.0)


def greedy(W: Float[Array, "n p"], k: int) -> list[int]:
    """Rows of the largest gains, one after the other; ties by position."""
    importance = np.sqrt(W.sum(axis=0))
    best = np.zeros(W.shape[1])
    whole = max(float(importance.sum()), 1e-300), max(float(importance @ W.max(axis=0)), 1e-300)

    def gain(i: int) -> tuple[float, float]:  # as shares, so that rounding makes equal what differs by rounding
        new = (best == 0) & (W[i] > 0)
        return -round(float(importance @ new) / whole[0], 10), -round(float(importance @ np.maximum(W[i] - best, 0.0)) / whole[1], 10)

    heap = [(*gain(i), i) for i in range(len(W))]
    heapq.heapify(heap)
    picked: list[int] = []
    while heap and len(picked) < k:
        i = heap[0][2]
        fresh = (*gain(i), i)
        if len(heap) == 1 or fresh <= min(heap[1:3]):
            heapq.heappop(heap)
            picked.append(i)
            best = np.maximum(best, W[i])
        else:
            heapq.heapreplace(heap, fresh)
    return picked
