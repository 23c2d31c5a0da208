"""Standard errors of the coefficients (MATH section 5)."""

import numpy as np

from kabosu.moments import Moments
from kabosu.types import Array, Float


def sandwich_errors(
    Z: Float[Array, "#B s p"],
    Y: Float[Array, "B s k"],
    w: Float[Array, "#B s"],
    center: Float[Array, "#B p"],
    intercept: Float[Array, "B k"],
    coef: Float[Array, "B p k"],
    bread: Float[Array, "#B p p"],
) -> Float[Array, "B p k"]:
    """For independent draws: A^-1 (sum w^2 r^2 z z') A^-1 with the factor s / (s - p - 1) (White 1980, HC1).

    Formulas that read kernel weights as precisions are too narrow by sqrt(effective sample size / s).
    """
    s, p = Z.shape[1], Z.shape[2]
    scores = np.matmul(Z - center[:, None], bread) ** 2
    r = (Y - intercept[:, None] - np.matmul(Z, coef)) * w[..., None]
    return np.sqrt(np.matmul(scores.swapaxes(-1, -2), r**2) * (s / max(s - p - 1, 1)))


def replicate_errors(moments: Moments, intercept: Float[Array, "B k"], coef: Float[Array, "B p k"], bread: Float[Array, "#B p p"]) -> Float[Array, "B p k"]:
    """For R independent scrambles: the spread of the linearized estimates of the replicates.

    Replicate r moves the estimate by A^-1 times the sum of its scores w r z; this is the cluster-robust sandwich with the
    replicates as clusters, factor R / (R - 1) * (s - 1) / (s - p - 1) (Liang and Zeger 1986, as statsmodels corrects it).
    """
    R, s, p = moments.gram.shape[1], moments.count, coef.shape[1]
    b = np.concatenate([intercept[:, None], coef], axis=1)[:, None]
    score = moments.cross - np.matmul(moments.gram, b)
    center = moments.pooled.center[:, 0]
    score = score[:, :, 1:] - center[:, None, :, None] * score[:, :, :1]
    score = score - score.mean(axis=1, keepdims=True)
    moved = np.matmul(bread[:, None], score)
    return np.sqrt((moved**2).sum(1) * (R / (R - 1)) * ((s - 1) / max(s - p - 1, 1)))
