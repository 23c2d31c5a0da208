"""A logistic line through answers between 0 and 1, by iterated least squares; its limit explanation is known (columns.py)."""

import numpy as np

from kabosu.engines.columns import Columns
from kabosu.engines.index_proxy import Lines
from kabosu.types import Array, Float

PENALTIES = (1e-3, 1e-5)  # beside unit variance: a line through saturated answers has no other end
ITERATIONS = 12
LONGEST = 3.0  # step
SETTLED = 1e-6
LEAST = 1e-9  # weight of an answer that is 0 or 1


def logistic(lines: Lines, y: Float[Array, "n"], asked: Float[Array, "m p"], columns: Columns) -> Float[Array, "m l"]:
    """For each penalty, the curve at the asked draws minus its limit."""
    from scipy.special import expit

    of = np.append(True, columns.known)
    A, w, made = lines.A[:, of], lines.w / lines.w.sum(), np.empty((len(asked), len(PENALTIES)))
    share = np.clip(w @ y, LEAST, 1 - LEAST)
    theta = np.append(np.log(share / (1 - share)), np.zeros(A.shape[1] - 1))
    for i, penalty in enumerate(PENALTIES):
        theta = _fitted(A, y, w, theta, penalty)
        b = np.zeros(asked.shape[1])
        b[columns.known] = theta[1:]
        mean, slope = columns.step(theta[0], b)
        made[:, i] = expit(theta[0] + asked @ b) - mean - asked @ slope
    return made


def _fitted(A: Float[Array, "n q"], y: Float[Array, "n"], w: Float[Array, "n"], theta: Float[Array, "q"], penalty: float) -> Float[Array, "q"]:
    """Newton's method from theta, in steps that are not too long."""
    from scipy.special import expit

    shrink = np.append(0.0, np.full(len(theta) - 1, penalty))
    for _ in range(ITERATIONS):
        mu = expit(A @ theta)
        B = A * np.sqrt(w * np.maximum(mu * (1 - mu), LEAST))[:, None]
        hessian = B.T @ B + np.diag(shrink)
        step = np.linalg.solve(hessian, A.T @ (w * (y - mu)) - shrink * theta)
        longest = np.abs(step).max()
        theta = theta + step * min(1.0, LONGEST / max(longest, LONGEST))
        if longest < SETTLED:
            break
    return theta
