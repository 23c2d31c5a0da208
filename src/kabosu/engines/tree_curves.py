"""Exact local effect curves of tree ensembles, from the same tables as the coefficients."""

from collections.abc import Mapping

import numpy as np

from kabosu.curves import Curve, Curves
from kabosu.domains.expectations import over_levels, over_thresholds
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Levels, Number
from kabosu.engines.binding import Binding, by_levels
from kabosu.engines.ensemble import Encoder
from kabosu.engines.fill import fill
from kabosu.engines.tables import Nodes
from kabosu.explain import Neighborhood
from kabosu.types import Array, Float


def exact_curves(binding: Binding, nodes: Nodes, encoders: Mapping[int, Encoder], block: TabularBlock) -> tuple[Curve, ...]:
    """One curve for each drawn unit of a block of one instance, under its local law."""
    from kabosu.engines.effects import main_effects

    m, U, k = len(block.units), len(nodes.normal), nodes.value.shape[1]
    T = fill(nodes, binding, encoders, block).T
    knots = [np.zeros(0) if u < m and by_levels(block.units[u]) else np.unique(nodes.cut[(nodes.unit == u) & np.isfinite(nodes.cut)]) for u in range(U)]
    cell, at = _splits(nodes, knots, block, T[:, 0])
    cells = np.array([len(unit.levels) if by_levels(unit) else len(knots[u]) + 1 for u, unit in enumerate(block.units)] + [len(t) + 1 for t in knots[m:]])
    offset = np.concatenate([[0], np.cumsum(cells + 1)])
    steps, missing = np.zeros((int(offset[-1]), k)), np.zeros((U, k))
    main_effects(
        nodes.left, nodes.depth, nodes.unit, cell, at, nodes.high, nodes.low, nodes.whole, nodes.lost, nodes.state, nodes.above, nodes.sets, nodes.rows - len(nodes.sets),
        nodes.value, np.ascontiguousarray(T[:, 0]), offset, cells, nodes.deepest, steps, missing,
    )  # fmt: skip
    return tuple(_curve(block, u, knots[u], steps[offset[u] : offset[u] + cells[u]], missing[u]) for u in range(m))


def _splits(nodes: Nodes, knots: list[Array], block: TabularBlock, T: Float[Array, "rows"]) -> tuple[Array, Float[Array, "N"]]:
    """Cell of each split's threshold (-1: below all), and q(x <= threshold)."""
    cell, at = np.full(len(nodes.unit), -1, dtype=np.int64), np.zeros(len(nodes.unit))
    for u, t in enumerate(knots):
        here = nodes.unit == u
        cut = nodes.cut[here]
        cell[here] = np.where(cut == -np.inf, -1, np.searchsorted(t, cut))
        if nodes.normal[u] or (u < len(nodes.within) and nodes.within[u] is not None):
            mass = over_thresholds(block.laws[u], np.append(t, np.inf)).mass[0]
            at[here] = np.where(cut == -np.inf, 0.0, mass[np.searchsorted(t, cut)])
        else:
            at[here] = np.where(nodes.row[here] >= 0, T[np.maximum(nodes.row[here], 0)], 0.0)
    return cell, at


def _curve(block: TabularBlock, u: int, knots: Float[Array, "T"], steps: Float[Array, "cells k"], missing: Float[Array, "k"]) -> Curve:
    unit, law = block.units[u], block.laws[u]
    zero, nowhere = np.zeros_like(steps), np.full(steps.shape[1], np.nan)
    if isinstance(unit, Levels) and by_levels(unit):
        return Curve(unit.name, knots, unit.phrases, steps, over_levels(law).mass[0], nowhere, 0.0, int(law.own[0]), np.nan, zero)
    E = over_thresholds(law, np.append(knots, np.inf))
    x, lost = float(law.at()[0]), float(E.lost[0])
    own = -1 if np.isnan(x) else int(np.searchsorted(knots, x, side="left"))
    return Curve(unit.name, knots, (), np.cumsum(steps, axis=0), np.diff(E.mass[0], prepend=0.0), missing + 0.0 if lost > 0 else nowhere, lost, own, x, zero)


def additive_fidelity(curves: tuple[Curve, ...], mean: Float[Array, "k"], block: TabularBlock, draws: Float[Array, "1 s m"], hood: Neighborhood) -> Curves:
    """R2 of mean + the sum of the curves, on the draws that measure the linear fidelity."""
    g = np.tile(mean, (draws.shape[1], 1))
    for j, (curve, unit, law) in enumerate(zip(curves, block.units, block.laws, strict=True)):
        cells = law.cells(draws[0, :, j])[0]
        g += curve.at(cells.astype(np.float64)) if isinstance(unit, Number) or unit.inside is not None else curve.effect[cells]
    f = hood.Y[0]
    total = ((f - f.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 1e-24 * (f**2).sum(axis=0)
    return Curves(curves, mean, np.where(varies, 1 - ((f - g) ** 2).sum(axis=0) / np.where(varies, total, 1.0), np.nan))
