"""Expectations of products of kept and gone parts, where every subset of the same size is as likely as another (MATH section 4).

    P(all of A are kept, none of B) = T(a, b) = sum_c pi_c C(p - a - b, c - a) / C(p, c),    a = |A|, b = |B|
    E[h z_k] = T(a, b) for k in A, 0 for k in B, T(a + 1, b) elsewhere,    h the product over A and B

so that a sum of such products, as linear models and trees of words are, has an exact explanation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kabosu.domains.masks import moments_of_kept
from kabosu.types import Array, Float

Sets = tuple[frozenset[int], frozenset[int]]
"""Parts that are kept, and parts that are gone."""


@dataclass(frozen=True, eq=False)
class Products:
    """f(z) = base + sum over terms of value * [all of A kept, none of B].

    base : (k,).  terms : (A, B) -> (k,) value.
    """

    base: Float[Array, "k"]
    terms: Mapping[Sets, Float[Array, "k"]]

    def __call__(self, masks: Array) -> Float[Array, "s k"]:
        """Value at some masks."""
        out = np.tile(self.base, (len(masks), 1))
        for (there, gone), value in self.terms.items():
            out[masks[:, list(there)].all(axis=1) & ~masks[:, list(gone)].any(axis=1)] += value
        return out


def likely(counts: Float[Array, "q"], sizes: Iterable[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """T(a, b) for some sizes; 0 where there are not so many parts.

    Examples
    --------
    >>> T = likely(np.array([0.25, 0.5, 0.25]), [(1, 0), (1, 1), (2, 1)])
    >>> round(T[1, 0], 12), round(T[1, 1], 12), T[2, 1]
    (0.5, 0.25, 0.0)

    """
    from scipy.special import gammaln

    p = len(counts) - 1
    c = np.arange(p + 1)
    choose = lambda n, k: gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)  # noqa: E731  logarithm
    out = {}
    for a, b in set(sizes):
        if a + b > p:
            out[a, b] = 0.0
            continue
        at = c[a : p - b + 1]
        out[a, b] = float(counts[at] @ np.exp(choose(p - a - b, at - a) - choose(p, at)))
    return out


def moments_with(f: Products, counts: Float[Array, "q"]) -> tuple[Float[Array, "k"], Float[Array, "p k"]]:
    """E f and Cov(z, f)."""
    p = len(counts) - 1
    T = likely(counts, {s for A, B in f.terms for s in ((len(A), len(B)), (len(A) + 1, len(B)))})
    mean, everywhere, cross = np.zeros_like(f.base), np.zeros_like(f.base), np.zeros((p, len(f.base)))
    for (there, gone), value in f.terms.items():
        own, more = T[len(there), len(gone)], T[len(there) + 1, len(gone)]
        mean += own * value
        everywhere += more * value
        cross[list(there)] += (own - more) * value
        cross[list(gone)] -= more * value
    return f.base + mean, cross + everywhere - moments_of_kept(counts)[0] * mean
