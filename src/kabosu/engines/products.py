"""Sums of products over the units: f = sum_n a_n prod_u psi_un, whose expectations are products too (MATH section 3)."""

from collections.abc import Sequence

import numpy as np

from kabosu.engines.states import Pair
from kabosu.types import Array, Float


def sum_of_products(factor: Float[Array, "B N"], pairs: Sequence[Pair], mix: Float[Array, "N k"]) -> tuple[Float[Array, "B k"], list[Float[Array, "B w k"]], Float[Array, "B N"]]:
    """E_q f, Cov_q(z)^-1 Cov_q(z, f) of each unit, and the products themselves.

    factor : (B, N) what does not vary.  pairs : (E psi_un, D_un) of each unit u.  mix : (N, k) the weights a.
    The product over the other units is taken from both ends, so that nothing is divided.
    """
    before = [factor]
    for E, _ in pairs:
        before.append(before[-1] * E)
    slopes, after = [], np.ones((1, factor.shape[1]))
    for (E, D), ahead in zip(reversed(pairs), reversed(before[:-1]), strict=True):
        slopes.append(np.matmul((ahead * after)[:, None] * D, mix).real)
        after = after * E
    return np.matmul(before[-1][:, None], mix)[:, 0].real, slopes[::-1], before[-1]
