"""One question, twenty seeds: the walk-through's answers beside ours, a panel for each feature."""

from __future__ import annotations

from typing import Any

import numpy as np

from demo_parts.answers import Answers
from kabosu.plots import style


def draw(figure: Any, a: Answers, names: tuple[str, ...]) -> None:
    """Dots with 95% intervals: one row a seed, then our answer, then ours at 20 seeds; a dashed line at the reference."""
    axes = figure.subplots(1, len(names), sharey=True)
    for j, ax in enumerate(axes):
        colors = style.palette(ax)
        rows = np.arange(len(a.article.value))
        ax.axvline(a.limit[j], color=colors.ink, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        ax.errorbar(a.article.value[:, j], rows, xerr=a.article.half[:, j], fmt="o", markersize=4.5, color=colors.negative, ecolor=colors.negative, elinewidth=1, alpha=0.85)
        row = len(rows) + 1
        ax.axhspan(row - 1, row + 2.2, color=colors.positive, alpha=0.13, linewidth=0)
        ax.errorbar(a.ours.value[:1, j], [row], xerr=a.ours.half[:1, j], fmt="D", markersize=5, color=colors.positive, ecolor=colors.ink, elinewidth=1.8, capsize=4)
        ax.plot(a.ours.value[:, j], np.full(len(rows), row + 1.4), "o", markersize=3.5, color=colors.positive, alpha=0.6)
        ax.set_title(names[j], fontsize="medium", color=colors.ink)
        ax.set_xlabel("effect of one standard deviation\non P(class 1)", fontsize="small")
        ax.set_yticks([*rows, row, row + 1.4], [*(f"seed {s}" if s % 5 == 0 or s == len(rows) - 1 else "" for s in rows), "kabosu", "its 20 seeds"])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(row + 2.4, -1)
        ax.locator_params(axis="x", nbins=3)
        ax.spines["left"].set_visible(False)
