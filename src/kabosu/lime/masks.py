"""Distances of masks."""

import numpy as np

from kabosu.types import Array, Float


def distances(data: Float[Array, "n d"], metric: str) -> Float[Array, "n"]:
    """Distances of masks to the first one, which is all ones."""
    if metric == "cosine":
        return 1 - np.sqrt(data.mean(axis=1))
    from scipy.sparse import csr_matrix
    from sklearn.metrics import pairwise_distances

    sparse = csr_matrix(data)
    return pairwise_distances(sparse, sparse[0], metric=metric).ravel()
