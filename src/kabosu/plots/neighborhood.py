"""Two numeric columns: what the model is asked about, over real rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.diagnostics.manifold import draws_of, one_draw_each
from kabosu.domains.tabular import Tables, dense
from kabosu.errors import InputError
from kabosu.explainers import TabularExplainer
from kabosu.plots import style
from kabosu.types import Array, Float

MOST = 1000
TAIL = 0.005  # share of points beyond each end of the axes


def neighborhood(explainer: TabularExplainer, data: Any, features: Sequence[Any], x: Any = None, draws: int = 300, ax: Any = None) -> Any:
    """Draws of the explainer's local law over the rows of a table; the model is not asked.

    features : two numeric columns.  x : the instance; None: one draw around each of ``draws`` rows of the table.
    draws : most draws shown.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import load_breast_cancer
    >>> import kabosu as kb
    >>> X = load_breast_cancer(as_frame=True).data
    >>> explainer = kb.TabularExplainer(lambda A: A["mean area"].to_numpy(), X, neighborhood="copula")
    >>> neighborhood(explainer, X, ["mean radius", "mean area"], X[:1]).get_xlabel()
    'mean radius'

    """
    domain = dense(explainer.domain, "plots.neighborhood")
    table = frames.rows_like(data, domain.table, "data")
    pair = [_column(domain, f) for f in features]
    if len(pair) != 2:
        raise InputError(f"features={list(features)!r}; expected two numeric columns")
    some = np.random.default_rng(0).permutation(len(table))
    real = _points(_some(table, some[:MOST]), pair)
    made = one_draw_each(explainer, _some(table, some[:draws])) if x is None else draws_of(explainer, x)
    drawn = _points(made, pair)[:draws]
    ax = style.axes(ax, (4.8, 4.4))
    before = _shared(ax)
    colors = style.palette(ax)
    ax.scatter(*real.T, s=12, color=colors.neutral, alpha=0.6, linewidth=0, label="real rows", rasterized=True)
    ax.scatter(*drawn.T, s=22, color=colors.negative, marker="x", linewidth=1.1, alpha=0.9, label="draws", zorder=3)
    if x is not None:
        point = _points(frames.rows_like(x, domain.table), pair)[0]
        ax.scatter(*point, marker="*", s=260, color=colors.ink, edgecolor=colors.ground, linewidth=1.2, zorder=5, label="instance")
    ax.set(xlim=_reach(real[:, 0], drawn[:, 0], before[0]), ylim=_reach(real[:, 1], drawn[:, 1], before[1]))
    _words(ax, [c.name for _, c in pair], colors)
    return ax


def _words(ax: Any, names: Sequence[Any], colors: style.Palette) -> None:
    style.xlabel(ax, str(names[0]), colors.ink)
    style.ylabel(ax, str(names[1]), colors.ink)
    ax.tick_params(colors=colors.ink)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, labelcolor=colors.ink, fontsize="small", handletextpad=0.3, columnspacing=1.2)


def _column(domain: Tables, name: Any) -> tuple[int, frames.Column]:
    columns = domain.columns
    found = [(j, c) for j, c in enumerate(columns) if name in (c.name, str(c.name)) or (not domain.table.named and name == j)]
    if not found or found[0][1].kind == "level":
        numeric = [str(c.name) for c in columns if c.kind != "level"]
        raise InputError(f"features= names {name!r}; expected two of the numeric columns {numeric[:30]}")
    return found[0]


def _some(table: frames.Table, rows: Array) -> frames.Table:
    return frames.Table(table.kind, table.names, tuple(frames.gather(s, rows) for s in table.columns), table.template, table.named)


def _points(table: frames.Table, pair: Sequence[tuple[int, frames.Column]]) -> Float[Array, "n 2"]:
    """Rows in which neither number is missing."""
    points = np.stack([frames.numbers(c, table.columns[j], "rows") for j, c in pair], axis=1)
    return points[~np.isnan(points).any(axis=1)]


def _shared(ax: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Ends of axes that this picture shares with pictures that are already there."""
    pairs = (ax.get_shared_x_axes(), ax.get_xlim()), (ax.get_shared_y_axes(), ax.get_ylim())
    x, y = (ends if any(a is not ax and a.has_data() for a in group.get_siblings(ax)) else () for group, ends in pairs)
    return x, y


def _reach(real: Float[Array, "n"], drawn: Float[Array, "s"], before: tuple[float, ...]) -> tuple[float, float]:
    """Nearly all points of both, and a margin."""
    ends = np.concatenate([np.quantile(real, [TAIL, 1 - TAIL]), np.quantile(drawn, [TAIL, 1 - TAIL])])
    margin = 0.06 * float(np.ptp(ends))
    return min([float(ends.min()) - margin, *before[:1]]), max([float(ends.max()) + margin, *before[1:]])
