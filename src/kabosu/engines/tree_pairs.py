"""Exact pairwise interactions of tree ensembles, from the same tables as the coefficients."""

from collections.abc import Mapping

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import Binding
from kabosu.engines.ensemble import Encoder
from kabosu.engines.fill import Filled, covariance, fill
from kabosu.engines.tables import Nodes
from kabosu.types import Array, Float


def exact_pairs(binding: Binding, nodes: Nodes, encoders: Mapping[int, Encoder], local: TabularBlock) -> tuple[Float[Array, "p p k"], Float[Array, "p"]]:
    """Coefficients of the centered products of a block of one instance, above the diagonal, and each coordinate's variance beside the rest of its unit."""
    from kabosu.engines.pairs import pair_effects

    filled = fill(nodes, binding, encoders, local)
    p = filled.mean.shape[1]
    F, S = _splits(nodes, filled)
    out = np.zeros((p, p, nodes.value.shape[1]))
    pair_effects(
        nodes.left, nodes.depth, nodes.high, nodes.low, nodes.lost, nodes.whole, nodes.state, nodes.above, nodes.first, nodes.width, nodes.value,
        F, S, np.ascontiguousarray(filled.T[:, 0]), np.ascontiguousarray(filled.D[..., 0]), nodes.deepest, out,
    )  # fmt: skip
    spread = covariance(filled.variance, filled.between)[0]
    bread = np.diag(np.linalg.pinv(spread, rcond=1e-12, hermitian=True))
    return out, np.where(bread > 0, 1 / np.where(bread > 0, bread, 1.0), 0.0)


def _splits(nodes: Nodes, filled: Filled) -> tuple[Float[Array, "N"], Float[Array, "w N"]]:
    """q(x <= threshold) and its D at every split of an interval unit; normal units' are computed here."""
    from scipy.special import ndtr

    F, S = np.zeros(len(nodes.unit)), np.zeros((len(filled.D), len(nodes.unit)))
    tabled = nodes.row >= 0
    F[tabled], S[:, tabled] = filled.T[nodes.row[tabled], 0], filled.D[:, nodes.row[tabled], 0]
    normal = (nodes.unit >= 0) & nodes.normal[nodes.unit]
    u = nodes.unit[normal]
    a = np.clip(nodes.cut[normal] * filled.inverse[u] - filled.start[u, 0], -38.0, 38.0)
    F[normal], S[0, normal] = ndtr(a), -np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi) / filled.sd[u]
    binned = nodes.bins >= 0
    u, n, share = nodes.unit[binned], nodes.bins[binned], nodes.share[binned]
    F[binned], S[0, binned] = (part[u, 1, n, 0] + share * part[u, 0, n, 0] for part in (filled.bins, filled.bin_slopes))
    return F, S
