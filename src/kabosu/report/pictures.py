"""What a page shows above its bars: the instance itself with its effects on it. Numbers and pixels only, so nothing to escape."""

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.domains.image import Regions
from kabosu.domains.series import Course
from kabosu.domains.text import Spans
from kabosu.explanation import Explanation
from kabosu.plots import paint
from kabosu.plots.series import stretches
from kabosu.report.marked import marked
from kabosu.report.words import number
from kabosu.types import Array

SIDE = 256  # pixels of a picture in a page: at most 262 kB
SHOWN = 340  # units of a page that it is wide


def _image(e: Explanation, t: int) -> dict[str, Any]:
    """The tinted picture beside the plain one."""
    shown = [paint.smaller(a, SIDE) for a in (paint.tinted(e.layout, e.coef[:, t]), e.layout.picture)]
    H, W = shown[0].shape[:2]
    sources = ["data:image/png;base64," + base64.b64encode(paint.png(a)).decode("ascii") for a in shown]
    most = number(float(abs(e.layout.spread(e.coef[:, t])).max()), 2)
    return {"template": "image.html", "sources": sources, "width": SHOWN, "height": round(SHOWN * H / W), "most": most}


POINTS, ROW = 400, 64  # of a line; units of a channel


def _series(e: Explanation, t: int) -> dict[str, Any]:
    """Each channel as a line over its shaded stretches."""
    values, effects = e.layout.values, e.coef[:, t]
    most = float(abs(e.layout.spread(effects)).max()) or 1.0
    step = 400 / len(values)
    shades = [
        {"kind": "p" if s.effect >= 0 else "n", "x": round(s.start * step, 2), "y": ROW * s.channel, "width": round((s.stop - s.start) * step, 2), "alpha": round(0.7 * abs(s.effect) / most, 3)}
        for s in stretches(e.layout, effects)
    ]
    return {"template": "series.html", "shades": shades, "lines": [_line(v, step, ROW * c) for c, v in enumerate(values.T)], "height": ROW * values.shape[1], "most": number(most, 2)}


def _line(values: Array, step: float, top: int) -> str:
    """A path of at most so many points, the first of each stretch of equal length."""
    at = np.unique(np.linspace(0, len(values) - 1, min(POINTS, len(values))).round().astype(int))
    low, size = float(values.min()), float(np.ptp(values)) or 1.0
    return "M" + "L".join(f"{(i + 0.5) * step:.1f} {top + 56 - 52 * (values[i] - low) / size:.1f}" for i in at)


PICTURES: Mapping[type, Callable[[Explanation, int], dict[str, Any]]] = MappingProxyType({Regions: _image, Spans: marked})


def picture(e: Explanation, t: int) -> dict[str, Any] | None:
    """What a template draws, with its name; None for tables."""
    draw = PICTURES.get(type(e.layout))
    return None if draw is None else draw(e, t)
