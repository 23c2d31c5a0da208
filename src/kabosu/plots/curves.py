"""Local effect curves: what each feature alone does around the instance, and the slope that the coefficient makes of it."""

from typing import Any

import numpy as np

from kabosu.curves import Curve
from kabosu.explanation import Explanation
from kabosu.fits import t_quantile
from kabosu.plots import style
from kabosu.report.words import output_words
from kabosu.types import Array, Float


def curves(e: Explanation, ax: Any = None, output: Any = None, max_display: int = 6) -> Any:
    """Small multiples of the features that explain most, strongest first; returns the array of Axes.

    ax : (n,) axes to draw into, one a feature; a new figure where None.
    """
    t = e._index(output)
    names, own = e.curves.order(t)[:max_display], ax is None
    if ax is None:
        import matplotlib.pyplot as plt

        rows = -(-len(names) // 3)
        ax = plt.subplots(rows, min(3, len(names)), figsize=(3.4 * min(3, len(names)), 2.7 * rows + 0.4), layout="constrained", squeeze=False, sharey=True)[1].ravel()
        for spare in ax[len(names) :]:
            spare.set_visible(False)
        ax[0].figure.suptitle(_fidelities(e, t, 40 * min(3, len(names))), x=0.01, ha="left", color=style.palette(ax[0]).ink, fontsize="medium", parse_math=False)
    for axis, name in zip(np.atleast_1d(ax), names, strict=False):
        curve(e, name, ax=axis, output=output)
    for n, axis in enumerate(np.atleast_1d(ax)):
        if own:  # the title of the figure says on what
            axis.set_ylabel("" if n % 3 else "effect")
    return ax


def _fidelities(e: Explanation, t: int, width: int) -> str:
    what = f"effects on {output_words(e, e.output_names[t])}"
    band = "; band: 95%" if any(c.error[:, t].any() for c in e.curves.curves) else ""
    text = f"{what}\ncurves explain {e.curves.fidelity[t]:.0%} of the model around this row, straight lines {e.certificate.fidelity[t]:.0%}\n(dot: this row; dashes: the coefficient; gray: where the draws lie{band})"
    return style.wrap(text, width)


def curve(e: Explanation, feature: str, ax: Any = None, output: Any = None) -> Any:
    """One feature's local effect: the curve, where the instance is, how likely values are under the local law, and the
    coefficient as a slope.
    """
    t, one = e._index(output), e.curves[feature]
    ax = style.axes(ax, (4.2, 3.0))
    colors = style.palette(ax)
    if one.levels:
        _levels(ax, one, t, _half(e, one, t), colors)
    else:
        _number(ax, e, one, t, colors)
    ax.axhline(0, color=colors.neutral, lw=0.8, zorder=0)
    style.bare(ax)
    ax.tick_params(colors=colors.ink)
    style.title(ax, style.wrap(feature, style.letters(ax)), colors.ink)
    style.ylabel(ax, f"effect on {output_words(e, e.output_names[t])}", colors.ink)
    return ax


def _levels(ax: Any, one: Curve, t: int, half: Float[Array, "cells"], colors: style.Palette) -> None:
    keep = [i for i in np.argsort(-one.mass, kind="stable")[:8] if one.mass[i] > 0]
    y = one.effect[keep, t]
    own = [i == one.own for i in keep]
    ax.bar(range(len(keep)), y, color=[colors.positive if v > 0 else colors.negative for v in y], alpha=0.85)
    if half.any():
        ax.errorbar(range(len(keep)), y, yerr=half[keep], fmt="none", ecolor=colors.ink, elinewidth=1.0)
    ax.scatter([n for n, mine in enumerate(own) if mine], [v for v, mine in zip(y, own, strict=True) if mine], color=colors.ink, zorder=3, s=36)
    labels = [style.wrap(one.levels[i].removeprefix(f"{one.name} = ").removeprefix(f"{one.name} "), 12) for i in keep]
    ax.set_xticks(range(len(keep)), labels, parse_math=False, rotation=45 if len(keep) > 3 else 0, ha="right" if len(keep) > 3 else "center", fontsize="small")


def _number(ax: Any, e: Explanation, one: Curve, t: int, colors: style.Palette) -> None:
    low, high = _reach(one)
    inside = one.edges[(one.edges > low) & (one.edges < high)]
    edges = np.concatenate([[low], inside, [high]])
    y = one.at((edges[:-1] + edges[1:]) / 2)[:, t]
    ax.stairs(y, edges, baseline=None, color=colors.positive, lw=1.8, zorder=2)
    half = _half(e, one, t)
    if half.any():
        inside = half[np.minimum(np.searchsorted(one.edges, (edges[:-1] + edges[1:]) / 2), len(half) - 1)]
        ax.stairs(y + inside, edges, baseline=y - inside, fill=True, color=colors.positive, alpha=0.25, lw=0, zorder=1)
    _density(ax, one, low, high, colors)
    if not np.isnan(one.x):
        ax.scatter([one.x], one.at(np.array([one.x]))[:, t], color=colors.ink, zorder=3, s=36)
    _slope(ax, e, one, t, (low, high), colors)
    if one.missing_mass > 0:
        ax.text(0.98, 0.96, f"missing: {one.missing[t]:+.3g}", transform=ax.transAxes, ha="right", va="top", color=colors.ink, fontsize="small")


def _half(e: Explanation, one: Curve, t: int) -> Float[Array, "cells"]:
    """Half-width of the 95% band; 0 of exact curves."""
    return t_quantile(np.array([e.dof]))[0] * one.error[:, t] if one.error[:, t].any() else np.zeros(len(one.mass))


def _reach(one: Curve) -> tuple[float, float]:
    """Where 99% of the local law's numbers lie, and the instance."""
    if not len(one.edges):
        return (one.x - 1, one.x + 1) if not np.isnan(one.x) else (0.0, 1.0)
    share = np.cumsum(one.mass) / one.mass.sum()
    ends = one.edges[[min(int(np.searchsorted(share, q)), len(one.edges) - 1) for q in (0.005, 0.995)]]
    ends = np.append(ends, [] if np.isnan(one.x) else one.x)
    margin = (0.08 if len(one.edges) > 1 else 1.0) * (ends.max() - ends.min()) or 1.0
    return float(ends.min() - margin), float(ends.max() + margin)


def _density(ax: Any, one: Curve, low: float, high: float, colors: style.Palette) -> None:
    """The local law's mass at the foot of the picture, in thirty bins, where thresholds tell it."""
    bins = np.linspace(low, high, 31)
    cumulative: Float[Array, "T"] = np.cumsum(one.mass)[:-1]
    if len(one.edges) > 8:
        mass = np.diff(np.interp(bins, one.edges, cumulative, left=float(cumulative[0]), right=float(cumulative[-1])))
        ax.stairs(0.22 * mass / max(mass.max(), 1e-300), bins, transform=ax.get_xaxis_transform(), fill=True, color=colors.neutral, alpha=0.35, zorder=0)


def _slope(ax: Any, e: Explanation, one: Curve, t: int, ends: tuple[float, float], colors: style.Palette) -> None:
    """The coefficient: the line that the surrogate draws through the curve."""
    matches = [j for j, name in enumerate(e.columns) if name == one.name]
    if not matches or not len(one.edges):
        return
    middles = np.concatenate([one.edges[:1], (one.edges[:-1] + one.edges[1:]) / 2, one.edges[-1:]])
    mean = float(one.mass @ middles / one.mass.sum())
    level = float(one.mass @ one.effect[:, t] / one.mass.sum())
    x = np.array(ends)
    ax.plot(x, level + e.coef[matches[0], t] * (x - mean), color=colors.negative, lw=1.4, ls="--", zorder=1)
