"""Series explained: the line, with each stretch shaded by its effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.domains.series import Course
from kabosu.errors import InputError
from kabosu.explanation import Explanation
from kabosu.fits import t_quantile
from kabosu.plots import style
from kabosu.plots.bars import heading
from kabosu.report.words import number, output_words
from kabosu.types import Array, Float

NARROW = 0.08  # of the series: too little room for a number
WRITTEN = 12  # stretches whose numbers fit above the line


@dataclass(frozen=True)
class Stretch:
    """Neighboring steps of one channel with one effect. start, stop : steps, the last one not included."""

    channel: int
    start: int
    stop: int
    effect: float


def stretches(layout: Course, effects: Float[Array, "p"]) -> Iterator[Stretch]:
    """Where effects change, channel by channel; steps that no part covers are left out."""
    values = layout.spread(effects)
    for c in range(values.shape[1]):
        cuts = np.flatnonzero(layout.atoms[1:, c] != layout.atoms[:-1, c]) + 1
        for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True):
            if layout.atoms[a, c] >= 0:
                yield Stretch(c, int(a), int(b), float(values[a, c]))


def lanes(layout: Course) -> Float[Array, "T C"]:
    """Channels one below the other, each between 0 and 1 in a lane of height 1.2; a single one in its own units."""
    values = layout.values
    if values.shape[1] == 1:
        return values
    spread = np.where(np.ptp(values, axis=0) > 0, np.ptp(values, axis=0), 1.0)
    return (values - values.min(axis=0)) / spread - 1.2 * np.arange(values.shape[1])


def series(e: Explanation, ax: Any = None, output: Any = None) -> Any:
    """The series as a line over stretches shaded by effect: blue raises the output, orange lowers it, the more the larger.

    Several channels are drawn one below the other, each in its own range. Where there are up to 12 stretches, the wider ones have their numbers written above.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> from matplotlib.figure import Figure
    >>> e = kb.SeriesExplainer(lambda X: X[:, :10].sum(axis=1), n_segments=5).explain(np.sin(np.arange(50.0)))
    >>> len(series(e, ax=Figure().subplots()).patches)
    5

    """
    layout, t = course_of(e), e._index(output)
    C = layout.values.shape[1]
    ax = style.axes(ax, (8.4, 3.4 + 0.7 * (C - 1)))
    colors = style.palette(ax)
    drawn = lanes(layout)
    scale = _shades(ax, e, t, layout, drawn, colors)
    for c in range(C):
        ax.plot(drawn[:, c], color=colors.ink, linewidth=1.4)
    if C == 1 and len(e) <= WRITTEN:
        _numbers(ax, e, t, layout, colors)
    _axes(ax, layout.channels, len(drawn), colors)
    style.title(ax, heading(e, t), colors.ink)
    style.color_scale(scale, ax, f"effect of each part on {output_words(e, e.output_names[t])}", colors.ink)
    return ax


def course_of(e: Explanation) -> Course:
    """Where the parts of an explained series lie; other explanations are refused."""
    if not isinstance(e.layout, Course):
        raise InputError(f"this explanation is not of a series (its features are {', '.join(e.columns[:3])}); use plot()")
    return e.layout


def _shades(ax: Any, e: Explanation, t: int, layout: Course, drawn: Array, colors: style.Palette) -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    found = list(stretches(layout, e.coef[:, t]))
    most = float(np.abs(layout.spread(e.coef[:, t])).max(initial=0.0)) or 1.0
    one = drawn.shape[1] == 1
    low, high = float(drawn.min()), float(drawn.max())
    margin = 0.06 * (high - low) or 0.5
    scale = ScalarMappable(Normalize(-most, most), style.diverging(colors))
    for s in found:
        bottom, height = (low - margin, high - low + 2 * margin) if one else (-1.2 * s.channel - 0.08, 1.16)
        ax.add_patch(_box(s.start - 0.5, bottom, s.stop - s.start, height, scale.to_rgba(np.array(s.effect)), colors.neutral))
    return scale


def _box(x: float, y: float, width: float, height: float, color: Any, edge: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=color, edgecolor=edge, linewidth=0.4, alpha=0.85, zorder=0)


def _numbers(ax: Any, e: Explanation, t: int, layout: Course, colors: style.Palette) -> None:
    """Each part's effect and its 95% half-width, above its middle."""
    half = t_quantile(np.array([e.dof]))[0] * e.std_error[:, t]
    T = len(layout.values)
    for j in range(len(e)):
        steps = np.flatnonzero(layout.where(j).any(axis=1))
        if len(steps) < NARROW * T:
            continue
        middle = float(steps.mean())
        text = number(float(e.coef[j, t]), 2, sign=True) + (f"\n± {number(float(half[j]), 2)}" if np.isfinite(half[j]) and half[j] > 0 else "")
        ax.annotate(style.signed(text), (middle, 1.0), (0, -3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="top", color=colors.ink, fontsize="x-small")


def _axes(ax: Any, channels: tuple[str, ...], T: int, colors: style.Palette) -> None:
    style.bare(ax)
    ax.set_xlim(-0.5, T - 0.5)
    ax.autoscale(axis="y")
    if len(channels) == 1:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.22 * (high - low))
    else:
        ax.set_yticks(0.5 - 1.2 * np.arange(len(channels)), [style.wrap(name, 20) for name in channels], color=colors.ink, parse_math=False)
    ax.tick_params(colors=colors.ink)
    style.xlabel(ax, "step", colors.ink)
