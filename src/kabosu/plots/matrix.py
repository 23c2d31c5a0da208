"""Many rows at once: rows by features, colored by effect."""

from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.explanations import Explanations
from kabosu.pick.effects import effects
from kabosu.plots import style
from kabosu.report.words import output_words


def matrix(es: Explanations, ax: Any = None, output: Any = None, max_display: int = 20, limit: float | None = None) -> Any:
    """Rows by features, colored by ``coef_scaled`` of each row's own target (or of one output by name).

    Features stand in the order of their total effect; those beyond ``max_display`` are counted below the picture. A feature that
    a row does not have keeps the color of the ground, crossed. Colors are darkest at ``limit`` and beyond it; None: at the largest
    effect.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> es = kb.TabularExplainer(lambda X: X @ [1.0, -2.0, 0.0], X).explain_many(X[:5])
    >>> from matplotlib.figure import Figure
    >>> [t.get_text() for t in matrix(es, ax=Figure().subplots()).get_xticklabels()]
    ['x1', 'x0', 'x2']

    """
    part = effects(es, None if output is None else _known(es, output))
    if not part.coef_scaled.size:
        raise InputError("there are no explanations to draw")
    if isinstance(max_display, bool) or not isinstance(max_display, (int, np.integer)) or max_display < 1:
        raise InputError(f"max_display={max_display!r}; expected an integer of at least 1")
    if limit is not None and not limit > 0:
        raise InputError(f"limit={limit!r}; expected an effect above 0, where colors are darkest")
    order = np.argsort(-np.nansum(np.abs(part.coef_scaled), axis=0), kind="stable")
    kept = order[:max_display]
    values = part.coef_scaled[:, kept]
    n, p = values.shape
    names = [style.wrap(part.columns[j], 44) for j in kept]
    wide = max(0.42, 0.1 + 0.15 * max(name.count("\n") + 1 for name in names))
    ax = style.axes(ax, (max(4.0, 2.2 + wide * p), min(8.0, 1.4 + 0.16 * n) + 0.08 * max(14, *map(len, "\n".join(names).split("\n")))))
    colors = style.palette(ax)
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    limit = largest if limit is None else limit
    cmap = style.diverging(colors)
    cmap.colorbar_extend = "both" if largest > limit else "neither"
    mesh = ax.pcolormesh(np.ma.masked_invalid(values), cmap=cmap, vmin=-limit, vmax=limit, rasterized=True)
    _absent(ax, np.isnan(values), colors)
    _frame(ax, part.positions, names, len(order) - p, colors)
    name = str(output) if output is not None else es.output_names[0]
    target = "each row's target" if output is None and len(es.output_names) > 1 else output_words(next(iter(es)), name)
    style.color_scale(mesh, ax, f"effect on {target}", colors.ink)
    return ax


def _known(es: Explanations, output: Any) -> str:
    if str(output) not in es.output_names:
        raise InputError(f"output {output!r} is not explained; the outputs are {list(es.output_names)}")
    return str(output)


def _absent(ax: Any, gone: Any, colors: style.Palette) -> None:
    rows, columns = np.nonzero(gone)
    ax.plot(columns + 0.5, rows + 0.5, linestyle="none", marker="x", markersize=3, color=colors.neutral, alpha=0.6)


def _frame(ax: Any, positions: Any, names: list[str], more: int, colors: style.Palette) -> None:
    """Rows from the top, by their position in the data; short names at a slant, long ones upright."""
    n = len(positions)
    at = np.unique(np.linspace(0, n - 1, min(n, 12)).astype(int))
    ax.set_yticks(at + 0.5, [str(positions[i]) for i in at], color=colors.ink)
    slant = {"rotation": 90} if max(map(len, names)) > 28 else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(np.arange(len(names)) + 0.5, names, parse_math=False, color=colors.ink, **slant)
    ax.invert_yaxis()
    ax.tick_params(length=0)
    style.ylabel(ax, "row", colors.ink)
    if more:
        ax.set_xlabel(f"and {more} more with smaller effects", color=colors.ink, fontsize="small")
    for spine in ax.spines.values():
        spine.set_visible(False)
