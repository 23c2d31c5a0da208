"""What a page shows above its bars: the instance itself with its effects on it. The templates escape the names."""

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kabosu.domains.image import Regions
from kabosu.domains.mixed import Mixture, part_of
from kabosu.domains.series import Course
from kabosu.domains.text import Spans
from kabosu.explanation import Explanation
from kabosu.plots import paint
from kabosu.plots.image import number_of, numbered
from kabosu.plots.style import LIGHT
from kabosu.report.courses import course
from kabosu.report.marked import marked
from kabosu.report.words import number

SIDE = 256  # pixels of a picture in a page: at most 262 kB
NUMBERED = 10  # segments, as many as have a bar
SHOWN = 340  # units of a page that it is wide


def _image(e: Explanation, t: int) -> dict[str, Any]:
    """The tinted picture beside the plain one."""
    shown = [paint.smaller(a, SIDE) for a in (paint.tinted(e.layout, e.coef[:, t]), e.layout.picture)]
    H, W = shown[0].shape[:2]
    sources = ["data:image/png;base64," + base64.b64encode(paint.png(a)).decode("ascii") for a in shown]
    rows, columns = e.layout.atoms.shape
    at = [(*e.layout.middle(int(j)), number_of(e, int(j))) for j in numbered(e, t, NUMBERED)]
    labels = [(round(100 * (x + 0.5) / columns, 2), round(100 * (y + 0.5) / rows, 2), text) for y, x, text in at]
    most = number(float(abs(e.layout.spread(e.coef[:, t])).max()), 2)
    return {"template": "image.html", "sources": sources, "width": SHOWN, "height": round(SHOWN * H / W), "most": most, "labels": labels, "negative": LIGHT.negative, "positive": LIGHT.positive}


def _mixture(e: Explanation, t: int) -> dict[str, Any]:
    """That of each input that has one."""
    found = [{"name": name, "picture": picture(part_of(e, name), t)} for name, *_ in e.layout.fields]
    return {"template": "mixture.html", "parts": [part for part in found if part["picture"] is not None]}


PICTURES: Mapping[type, Callable[[Explanation, int], dict[str, Any]]] = MappingProxyType({Course: course, Mixture: _mixture, Regions: _image, Spans: marked})


def picture(e: Explanation, t: int) -> dict[str, Any] | None:
    """What a template draws, with its name; None for tables."""
    draw = PICTURES.get(type(e.layout))
    return None if draw is None else draw(e, t)
