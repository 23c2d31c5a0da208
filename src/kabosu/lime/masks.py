"""Distances of masks."""

import numpy as np

from kabosu.types import Array, Bool, Float


def counts(masks: Bool[Array, "n d"]) -> Float[Array, "n"]:
    """Ones in each row, added up in single bytes as far as those go."""
    total = np.zeros(len(masks))
    for start in range(0, masks.shape[1], 255):
        total += np.add.reduce(masks[:, start : start + 255].view(np.uint8), axis=1, dtype=np.uint8)
    return total


def distances(masks: Bool[Array, "n d"], metric: str) -> Float[Array, "n"]:
    """Distances of masks to the first one, which is all ones."""
    if metric == "cosine":
        return 1 - np.sqrt(counts(masks) / masks.shape[1])
    from scipy.sparse import csr_matrix
    from sklearn.metrics import pairwise_distances

    sparse = csr_matrix(masks.astype(np.float64))
    return pairwise_distances(sparse, sparse[0], metric=metric).ravel()
