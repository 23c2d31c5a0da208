"""One-dimensional expectations under a local law, exactly: what the exact engines know about a unit (MATH section 3).

For a number, tables over thresholds t: q(x <= t) and E_q[z 1(x <= t)], with missing apart. For levels, one row a level.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from kabosu.domains.laws import Inside, Law, LevelLaw, NumberLaw
from kabosu.domains.nodes import is_counted, normal_nodes
from kabosu.errors import EngineError
from kabosu.types import Array, Float

TINY = 1e-300


@dataclass(frozen=True)
class Expectations:
    """Of one unit, for B instances: over T thresholds, or over the states of a level unit.

    mass : q(x <= t), or q(level).  first : E_q[z 1(x <= t)], or E_q[z 1(level)].
    lost, first_lost : the same for missing (numbers only; a level unit's missing is a level).
    mean, covariance : of the unit's coordinates z.
    """

    mass: Float[Array, "B T"]
    first: Float[Array, "B T w"]
    lost: Float[Array, "B"]
    first_lost: Float[Array, "B w"]
    mean: Float[Array, "B w"]
    covariance: Float[Array, "B w w"]

    def slopes(self) -> tuple[Float[Array, "B T w"], Float[Array, "B w"]]:
        """D = Cov_q(z)^-1 Cov_q(z, 1[...]) for each threshold or level, and for missing; 0 where z does not vary."""
        inverse = np.linalg.pinv(self.covariance, rcond=1e-12, hermitian=True)
        centered = self.first - self.mean[:, None, :] * self.mass[..., None]
        lost = self.first_lost - self.mean * self.lost[:, None]
        return np.einsum("btw,bwv->btv", centered, inverse), np.einsum("bw,bwv->bv", lost, inverse)


def over_thresholds(law: Law, t: Float[Array, "T"]) -> Expectations:
    """Expectations of a number or of a binned number over sorted thresholds."""
    if isinstance(law, NumberLaw):
        return _number(law, t)
    if law.inside is None:
        raise EngineError("a category has no thresholds; see over_levels")
    return _bins(law, law.inside, t)


def over_levels(law: LevelLaw) -> Expectations:
    """Expectations of a category or group, a column for each level."""
    mass = np.diff(law._table, axis=1, prepend=0.0)[law._distinct[1]]
    own = np.arange(mass.shape[1]) == law.own[:, None]
    return _indicator(mass, mass * own, np.zeros(len(mass)), np.zeros(len(mass)), (mass * own).sum(1))


def _indicator(mass: Array, first: Array, lost: Array, first_lost: Array, mean: Array) -> Expectations:
    return Expectations(mass, first[..., None], lost, first_lost[:, None], mean[:, None], (mean * (1 - mean))[:, None, None])


def _bins(law: LevelLaw, inside: Inside, t: Float[Array, "T"]) -> Expectations:
    """q(x <= t) = sum over bins of q(bin) F_bin(t), F of the truncated normal; a missing bin apart."""
    q = np.diff(law._table, axis=1, prepend=0.0)[law._distinct[1]]
    missing, F = np.isnan(inside.low), below(inside, t)
    own = np.arange(q.shape[1]) == law.own[:, None]
    over = partial(np.einsum, "bl,tl->bt")  # not by BLAS, whose sums depend on the size of the block
    return _indicator(over(q, F), over(q * own, F), (q * missing).sum(1), (q * own * missing).sum(1), (q * own).sum(1))


def below(inside: Inside, t: Float[Array, "T"]) -> Float[Array, "T L"]:
    """F_bin(t), the share of each bin's law at or below t; 0 for the bin of missing."""
    from scipy.special import ndtr

    cut = np.floor(t) + 0.5 if inside.whole else t
    sd = np.where(inside.sd > 0, inside.sd, 1.0)
    low, high, at = (ndtr((v - inside.mean) / sd) for v in (inside.low, inside.high, cut[:, None]))
    within = np.clip((at - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    F = np.where(t[:, None] >= inside.high, 1.0, np.where(t[:, None] < inside.low, 0.0, np.where(inside.sd > 0, within, t[:, None] >= inside.mean)))
    return np.where(np.isnan(inside.low), 0.0, F)


def _number(law: NumberLaw, t: Float[Array, "T"]) -> Expectations:
    """Points by cumulative sums, the normal by Phi and phi: E[z 1(z <= a)] = mu Phi - s phi (MATH (6), (7)); few whole numbers are points."""
    B, w = len(law.x), law.width
    cumulative, mu, s = law._local
    p = np.broadcast_to(np.diff(cumulative, axis=1, prepend=0.0), (B, cumulative.shape[1]))
    mu = np.broadcast_to(mu, (B,))
    values, z, pp = (np.broadcast_to(a, (B, a.shape[1])) for a in (law.points, law._spread, p[:, :-1]))
    normal = p[:, -1]
    if normal.any() and is_counted(law):
        x, d, q = normal_nodes(law, np.zeros(0), np.inf)
        values, z, pp = (np.concatenate([a, np.broadcast_to(b, x.shape)], axis=1) for a, b in ((values, x), (z, d), (pp, normal[:, None] * q)))
        normal = np.zeros(B)
    mass, first, mean, square = _normal(law, t, mu, s, normal)
    gone = np.isnan(values)
    z = np.where(gone, law.own[:, None], z)
    if values.shape[1]:
        m, f = _points(values, pp, z, t)
        mass, first = mass + m, first + f
        mean, square = mean + (pp * z).sum(1), square + (pp * z * z).sum(1)
    lost = (pp * gone).sum(1)
    first_lost = lost * law.own
    if w == 1:
        return Expectations(mass, first[..., None], lost, first_lost[:, None], mean[:, None], (square - mean**2)[:, None, None])
    both = np.stack([mean, lost], axis=1)
    second = np.stack([np.stack([square, first_lost], 1), np.stack([first_lost, lost], 1)], 1)
    return Expectations(
        mass, np.stack([first, np.zeros_like(first)], axis=-1), lost, np.stack([first_lost, lost], axis=1), both, second - both[:, :, None] * both[:, None, :]
    )


def _points(values: Float[Array, "B C"], p: Float[Array, "B C"], z: Float[Array, "B C"], t: Float[Array, "T"]) -> tuple[Float[Array, "B T"], Float[Array, "B T"]]:
    order = np.argsort(values, axis=1, kind="stable")  # NaN last
    values, p, z = (np.take_along_axis(a, order, axis=1) for a in (values, p, z))
    zero = np.zeros((len(values), 1))
    mass, first = (np.concatenate([zero, np.cumsum(a, axis=1)], axis=1) for a in (p, p * z))
    index = np.stack([np.searchsorted(v[: len(v) - int(np.isnan(v).sum())], t, side="right") for v in values])
    return np.take_along_axis(mass, index, axis=1), np.take_along_axis(first, index, axis=1)


def _normal(law: NumberLaw, t: Float[Array, "T"], mu: Float[Array, "B"], s: float, p: Float[Array, "B"]) -> tuple[Array, Array, Array, Array]:
    """The normal component: q and E[z 1(x <= t)], E z, E z^2; whole numbers are the normal rounded."""
    if not p.any():
        return np.zeros((len(mu), len(t))), np.zeros((len(mu), len(t))), np.zeros_like(mu), np.zeros_like(mu)
    from scipy.special import ndtr

    step = 1 / law.scale if law.whole else 0.0
    cut = np.floor(t) + 0.5 if law.whole else t
    z = (cut - law.center[:, None]) / law.scale
    a = (z - mu[:, None]) / s
    mass, density = ndtr(a), np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi)
    first = mu[:, None] * mass - s * density
    if step:
        # Euler-Maclaurin: E[(round(y) - y) 1(y < b)] at a half-integer b, with the density's second derivative
        curve = density / s**3 * (np.where(np.isfinite(a), a, 0.0) ** 2 - 1)  # the density is 0 at infinity
        first = first - step**2 / 12 * (density / s - step**2 / 24 * curve) - step**4 / 480 * curve
    return p[:, None] * mass, p[:, None] * first, p * mu, p * (mu**2 + s**2 + step**2 / 12)


def log_normalizer(law: Law) -> Float[Array, "#B"]:
    """log E_D[exp(-precision d^2 / 2)] of the draw law: what the tilt took away (C of MATH section 3)."""
    if isinstance(law, LevelLaw):
        own = (law.rates / law.rates.sum())[law.own]
        return np.log(own + (1 - own) * np.exp(-0.5 * law.precision))
    return law._log_weight
