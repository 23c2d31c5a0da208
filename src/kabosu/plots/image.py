"""Pictures explained: effects laid over the picture, by themselves, and the segments that matter."""

from typing import Any

import numpy as np

from kabosu import checks
from kabosu.domains.image import Regions
from kabosu.errors import InputError
from kabosu.explanation import Explanation
from kabosu.fits import t_quantile
from kabosu.plots import paint, style
from kabosu.plots.bars import heading
from kabosu.report.words import output_words
from kabosu.types import Array

NOTHING = 1e-9  # of the largest effect: a 0 that was computed
KINDS = ("overlay", "heat map", "error", "raising", "lowering")


def image(e: Explanation, ax: Any = None, output: Any = None, kind: str = "overlay", max_display: int = 5) -> Any:
    """What each segment of a picture does to one output.

    kind : "overlay" (the picture, blue where a segment raises the output and orange where it lowers it), "heat map" (the same
        without the picture), "error" (95% half-widths), "raising" or "lowering" (the ``max_display`` segments that do so most, in
        their own colors, the rest faded). The first two number the ``max_display`` segments with the largest effects.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> from matplotlib.figure import Figure
    >>> x = np.random.default_rng(0).random((16, 16, 3))
    >>> e = kb.ImageExplainer(lambda X: X[:, :8, :8].mean(axis=(1, 2, 3)), segments="grid", n_segments=4).explain(x)
    >>> [len(image(e, ax=Figure().subplots(), kind=kind).images) for kind in KINDS]
    [1, 1, 1, 1, 1]

    """
    layout, t = layout_of(e), e._index(output)
    checks.one_of("kind", kind, KINDS)
    checks.whole("max_display", max_display, 1, "a number of segments")
    H, W = layout.atoms.shape
    ax = style.axes(ax, (min(7.0, max(3.4, 4.4 * W / H)) + 1.2, 5.4))
    colors = style.palette(ax)
    what = output_words(e, e.output_names[t])
    if kind in ("raising", "lowering"):
        ax.imshow(paint.masked(layout, strongest(e, t, 1 if kind == "raising" else -1, max_display)), interpolation="nearest")
        style.title(ax, f"{heading(e, t)}\nthe segments that {'raise' if kind == 'raising' else 'lower'} it most", colors.ink)
    else:
        scale = COLORED[kind](ax, e, t, layout, colors)
        style.title(ax, heading(e, t), colors.ink)
        if kind != "error":
            _number(ax, e, t, layout, max_display)
        style.color_scale(scale, ax, f"{'95% half-width of the effect' if kind == 'error' else 'effect'} of each segment on {what}", colors.ink)
    ax.set_axis_off()
    return ax


def layout_of(e: Explanation) -> Regions:
    """The regions of an explained picture; other explanations are refused."""
    if not isinstance(e.layout, Regions):
        raise InputError(f"this explanation is not of a picture (its features are {', '.join(e.columns[:3])}); use plot()")
    return e.layout


def strongest(e: Explanation, t: int, sign: int, most: int) -> Array:
    """Positions of the segments with the largest effects of one sign."""
    order = np.argsort(-sign * e.coef[:, t], kind="stable")[:most]
    return order[sign * e.coef[order, t] > NOTHING * np.abs(e.coef[:, t]).max()]


def _number(ax: Any, e: Explanation, t: int, layout: Regions, most: int) -> None:
    """The numbers of the strongest segments, in their middle."""
    for j in numbered(e, t, most):
        row, column = layout.middle(int(j))
        ax.text(column, row, number_of(e, int(j)), ha="center", va="center", fontsize="small", color="black", bbox={"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1.2})


def numbered(e: Explanation, t: int, most: int) -> Array:
    """Positions of the segments with the largest effects, of either sign."""
    order = np.argsort(-np.abs(e.coef[:, t]), kind="stable")[:most]
    return order[e.coef[order, t] != 0]


def number_of(e: Explanation, j: int) -> str:
    """What is written on the picture: "3" of "segment 3"."""
    return e.columns[j].split()[-1]


def _overlay(ax: Any, e: Explanation, t: int, layout: Regions, colors: style.Palette) -> Any:
    """The tinted picture; its scale."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    ax.imshow(paint.tinted(layout, e.coef[:, t], colors), interpolation="nearest")
    most = _most(layout.spread(e.coef[:, t]))
    return ScalarMappable(Normalize(-most, most), style.diverging(colors))


def _heat_map(ax: Any, e: Explanation, t: int, layout: Regions, colors: style.Palette) -> Any:
    values = layout.spread(e.coef[:, t])
    most = _most(values)
    return ax.imshow(values, cmap=style.diverging(colors), vmin=-most, vmax=most, interpolation="nearest")


def _error(ax: Any, e: Explanation, t: int, layout: Regions, colors: style.Palette) -> Any:
    """Half-widths in gray: no sign, so no color; segments without one stay empty."""
    from matplotlib.colors import LinearSegmentedColormap

    half = t_quantile(np.array([e.dof]))[0] * e.std_error[:, t]
    known = np.where(np.isfinite(half), half, 0.0)
    shown = np.ma.masked_where(layout.spread(~np.isfinite(half)) > 0, layout.spread(known))
    return ax.imshow(shown, cmap=LinearSegmentedColormap.from_list("error", [colors.ground, colors.ink]), vmin=0, vmax=_most(layout.spread(known)), interpolation="nearest")


def _most(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0)) or 1.0


COLORED = {"overlay": _overlay, "heat map": _heat_map, "error": _error}
