"""Does the explanation say what the model does? Features taken away and put back, answers predicted, labels shuffled."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kabosu import checks
from kabosu.domains.joint import JointBlock
from kabosu.domains.masks import MaskedBlock
from kabosu.domains.sparse import SparseBlock
from kabosu.domains.tabular import TabularBlock
from kabosu.errors import InputError
from kabosu.protocols import Representation
from kabosu.samplers import Sobol
from kabosu.types import Array, Batch, Bool, Float

if TYPE_CHECKING:
    from kabosu.explainers import Explainer
    from kabosu.explanation import Explanation

APART = 104_729  # between the seed of the explanation and that of the draws that judge it


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """What taking features away does to the model's answer, strongest feature of the explanation first.

    A feature that is taken away is drawn from the explainer's draw law (a table), or replaced as its domain does (a mask).

    units : what was taken away, in order.  prediction : the model at the instance.
    deletion, insertion : (m + 1,) mean answer with the first 0, 1, ..., m taken away; with all but these taken away.
    deletion_change, insertion_change : (m + 1,) mean |answer - prediction| of the same.
    comprehensiveness, sufficiency : prediction - deletion[K], prediction - insertion[K] (DeYoung et al. 2020), for ``K`` features.
    n_model_calls : rows asked.
    """

    units: tuple[str, ...]
    prediction: float
    deletion: Float[Array, "q"]
    insertion: Float[Array, "q"]
    deletion_change: Float[Array, "q"]
    insertion_change: Float[Array, "q"]
    K: int
    n_model_calls: int

    @property
    def comprehensiveness(self) -> float:
        """What the answer loses without the first K features; large where these are what it rests on."""
        return self.prediction - float(self.deletion[self.K])

    @property
    def sufficiency(self) -> float:
        """What the answer loses with the first K features alone; small where these are enough."""
        return self.prediction - float(self.insertion[self.K])

    def __str__(self) -> str:
        from kabosu.report.trials import of_faithfulness

        return of_faithfulness(self)

    @property
    def deletion_area(self) -> float:
        """Area under ``deletion_change`` over the share taken away; large where the first features matter most."""
        return _area(self.deletion_change)

    @property
    def insertion_area(self) -> float:
        """Area under ``insertion_change`` over the share kept; small where the first features are enough."""
        return _area(self.insertion_change)


def _area(curve: Float[Array, "q"]) -> float:
    return float(np.trapezoid(curve, dx=1 / max(len(curve) - 1, 1)))


def faithfulness(explainer: "Explainer", x: Any, explanation: "Explanation", *, K: int = 5, draws: int = 64, order: Sequence[str] | None = None) -> Faithfulness:
    """Deletion and insertion curves of one explanation's order, about its target.

    K : features of comprehensiveness and sufficiency.  draws : for each step, where what replaces a feature is drawn.
    order : names of features to take away, first to last, instead of the explanation's own: a random one to compare with.

    Examples
    --------
    >>> import numpy as np, kabosu as kb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> explainer = kb.TabularExplainer(lambda A: 3 * A[:, 0] + A[:, 1], X)
    >>> found = faithfulness(explainer, X[0], explainer.explain(X[0]))
    >>> found.units, bool(found.deletion_change[1] > 0.8 * found.deletion_change[3])
    (('x0', 'x1', 'x2'), True)

    """
    block, t = explainer.represent(x), explanation.target_index
    names, members = _units(block)
    ranked = _ranked(names, members, explanation, t) if order is None else _named(names, order)
    m = len(ranked)
    removed = np.tri(m + 1, m, -1, dtype=bool)[:, np.argsort(ranked)]
    kept = np.concatenate([~removed, removed])
    rows, s = _rows(block, kept, 1 if isinstance(block, MaskedBlock | SparseBlock) else draws, explainer.recipe.seed + APART)
    answers = explainer.model(rows, len(kept) * s).reshape(2, m + 1, s, -1)
    answers = answers[..., _output(explainer, answers.shape[-1], explanation)]
    at = float(explanation.prediction[t])
    mean, change = answers.mean(axis=2), np.abs(answers - at).mean(axis=2)
    return Faithfulness(tuple(names[u] for u in ranked), at, mean[0], mean[1], change[0], change[1], min(checks.whole("K", K, 1, "a number of features"), m), len(kept) * s)


def _output(explainer: "Explainer", k: int, e: "Explanation") -> int:
    """Position of the explanation's target among the model's k outputs."""
    return list(explainer.model.output_names(k)).index(e.target)


def _units(block: Representation) -> tuple[list[str], list[list[str]]]:
    """What can be taken away by itself, and the names of its features."""
    table = block.block if isinstance(block, JointBlock) else block
    if isinstance(table, TabularBlock):
        return [u.name for u in table.units], [list(u.features) for u in table.units]
    if isinstance(table, MaskedBlock | SparseBlock):
        names = list(table.labels().columns)
        return names, [[n] for n in names]
    raise _not_parted(block)


def _ranked(names: Sequence[str], members: Sequence[Sequence[str]], e: "Explanation", t: int) -> Array:
    """Units by their largest |coef_scaled|."""
    size = np.abs(e.coef_scaled[:, t])
    if len(members) == len(e.columns):
        return np.argsort(-size, kind="stable")
    at = {n: j for j, n in enumerate(e.columns)}
    return np.argsort([-max(size[at[n]] for n in inside) for inside in members], kind="stable")


def _named(names: Sequence[str], order: Sequence[str]) -> Array:
    if sorted(map(str, order)) != sorted(names):
        raise InputError(f"order={list(order)!r}; expected all of {list(names)}, first to last")
    return np.array([names.index(str(n)) for n in order])


def _rows(block: Representation, kept: Bool[Array, "r m"], draws: int, seed: int) -> tuple[Batch, int]:
    """Rows for the model, ``draws`` of each pattern of what is kept, pattern after pattern."""
    if isinstance(block, MaskedBlock):
        return block.inputs(kept[None]), 1
    if isinstance(block, SparseBlock):
        return block.inputs(np.where(kept, *_ends(block))[None]), 1
    table, cells = _drawn(block, Sobol(2).draw(block.space, 0, draws, seed))
    mixed = [np.where(kept[:, j, None], law.at(), np.asarray(c).reshape(1, -1)).reshape(1, -1) for j, (law, c) in enumerate(zip(table.laws, cells, strict=True))]
    return table.rows(mixed), draws


def _drawn(block: Representation, u: Float[Array, "1 s m"]) -> tuple[TabularBlock, Sequence[Array]]:
    """A block of a table, and the cells of draws around it."""
    if isinstance(block, JointBlock):
        return block.block, block.law.cells(u)
    if isinstance(block, TabularBlock):
        return block, [law.cells(u[0, :, j]) for j, law in enumerate(block.laws)]
    raise _not_parted(block)


def _not_parted(block: Representation) -> InputError:
    return InputError(f"features of a {type(block).__name__} cannot be taken away one by one")


def _ends(block: SparseBlock) -> tuple[float, float]:
    """Codes of an entry that is kept and of one that is not."""
    u = np.array([1e-9, 1 - 1e-9])
    z = block.law.coordinates(u)
    return float(u[z.argmax()]), float(u[z.argmin()])


def infidelity(explainer: "Explainer", x: Any, explanation: "Explanation", draws: int = 4096) -> float:
    """E_q [ (coef . (z - x) - (f(z) - f(x)))^2 ], relative to E_q [ (f(z) - f(x))^2 ]; 0 where the coefficients predict every change.

    Draws of the local law that the explanation has not seen (Yeh et al. 2019, equation 1, with the kernel's own perturbations).
    NaN where the answer does not change.
    """
    from kabosu.explain import measure, weigh

    recipe, t = explainer.recipe, explanation.target_index
    hood = measure(explainer.model, explainer.represent(x), recipe.sampler, 0, draws, tilt=recipe.kernel, seed=recipe.seed + APART)
    w = weigh(hood, recipe.kernel)[0]
    change = hood.Y[0, :, _output(explainer, hood.Y.shape[2], explanation)] - explanation.prediction[t]
    said = (hood.Z[0] - hood.origin[0]) @ explanation.coef_scaled[:, t]
    total = float(w @ change**2)
    return float(w @ (said - change) ** 2) / total if total > 0 else float("nan")


def gold_recall(explanations: "Explanation | Sequence[Explanation]", gold: Collection[str] | Sequence[Collection[str]], K: int = 10) -> float:
    """Share of the features that the model is known to use that are among the first K (Ribeiro et al. 2016, section 5.2); mean over explanations.

    gold : names of the columns, of the one explanation or of each.

    Examples
    --------
    >>> import numpy as np, kabosu as kb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> e = kb.TabularExplainer(lambda A: 3 * A[:, 0] + A[:, 1], X).explain(X[0])
    >>> gold_recall(e, {"x0", "x1"}, K=2)
    1.0

    """
    from kabosu.explanation import Explanation

    pairs = [(explanations, gold)] if isinstance(explanations, Explanation) else list(zip(explanations, gold, strict=True))
    shares = [_recall(e, set(map(str, g)), checks.whole("K", K, 1, "a number of features")) for e, g in pairs]
    return float(np.mean(shares))


def _recall(e: "Explanation", gold: set[str], K: int) -> float:
    if not gold or gold - set(e.columns):
        raise InputError(f"gold={sorted(gold)}; expected some of {list(e.columns)}")
    return len({e.columns[j] for j in e.order()[:K]} & gold) / len(gold)


@dataclass(frozen=True)
class Randomization:
    """Explanations of the model beside those of models that learned shuffled labels (Adebayo et al. 2018).

    correlation : mean over rows and shuffles of the rank correlation of |coef_scaled|: near 1 where explanations do not depend on
        what the model learned.  overlap : mean share of the first K features in common; by chance it is K / p.
    """

    correlation: float
    overlap: float
    chance: float


def randomization(explain: Callable[[Any], "Sequence[Explanation]"], fit: Callable[[Any], Any], y: Any, *, shuffles: int = 5, K: int = 5, seed: int = 0) -> Randomization:
    """Whether explanations change when the model has nothing to learn.

    explain : model -> explanations of the same rows, such as ``lambda m: kb.TabularExplainer(m, X).explain_many(X[:20])``.
    fit : labels -> fitted model.  y : the labels, which are shuffled.
    """
    rng, y = np.random.default_rng(seed), np.asarray(y)
    own = list(explain(fit(y)))
    others = [list(explain(fit(rng.permutation(y)))) for _ in range(checks.whole("shuffles", shuffles, 1, "a number of shuffles"))]
    pairs = [(a, b[b.output_names[a.target_index]] if a.target not in b.output_names else b[a.target]) for other in others for a, b in zip(own, other, strict=True)]
    sizes = [(np.abs(a.coef_scaled[:, a.target_index]), np.abs(b.coef_scaled[:, 0])) for a, b in pairs]
    p = len(own[0])
    overlap = [len(set(np.argsort(-a)[:K]) & set(np.argsort(-b)[:K])) / min(K, p) for a, b in sizes]
    return Randomization(float(np.mean([_rank_correlation(a, b) for a, b in sizes])), float(np.mean(overlap)), min(K, p) / p)


def _rank_correlation(a: Float[Array, "p"], b: Float[Array, "p"]) -> float:
    """Spearman's; 0 where one of them does not vary."""
    from scipy.stats import rankdata

    a, b = rankdata(a), rankdata(b)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
