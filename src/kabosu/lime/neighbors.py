"""Samples around a row of a table: the draws of lime, in its order, from the same random numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime import polar
from kabosu.lime.masks import counts
from kabosu.types import Array, Float

TOGETHER = 64  # rows that are worked on at once where their number allows
FEW = 16  # cumulative rates up to which counting is faster than looking up


def drawn(rate: Float[Array, "m"], n: int, random_state: Any) -> Array:
    """Numbers of n values with these rates, of small integers: what ``choice`` does with as many uniform numbers."""
    u, cumulative = random_state.random_sample(n), rate.cumsum()
    cumulative /= cumulative[-1]
    if len(cumulative) > FEW:
        return cumulative.searchsorted(u, side="right").astype(np.int32)
    count, above = np.zeros(n, dtype=np.int8), np.empty(n, dtype=bool)
    for limit in cumulative[:-1]:
        count += np.greater_equal(u, limit, out=above).view(np.int8)
    return count


def bins_around(first: Float[Array, "d"], values: Mapping[int, Sequence[Any]], rates: Mapping[int, Array], columns: Sequence[int], n: int, random_state: Any) -> tuple[Array, Array]:
    """For each column, which samples keep the row's value, and the values drawn; (len(columns), n) both."""
    made = np.stack([np.asarray(values[column], dtype=np.float64).take(drawn(rates[column], n, random_state)) for column in columns])
    keeps = made == np.array([first[column] for column in columns])[:, None]
    keeps[:, 0] = True
    return keeps, made


def normals(n: int, d: int, method: str, random_state: Any, seeded: bool) -> Float[Array, "n d"]:
    """Standard normal samples; "lhs": one in each of n equally likely intervals of every column."""
    if method == "gaussian":
        return polar.normals(random_state, n * d).reshape(n, d)
    if method != "lhs":
        raise InputError.choice("sampling_method", method, ("gaussian", "lhs"))
    from scipy.special import ndtri
    from scipy.stats import qmc

    seed = random_state.randint(2**31 - 1) if seeded else None
    return ndtri(qmc.LatinHypercube(d, rng=np.random.default_rng(seed)).random(n))


def by_row(ufunc: np.ufunc, data: Float[Array, "n d"], row: Float[Array, "d"]) -> None:
    """The same row with every row of an array in one piece, in place, several at once as most tables are narrow."""
    together = np.gcd(len(data), TOGETHER)
    wide = data.reshape(-1, together * data.shape[1])
    ufunc(wide, np.tile(row, together), out=wide)


def sparse_rows(block: Float[Array, "n k"], columns: Array, d: int) -> Any:
    """Rows that hold the same few columns, as a CSR matrix."""
    from scipy.sparse import csr_matrix

    n, k = block.shape
    return csr_matrix((block.reshape(-1), np.tile(columns, n), np.arange(0, k * n + 1, k) if k else np.zeros(n + 1, dtype=int)), shape=(n, d))


def distances_of(Z: Any, metric: str) -> Float[Array, "n"]:
    """Distances to the first row, which is all ones where the rows are masks."""
    if metric == "euclidean" and Z.dtype == bool:
        return np.sqrt(Z.shape[1] - counts(Z))
    if metric == "euclidean" and isinstance(Z, np.ndarray):
        return np.sqrt(np.square(Z - Z[0]).sum(axis=1))
    from sklearn.metrics import pairwise_distances

    numbers = Z.astype(np.float64)
    return pairwise_distances(numbers, numbers[0].reshape(1, -1), metric=metric).ravel()
