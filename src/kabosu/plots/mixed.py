"""Several inputs explained in one picture: bars of all parts, and the pictures and series themselves beside them."""

from typing import Any

import numpy as np

from kabosu.domains.image import Regions
from kabosu.domains.mixed import Mixture, part_of
from kabosu.domains.series import Course
from kabosu.errors import InputError
from kabosu.explanation import Explanation
from kabosu.plots import style
from kabosu.plots.bars import bars
from kabosu.plots.image import image
from kabosu.plots.series import series

PANELS = {Regions: image, Course: series}


def mixed(e: Explanation, ax: Any = None, output: Any = None, max_display: int = 10) -> Any:
    """Bars of the parts of all inputs; in a figure of its own also every picture and series, with its effects on it.

    Returns the axes; one if it was given, since there is no room for more.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> from kabosu.domains import Image, Inputs, Tabular
    >>> from matplotlib.figure import Figure
    >>> f = lambda batch: batch["photo"].mean(axis=(1, 2)) + batch["price"]
    >>> e = kb.MixedExplainer(f, Inputs(photo=Image("grid", 4), price=Tabular([1.0, 2.0]))).explain({"photo": np.eye(8), "price": 5.0})
    >>> len(mixed(e, ax=Figure()))
    2

    """
    if not isinstance(e.layout, Mixture):
        raise InputError(f"this explanation is not of several inputs (its features are {', '.join(e.columns[:3])}); use plot()")
    shown = [name for name, layout, *_ in e.layout.fields if type(layout) in PANELS]
    figure = style.figure(ax)
    if figure is None or not shown:
        return bars(e, ax=ax, output=output, max_display=max_display)
    figure.set_size_inches((6.4 + 5.6 * len(shown), 5.2))
    found = figure.subplots(1, 1 + len(shown), width_ratios=[1.2] + [1.0] * len(shown))
    bars(e, ax=found[0], output=output, max_display=max_display)
    for panel, name in zip(found[1:], shown, strict=True):
        part = part_of(e, name)
        PANELS[type(part.layout)](part, ax=panel, output=output)
        style.title(panel, name, style.palette(panel).ink)
    return np.asarray(found)
