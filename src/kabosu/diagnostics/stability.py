"""Is it the same again? Repeats of one call, and points close by: the method's variation beside the model's own."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from kabosu import checks
from kabosu.domains.joint import JointBlock
from kabosu.domains.tabular import TabularBlock
from kabosu.errors import InputError
from kabosu.kernels import Exponential, width_for
from kabosu.protocols import Representation
from kabosu.samplers import Plain
from kabosu.types import Array, Float

if TYPE_CHECKING:
    from kabosu.explainers import Explainer
    from kabosu.explanation import Explanation

APART = 7919  # between the seeds of neighbors, so that their errors are their own
NO_OPTIONS: Mapping[str, Any] = {}


@dataclass(frozen=True, eq=False)
class Stability:
    """Repeats of one explanation, compared pair by pair.

    vsi : mean share of the first K features that two repeats have in common, in percent (Visani et al. 2020).
    csi : mean share of pairs whose 95% intervals overlap, over features that at least two repeats have among their first K, in
        percent; with standard errors of the coefficients as they are estimated, not those of a precision-weighted regression.
    rank_agreement : mean Kendall tau of the orders of all features; 1 where equal.  sign_flips : share of pairs in which a
        feature that both have among their first K has opposite signs.
    spread, std_error : (p,) standard deviation of the scaled coefficients over repeats, and what the explanations say of it.
    identical : all numbers of all repeats are the same bits.
    """

    vsi: float
    csi: float
    rank_agreement: float
    sign_flips: float
    spread: Float[Array, "p"]
    std_error: Float[Array, "p"]
    identical: bool
    explanations: "tuple[Explanation, ...]"

    def __str__(self) -> str:
        from kabosu.report.trials import of_stability

        return of_stability(self)


def stability(explainer: "Explainer", x: Any, repeats: int = 10, *, seeds: Sequence[int] | None = None, K: int = 5, options: Mapping[str, Any] = NO_OPTIONS) -> Stability:
    """Explain one instance again and again, about its target.

    repeats : of the same call, which gives the same numbers.  seeds : one repeat with each instead: how much the draws matter.
    K : features at the head of each explanation.  options : of ``explain``, such as ``{"budget": 1000}``.

    Examples
    --------
    >>> import numpy as np, kabosu as kb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> found = stability(kb.TabularExplainer(lambda A: np.sin(A).sum(axis=1), X), X[0], repeats=3)
    >>> found.vsi, found.csi, found.identical
    (100.0, 100.0, True)

    """
    checks.whole("K", K, 1, "a number of features")
    calls = [explainer] * checks.whole("repeats", repeats, 2, "a number of repeats") if seeds is None else [_seeded(explainer, s) for s in checks.listed("seeds", seeds)]
    if len(calls) < 2:
        raise InputError(f"seeds={seeds!r}; expected at least 2 seeds, to compare their explanations")
    return compared([one.explain(x, **options) for one in calls], K)


def compared(explanations: "Sequence[Explanation]", K: int = 5) -> Stability:
    """Explanations of the same instance, however they were made."""
    targets = [e[e.target] for e in explanations]
    if len({(e.target, e.columns) for e in targets}) > 1:
        raise InputError(f"explanations of different features or targets ({sorted({e.target for e in targets})}) have no stability; name one output with outputs=")
    coef = np.stack([e.coef_scaled[:, 0] for e in targets])
    bounds = np.stack([e.interval()[..., 0] for e in targets])
    first = np.zeros(coef.shape, dtype=bool)
    np.put_along_axis(first, np.stack([e.order()[:K] for e in targets]), True, axis=1)
    pairs = list(combinations(range(len(targets)), 2))
    return Stability(
        vsi=100 * float(np.mean([(first[a] & first[b]).sum() / min(K, coef.shape[1]) for a, b in pairs])),
        csi=100 * _overlap(bounds, first, pairs),
        rank_agreement=_agreement(np.abs(coef), pairs),
        sign_flips=float(np.mean([(coef[a] * coef[b] < 0)[first[a] & first[b]].mean() if (first[a] & first[b]).any() else 0.0 for a, b in pairs])),
        spread=coef.std(axis=0, ddof=1),
        std_error=np.sqrt(np.mean([e.std_error_scaled[:, 0] ** 2 for e in targets], axis=0)),
        identical=len({tuple(a.tobytes() for a in (e.coef, e.std_error, e.intercept, e.prediction, e.local_prediction)) for e in explanations}) == 1,
        explanations=tuple(explanations),
    )


def _overlap(bounds: Float[Array, "r 2 p"], first: Array, pairs: Sequence[tuple[int, int]]) -> float:
    """Mean over features of the share of pairs that both have the feature at their head and whose intervals meet."""
    shares = []
    for j in np.flatnonzero(first.sum(axis=0) >= 2):
        both = [(a, b) for a, b in pairs if first[a, j] and first[b, j]]
        shares.append(np.mean([bounds[a, 0, j] <= bounds[b, 1, j] and bounds[b, 0, j] <= bounds[a, 1, j] for a, b in both]))
    return float(np.mean(shares)) if shares else float("nan")


def _agreement(size: Float[Array, "r p"], pairs: Sequence[tuple[int, int]]) -> float:
    """Mean Kendall tau of the orders; a pair of features that both repeats tie agrees."""
    upper = np.triu_indices(size.shape[1], 1)
    signs = np.stack([np.sign(np.subtract.outer(row, row))[upper] for row in size])
    return float(np.mean([(signs[a] == signs[b]).mean() - (signs[a] * signs[b] < 0).mean() for a, b in pairs])) if size.shape[1] > 1 else 1.0


@dataclass(frozen=True, eq=False)
class NeighborsStability:
    """Explanations of points close by, about one target: how much of their variation is the model's own.

    total, method, model : (p,) standard deviations of the scaled coefficients over the points: as seen, from the draws as the
        standard errors say, and what is left, which is the model's.  share : of the variance that is the model's own, all features together.
    lipschitz : largest |e_x - e_y| / |x - y| over the points y, distances in training standard deviations (Alvarez-Melis and
        Jaakkola 2018).  max_sensitivity : largest |e_x - e_y| / |e_x| (Yeh et al. 2019).
    """

    feature_names: tuple[str, ...]
    total: Float[Array, "p"]
    method: Float[Array, "p"]
    model: Float[Array, "p"]
    share: float
    lipschitz: float
    max_sensitivity: float
    explanations: "tuple[Explanation, ...]"

    def __str__(self) -> str:
        from kabosu.report.trials import of_neighbors

        return of_neighbors(self)


def neighbors_stability(explainer: "Explainer", x: Any, n: int = 20, *, radius: float = 0.1, options: Mapping[str, Any] = NO_OPTIONS) -> NeighborsStability:
    """Explain points drawn close to x, each with draws of its own.

    radius : of the points, in training standard deviations; rare levels and missing cells change with their rates at that radius.

    Examples
    --------
    >>> import numpy as np, kabosu as kb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> found = neighbors_stability(kb.TabularExplainer(lambda A: A.sum(axis=1), X), X[0], n=5)
    >>> bool(found.model.max() < 1e-9)
    True

    """
    checks.whole("n", n, 2, "a number of points")
    block = explainer.represent(x)
    Z, rows = neighbors(block, n, radius, explainer.recipe.seed)
    own = explainer.explain(x, **options)
    others = [_seeded(explainer, (i + 1) * APART + explainer.recipe.seed).explain(row, **{"outputs": [own.target], **options}) for i, row in enumerate(_each(explainer, rows))]
    coef = np.stack([e.coef_scaled[:, 0] for e in others])
    errors = np.stack([e.std_error_scaled[:, 0] for e in others])
    method = np.sqrt(np.mean(np.where(np.isfinite(errors), errors, 0.0) ** 2, axis=0))
    total = coef.std(axis=0, ddof=1)
    model = np.sqrt(np.maximum(total**2 - method**2, 0.0))
    centre = own.coef_scaled[:, own.target_index]
    moved, far = np.linalg.norm(coef - centre, axis=1), np.linalg.norm(Z - block.origin[0], axis=1)
    size = float(np.linalg.norm(centre))
    return NeighborsStability(
        own.columns,
        total,
        method,
        model,
        float((model**2).sum() / (total**2).sum()) if total.any() else 0.0,
        float((moved[far > 0] / far[far > 0]).max()) if (far > 0).any() else 0.0,
        float(moved.max()) / size if size else float("inf") if moved.any() else 0.0,
        tuple(others),
    )


def neighbors(block: Representation, n: int, radius: float, seed: int) -> tuple[Float[Array, "n p"], Any]:
    """Points of the local law at a radius: their coordinates, and as rows for the model."""
    local = block.tilt(Exponential(width_for(radius))) if isinstance(block, TabularBlock | JointBlock) else None
    if local is None:
        raise InputError(f"points close by are rows of a dense table, drawn from their local law, which is not known for a {type(block).__name__}; give explanations of variants of your own to diagnostics.compared")
    draws = Plain().draw(local.space, 0, n, seed)
    return local.features(draws)[0], local.inputs(draws)


def _each(explainer: "Explainer", rows: Any) -> Iterator[Any]:
    """One by one, as the domain splits them."""
    return iter(explainer.domain.split(rows, 1))


def _seeded(explainer: "Explainer", seed: int) -> "Explainer":
    """The same explainer with another seed."""
    other = copy.copy(explainer)
    other.recipe = replace(explainer.recipe, seed=checks.whole("seed", seed, 0, "a seed"))
    return other
