"""Off the manifold: can a classifier tell what the model was asked about from real rows?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kabosu import checks, frames
from kabosu.diagnostics.flags import FLAGS, Flag
from kabosu.domains.tabular import Tables, dense
from kabosu.errors import InputError
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel, Placed, Representation, Tilts
from kabosu.types import Array, Float

if TYPE_CHECKING:
    from kabosu.explainers import TabularExplainer
    from kabosu.explanations import Block, Explanations
    from kabosu.recipes import Recipe

TOGETHER = 32  # rows whose draws are made at once
DRAWS = 256  # of the instance; and candidates, where draws must be picked by their weight
FALSE_ALARMS = 0.05  # share of real rows that the classifier takes for draws, at the cut that the share of draws is counted at
TOLD_APART = 0.5  # share of an instance's draws above which the flag is raised
TELLING = 0.85  # area under the curve above which it is raised for every instance
MOST_LEVELS = 254

Codes = Mapping[Any, int]


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
    detector = Detector.fit(explainer, data, rows, folds)
    share = detector.share(explainer.recipe, explainer.domain, x)
    found = tuple(Flag("off-manifold", what, FLAGS["off-manifold"]) for what in [detector.words(share)] if what)
    return OffManifold(share, detector.auc, detector.draws, detector.rows, found)


@dataclass(frozen=True, eq=False)
class Detector:
    """Classifiers of an explainer's draws against real rows, one a fold; fitted once, they judge any instance.

    codes : of the levels of each column.  folds : classifiers, and the cut above which each takes 5% of the real rows for draws.
    auc, draws, rows : as in ``OffManifold``.
    """

    codes: tuple[Codes | None, ...]
    folds: tuple[tuple[Any, float], ...]
    auc: float
    draws: int
    rows: int

    @classmethod
    def fit(cls, explainer: "TabularExplainer", data: Any, rows: int = 1000, folds: int = 5) -> "Detector":
        """One draw around each of the rows at most, against these rows."""
        domain = dense(explainer.domain, "off_manifold")
        table = frames.rows_like(data, domain.table, "data")
        if len(table) < 2 * folds:
            raise InputError(f"data= has {len(table)} rows; a classifier of {folds} folds needs at least {2 * folds}")
        some = np.random.default_rng(explainer.recipe.seed).permutation(len(table))[:rows]
        real = replace(table, columns=tuple(frames.gather(s, some) for s in table.columns))
        drawn = one_draw_each(explainer, real)
        codes = level_codes([real, drawn], domain.columns)
        A, B = (encoded(t, domain.columns, codes) for t in (real, drawn))
        with _one_thread():
            trees, aucs, cuts = zip(*(_fold(A, B, f, folds, domain.columns) for f in range(folds)), strict=True)
        return cls(codes, tuple(zip(trees, cuts, strict=True)), float(np.mean(aucs)), len(B), len(A))

    def share(self, recipe: "Recipe", domain: Any, x: Any) -> float:
        """Share of one instance's draws that are told from real rows."""
        tables = dense(domain, "off_manifold")
        rows = encoded(_draws(recipe, tables, x), tables.columns, self.codes)
        with _one_thread():
            return float(np.mean([(trees.decision_function(rows) > cut).mean() for trees, cut in self.folds]))

    def words(self, share: float) -> str:
        """What the flag says of an instance; "" where it is not raised."""
        what = f"a classifier tells {share:.0%} of the draws from real rows, with an area under its curve of {self.auc:.2f}"
        return what if share > TOLD_APART or self.auc > TELLING else ""

    def judged(self, es: "Explanations", recipe: "Recipe", domain: Any, X: Any) -> "Explanations":
        """The explanations with the share in their certificates, and the flag where it is raised."""
        tables = dense(domain, "off_manifold")
        rows = list(tables.split(X, 1))
        shares = iter([self.share(recipe, tables, rows[i]) for i in es.positions])
        return replace(es, blocks=tuple(self._marked(block, np.array([next(shares) for _ in range(len(block))])) for block in es.blocks))

    def _marked(self, block: "Block", shares: Float[Array, "B"]) -> "Block":
        words = tuple(self.words(float(s)) for s in shares)
        return replace(block, off_manifold=shares, found={**block.found, "off-manifold": words})


def _one_thread() -> Any:
    """A thousand rows are no work for several threads, which wait for each other where the machine is busy."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "openmp")


def _fold(A: Float[Array, "n d"], B: Float[Array, "n d"], f: int, folds: int, columns: Sequence[frames.Column]) -> tuple[Any, float, float]:
    """A classifier; on the rows that are held out, the area under its curve and the cut.

    Equal rows count once, in the fold of their first: a real row that is drawn often is no unreal row.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    levels = np.array([c.kind == "level" for c in columns])
    trees = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0).set_params(early_stopping=False, categorical_features=levels)
    (real_rows, real), (draws, drawn) = _apart(A, f, folds), _apart(B, f, folds)
    trees.fit(np.concatenate([real_rows, draws]), np.repeat([0, 1], [len(real_rows), len(draws)]))
    real, drawn = (trees.decision_function(rows) for rows in (real, drawn))
    cut = float(np.quantile(real, 1 - FALSE_ALARMS))
    return trees, float(roc_auc_score(np.repeat([0, 1], [len(real), len(drawn)]), np.concatenate([real, drawn]))), cut


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
            parts.append(_picked(explainer.recipe, domain, block, sum(map(len, parts)), each=True))
    return _stacked(parts)


def draws_of(explainer: "TabularExplainer", x: Any) -> frames.Table:
    """Rows of the local law of one instance."""
    return _draws(explainer.recipe, dense(explainer.domain, "draws as rows"), x)


def _draws(recipe: "Recipe", domain: Tables, x: Any) -> frames.Table:
    return _picked(recipe, domain, next(iter(domain.represent(x))), 0, each=False)


def _picked(recipe: "Recipe", domain: Tables, block: Representation, start: int, *, each: bool) -> frames.Table:
    """One draw of every instance of a block, or all draws of a single one, according to their weight; from number ``start`` on."""
    local = block.tilt(recipe.kernel) if recipe.from_local and isinstance(block, Tilts) else None
    s = block.size if each and local is not None else DRAWS
    source = block if local is None else local
    draws = recipe.sampler.draw(source.space, start, start + s, recipe.seed)
    rows = frames.rows_like(source.inputs(draws), domain.table, "draws")
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


def encoded(table: frames.Table, columns: Sequence[frames.Column], codes: Sequence[Codes | None]) -> Float[Array, "n d"]:
    """A table as numbers: categories as their codes, those without one among the rare."""
    out = np.empty((len(table), len(columns)))
    for j, (column, code, series) in enumerate(zip(columns, codes, table.columns, strict=True)):
        out[:, j] = frames.numbers(column, series, "rows") if code is None else [code.get(v, MOST_LEVELS) for v in frames.cells(series).tolist()]
    return out


def level_codes(tables: Sequence[frames.Table], columns: Sequence[frames.Column]) -> tuple[Codes | None, ...]:
    """For each category the codes of its levels, the commonest apart; None for numbers."""
    return tuple(_codes([v for t in tables for v in frames.cells(t.columns[j]).tolist()]) if column.kind == "level" else None for j, column in enumerate(columns))


def _codes(cells: Sequence[Any]) -> Codes:
    counts = Counter(cells)
    return {v: min(i, MOST_LEVELS) for i, v in enumerate(sorted(counts, key=lambda v: (-counts[v], str(v))))}
