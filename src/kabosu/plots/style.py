"""Colors and small pieces that all pictures share. Colors follow the ground they are drawn on, light or dark."""

import re
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu.errors import MissingExtra
from kabosu.report.words import printable

LETTER = 0.075  # inches, of the medium size
LEFTWARD = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"  # scripts that are written from right to left


@dataclass(frozen=True)
class Palette:
    """Colors for one ground. Blue and orange stay apart under every common color blindness; side and sign say the same.

    positive, negative : of effects.  neutral : of sums and gaps.  ink : of text and whiskers.  ground : behind it all.
    """

    positive: str
    negative: str
    neutral: str
    ink: str
    ground: str


LIGHT = Palette("#0b6fb8", "#bd5200", "#6b7280", "#1f2328", "#ffffff")
DARK = Palette("#58b3f0", "#f5a04a", "#9aa4b2", "#e6edf3", "#14181d")


def palette(ax: Any) -> Palette:
    """The colors for the ground of these axes, with the ink of the current style."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex, to_rgba

    red, green, blue, alpha = to_rgba(ax.get_facecolor())
    ink = to_rgba(rcParams["text.color"])
    dark = luminance(ink) > 0.5 if alpha < 0.5 else luminance((red, green, blue)) < 0.25
    base = DARK if dark else LIGHT
    ground = base.ground if alpha < 0.5 else to_hex((red, green, blue))
    readable = (luminance(ink) > 0.4) == dark
    return Palette(base.positive, base.negative, base.neutral, to_hex(ink) if readable else base.ink, ground)


def luminance(color: Any) -> float:
    """Relative luminance of an sRGB color, 0 black to 1 white (WCAG 2.2)."""
    rgb = np.asarray(color[:3], dtype=np.float64)
    return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))


def diverging(colors: Palette) -> Any:
    """Negative - ground - positive, so that no effect looks like nothing."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("kabosu", [colors.negative, colors.ground, colors.positive])


def axes(ax: Any, size: tuple[float, float]) -> Any:
    """The axes that were given; a figure is made as large as the picture wants; None: a new figure of pyplot."""
    try:
        from matplotlib.figure import Figure
    except ImportError as e:
        raise MissingExtra.of("matplotlib", "plot") from e
    if isinstance(ax, Figure):
        ax.set_size_inches(size)
        return ax.subplots()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def figure(ax: Any) -> Any:
    """A figure for several axes: the one that was given, or a new one of pyplot; None where axes were given."""
    try:
        from matplotlib.figure import FigureBase
    except ImportError as e:
        raise MissingExtra.of("matplotlib", "plot") from e
    if ax is not None:
        return ax if isinstance(ax, FigureBase) else None
    import matplotlib.pyplot as plt

    return plt.figure(layout="constrained")


def wrap(text: str, width: int = 34) -> str:
    """Long names on several lines, whole; what is written from right to left keeps to itself."""
    apart = re.sub(f"([{LEFTWARD}]+(?:\\s+[{LEFTWARD}]+)*)", "\N{LEFT-TO-RIGHT MARK}\\1\N{LEFT-TO-RIGHT MARK}", printable(text))
    together = apart.replace(" = ", " =\N{NO-BREAK SPACE}")
    lines = [line for part in together.splitlines() or [""] for line in textwrap.wrap(part, width, break_on_hyphens=False) or [""]]
    return "\n".join(lines).replace(" =\N{NO-BREAK SPACE}", " = ")


def letters(ax: Any) -> int:
    """How many letters fit above these axes."""
    return max(16, int(ax.get_window_extent().width / ax.figure.dpi / LETTER))


def row_size(labels: list[str]) -> tuple[float, float]:
    """Inches that a figure of these rows wants, so that the longest name fits beside its bar."""
    lines = [row_label(label).split("\n") for label in labels]
    height = max(0.38, 0.06 + 0.17 * max(len(part) for part in lines))
    return 3.9 + 0.085 * max(24, *(len(line) for part in lines for line in part)), 1.6 + height * len(labels)


def row_label(text: str) -> str:
    """Long names take wider lines, so that rows stay low."""
    return wrap(text, 34 if len(text) <= 100 else 60)


def row_labels(ax: Any, labels: list[str], ink: str) -> None:
    """Names of horizontal rows, top to bottom; ``$`` is a character, not mathematics."""
    ax.set_yticks(range(len(labels)), [row_label(label) for label in labels], parse_math=False, color=ink)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", colors=ink)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def make_room(ax: Any) -> None:
    """Move the ends of the x axis outwards until the annotations beside the bars lie between them, at the present size; its label may move left."""
    ax.figure.canvas.figure.draw_without_rendering()
    width = ax.get_window_extent().width
    tips = []
    for text in ax.texts:
        box, x = text.get_window_extent(), text.xy[0]
        at = ax.transData.transform((x, 0.0))[0]
        tips.append((x, min(at - box.x0, 0.4 * width), min(box.x1 - at, 0.4 * width)))
    low, high = ax.get_xlim()
    for _ in range(10):  # each end moves the other's scale
        unit = (high - low) / width
        low, high = min([low, *(x - left * unit for x, left, _ in tips)]), max([high, *(x + right * unit for x, _, right in tips)])
    ax.set_xlim(low, high)
    if ax.xaxis.label.get_window_extent().x1 > 0.96 * ax.figure.canvas.figure.bbox.x1:  # letters are wider at another resolution
        ax.xaxis.label.set(x=1.0, horizontalalignment="right")  # there is room at the left, under the names


def bare(ax: Any) -> None:
    """Leave the bottom line only."""
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def title(ax: Any, text: str, ink: str) -> None:
    """Left-aligned and wrapped, since the names in it are the user's."""
    ax.set_title(wrap(text, 46), loc="left", parse_math=False, color=ink, fontsize="medium")


def xlabel(ax: Any, text: str, ink: str) -> None:
    """Below the axes, wrapped; ``$`` is a character."""
    ax.set_xlabel(wrap(text, 52), parse_math=False, color=ink)


def ylabel(ax: Any, text: str, ink: str) -> None:
    """Beside the axes, wrapped."""
    ax.set_ylabel(wrap(text, 40), parse_math=False, color=ink)


def color_scale(mesh: Any, ax: Any, text: str, ink: str) -> None:
    """A color bar with its words."""
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02, aspect=30)
    bar.set_label(wrap(text, 40), parse_math=False, color=ink)
    bar.ax.tick_params(colors=ink)
    bar.outline.set_visible(False)


def signed(text: str) -> str:
    """With true minus signs before numbers."""
    return re.sub(r"-(?=[\d.])", "\N{MINUS SIGN}", text)
