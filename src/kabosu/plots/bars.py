"""Bars with error whiskers, and the way from the average row to the model's answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.explanation import Explanation
from kabosu.fits import t_quantile
from kabosu.plots import style
from kabosu.report.words import column, condition, number, output_words, scaled_words
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Shown:
    """The features of one output, those that get a row of their own and the rest.

    top, rest : positions by |value|, largest first.  half : half-widths of the 95% intervals, 0 where they are not known.
    """

    value: Float[Array, "p"]
    half: Float[Array, "p"]
    top: Array
    rest: Array


def shown(e: Explanation, t: int, value: Float[Array, "p"], step: Float[Array, "p"], max_display: int) -> Shown:
    """Split the features. step : own units that ``value`` stands for, which its error is multiplied by."""
    checks.whole("max_display", max_display, 1, "a number of rows to draw")
    half = t_quantile(np.array([e.dof]))[0] * e.std_error[:, t] * np.abs(step)
    order = np.argsort(-np.abs(value), kind="stable")
    in_use = order[value[order] != 0]  # a surrogate of the best K leaves the others at 0
    few = order if len(order) <= max_display else in_use if len(in_use) <= max_display else order[: max(1, max_display - 1)]
    return Shown(value, np.where(np.isfinite(half), half, 0.0), few, order[~np.isin(order, few)])


def bars(e: Explanation, ax: Any = None, output: Any = None, max_display: int = 10) -> Any:
    """Effects of one output, largest first, with 95% error whiskers.

    A bar is the effect of one standard deviation more of a number, or of this category or bin instead of another. Beyond
    ``max_display`` rows the features share one row that spans their effects: "other (k)".

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> e = kb.TabularExplainer(lambda X: X @ [1.0, -2.0, 0.0], X).explain(X[0])
    >>> from matplotlib.figure import Figure
    >>> bars(e, ax=Figure().subplots()).get_yticklabels()[0].get_text().split(" = ")[0]
    'x1'

    """
    t = e._index(output)
    part = shown(e, t, e.coef_scaled[:, t], e.scale, max_display)
    labels = [condition(e, int(j)) for j in part.top] + [f"other ({len(part.rest)})"] * bool(len(part.rest))
    ax = style.axes(ax, style.row_size(labels))
    colors = style.palette(ax)
    y = np.arange(len(part.top))
    value, half = part.value[part.top], part.half[part.top]
    ax.barh(y, value, height=0.62, color=np.where(value >= 0, colors.positive, colors.negative))
    ax.errorbar(value, y, xerr=half, fmt="none", ecolor=colors.ink, elinewidth=1.2, capsize=3)
    sides = np.where(value >= 0, 1, -1)
    for i, x, text, side in zip(y, value + sides * half, column(value), sides, strict=True):
        _tip(ax, float(i), x, text, side, colors.ink)
    if len(part.rest):
        _others(ax, len(part.top), part.value[part.rest], colors)
    _finish(ax, labels, np.concatenate([[0.0], value - half, value + half, part.value[part.rest]]), colors)
    ax.axvline(0, color=colors.ink, linewidth=0.8)
    style.xlabel(ax, f"effect of {scaled_words(e)} on {output_words(e, e.output_names[t])}", colors.ink)
    style.title(ax, heading(e, t), colors.ink)
    style.make_room(ax)
    return ax


def _tip(ax: Any, y: float, x: float, text: str, side: int, ink: str) -> None:
    """The number beside its bar, beyond the whisker. side : 1 right, -1 left."""
    ax.annotate(style.signed(text), (x, y), (5 * side, 0), textcoords="offset points", va="center", ha="left" if side > 0 else "right", color=ink, fontsize="small")


def _others(ax: Any, y: int, values: Float[Array, "q"], colors: style.Palette) -> None:
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)
    ax.barh(y, high - low, left=low, height=0.62, color=colors.neutral, alpha=0.5)
    text = "each 0" if low == high else " to ".join(number(v, 2, sign=True) for v in (values.min(), values.max()))
    _tip(ax, y, high, text, 1, colors.ink)


def _finish(ax: Any, labels: list[str], reach: Array, colors: style.Palette) -> None:
    """Names at the left, room for the numbers at both tips. reach : every place that a bar or whisker comes to."""
    style.row_labels(ax, labels, colors.ink)
    style.bare(ax)
    ax.spines["bottom"].set_color(colors.neutral)
    reach = reach[np.isfinite(reach)]
    room = 0.24 * float(np.ptp(reach)) or 1.0
    left = reach.min() < 0 or reach[0] > reach.min()
    ax.set_xlim(reach.min() - room * (1.0 if left else 0.2), reach.max() + room)
    ax.locator_params(axis="x", nbins=6)


def heading(e: Explanation, t: int) -> str:
    """What the model said, and how well the surrogate describes it."""
    what = output_words(e, e.output_names[t]).removeprefix("the ")
    return f"{what}: {number(e.prediction[t], 3)}\nsurrogate {number(e.local_prediction[t], 3)}, fidelity {number(e.certificate.fidelity[t], 2)}"


@dataclass(frozen=True)
class Step:
    """One row of a waterfall: a bar from ``start`` to ``stop``."""

    label: str
    start: float
    stop: float
    half: float = 0.0
    kind: str = "effect"
    text: str = ""

    @property
    def size(self) -> float:
        """How far it moves."""
        return self.stop - self.start


def steps(e: Explanation, t: int, max_display: int) -> list[Step]:
    """Base value, contributions, local prediction, gap, model: each step starts where the last one ended."""
    part = shown(e, t, e.contributions[:, t], e.z - e.reference, max_display)
    local, model = float(e.local_prediction[t]), float(e.prediction[t])
    moves = [(condition(e, int(j)), float(part.value[j]), float(part.half[j]), "effect") for j in part.top]
    if len(part.rest):
        moves.append((f"other ({len(part.rest)})", float(part.value[part.rest].sum()), 0.0, "other"))
    moves.append(("gap to the model", model - local, 0.0, "gap"))
    at = float(e.base_value[t])
    rows = [Step("surrogate at the average row", at, at, kind="total")]
    for (label, move, half, kind), text in zip(moves, column([m[1] for m in moves]), strict=True):
        if kind == "gap":
            at = local
            rows.append(Step("surrogate here", local, local, kind="total"))
        rows.append(Step(label, at, at + move, half, kind, text))
        at += move
    return [*rows, Step("model here", model, model, kind="total")]


def waterfall(e: Explanation, ax: Any = None, output: Any = None, max_display: int = 10) -> Any:
    """From the surrogate at the average training row, contribution by contribution, to the surrogate here and the model.

    A contribution is coef * (value - average). The gap to the model, what a line does not describe, is a bar of its own.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> e = kb.TabularExplainer(lambda X: X @ [1.0, -2.0, 0.0], X).explain(X[0])
    >>> from matplotlib.figure import Figure
    >>> waterfall(e, ax=Figure().subplots()).get_yticklabels()[-1].get_text()
    'model here'

    """
    t = e._index(output)
    rows = steps(e, t, max_display)
    ax = style.axes(ax, style.row_size([row.label for row in rows]))
    colors = style.palette(ax)
    for y, row in enumerate(rows):
        _step(ax, y, row, colors)
    for y, row in enumerate(rows[:-1]):
        ax.plot([row.stop, row.stop], [y - 0.31, y + 1.31], color=colors.neutral, linewidth=0.8, zorder=0)
    reach = np.array([[row.stop, row.start, row.stop - row.half, row.stop + row.half] for row in rows]).ravel()
    _finish(ax, [row.label for row in rows], reach, colors)
    style.xlabel(ax, output_words(e, e.output_names[t]).removeprefix("the "), colors.ink)
    style.title(ax, heading(e, t), colors.ink)
    style.make_room(ax)
    return ax


def _step(ax: Any, y: int, row: Step, colors: style.Palette) -> None:
    if row.kind == "total":
        ax.plot([row.stop], [y], marker="D", markersize=6, color=colors.ink)
        _tip(ax, y, row.stop, "  " + number(row.stop, 3), 1, colors.ink)
        return
    color = colors.neutral if row.kind != "effect" else colors.positive if row.size >= 0 else colors.negative
    hatch = "////" if row.kind == "gap" else None
    ax.barh(y, row.size, left=row.start, height=0.62, color=colors.ground if hatch else color, edgecolor=color, hatch=hatch)
    if row.half:
        ax.errorbar([row.stop], [y], xerr=[row.half], fmt="none", ecolor=colors.ink, elinewidth=1.0, capsize=2.5)
    side = 1 if row.size >= 0 else -1
    _tip(ax, y, row.stop + side * row.half, row.text, side, colors.ink)
