"""Index adjustment for parts that are kept or replaced: a cubic of the measured answers whose limit explanation is known.

Most models of many parts answer nearly by a bent line, f = F(b'z, |z|): a probability, a score divided by a length. For any g,

    beta(f) = beta(f - g) + beta(g)

(MATH section 4). Here g is a cubic of the plain slope's index (cubic.py) minus its own limit, so that beta(g) = 0 and only what bends
otherwise is left to the draws. Index and cubic are fitted on other replicates than those they are used on: nothing is biased by them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np

from kabosu.domains.masks import MaskedBlock
from kabosu.engines.cubic import Counts
from kabosu.engines.masks import not_exchangeable
from kabosu.engines.sampled import RULES, plain, rounds
from kabosu.explain import Neighborhood, weigh
from kabosu.fits import Fit, Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.surrogates import Ridge
from kabosu.types import Array, Bool, Float, Int

PARTS = 128  # more parts want more draws than there are for a term each
OUTPUTS = 8  # that are adjusted; of more, the explained one
FOLDS = 4
MOST = 4096  # draws that the cubic is fitted to
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # beside unit variance
ROUNDING = 1e-20  # of the answers' mean square
LOWER = 0.9  # of the residual variance: a proxy that gains less is noise
CUBIC = "a cubic of the linear index"

Maker = Callable[["Lines", Float[Array, "n"], Float[Array, "m p"]], Float[Array, "m l"]]
"""Proxies, one for each penalty, fitted to draws on lines and their answers; minus their limits, at the draws that are asked."""


class Cubic(Protocol):
    """Terms of an index of coordinates whose limit explanations are known."""

    @property
    def center(self) -> Any: ...
    def index(self, slope: Float[Array, "p"]) -> Float[Array, "p"]: ...
    def features(self, Z: Float[Array, "s p"], b: Float[Array, "p"], /) -> Float[Array, "s d"]: ...
    def limits(self, b: Float[Array, "p"]) -> tuple[Float[Array, "d"], Float[Array, "p d"]]: ...


@dataclass(frozen=True)
class Proxied:
    """A proxy of the answers, from fits that have not seen them, whose limit explanation is 0.

    g : at the draws.  left : share of each output's residual variance that is left without it, 1 where it is not used.  by : which proxy, "" where none.
    """

    g: Float[Array, "s k"]
    left: Float[Array, "k"]
    by: Array


@dataclass(frozen=True)
class IndexProxy:
    """The sampled engine where the law of the masks is known by their counts: the bent line is taken off the draws' error where there is one.

    Used only where the plain draws do not meet the recipe's rule, and only for outputs whose residual variance it lowers;
    ``certificate.adjusted_by`` says so.
    """

    name: ClassVar[str] = "index-proxy"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Draws whose law is not known by the count, too many parts, or another surrogate than least squares."""
        if recipe.proxy is not None:
            return "the recipe has a proxy of its own"
        return not_adjustable(representation, recipe, PARTS)

    def run(self, model: Model, representation: MaskedBlock, recipe: Recipe) -> Outcome:
        """Rounds as the sampled engine has them."""
        names = np.full(1, "", dtype=object)
        outcome = rounds(model, representation, recipe, partial(_fitted, model, representation.tilt(recipe.kernel), recipe, names))
        return replace(outcome, adjusted_by=tuple(map(str, names)))


def not_adjustable(representation: Representation, recipe: Recipe, most: int) -> str | None:
    """Why a proxy of masks does not apply; None where it does."""
    reason = not_exchangeable(representation, recipe)
    if reason is not None or not isinstance(representation, MaskedBlock):
        return reason
    if representation.p > most:
        return f"{representation.p} parts are more than the {most} that this proxy is made for"
    if not isinstance(recipe.surrogate, Ridge) or recipe.instance_first or recipe.sampler.replicates < 2:
        return "it adjusts coefficients of all features by least squares, from draws in replicates"
    return None


def _fitted(model: Model, local: MaskedBlock, recipe: Recipe, names: Array, hood: Neighborhood, rows: Array) -> Fit:
    """The plain fit where it will do or nothing is gained, else the adjusted one."""
    unadjusted, names[0] = plain(hood, recipe), ""
    targets = model.targets(hood.prediction)
    if settled(unadjusted, recipe, targets).all():
        return unadjusted
    k = hood.Y.shape[2]
    proxied = index_proxy(hood, recipe, Counts.of(np.array(local.counts)), np.arange(k) if k <= OUTPUTS else targets)
    names[0] = words(CUBIC, proxied.left, targets)
    return adjusted(unadjusted, hood, recipe, proxied)


def settled(fitted: Fit, recipe: Recipe, targets: Array) -> Bool[Array, "B"]:
    """Whether a rule of the recipe is met; where it has none, nothing is."""
    return np.min([factor(fitted, recipe, targets) for factor in RULES.values()], axis=0) <= 1


def words(what: str, left: Float[Array, "k"], targets: Array) -> str:
    """What adjusted the explained output, and the share that it left; "" where nothing did."""
    share = left[targets[0]]
    return f"{what}, which left {share:.0%} of the variance to the draws" if share < 1 else ""


def adjusted(unadjusted: Fit, hood: Neighborhood, recipe: Recipe, proxied: Proxied) -> Fit:
    """The plain fit to what the proxy leaves, for the outputs that it helps."""
    helps = proxied.left < 1
    if not helps.any():
        return unadjusted
    apart = plain(replace(hood, Y=hood.Y - proxied.g), recipe)
    chosen = {name: np.where(helps, getattr(apart, name), getattr(unadjusted, name)) for name in ("coef", "std_error", "intercept", "local")}
    return replace(unadjusted, **chosen, dof=np.minimum(apart.dof, unadjusted.dof))


def index_proxy(hood: Neighborhood, recipe: Recipe, counts: Counts, outputs: Array) -> Proxied:
    """The cubic of some outputs, each with the penalty that leaves the least; 0 for the others and where it leaves too much."""
    Z, w, k = hood.Z[0].astype(np.float64), weigh(hood, recipe.kernel)[0], hood.Y.shape[2]
    lines = Lines.of(np.column_stack([np.ones(len(Z)), Z]), w)
    return best_of({CUBIC: partial(cubic, law=counts)}, lines, hood.Y[0], recipe.sampler.replicates, outputs, np.full(k, LOWER))


def best_of(makers: Mapping[str, Maker], lines: "Lines", Y: Float[Array, "s k"], replicates: int, outputs: Array, most: Float[Array, "k"]) -> Proxied:
    """The proxy of some outputs, among all of all makers, that leaves the least; 0 for the others and where it leaves more than ``most``."""
    s, k = Y.shape
    fold = folds(s, replicates)
    learned = [(fold != r) & (np.arange(s) < MOST) for r in range(fold.max() + 1)]
    parts = [lines.only(rows) for rows in learned]
    g, left, by = np.zeros((s, k)), np.ones(k), np.full(k, "", dtype=object)
    for o in outputs:
        around = Y[:, o] - Y[0, o]
        rest = lines.rest(around[:, None])
        total = (lines.w @ rest**2)[0]
        if total > ROUNDING * (lines.w @ around**2):
            for name, make in makers.items():
                made = _by_others(make, lines, parts, Y[:, o], fold, learned)
                shares = lines.w @ lines.rest(rest - made) ** 2 / total
                if shares.min() < min(most[o], left[o]):
                    g[:, o], left[o], by[o] = made[:, shares.argmin()], shares.min(), name
    return Proxied(g, left, by)


def _by_others(make: Maker, lines: "Lines", parts: Sequence["Lines"], y: Float[Array, "s"], fold: Array, learned: Sequence[Array]) -> Float[Array, "s l"]:
    """Each fold's proxies from draws of the others."""
    each = [make(parts[r], y[rows], lines.A[fold == r, 1:]) for r, rows in enumerate(learned)]
    made = np.empty((len(y), each[0].shape[1]))
    for r, values in enumerate(each):
        made[fold == r] = values
    return made


def folds(s: int, replicates: int) -> Int[Array, "s"]:
    """Fold of each draw: whole replicates; of fewer replicates than folds, parts of them that follow one another."""
    i, each = np.arange(s), max(1, FOLDS // replicates)
    return i % replicates % FOLDS + replicates * (i // replicates * each // -(-s // replicates))


@dataclass(frozen=True)
class Lines:
    """Weighted least squares on the masks themselves, solved once for many answers."""

    A: Float[Array, "s q"]
    w: Float[Array, "s"]
    inverse: Float[Array, "q q"]

    @classmethod
    def of(cls, A: Float[Array, "s q"], w: Float[Array, "s"]) -> "Lines":
        """Of masks with a constant, and weights."""
        return cls(A, w, np.linalg.pinv((A.T * w) @ A, rcond=1e-12, hermitian=True))

    def only(self, rows: Bool[Array, "s"]) -> "Lines":
        """Of some of the draws."""
        return Lines.of(self.A[rows], self.w[rows])

    def coef(self, Y: Float[Array, "s k"]) -> Float[Array, "q k"]:
        """Intercept and slopes."""
        return self.inverse @ (self.A.T @ (self.w[:, None] * Y))

    def rest(self, Y: Float[Array, "s k"]) -> Float[Array, "s k"]:
        """What lines leave."""
        return Y - self.A @ self.coef(Y)


def cubic(lines: Lines, y: Float[Array, "n"], asked: Float[Array, "m p"], law: Cubic) -> Float[Array, "m l"]:
    """Ridge regression, for each penalty, of what lines leave of y on what lines leave of the cubic's terms; minus its limit, where asked."""
    y = y - y[0]
    line = lines.coef(y[:, None])
    b = law.index(line[1:, 0])
    F = lines.rest(law.features(lines.A[:, 1:], b))
    root = np.sqrt(lines.w)
    F = F * root[:, None]
    G, cross = F.T @ F, F.T @ (root * (y - lines.A @ line[:, 0]))
    scale = np.sqrt(np.maximum(np.diag(G), 1e-12 * lines.w.sum()))
    theta = _ridges(G / scale[:, None] / scale, cross / scale) / scale[:, None]
    mean, slope = law.limits(b)
    return (law.features(asked, b) - mean) @ theta - (asked - law.center) @ (slope @ theta)


def _ridges(G: Float[Array, "d d"], cross: Float[Array, "d"]) -> Float[Array, "d l"]:
    """Coefficients for each penalty."""
    from scipy.linalg import cho_factor, cho_solve

    systems = (G + penalty * np.eye(len(G)) for penalty in PENALTIES)
    return np.stack([cho_solve(cho_factor(system, lower=True, overwrite_a=True), cross) for system in systems], axis=1)
