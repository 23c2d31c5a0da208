"""Is the order of the features settled? The probability that it is the limit's, and what it would take."""

from statistics import NormalDist

import numpy as np

from kabosu.types import Array, Float

NODES = np.array([NormalDist().inv_cdf((i + 0.5) / 32) for i in range(32)])[:, None]
TOGETHER = 1 << 18  # numbers at once
SHOWN = 5  # features of which the order is judged where no number is asked for
FACTORS = 2.0 ** np.arange(0, 21)  # times the draws, for the forecast


def rank_confidence(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"], K: int) -> Float[Array, "B k"]:
    """Probability that the K largest |coef|, and their order, are those of the limit explanation.

    |coef| as independent normal variables T_1, T_2, ... in their order (MATH section 5):

        P(T_1 > ... > T_K > all others) = E[T_K] prod_j>K Phi((T_K - t_j) / e_j) 1[T_K-1 > T_K] ... 1[T_1 > T_2],

    each mean over 32 equally likely values, and never more than the least sure of the pairs. Normal, not t: what is not known of the standard errors is common to all.
    1 where nothing is estimated, NaN where the errors are not known.

    Examples
    --------
    >>> import numpy as np
    >>> b = np.array([3.0, 2.0, 0.1])[None, :, None]
    >>> rank_confidence(b, np.full((1, 3, 1), 0.5), 1).round(2)
    array([[0.92]])

    """
    size, error = _in_order(coef, std_error)
    known = np.isfinite(std_error).any(axis=1) | (coef == 0).all(axis=1)
    if not error.any():
        return np.where(known, 1.0, np.nan)
    K, p = min(K, coef.shape[1]), coef.shape[1]
    upper, lower = np.r_[np.arange(K - 1), np.full(p - K, K - 1)], np.arange(1, p)
    pairs = _below(size[:, upper] - size[:, lower], np.hypot(error[:, upper], error[:, lower])).min(axis=1, initial=1.0)
    return np.where(known, np.minimum(_settled(size[:, :, None], error[:, :, None], K), pairs), np.nan)


def _settled(size: Float[Array, "B p 1 k"], error: Float[Array, "B p 1 k"], K: int) -> Float[Array, "B k"]:
    """From the K-th to the first: the probability that all below are in order, at each value."""
    value = size[:, K - 1] + error[:, K - 1] * NODES
    settled, step = np.ones(value.shape), max(1, TOGETHER // value.size)
    for start in range(K, size.shape[1], step):
        others = slice(start, start + step)
        for share in _below(value[:, None] - size[:, others], error[:, others]).swapaxes(0, 1):
            settled *= share  # one by one, so that no last bit goes with the company
    for i in range(K - 2, 0, -1):
        value = size[:, i] + error[:, i] * NODES
        settled = _mean_below(settled, _below(value - size[:, i + 1], error[:, i + 1]))
    if K > 1:
        settled = settled * _below(size[:, 0] - value, error[:, 0])
    return settled.mean(axis=1)


def _mean_below(values: Float[Array, "B n k"], share: Float[Array, "B n k"]) -> Float[Array, "B n k"]:
    """Mean of values of equal probability, those above a share of it as 0."""
    sums = np.insert(np.cumsum(values, axis=1) / len(NODES), 0, 0.0, axis=1)
    place = len(NODES) * share
    whole = np.minimum(place.astype(np.intp), len(NODES) - 1)
    low, high = (np.take_along_axis(sums, whole + one, axis=1) for one in (0, 1))
    return low + (place - whole) * (high - low)


def _below(gap: Float[Array, "*n k"], error: Float[Array, "*n k"]) -> Float[Array, "*n k"]:
    """Probability that a normal error is below the gap; without an error, whether nothing is above it."""
    from scipy.special import ndtr

    return ndtr(np.where(error > 0, gap / np.where(error > 0, error, 1.0), np.where(gap < 0, -np.inf, np.inf)))


def _in_order(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"]) -> tuple[Float[Array, "B p k"], Float[Array, "B p k"]]:
    """The largest first, and their standard errors; features without an error of their own stay where they are."""
    size, error = np.abs(coef), np.where(np.isfinite(std_error), std_error, 0.0)
    order = np.argsort(-size, axis=1, kind="stable")
    return np.take_along_axis(size, order, axis=1), np.take_along_axis(error, order, axis=1)


def draws_for(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"], K: int, confidence: float) -> Float[Array, "B k"]:
    """How many times as many draws would settle the order, errors shrinking with the root of their number; inf where no number would."""
    reached = np.array([rank_confidence(coef, std_error / np.sqrt(factor), K) >= confidence for factor in FACTORS])
    return np.where(reached.any(axis=0), FACTORS[reached.argmax(axis=0)], np.inf)
