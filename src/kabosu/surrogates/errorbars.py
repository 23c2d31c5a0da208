"""Standard errors of the coefficients and how far to trust them (MATH section 5)."""

import numpy as np

from kabosu.moments import Moments, summed
from kabosu.surrogates.problems import Draws
from kabosu.types import Array, Float

MANY = 1_000_000_000  # products of draws and pairs of features
FEWEST = 3  # coefficients from which their gains are pooled
ENOUGH = 8  # replicates that know their error without the help of other coefficients
MOST_PRIOR = 200.0  # degrees of freedom that the others may lend, about twice this many


def residuals(draws: Draws, Y: Float[Array, "B s k"], w: Float[Array, "#B s"], intercept: Float[Array, "B k"], coef: Float[Array, "B p k"]) -> Float[Array, "B s k"]:
    """Weighted residuals w (f - g), output by output in memory."""
    explained = [np.matmul(coef.swapaxes(1, 2), draws[at].swapaxes(1, 2)) for at in draws.blocks()]
    explained = explained[0] if len(explained) == 1 else np.concatenate(explained, axis=2)
    return ((Y.swapaxes(1, 2) - intercept[..., None] - explained) * w[:, None]).swapaxes(1, 2)


def sandwich_errors(draws: Draws, center: Float[Array, "1 p"], r2: Float[Array, "B s k"], bread: Float[Array, "1 p q"]) -> Float[Array, "B q k"]:
    """For independent draws: A^-1 (sum w^2 r^2 z z') A^-1 with the factor s / (s - p - 1) (White 1980, HC1).

    Formulas that read kernel weights as precisions are too narrow by sqrt(effective sample size / s).

    center : weighted mean of the draws.  r2 : squares of the weighted residuals. Of many features every fifth draw says enough
    about a variance.
    """
    s, p = draws.Z.shape[1:]
    some = 1 if s * p * p <= MANY else 5
    total = 0.0
    for at in draws.blocks(some):
        scores = np.matmul(bread.swapaxes(1, 2), (draws[at] - center[:, None]).swapaxes(1, 2))
        scores *= scores
        total = total + summed(scores, r2[:, at])
    return np.sqrt(total * (s / len(range(0, s, some))) * (s / max(s - p - 1, 1)))


def replicate_errors(moments: Moments, intercept: Float[Array, "B k"], coef: Float[Array, "B p k"], bread: Float[Array, "#B p q"], R: int) -> Float[Array, "B q k"]:
    """For R independent scrambles: the spread of the linearized estimates of the replicates, fold f of the moments in replicate f mod R.

    Replicate r moves the estimate by A^-1 times the sum of its scores w r z; this is the cluster-robust sandwich with the
    replicates as clusters, factor R / (R - 1) * (s - 1) / (s - p - 1) (Liang and Zeger 1986, as statsmodels corrects it).
    """
    s, p = moments.count, coef.shape[1]
    b = np.concatenate([intercept[:, None], coef], axis=1)[:, None]
    score = moments.cross - np.matmul(moments.gram, b)
    center = moments.pooled.center[:, 0]
    score = score[:, :, 1:] - center[:, None, :, None] * score[:, :, :1]
    score = score.reshape(len(score), -1, R, *score.shape[2:]).sum(axis=1)
    score = score - score.mean(axis=1, keepdims=True)
    moved = np.matmul(bread.swapaxes(-1, -2)[:, None], score)
    return np.sqrt((moved**2).sum(1) * (R / (R - 1)) * ((s - 1) / max(s - p - 1, 1)))


def degrees_of_freedom(draws: Draws, center: Float[Array, "1 p"], r2: Float[Array, "B s k"], replicates: int) -> Float[Array, "B"]:
    """Degrees of freedom of a standard error whose square is a sum over draws, or over R replicates of them (Satterthwaite 1946).

    Such a sum has relative variance 2 / dof. With v = (w r z)^2, independent draws give sum v^2 / (sum v)^2, which is large
    where few draws decide, as near a saturated probability; replicates give 2 / (R - 1) and what v^2 exceeds that of a
    normal score, 3 / s. The mean over coefficients counts.

    center : weighted mean of the draws.  r2 : squares of the weighted residuals.
    """
    largest = r2.max(axis=1, keepdims=True)
    r2 = r2 / np.where(largest > 0, largest, 1.0)
    total = concentration = np.float64(0)
    for at in draws.blocks():
        squares = np.square((draws[at] - center[:, None]).swapaxes(1, 2))
        total = total + summed(squares, r2[:, at])
        squares *= squares
        concentration = concentration + summed(squares, r2[:, at] ** 2)
    concentration = concentration / np.where(total > 0, total, 1.0) ** 2
    counted = np.maximum((total > 0).sum(axis=(1, 2)), 1)
    variance = concentration.sum(axis=(1, 2)) / counted
    if replicates:
        variance = 2 / (replicates - 1) + np.maximum(variance - 3 / draws.Z.shape[1], 0.0)
    return np.where(variance > 0, 2 / np.where(variance > 0, variance, 1.0), np.inf)


def moderated(
    replicate: Float[Array, "B p k"], independent: Float[Array, "B p k"], dof: Float[Array, "B"], replicates: int
) -> tuple[Float[Array, "B p k"], Float[Array, "B"]]:
    """Standard errors of few replicates, steadied by one another, and their degrees of freedom.

    What a scrambled net gains over independent draws, g = (replicate / independent)^2, is alike for the coefficients of one fit.
    With g ~ s0^2 F(d, d0), d = R - 1, the posterior mean (d0 s0^2 + d g) / (d0 + d) has d0 + d degrees of freedom; s0 and d0 come
    from the mean and variance of log g over the coefficients (Smyth 2004, *Linear models and empirical Bayes methods*, section 6.2),
    the variance within all outputs together: as the least of three outputs, d0 was so small that wine's intervals held 0.97 to 0.99;
    of fewer than three coefficients that says nothing: eight replicates speak for themselves, d0 = 0, and with fewer no gain is
    taken, d0 = 4. Two replicates of thirty coefficients
    then know their errors as well as some twenty replicates of one. All n together have d (n - 1) degrees of freedom at most, as how
    alike they are is learned from them too: with d n, intervals of three coefficients held 0.90 to 0.94 of limits, now 0.92 to 0.96.

    dof : of the replicates alone, heavy tails of the draws included.
    """
    from scipy.special import digamma, polygamma

    d = replicates - 1
    known = (replicate > 0) & (independent > 0) & np.isfinite(independent)
    n = known.sum(axis=1)
    g = (np.where(known, replicate, 1.0) / np.where(known, independent, 1.0)) ** 2
    e = np.where(known, np.log(g) - digamma(d / 2) + np.log(d / 2), 0.0)
    mean = e.sum(axis=1) / np.maximum(n, 1)
    squares = (np.where(known, e - mean[:, None], 0.0) ** 2).sum(axis=1).sum(axis=1, keepdims=True)
    excess = squares / np.maximum(np.maximum(n - 1, 0).sum(axis=1, keepdims=True), 1) - polygamma(1, d / 2)
    half = _inverse_trigamma(np.maximum(excess, 1 / MOST_PRIOR))
    d0, s2 = np.where(n >= FEWEST, 2 * half, 0.0 if replicates >= ENOUGH else 4.0), np.where(n >= FEWEST, np.exp(mean + digamma(half) - np.log(half)), 1.0)
    steadied = np.sqrt((d0 * s2)[:, None] + d * g) / np.sqrt(d0 + d)[:, None] * independent
    total = np.where(n >= FEWEST, np.minimum(d0 + d, d * np.maximum(n - 1, 1)), d0 + d).min(axis=1)
    return np.where(known, steadied, replicate), 1 / np.maximum(1 / dof - 1 / d + 1 / total, 1e-300)


def _inverse_trigamma(x: Float[Array, "B k"]) -> Float[Array, "B k"]:
    """Y with trigamma(y) = x, by Newton's method on its reciprocal, which is nearly straight (Smyth 2004, appendix)."""
    from scipy.special import polygamma

    y = 0.5 + 1 / x
    for _ in range(8):
        value = polygamma(1, y)
        y = y + value * (1 - value / x) / polygamma(2, y)
    return y
