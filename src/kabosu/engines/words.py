"""Exact LIME of linear and tree models on words: counts, presence, TF-IDF; each word of the text moves columns of its own."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from kabosu.domains.masks import MaskedBlock
from kabosu.domains.text import TextParts
from kabosu.engines import layers, readers
from kabosu.engines.binding import Refusal
from kabosu.engines.ensemble import Ensemble
from kabosu.engines.exact import Means, outcome_of
from kabosu.engines.kept import Products, Sets, moments_with
from kabosu.engines.layers import Layer
from kabosu.engines.masks import not_exchangeable, sloped
from kabosu.engines.memory import Same
from kabosu.engines.normed import Group, Normed, moments_of_normed
from kabosu.engines.pullback import opened
from kabosu.errors import ReadingError
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

PROBES = 64  # masks at which the columns must be what was read of them
MOST_PARTS, MOST_SHARED = 600, 8  # of a text, and of those that share columns, where rows are divided by their length
LEAVES = 200_000  # products of one text
CLOSE = 1e-4  # relative difference of what was read from the model's own answer at which the reading is not believed
COUNTERS = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
COLUMNWISE = ("Binarizer", "MaxAbsScaler", "SelectFromModel", "SelectKBest", "SelectPercentile", "StandardScaler", "TfidfTransformer", "VarianceThreshold")


@dataclass(frozen=True, eq=False)
class Column:
    """One column of the model as a function of the text's parts.

    start : its value when all are gone.  steps : part -> what its presence adds.  any : presence of one of them is enough; the
    step is then the same for all.
    """

    start: float
    steps: Mapping[int, float]
    any: bool = False

    def range(self, known: Mapping[int, bool]) -> tuple[float, float, int | None]:
        """Lowest and highest value given some parts, and a part that is not known; None where none matters."""
        there = [s for u, s in self.steps.items() if known.get(u, False)]
        open_ = {u: s for u, s in self.steps.items() if u not in known}
        if self.any:
            step = next(iter(self.steps.values()), 0.0)
            if there or not open_:
                return (self.start + (step if there else 0.0),) * 2 + (None,)
            return self.start + min(step, 0.0), self.start + max(step, 0.0), next(iter(open_))
        now = self.start + sum(there)
        return now + sum(min(s, 0.0) for s in open_.values()), now + sum(max(s, 0.0) for s in open_.values()), next(iter(open_), None)

    def __call__(self, masks: Array) -> Float[Array, "s"]:
        """Value at some masks."""
        units, steps = list(self.steps), np.array(list(self.steps.values()))
        return self.start + (masks[:, units].any(axis=1) * steps[0] if self.any else masks[:, units] @ steps)


@dataclass(frozen=True)
class Words:
    """Exact for linear models and trees on counts or presence of words, on the scale where they add up; for linear models on TF-IDF, too."""

    name: ClassVar[str] = "words"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not such a model, or columns that depend on more than their own words."""
        reason = not_exchangeable(representation, recipe)
        if reason is not None or not isinstance(representation, MaskedBlock):
            return reason
        found = _form(model, representation)
        return found if isinstance(found, str) else None

    def run(self, model: Model, representation: MaskedBlock, recipe: Recipe) -> Outcome:
        """Sum the products, and check them where the fidelity is measured."""
        f = _form(model, representation)
        prediction = model(representation.instances(), 1)
        local = representation.tilt(recipe.kernel)
        _agree(f(np.ones((1, local.p), dtype=bool)), prediction)
        mean, cross = (moments_of_normed if isinstance(f, Normed) else moments_with)(f, np.array(local.counts))  # pyright: ignore[reportArgumentType]
        center, covariance = local.moments
        return outcome_of(model, representation, local, recipe, Means(mean[None], sloped(covariance, cross)[None], center[None], covariance[None]), prediction)


def _agree(read: Float[Array, "n k"], asked: Float[Array, "n k"]) -> None:
    if read.shape != asked.shape or not (np.abs(read - asked) <= CLOSE * max(float(np.abs(asked).max()), 1e-12)).all():
        raise ReadingError(f"the model as read predicts {read[0].tolist()} where the model predicts {asked[0].tolist()}")


@lru_cache(maxsize=4)
def _form_of(original: Same, method: str, scale: str, parts: Same) -> Products | Normed | str:
    try:
        before, final, divides = _taken_apart(original.it)
        core = _core(Same(final), method, scale)
        if divides and isinstance(core, Ensemble):
            raise Refusal(f"{divides}, which splits of trees do not undo: norm=None is exact")
        columns = columns_of(before, parts.it)
        if divides:
            return of_normed(core, columns, len(parts.it.names), divides)
        return of_trees(core, columns) if isinstance(core, Ensemble) else of_layer(core, columns)
    except Refusal as e:
        return str(e)


def _form(model: Model, block: MaskedBlock) -> Products | Normed | str:
    """The model of one text as a sum of products, divided by a length or not; or why it is none."""
    if not isinstance(block.parts, TextParts):
        return "counts of words are of texts"
    method = getattr(model.ask, "method", None)
    if method is None or getattr(model.ask, "combine", None) is not None:
        return f"a {type(model.original).__name__} answers by code that cannot be read"
    return _form_of(Same(model.original), method, model.scale, Same(block.parts))


def _taken_apart(model: Any) -> tuple[Callable[[Sequence[str]], Any], Any, str]:
    """What makes columns of texts, the last estimator, and words where the last step before it divides by the row's length."""
    model = opened(model)
    if type(model).__name__ != "Pipeline":
        raise Refusal(f"a {type(model).__name__} is no pipeline of a vectorizer and a model")
    first, *others = [step for _, step in model.steps[:-1] if step is not None and step != "passthrough"] or [None]
    last = (others or [first])[-1]
    divides = f"{type(last).__name__}(norm='l2') divides by the length of the whole row" if getattr(last, "norm", None) == "l2" else ""
    first, *others = [_undivided(step) if divides and step is last else step for step in [first, *others]]
    _counts(first)
    for step in others:
        _columnwise(step)

    def before(texts: Sequence[str]) -> Any:
        X = first.transform(texts)
        for step in others:
            X = step.transform(X)
        return X

    return before, opened(model.steps[-1][1]), divides


def _undivided(step: Any) -> Any:
    """The same step without its norm; the user's own stays as it is."""
    step = deepcopy(step)
    step.norm = None
    if type(step).__name__ == "TfidfVectorizer":
        step._tfidf.norm = None
    return step


def _counts(step: Any) -> None:
    """Refuse vectorizers whose columns depend on more than their own words."""
    name = type(step).__name__
    if name not in COUNTERS or not type(step).__module__.startswith("sklearn."):
        raise Refusal(f"the texts go through {'no vectorizer' if step is None else name}; read are {', '.join(COUNTERS)}")
    if step.analyzer != "word" or tuple(step.ngram_range) != (1, 1):
        raise Refusal(f"{name}(analyzer={step.analyzer!r}, ngram_range={step.ngram_range}) counts more than single words")
    _no_norm(step)


def _no_norm(step: Any) -> None:
    if getattr(step, "norm", None) is not None:
        raise Refusal(f"{type(step).__name__}(norm={step.norm!r}) divides by the length of the whole row, so that no column depends on its own words only: norm=None is exact")


def _columnwise(step: Any) -> None:
    if type(step).__name__ not in COLUMNWISE or not type(step).__module__.startswith("sklearn."):
        raise Refusal(f"the step {type(step).__name__} is not known to treat each column by itself")
    _no_norm(step)


@lru_cache(maxsize=8)
def _core(final: Same, method: str, scale: str) -> Layer | Ensemble:
    """A layer without a link, or trees on their own scale."""
    ensemble = readers.read(final.it)
    if isinstance(ensemble, Ensemble):
        if ensemble.scale != scale and not (ensemble.link == "identity" and {ensemble.scale, scale} == {"prediction", "margin"}):
            raise Refusal(f"these trees add up on the scale {ensemble.scale!r}, the explained output is a {scale!r}")
        return ensemble
    layer = layers.read(final.it, method)
    if layer.link != "identity":
        raise Refusal(f"{type(final.it).__name__} is no weighted sum on this scale: output='margin' is exact where it is offered")
    return layer


def columns_of(before: Callable[[Sequence[str]], Any], parts: TextParts) -> tuple[Float[Array, "d"], dict[int, Column]]:
    """The columns when all parts are gone, and those that some part moves; checked at masks drawn for it."""
    p = len(parts.names)
    X = _dense_rows(before(parts.masked(np.concatenate([np.zeros((1, p), dtype=bool), np.eye(p, dtype=bool)]))))
    start = X[[0]].toarray().ravel().astype(np.float64)
    difference = (X[1:] - X[[0] * p]).tocsc()
    probes = np.random.default_rng(0).random((PROBES, p)) < np.linspace(0.02, 1, PROBES)[:, None]
    seen = _dense_rows(before(parts.masked(probes))).tocsc()
    columns = {}
    for j in np.flatnonzero(np.diff(difference.indptr)):
        at = slice(difference.indptr[j], difference.indptr[j + 1])
        steps = {int(u): float(s) for u, s in zip(difference.indices[at], difference.data[at], strict=True) if s != 0}
        if steps:
            columns[int(j)] = _read_column(float(start[j]), steps, probes, seen[:, [j]].toarray().ravel())
    still = np.setdiff1d(np.arange(len(start)), list(columns))
    if np.abs(seen[:, still] - _dense_rows(np.tile(start[still], (PROBES, 1)))).max() > 1e-9:
        raise Refusal("words of this text are not counted by themselves: the units are not the words that the vectorizer counts")
    return start, columns


def _dense_rows(X: Any) -> Any:
    """Columns as a sparse matrix, whatever the steps made."""
    from scipy import sparse

    return sparse.csr_array(X)


def _read_column(start: float, steps: dict[int, float], masks: Array, seen: Float[Array, "s"]) -> Column:
    for any_ in (False, True):
        column = Column(start, steps, any_)
        if (any_ is False or len(set(steps.values())) == 1) and np.allclose(column(masks), seen, rtol=1e-9, atol=1e-12):
            return column
    raise Refusal("a column is neither a count nor the presence of its words: the units are not the words that the vectorizer counts")


def of_layer(layer: Layer, columns: tuple[Float[Array, "d"], dict[int, Column]]) -> Products:
    """A linear model: each column's words times its weight."""
    start, moved = columns
    weight = layer.weight @ layer.mix
    terms: dict[Sets, Float[Array, "k"]] = {}
    base = layer.base + (start @ layer.weight + layer.bias) @ layer.mix
    for j, column in moved.items():
        if column.any and len(column.steps) > 1:
            step = next(iter(column.steps.values())) * weight[j]
            base = base + step
            _add(terms, frozenset(), frozenset(column.steps), -step)
        else:
            for u, step in column.steps.items():
                _add(terms, frozenset([u]), frozenset(), step * weight[j])
    return Products(base, terms)


def of_normed(layer: Layer, columns: tuple[Float[Array, "d"], dict[int, Column]], p: int, divides: str) -> Normed:
    """A linear model of columns that are then divided by the length of the row: parts that share a column go together."""
    start, moved = columns
    weight = layer.weight @ layer.mix
    if p > MOST_PARTS:
        raise Refusal(f"{divides}, which is summed for up to {MOST_PARTS} parts, not {p:,}")
    still = start.copy()
    still[list(moved)] = 0.0
    groups = []
    for parts, own in _connected(moved, p):
        if len(parts) > MOST_SHARED:
            raise Refusal(f"{divides}, and {len(parts)} parts of this text share columns, more than {MOST_SHARED}: norm=None, or occurrences='together', is exact")
        masks = (np.arange(1 << len(parts))[:, None] >> np.arange(len(parts)) & 1).astype(bool)
        whole = np.zeros((len(masks), p), dtype=bool)
        whole[:, parts] = masks
        x = np.array([moved[j](whole) for j in own]).reshape(len(own), len(masks)).T
        groups.append(Group(np.array(parts), masks, x @ weight[own], (x**2).sum(axis=1)))
    return Normed(layer.base + layer.bias @ layer.mix, still @ weight, float(still @ still), tuple(groups))


def _connected(moved: Mapping[int, Column], p: int) -> list[tuple[list[int], list[int]]]:
    """Parts that move columns together, and these columns."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.array([(next(iter(column.steps)), u) for column in moved.values() for u in column.steps], dtype=np.int64).reshape(-1, 2)
    n, label = connected_components(coo_array((np.ones(len(pairs)), pairs.T), shape=(p, p)), directed=False)
    parts: list[list[int]] = [np.flatnonzero(label == i).tolist() for i in range(n)]
    own: list[list[int]] = [[] for _ in range(n)]
    for j, column in moved.items():
        own[label[next(iter(column.steps))]].append(j)
    return list(zip(parts, own, strict=True))


def _add(terms: dict[Sets, Array], there: frozenset[int], gone: frozenset[int], value: Array) -> None:
    terms[there, gone] = terms[there, gone] + value if (there, gone) in terms else value


def of_trees(trees: Ensemble, columns: tuple[Float[Array, "d"], dict[int, Column]]) -> Products:
    """Trees: every leaf that the text's words can reach is a product; splits on other columns are decided."""
    start, moved = columns
    start = trees.rounded(start)
    terms: dict[Sets, Float[Array, "k"]] = {}
    base = trees.base.copy()
    waiting: list[tuple[int, frozenset[int], frozenset[int]]] = [(int(r), frozenset(), frozenset()) for r in trees.root]
    seen = 0
    while waiting:
        v, there, gone = waiting.pop()
        part = None
        while part is None and trees.left[v] >= 0:
            v, part = _next(trees, v, start, moved, there, gone)
        if part is not None:
            waiting += [(v, there | {part}, gone), (v, there, gone | {part})]
        elif there or gone:
            _add(terms, there, gone, trees.value[v])
        else:
            base = base + trees.value[v]
        seen += 1
        if seen > LEAVES:
            raise Refusal(f"the trees have more than {LEAVES:,} leaves that the words of this text reach")
    return Products(base, terms)


def _next(trees: Ensemble, v: int, start: Array, moved: Mapping[int, Column], there: frozenset[int], gone: frozenset[int]) -> tuple[int, int | None]:
    """The child that is reached, or the node itself and a part that decides it."""
    j = int(trees.feature[v])
    if trees.category[v] >= 0:
        raise Refusal("splits by categories are not read on counts")
    part = None
    low = high = start[j]
    if j in moved:
        known = dict.fromkeys(there, True) | dict.fromkeys(gone, False)
        low, high, part = moved[j].range({u: known[u] for u in moved[j].steps if u in known})
        low, high = trees.rounded(np.array([low, high]))
    left = low <= trees.threshold[v], high <= trees.threshold[v]
    if left[0] == left[1]:
        return int(trees.left[v] if left[0] else trees.right[v]), None
    return v, part
