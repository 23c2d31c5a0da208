"""Off the manifold: can a classifier tell what the model was asked about from real rows?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kabosu import checks, frames
from kabosu.diagnostics.flags import FLAGS, Flag
from kabosu.domains.tabular import dense
from kabosu.errors import InputError
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel, Placed, Representation, Tilts
from kabosu.types import Array, Float

if TYPE_CHECKING:
    from kabosu.explainers import TabularExplainer

TOGETHER = 32  # rows whose draws are made at once
DRAWS = 256  # of the instance; and candidates, where draws must be picked by their weight
FALSE_ALARMS = 0.05  # share of real rows that the classifier takes for draws, at the cut that the share of draws is counted at
TOLD_APART = 0.5  # share of an instance's draws above which the flag is raised
TELLING = 0.85  # area under the curve above which it is raised for every instance
MOST_LEVELS = 254


@dataclass(frozen=True)
class OffManifold:
    """How unlike real rows the draws are.

    share : of the instance's draws that the classifier tells from real rows, at the cut where it takes 5% of the real ones for draws.
    auc : area under its curve, draws around real rows against these rows: 0.5 where they cannot be told apart, 1 where always;
        below 0.5 where draws are among these rows.
    draws, rows : how many of each it was fitted to.
    flags : "off-manifold" where more than half of the instance's draws are told apart, or the area is above 0.85.
    """

    share: float
    auc: float
    draws: int
    rows: int
    flags: tuple[Flag, ...]


def off_manifold(explainer: "TabularExplainer", x: Any, data: Any, *, rows: int = 1000, folds: int = 5) -> OffManifold:
    """Whether a classifier tells the explainer's draws from the rows of a table. The model is not asked.

    One draw around each of ``rows`` rows of the table is set against these rows; gradient boosted trees are cross-fitted, a row
    and its draw in the same fold. An explanation whose draws are told apart describes the model where it has no data, and where
    it can be made to answer anything (Slack et al. 2020, *Fooling LIME and SHAP*, fit such a classifier to hide a model).

    data : real rows, best ones that the explainer was not given.  rows : most rows used.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import LinearRegression
    >>> import kabosu as kb
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LinearRegression().fit(X, y)
    >>> independent, together = (kb.TabularExplainer(model, X, neighborhood=n) for n in ("gaussian", "copula"))
    >>> off_manifold(independent, X[0], X).auc > off_manifold(together, X[0], X).auc + 0.1
    True

    """
    checks.whole("rows", rows, 50, "a number of rows")
    checks.whole("folds", folds, 2, "a number of folds")
    domain = dense(explainer.domain, "off_manifold")
    table = frames.rows_like(data, domain.table, "data")
    if len(table) < 2 * folds:
        raise InputError(f"data= has {len(table)} rows; a classifier of {folds} folds needs at least {2 * folds}")
    some = np.random.default_rng(explainer.recipe.seed).permutation(len(table))[:rows]
    real = replace(table, columns=tuple(frames.gather(s, some) for s in table.columns))
    drawn, near = one_draw_each(explainer, real), draws_of(explainer, x)
    A, B, C = encoded([real, drawn, near], domain.columns)
    aucs, shares = zip(*(_fold(A, B, C, f, folds, domain.columns) for f in range(folds)), strict=True)
    share, auc = float(np.mean(shares)), float(np.mean(aucs))
    what = f"a classifier tells {share:.0%} of the draws from real rows, with an area under its curve of {auc:.2f}"
    found = (Flag("off-manifold", what, FLAGS["off-manifold"]),) if share > TOLD_APART or auc > TELLING else ()
    return OffManifold(share, auc, len(B), len(A), found)


def _fold(A: Float[Array, "n d"], B: Float[Array, "n d"], C: Float[Array, "c d"], f: int, folds: int, columns: Sequence[frames.Column]) -> tuple[float, float]:
    """Area under the curve on the rows that are held out, and the share of the instance's draws above the cut there.

    Equal rows count once, in the fold of their first: a real row that is drawn often is no unreal row.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    levels = np.array([c.kind == "level" for c in columns])
    trees = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0).set_params(early_stopping=False, categorical_features=levels)
    (real_rows, real), (draws, drawn) = _apart(A, f, folds), _apart(B, f, folds)
    trees.fit(np.concatenate([real_rows, draws]), np.repeat([0, 1], [len(real_rows), len(draws)]))
    real, drawn, here = (trees.decision_function(rows) for rows in (real, drawn, C))
    cut = float(np.quantile(real, 1 - FALSE_ALARMS))
    return float(roc_auc_score(np.repeat([0, 1], [len(real), len(drawn)]), np.concatenate([real, drawn]))), float((here > cut).mean())


def _apart(rows: Float[Array, "n d"], f: int, folds: int) -> tuple[Float[Array, "m d"], Float[Array, "h d"]]:
    """Different rows to fit to, and those that are held out."""
    first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
    held = first % folds == f
    return rows[first[~held]], rows[first[held]]


def one_draw_each(explainer: "TabularExplainer", real: frames.Table) -> frames.Table:
    """A row of the local law around each row."""
    parts: list[frames.Table] = []
    domain = dense(explainer.domain, "a draw around each row")
    for piece in domain.split(real, TOGETHER):
        for block in domain.represent(piece):
            parts.append(_picked(explainer, block, sum(map(len, parts)), each=True))
    return _stacked(parts)


def draws_of(explainer: "TabularExplainer", x: Any) -> frames.Table:
    """Rows of the local law of one instance."""
    domain = dense(explainer.domain, "draws as rows")
    return _picked(explainer, next(iter(domain.represent(x))), 0, each=False)


def _picked(explainer: "TabularExplainer", block: Representation, start: int, *, each: bool) -> frames.Table:
    """One draw of every instance of a block, or all draws of a single one, according to their weight; from number ``start`` on."""
    recipe = explainer.recipe
    local = block.tilt(recipe.kernel) if recipe.draws_from == "q" and isinstance(block, Tilts) else None
    s = block.size if each and local is not None else DRAWS
    source = block if local is None else local
    draws = recipe.sampler.draw(source.space, start, start + s, recipe.seed)
    rows = frames.rows_like(source.inputs(draws), dense(explainer.domain, "draws as rows").table, "draws")
    picks = [np.arange(s)] * block.size if local is not None else _by_weight(recipe.kernel, source, draws)
    chosen = np.array([b * s + picks[b][b % s] for b in range(block.size)]) if each else picks[0]
    return replace(rows, columns=tuple(frames.gather(c, chosen) for c in rows.columns))


def _by_weight(kernel: Kernel, source: Representation, draws: Float[Array, "1 s m"]) -> list[Array]:
    """Draws of each instance, as often as they weigh: systematic resampling, in an order that is not theirs."""
    places = source.places(draws) if isinstance(source, Placed) else None
    log = log_weights(kernel, source.features(draws), source.origin) if places is None else log_weights(kernel, places, np.zeros((1, places.shape[2])))
    s = draws.shape[1]
    shares = np.cumsum(np.exp(log - log.max(axis=1, keepdims=True)), axis=1)
    order = np.random.default_rng(0).permutation(s)
    return [np.searchsorted(share / share[-1], (np.arange(s) + 0.5) / s)[order] for share in np.broadcast_to(shares, (source.size, s))]


def _stacked(parts: Sequence[frames.Table]) -> frames.Table:
    columns = tuple(np.concatenate([frames.cells(p.columns[j]) for p in parts]) for j in range(len(parts[0].names)))
    return replace(parts[0], columns=columns)


def encoded(tables: Sequence[frames.Table], columns: Sequence[frames.Column]) -> list[Float[Array, "n d"]]:
    """Tables as numbers: categories as codes, the commonest apart."""
    out = [np.empty((len(t), len(columns))) for t in tables]
    for j, column in enumerate(columns):
        series = [t.columns[j] for t in tables]
        parts = _codes([frames.cells(s).tolist() for s in series]) if column.kind == "level" else [frames.numbers(column, s, "rows") for s in series]
        for made, part in zip(out, parts, strict=True):
            made[:, j] = part
    return out


def _codes(parts: Sequence[Sequence[Any]]) -> list[Array]:
    counts: dict[Any, int] = {}
    for v in (v for part in parts for v in part):
        counts[v] = counts.get(v, 0) + 1
    code = {v: min(i, MOST_LEVELS) for i, v in enumerate(sorted(counts, key=lambda v: (-counts[v], str(v))))}
    return [np.array([code[v] for v in part], dtype=np.float64) for part in parts]
