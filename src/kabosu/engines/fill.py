"""The tables of a block: probabilities and slopes of every threshold and level set, for its instances.

Purely normal units and bins, which are most of what tables have, are filled together; other laws one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kabosu.domains.expectations import Expectations, over_levels, over_thresholds
from kabosu.domains.laws import LevelLaw, NumberLaw
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import Binding, by_levels, fixed_numbers
from kabosu.engines.ensemble import Encoder
from kabosu.engines.tables import ONE, Nodes
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Filled:
    """What the sweep reads, and the law's own moments.

    T : q(x <= t), q(level set).  D : Cov_q(z)^-1 Cov_q(z, 1[...]).  bins, bin_slopes : the same of each bin, and of those below it.  mean, variance : of z.  between : covariance of a
    coordinate and the next of its unit.
    start, inverse : q(x <= t) = Phi(t inverse - start) of normal units.  sd : of their coordinate; 1 for other units.
    """

    T: Float[Array, "rows B"]
    D: Float[Array, "w rows B"]
    bins: Float[Array, "u 2 L B"]
    bin_slopes: Float[Array, "u 2 L B"]
    mean: Float[Array, "B p"]
    variance: Float[Array, "B p"]
    between: Float[Array, "B p"]
    start: Float[Array, "u B"]
    inverse: Float[Array, "u"]
    sd: Float[Array, "u"]


def fill(nodes: Nodes, binding: Binding, encoders: Mapping[int, Encoder], block: TabularBlock, space: Array | None = None) -> Filled:
    """Everything about the laws of a block that the trees ask for.

    space : (1 + w, rows, B) to write the tables into, since fresh memory costs more than the arithmetic.
    """
    B, laws = block.size, block.laws
    p, w = sum(law.width for law in laws), max(law.width for law in laws)
    space = np.empty((1 + w, nodes.rows, B)) if space is None or space.shape[2] != B else space
    space[:, :2], space[2:] = 0.0, 0.0  # what the units do not write
    space[0, ONE] = 1.0
    L = max((len(law.rates) for law, within in zip(laws, nodes.within, strict=True) if within is not None), default=0)
    Q = np.zeros((2, len(laws) if L else 1, 2, max(L, 1), B if L else 1))
    out = Filled(space[0], space[1:], Q[0], Q[1], np.zeros((B, p)), np.zeros((B, p)), np.zeros((B, p)), np.zeros((len(nodes.normal), B)), np.ones(len(nodes.normal)), np.ones(len(nodes.normal)))
    first = np.cumsum([law.width for law in laws]) - [law.width for law in laws]
    normal = [u for u in range(len(laws)) if nodes.normal[u]]
    binned = [u for u in range(len(laws)) if nodes.within[u] is not None]
    if normal:
        _normals([laws[u] for u in normal], np.array(normal), first[normal], out)
    if binned:
        _bins(nodes, [laws[u] for u in binned], binned, first[binned], out)
    for u in sorted({*range(len(laws))} - {*normal, *binned}):
        _one(nodes, block, u, int(first[u]), out)
    for n, i in enumerate(nodes.fixed):
        column = block.all_columns[binding.sources[i].column]
        _fixed(nodes, len(laws) + n, fixed_numbers(binding.sources[i], column, block.fixed[column.name], encoders.get(i)), out.T, out.D[0])
    return out


def _normals(laws: Sequence[NumberLaw], units: Array, first: Array, out: Filled) -> None:
    """MATH (6), all purely normal units at once."""
    t, scale = np.array([law.precision for law in laws]), np.array([law.scale for law in laws])
    own, center = np.stack([law.own for law in laws]), np.stack([law.center for law in laws])
    mean, sd = own * (t / (1 + t))[:, None], np.sqrt(1 / (1 + t))
    out.sd[units], out.inverse[units] = sd, 1 / (scale * sd)
    out.start[units] = center * out.inverse[units, None] + mean / sd[:, None]
    out.mean[:, first] = mean.T
    out.variance[:, first] = sd**2


def _bins(nodes: Nodes, laws: Sequence[LevelLaw], units: Sequence[int], first: Array, out: Filled) -> None:
    """MATH (5), all binned units at once: q depends on an instance by its own bin only."""
    from kabosu.engines.boxes import bin_rows, of_own

    L = out.bins.shape[2]
    rates = np.zeros((len(laws), L))
    for n, law in enumerate(laws):
        rates[n, : len(law.rates)] = law.rates
    here, c = np.eye(L), np.exp(-0.5 * np.array([law.precision for law in laws]))
    q = rates[:, None] * np.where(here, 1.0, c[:, None, None])  # (units, own bin, bin)
    total = q.sum(axis=2, keepdims=True)
    q /= np.where(total > 0, total, 1.0)  # 0 where no training row is in the bin and the kernel reaches no other
    mean = np.einsum("uoo->uo", q)
    variance = mean * (1 - mean)
    slope = q * (here - mean[..., None]) / np.where(variance > 0, variance, np.inf)[..., None]
    own, row = np.stack([law.own for law in laws]), np.array([[nodes.begin[u], nodes.begin[u] + 1] for u in units]).ravel()
    of_own(_with_below(q), own, np.array(units), out.bins)
    of_own(_with_below(slope), own, np.array(units), out.bin_slopes)
    out.mean[:, first], out.variance[:, first] = (np.take_along_axis(a, own, axis=1).T for a in (mean, variance))
    whole, bins, share = np.concatenate([nodes.within[u] for u in units]).T
    bin_rows(whole, bins.astype(np.int64), share, np.repeat(units, 2), row, out.bins, out.bin_slopes, out.T, out.D[0])


def _with_below(q: Float[Array, "u o L"]) -> Float[Array, "u 2 L o"]:
    """Each bin, and the sum of those below it, by the own bin."""
    below = np.zeros_like(q)
    below[:, :, 1:] = np.cumsum(q[:, :, :-1], axis=2)
    return np.stack([q, below], axis=1).transpose(0, 1, 3, 2).copy()


def _one(nodes: Nodes, block: TabularBlock, u: int, first: int, out: Filled) -> None:
    """A category, or a number with points."""
    law = block.laws[u]
    if by_levels(block.units[u]):
        E = over_levels(law)
        _sets(nodes, u, E, out)
    else:
        E = over_thresholds(law, np.append(nodes.thresholds[u], np.inf))
        a, b, w = nodes.begin[u], nodes.begin[u] + E.mass.shape[1], law.width
        slope, slope_lost = E.slopes()
        out.T[a:b], out.T[b] = E.mass.T, E.lost
        out.D[:w, a:b], out.D[:w, b] = slope.transpose(2, 1, 0), slope_lost.T
    span = slice(first, first + law.width)
    out.mean[:, span], out.variance[:, span] = E.mean, np.einsum("bww->bw", E.covariance)
    if law.width > 1:
        out.between[:, first] = E.covariance[:, 0, 1]


def covariance(variance: Float[Array, "B p"], between: Float[Array, "B p"]) -> Float[Array, "B p p"]:
    """Units are independent under q; a number's value and its missing are not."""
    B, p = variance.shape
    out, j = np.zeros((B, p, p)), np.arange(p)
    out[:, j, j] = variance
    out[:, j[:-1], j[1:]] = out[:, j[1:], j[:-1]] = between[:, :-1]
    return out


def _sets(nodes: Nodes, u: int, E: Expectations, out: Filled) -> None:
    at = np.flatnonzero(nodes.set_unit == u)
    if len(at):
        members = nodes.sets[at][:, : E.mass.shape[1]].astype(np.float64)
        rows = nodes.rows - len(nodes.sets) + at
        out.T[rows] = np.einsum("sl,bl->sb", members, E.mass)  # not by BLAS, whose sums depend on the size of the block
        out.D[0, rows] = np.einsum("sl,bl->sb", members, E.slopes()[0][..., 0])


def _fixed(nodes: Nodes, u: int, x: Float[Array, "B"], T: Float[Array, "rows B"], D: Float[Array, "rows B"]) -> None:
    """A column kept at the instance's value: a point."""
    a, t = nodes.begin[u], np.append(nodes.thresholds[u], np.inf)
    T[a : a + len(t)] = x[None] <= t[:, None]
    T[a + len(t)] = np.isnan(x)
    D[a : a + len(t) + 1] = 0.0


def exact_means(nodes: Nodes, filled: Filled) -> tuple[Float[Array, "B p k"], Float[Array, "B k"]]:
    """Cov_q(z)^-1 Cov_q(z, f) and E_q f of the sum of trees, without its base. A last output that completes a constant sum is not swept."""
    from kabosu.engines.boxes import sweep

    value, whole = _without_last(nodes)
    B, p = filled.mean.shape
    beta, total = np.zeros((p, value.shape[1], B)), np.zeros((value.shape[1], B))
    sweep(
        nodes.left, nodes.depth, nodes.unit, nodes.row, nodes.high, nodes.low, nodes.lost, nodes.whole, nodes.state, nodes.above, nodes.first, nodes.width,
        value, nodes.cut, nodes.normal, nodes.bins, nodes.share, filled.start, filled.inverse, filled.bins, filled.bin_slopes, filled.T, filled.D, nodes.deepest, beta, total,
    )  # fmt: skip
    beta /= np.repeat(filled.sd[: len(nodes.widths)], nodes.widths)[:, None, None]
    if whole is not None:
        beta = np.concatenate([beta, -beta.sum(axis=1, keepdims=True)], axis=1)
        total = np.concatenate([total, whole - total.sum(axis=0, keepdims=True)])
    return beta.transpose(2, 0, 1), total.T


def _without_last(nodes: Nodes) -> tuple[Float[Array, "N k"], float | None]:
    """Probabilities of a tree's leaves all add up to the same number."""
    if not nodes.complete:
        return nodes.value, None
    sums = nodes.value[nodes.left < 0][:1].sum()
    return nodes.value[:, :-1], float(sums * (nodes.depth == 0).sum())
