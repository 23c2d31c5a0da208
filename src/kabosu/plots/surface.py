"""Two numeric features: the model's surface, the instance, the draws by weight, the surrogate's line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.domains.joint import JointBlock
from kabosu.domains.tabular import dense
from kabosu.domains.units import Number, Unit
from kabosu.errors import InputError
from kabosu.explain import measure, source_of, weigh
from kabosu.explainers import TabularExplainer
from kabosu.explanation import Explanation
from kabosu.plots import style
from kabosu.report.words import number, output_words
from kabosu.types import Array, Float

LAYERS = ("model", "instance", "draws", "weights", "line")


@dataclass(frozen=True)
class Landscape:
    """What a picture of two features shows; all other features stay as they are in the instance.

    explanation : of the instance.  names : of the two features.  t : the output.
    x, y : grid of values.  model, surrogate : their answers on it.  point : the instance.
    draws, weights, answers : where the neighborhood was asked, how much each draw counts (largest 1), what the model said.
    """

    explanation: Explanation
    names: tuple[str, str]
    t: int
    x: Float[Array, "nx"]
    y: Float[Array, "ny"]
    model: Float[Array, "ny nx"]
    surrogate: Float[Array, "ny nx"]
    point: Float[Array, "2"]
    draws: Float[Array, "s 2"]
    weights: Float[Array, "s"]
    answers: Float[Array, "s"]

    @property
    def level(self) -> float:
        """Where the surrogate's line lies: 0.5 of a probability, 0 of a margin, else the surrogate's value here. So too where the line would be out of sight."""
        here = float(self.explanation.local_prediction[self.t])
        wanted = {"probability": 0.5, "margin": 0.0}.get(self.explanation.output_scale, here)
        return wanted if self.surrogate.min() < wanted < self.surrogate.max() else here

    @property
    def middle(self) -> tuple[float, float]:
        """The answer that has no color, and how far colors reach around it."""
        if self.explanation.output_scale == "probability":
            return 0.5, 0.5
        center = 0.0 if self.explanation.output_scale == "margin" else float(self.explanation.prediction[self.t])
        reach = float(np.abs(self.model - center).max())
        return center, reach or 1.0


def landscape(explainer: TabularExplainer, x: Any, features: Sequence[Any] | None = None, output: Any = None, draws: int = 200, grid: int = 80) -> Landscape:
    """Ask the model on a grid and in the neighborhood.

    features : two numeric features by name; None: those with the largest effects.  output : by name; None: the target.
    draws : most draws to show; the explanation itself uses all of them.  grid : points along each axis.
    """
    e = explainer.explain(x)
    t = e._index(output)
    pair = _pair(explainer, e, t, features)
    represented: Any = next(iter(explainer.domain.represent(x)))
    block: Any = represented.block if isinstance(represented, JointBlock) else represented
    point = np.array([block.laws[block.units.index(unit)].at()[0] for unit in pair], dtype=np.float64)
    if np.isnan(point).any():
        raise InputError(f"{[u.name for u in pair]} of this instance include a missing value; choose two others with features=")
    places, weights, answers = _neighborhood(explainer, represented, pair, t, draws)
    xs, ys = (np.linspace(*_reach(unit, point[i], places[:, i]), grid) for i, unit in enumerate(pair))
    X, Y = (a.ravel() for a in np.meshgrid(xs, ys))
    shape = (grid, grid)
    model = explainer.model(block.with_numbers({pair[0].columns[0]: X, pair[1].columns[0]: Y}), grid * grid)[:, t].reshape(shape)
    moves = [e.coef[e.columns.index(u.name), t] * (_coordinate(u, v, a) - _coordinate(u, np.array([a]), a)) for u, v, a in zip(pair, (X, Y), point, strict=True)]
    surrogate = (e.local_prediction[t] + moves[0] + moves[1]).reshape(shape)
    return Landscape(e, (pair[0].name, pair[1].name), t, xs, ys, model, surrogate, point, places, weights, answers)


def _pair(explainer: TabularExplainer, e: Explanation, t: int, features: Sequence[Any] | None) -> list[Unit]:
    """The two units to draw."""
    units = {u.name: u for u in dense(explainer.domain, "a surface").units if isinstance(u, Number) or u.inside is not None}
    ranked = [e.columns[j] for j in e.order(e.output_names[t]) if e.columns[j] in units]
    names = sorted(ranked[:2], key=list(units).index) if features is None else [str(f) for f in features]
    if len(names) != 2 or len(set(names)) != 2 or any(n not in units for n in names):
        raise InputError(f"features={features!r}; a surface needs two different numeric features, and this explainer has {list(units)}")
    return [units[n] for n in names]


def _neighborhood(explainer: TabularExplainer, block: Any, pair: list[Unit], t: int, draws: int) -> tuple[Array, Array, Array]:
    """Places (s, 2), weights (s,) and answers (s,) of the first draws of the recipe."""
    recipe, kernel, domain = explainer.recipe, explainer.recipe.kernel, dense(explainer.domain, "a surface")
    tilt = kernel if recipe.from_local else None
    s = min(draws, recipe.first_round(block.origin.shape[1]))
    hood = measure(explainer.model, block, recipe.sampler, 0, s, tilt=tilt, seed=recipe.seed)
    source, _ = source_of(block, hood.tilt)
    rows = frames.rows_like(source.inputs(recipe.sampler.draw(source.space, 0, s, recipe.seed)), domain.table)
    series = dict(zip(rows.names, rows.columns, strict=True))
    columns = {c.name: c for c in domain.columns}
    places = np.stack([frames.numbers(columns[u.columns[0]], series[u.columns[0]], "draws") for u in pair], axis=1)
    return places, weigh(hood, kernel)[0], hood.Y[0, :, t]


def _reach(unit: Unit, here: float, drawn: Float[Array, "s"]) -> tuple[float, float]:
    """The training range, the instance and the draws, with a margin."""
    low, high = np.nanmin([unit.low, here, *drawn]), np.nanmax([unit.high, here, *drawn])
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _coordinate(unit: Unit, v: Float[Array, "n"], here: float) -> Float[Array, "n"]:
    """What the surrogate sees of values: a number itself, or whether it lies in the instance's bin."""
    if isinstance(unit, Number):
        return v
    return (unit.bin_of(v) == unit.bin_of(np.array([here]))).astype(np.float64)


def surface(
    explainer: TabularExplainer, x: Any, ax: Any = None, features: Sequence[Any] | None = None, output: Any = None, show: Collection[str] = LAYERS, draws: int = 200, grid: int = 80
) -> Any:
    """Two numeric features around an instance, all others as they are in it.

    show : any of "model" (its answers as color), "instance", "draws" (of the neighborhood, colored by the model's answer),
        "weights" (draws as large as they count), "line" (where the surrogate equals 0.5 of a probability or 0 of a margin; its value
        at the instance where that is out of sight or there is no such number).
    features, output, draws, grid : as for ``landscape``.

    Examples
    --------
    >>> import kabosu as kb, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> explainer = kb.TabularExplainer(lambda X: X[:, 0] ** 2 - X[:, 1], X, recipe="article")
    >>> from matplotlib.figure import Figure
    >>> surface(explainer, X[0], ax=Figure().subplots(), show=["model", "instance"], grid=20).get_xlabel()
    'x0'

    """
    return layers(landscape(explainer, x, features, output, draws, grid), ax, show)


def layers(land: Landscape, ax: Any = None, show: Collection[str] = LAYERS) -> Any:
    """Draw some of the layers; one landscape serves many pictures."""
    odd = [name for name in show if name not in LAYERS]
    if odd or isinstance(show, str):
        raise InputError(f"show={show!r}; expected some of {', '.join(LAYERS)}, as a list")
    ax = style.axes(ax, (5.6, 4.8))
    colors = style.palette(ax)
    if "model" in show:
        _model(land, ax, colors)
    if "draws" in show or "weights" in show:
        _draws(land, ax, colors, by_weight="weights" in show)
    if "line" in show:
        _line(land, ax, colors)
    if "instance" in show:
        ax.scatter(*land.point, marker="*", s=260, color=colors.ink, edgecolor=colors.ground, linewidth=1.2, zorder=5, label="instance")
    ax.set(xlim=land.x[[0, -1]], ylim=land.y[[0, -1]])
    style.xlabel(ax, land.names[0], colors.ink)
    style.ylabel(ax, land.names[1], colors.ink)
    ax.tick_params(colors=colors.ink)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, labelcolor=colors.ink, fontsize="small", handletextpad=0.4, columnspacing=1.2)
    return ax


def _model(land: Landscape, ax: Any, colors: style.Palette) -> None:
    """The model's answers as color, with a scale."""
    middle, reach = land.middle
    mesh = ax.pcolormesh(land.x, land.y, land.model, cmap=style.diverging(colors), vmin=middle - reach, vmax=middle + reach, shading="nearest", rasterized=True, alpha=0.75)
    style.color_scale(mesh, ax, output_words(land.explanation, land.explanation.output_names[land.t]).removeprefix("the "), colors.ink)


def _draws(land: Landscape, ax: Any, colors: style.Palette, *, by_weight: bool) -> None:
    middle, reach = land.middle
    size = 55 * land.weights if by_weight else np.full(len(land.weights), 18.0)
    label = "draws, area by weight" if by_weight else "draws"
    ax.scatter(
        *land.draws.T, s=size, c=land.answers, cmap=style.diverging(colors), vmin=middle - reach, vmax=middle + reach, edgecolor=colors.ink, linewidth=0.6, zorder=3, label=label
    )


def _line(land: Landscape, ax: Any, colors: style.Palette) -> None:
    """One contour of the surrogate: a line, or the edges of the instance's bins."""
    level = land.level
    if not land.surrogate.min() < level < land.surrogate.max():
        return
    for color, width in ((colors.ground, 4.5), (colors.ink, 2.0)):
        ax.contour(land.x, land.y, land.surrogate, levels=[level], colors=[color], linewidths=width, linestyles="solid", zorder=4)
    ax.plot([], [], color=colors.ink, linewidth=2.0, label=f"surrogate = {style.signed(number(level, 3))}")
