"""Series in a page: each channel as a line over its shaded stretches."""

from typing import Any

import numpy as np

from kabosu.explanation import Explanation
from kabosu.plots.series import stretches
from kabosu.report.words import number
from kabosu.types import Array

POINTS, WIDTH, ROW = 400, 400, 64  # of a line; units of the page
NAME, LONGEST = 12, 60  # units above a channel for its name, and the most letters of it


def course(e: Explanation, t: int) -> dict[str, Any]:
    """What series.html draws."""
    values, effects = e.layout.values, e.coef[:, t]
    most = float(abs(e.layout.spread(effects)).max()) or 1.0
    step, names = WIDTH / len(values), e.layout.channels if values.shape[1] > 1 else ()
    row, first = (ROW + NAME, NAME) if names else (ROW, 0)
    shades = [
        {"kind": "p" if s.effect >= 0 else "n", "x": round(s.start * step, 2), "y": row * s.channel + first, "width": round((s.stop - s.start) * step, 2), "alpha": round(0.7 * abs(s.effect) / most, 3)}
        for s in stretches(e.layout, effects)
    ]
    return {"template": "series.html", "shades": shades, "lines": [_line(v, step, row * c + first) for c, v in enumerate(values.T)], "height": row * values.shape[1], "most": number(most, 2), "names": [{"y": row * c + NAME - 3, "name": _short(name)} for c, name in enumerate(names)]}


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _line(values: Array, step: float, top: int) -> str:
    """A path of at most so many points."""
    at = np.unique(np.linspace(0, len(values) - 1, min(POINTS, len(values))).round().astype(int))
    low, size = float(values.min()), float(np.ptp(values)) or 1.0
    return "M" + "L".join(f"{(i + 0.5) * step:.1f} {top + 56 - 52 * (values[i] - low) / size:.1f}" for i in at)
