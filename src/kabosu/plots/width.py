"""Coefficients, fidelity and error along the kernel width."""

from typing import Any

import numpy as np

from kabosu.explanation import Explanation
from kabosu.plots import style
from kabosu.report.words import output_words
from kabosu.types import Array, Float
from kabosu.widths import WidthPath

MARKERS = ("o", "s", "^", "D", "v", "P")


def width_path(path: WidthPath, ax: Any = None, output: Any = None, max_display: int = 6) -> Any:
    """Coefficients of the strongest features with their 95% intervals, above held-out R2, error and draws' worth; returns both Axes.

    ax : two axes, one above the other; a new figure where None.  A line marks the width that ``kernel_width="auto"`` takes.
    """
    upper, lower = (style.axes(None, (6.4, 5.6)), None) if ax is None else ax
    if lower is None:
        upper, lower = _two(upper)
    e = path.explanations[path.taken]
    t, x = e._index(output), _places(path)
    colors = style.palette(upper)
    _coefficients(upper, path, e, t, x, max_display, colors)
    _evidence(lower, path, t, x, colors)
    for axis in (upper, lower):
        axis.axvline(x[path.taken], color=colors.neutral, lw=1.2, ls=":", zorder=0)
        axis.tick_params(colors=colors.ink)
        style.bare(axis)
    style.title(upper, f"effects on {output_words(e, e.output_names[t])} at each kernel width", colors.ink)
    known = np.isfinite(path.radius).all()
    style.xlabel(lower, f"{'radius of the neighborhood, training standard deviations' if known else 'kernel width'} (dotted: auto)", colors.ink)
    return np.array([upper, lower])


def _two(ax: Any) -> tuple[Any, Any]:
    figure = ax.figure
    ax.remove()
    return tuple(figure.subplots(2, 1, sharex=True, height_ratios=(3, 2)))


def _places(path: WidthPath) -> Float[Array, "T"]:
    """The radius where the width has one."""
    return path.radius if np.isfinite(path.radius).all() else path.widths


def _coefficients(ax: Any, path: WidthPath, e: Explanation, t: int, x: Float[Array, "T"], most: int, colors: style.Palette) -> None:
    coef, error = path.coef_scaled[..., t], np.stack([one.interval()[1, :, t] - one.coef[:, t] for one in path.explanations]) * np.abs(e.scale)
    size = np.abs(coef)
    sure = np.maximum(size - np.where(np.isfinite(error), error, np.inf), 0.0)  # of each at some width, beyond its own error
    names = np.lexsort((-size.max(axis=0), -sure.max(axis=0)))[:most]
    for n, j in enumerate(names):
        color = (colors.positive, colors.negative, colors.neutral)[n % 3]
        ax.plot(x, coef[:, j], color=color, marker=MARKERS[n % 6], ms=4, lw=1.6, ls="-" if n < 3 else "--", label=style.wrap(e.columns[j], 26))
        width = np.where(np.isfinite(error[:, j]), error[:, j], 0.0)
        ax.fill_between(x, coef[:, j] - width, coef[:, j] + width, color=color, alpha=0.13, lw=0)
    ax.axhline(0, color=colors.neutral, lw=0.8, zorder=0)
    _legend(ax, colors)
    style.ylabel(ax, "coefficient per standard deviation", colors.ink)


def _evidence(ax: Any, path: WidthPath, t: int, x: Float[Array, "T"], colors: style.Palette) -> None:
    ax.plot(x, path.fidelity[:, t], color=colors.positive, marker="o", ms=4, lw=1.6, label="held-out R2")
    ax.plot(x, path.error[:, t], color=colors.negative, marker="s", ms=4, lw=1.6, label="error / largest coefficient")
    ax.plot(x, path.effective_sample_size / path.n_model_calls, color=colors.neutral, marker="^", ms=4, lw=1.2, ls="--", label="draws' worth / calls")
    ax.set_ylim(-0.03, 1.03)
    _legend(ax, colors)


def _legend(ax: Any, colors: style.Palette) -> None:
    made = ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small", labelcolor=colors.ink)
    for text in made.get_texts():
        text.set_parse_math(False)
