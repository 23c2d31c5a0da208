"""Is the order of the features settled? The probability that it is the limit's, and what it would take."""

import numpy as np

from kabosu.types import Array, Float

SHOWN = 5  # features of which the order is judged where no number is asked for
FACTORS = 2.0 ** np.arange(0, 21)  # times the draws, for the forecast


def rank_confidence(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"], K: int) -> Float[Array, "B k"]:
    """Probability that the K largest |coef|, and their order, are those of the limit explanation.

    Each of the K exceeds the next one, and the K-th all that follow: the product of these probabilities, each that of a
    normal variable with the standard error of the difference of two coefficients (MATH section 5). What is not known of the
    standard errors is common to all pairs, so that a product of t probabilities would be too small: measured, 0.51 for 0.59.
    1 where nothing is estimated, NaN where the errors are not known.

    Examples
    --------
    >>> import numpy as np
    >>> b = np.array([3.0, 2.0, 0.1])[None, :, None]
    >>> rank_confidence(b, np.full((1, 3, 1), 0.5), 1).round(3)
    array([[0.921]])

    """
    from scipy.special import ndtr

    gap, spread = _gaps(coef, std_error, K)
    t = np.where(spread > 0, gap / np.where(spread > 0, spread, 1.0), np.inf)
    known = np.isfinite(std_error).any(axis=1)
    return np.where(known | (coef == 0).all(axis=1), ndtr(t).prod(axis=1), np.nan)


def _gaps(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"], K: int) -> tuple[Float[Array, "B g k"], Float[Array, "B g k"]]:
    """Differences that make the order, and their standard errors; features without an error of their own stay where they are."""
    size = np.abs(coef)
    order = np.argsort(-size, axis=1, kind="stable")
    size = np.take_along_axis(size, order, axis=1)
    error = np.take_along_axis(np.where(np.isfinite(std_error), std_error, 0.0), order, axis=1)
    K = min(K, coef.shape[1])
    upper, lower = np.r_[np.arange(K - 1), np.full(coef.shape[1] - K, K - 1)], np.arange(1, coef.shape[1])
    return size[:, upper] - size[:, lower], np.hypot(error[:, upper], error[:, lower])


def draws_for(coef: Float[Array, "B p k"], std_error: Float[Array, "B p k"], K: int, confidence: float) -> Float[Array, "B k"]:
    """How many times as many draws would settle the order, errors shrinking with the root of their number; inf where no number would."""
    reached = np.array([rank_confidence(coef, std_error / np.sqrt(factor), K) >= confidence for factor in FACTORS])
    return np.where(reached.any(axis=0), FACTORS[reached.argmax(axis=0)], np.inf)
