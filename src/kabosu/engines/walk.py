"""Rows down the trees, compiled. Imported only where a prediction of the internal trees is asked for."""

import numpy as np
from numba import njit

from kabosu.types import Array


@njit(nogil=True)
def walk(
    X: Array, feature: Array, threshold: Array, left: Array, right: Array, missing_left: Array, category: Array, sets: Array, value: Array, root: Array, out: Array
) -> None:
    """Add to ``out`` (n, k) the value of the leaf that each row (n, d) reaches in each tree."""
    for start in root:
        for i in range(len(X)):
            v = start
            while left[v] >= 0:
                x = X[i, feature[v]]
                if np.isnan(x):
                    goes_left = missing_left[v]
                elif category[v] >= 0:
                    goes_left = -1 < x < sets.shape[1] and sets[category[v], int(x)]
                else:
                    goes_left = x <= threshold[v]
                v = left[v] if goes_left else right[v]
            for c in range(value.shape[1]):
                out[i, c] += value[v, c]
