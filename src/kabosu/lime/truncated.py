"""Truncated normal draws, bit for bit those of ``scipy.stats.truncnorm.rvs``, with the constants of a bin computed once a bin."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from kabosu.types import Array, Float, Int


@dataclass(frozen=True)
class Truncated:
    """Standard normal laws cut to [low, high], one for each of m bins, with the mean and deviation of what they stand for."""

    low: Float[Array, "m"]
    high: Float[Array, "m"]
    loc: Float[Array, "m"]
    scale: Float[Array, "m"]

    def draw(self, random_state: Any, bins: Int[Array, "n"]) -> Float[Array, "n"]:
        """One value for each bin asked."""
        u = random_state.random_sample(len(bins))  # what uniform gives from 0 to 1, without its detour
        x = self.quantiles(u, bins) if _agrees() else _scipys(self, u, bins)
        x *= self.scale.take(bins)
        x += self.loc.take(bins)
        return x

    @cached_property
    def _constants(self) -> tuple[Array, Array, Array]:
        """Which bins begin below 0, their logarithms of the tail before them, of the mass in them."""
        from scipy.special import log_ndtr
        from scipy.stats._continuous_distns import _log_gauss_mass  # public functions give it only rounded

        left = self.low < 0
        return left, log_ndtr(np.where(left, self.low, -self.high)), _log_gauss_mass(self.low, self.high)

    def quantiles(self, u: Float[Array, "n"], bins: Int[Array, "n"]) -> Float[Array, "n"]:
        """In logarithms: from the left tail where the bin begins below 0, else mirrored. In place, in u too: memory is what it costs."""
        from scipy.special import ndtri_exp

        left, tail, mass = self._constants
        one_sided = bool(left.all())
        log_u = np.log(u, out=u) if one_sided else np.where(left[bins], np.log(u), np.log1p(-u))
        log_u += mass.take(bins)
        gap = tail.take(bins)
        top = np.maximum(gap, log_u)
        np.minimum(gap, log_u, out=gap)
        gap -= top
        np.log1p(np.exp(gap, out=gap), out=gap)
        gap += top
        x = ndtri_exp(gap, out=gap)
        return x if one_sided else np.where(left[bins], x, -x)


def _scipys(laws: Truncated, u: Array, bins: Array) -> Array:
    from scipy.stats import truncnorm

    return truncnorm.ppf(u, laws.low[bins], laws.high[bins])


@lru_cache(maxsize=1)
def _agrees() -> bool:
    """Whether the formula above is scipy's to the last bit; a scipy that computes another way is asked itself."""
    rng = np.random.default_rng(0)
    low = np.concatenate([rng.normal(size=40), [-1e3, -30.0, 5.0]])
    laws = Truncated(low, low + rng.exponential(size=43), low, low)
    bins, u = rng.integers(43, size=4000), rng.random(4000)
    try:
        return bool((laws.quantiles(u.copy(), bins) == _scipys(laws, u, bins)).all())
    except ImportError:
        return False
