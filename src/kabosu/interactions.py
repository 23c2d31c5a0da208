"""Pairwise interactions: what two features do together beyond the sum of what each does alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.labels import Labels
from kabosu.types import Array, Float


@dataclass(frozen=True, eq=False)
class Interactions:
    """Coefficients of centered products under the local law q, the strongest pairs first.

        gamma_ij = Cov_q(z_i)^-1 Cov_q(z_j)^-1 E_q[(z_i - E z_i)(z_j - E z_j) f],

    which is the least-squares coefficient of the product beside all coordinates and all other products, since under a product
    law these are uncorrelated. It reads: one unit more of z_j changes the slope in z_i by gamma_ij.

    pairs : (n,) names of two features.  coef, std_error : (n, k) per own units of both; 0 errors where exact.
    coef_scaled : (n, k) per training standard deviation of both.
    share : (n, k) of Var_q(f) that the product explains, on top of what the coordinates do; NaN where the answers do not vary.
    exact : from the trees' own boxes; else fitted to the draws.
    """

    pairs: tuple[tuple[str, str], ...]
    output_names: tuple[str, ...]
    coef: Float[Array, "n k"]
    coef_scaled: Float[Array, "n k"]
    std_error: Float[Array, "n k"]
    share: Float[Array, "n k"]
    exact: bool

    def __len__(self) -> int:
        return len(self.pairs)

    def only(self, outputs: list[int]) -> "Interactions":
        """For some of the outputs."""
        names = tuple(self.output_names[i] for i in outputs)
        return replace(self, output_names=names, **{name: getattr(self, name)[:, outputs] for name in ("coef", "coef_scaled", "std_error", "share")})

    def to_records(self) -> list[dict[str, Any]]:
        """Tidy rows, one a pair and output."""
        return [
            {"output": output, "feature": a, "other": b, **{name: float(getattr(self, name)[n, c]) for name in ("coef", "std_error", "coef_scaled", "share")}}
            for c, output in enumerate(self.output_names)
            for n, (a, b) in enumerate(self.pairs)
        ]


def strongest(
    gamma: Float[Array, "p p k"], error: Float[Array, "p p k"], alone: Float[Array, "p"], total: Float[Array, "k"], most: int, labels: Labels, output_names: Sequence[str], *, exact: bool
) -> Interactions:
    """The pairs i < j that explain most of any output.

    alone : variance of each coordinate that the other coordinate of its unit, where there is one, leaves.  total : Var_q(f).
    """
    i, j = np.triu_indices(len(alone), 1)
    explained = gamma[i, j] ** 2 * (alone[i] * alone[j])[:, None]
    varies = np.where(total > 0, total, np.nan)
    rank = np.nan_to_num(explained / np.where(total > 0, total, 1.0)).max(axis=1, initial=0.0)
    top = np.argsort(-rank, kind="stable")[:most]
    top = top[rank[top] > 0]
    i, j = i[top], j[top]
    own = labels.scale[0, i] * labels.scale[0, j]
    pairs = tuple((str(labels.columns[a]), str(labels.columns[b])) for a, b in zip(i, j, strict=True))
    return Interactions(pairs, tuple(output_names), gamma[i, j] / own[:, None], gamma[i, j], error[i, j] / np.abs(own)[:, None], explained[top] / varies, exact)
