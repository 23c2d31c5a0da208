"""Index adjustment for tables: bent lines of the measured answers whose limit explanation is known (index_proxy.py says why).

Two are tried: a cubic of the linear index, and a logistic line where answers lie between 0 and 1, as probabilities do. The first round decides, for each
row by itself: later rounds fit the chosen one to all draws, or none.

What a scrambled net gains over independent draws, it gains on smooth answers most; what a proxy leaves is rougher. So one is taken where it
leaves less variance than the net does, or less than a third, and where the standard errors are not larger with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np

from kabosu.domains.laws import Law
from kabosu.domains.tabular import TabularBlock
from kabosu.engines.columns import Columns
from kabosu.engines.index_proxy import CUBIC, OUTPUTS, PARTS, Lines, Maker, Proxied, adjusted, best_of, cubic, settled, words
from kabosu.engines.logistic import logistic
from kabosu.engines.sampled import plain, rounds
from kabosu.explain import Neighborhood, weigh
from kabosu.fits import Fit, Outcome, tamed
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.surrogates import Ridge
from kabosu.surrogates.proxy import outputs_of
from kabosu.types import Array, Float

LOGISTIC = "a logistic line"
NONE = "the first round found no bent line worth taking off"
SURE = 1 / 3  # of the residual variance: less than this pays whatever the net gains
GAIN = 0.9  # of what the net leaves
KNOWN = 8  # degrees of freedom of all coefficients together, below which the smaller of two standard errors is smaller by luck


@dataclass(frozen=True)
class ColumnsProxy:
    """The sampled engine for columns that are drawn each by itself: a bent line is taken off the draws' error where there is one.

    Used only where the plain draws do not meet the recipe's rule; ``certificate.adjusted_by`` says what it left.
    """

    name: ClassVar[str] = "index-proxy"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Draws that are not of a product law, too many columns, or another surrogate than least squares."""
        if recipe.proxy is not None:
            return "the recipe has a proxy of its own"
        if not isinstance(representation, TabularBlock) or not recipe.from_local or representation.tilt(recipe.kernel) is None:
            return "the draws are not of a product law q, in which columns are independent"
        if representation.origin.shape[1] > PARTS:
            return f"{representation.origin.shape[1]} features are more than the {PARTS} that this proxy is made for"
        if not isinstance(recipe.surrogate, Ridge) or recipe.instance_first or recipe.sampler.replicates < 2:
            return "it adjusts coefficients of all features by least squares, from draws in replicates"
        return None

    def run(self, model: Model, representation: TabularBlock, recipe: Recipe) -> Outcome:
        """Rounds as the sampled engine has them."""
        pilot = Pilot(model, representation.tilt(recipe.kernel).laws, recipe)
        outcome = rounds(model, representation, recipe, pilot.fitted)
        kept = [f"{made}; {NONE}" if pilot.chosen.get(b) == () else made for b, made in enumerate(outcome.design)]
        return replace(outcome, adjusted_by=tuple(pilot.words.get(b, "") for b in range(representation.size)), design=tuple(kept))


@dataclass(frozen=True)
class Pilot:
    """What the first round of each row chose.

    laws : of all rows, tilted.  chosen : names of the proxies that were taken in the first round.  words : the one of the explained output in the last round, and what it left.
    """

    model: Model
    laws: Sequence[Law]
    recipe: Recipe
    chosen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    def fitted(self, hood: Neighborhood, rows: Array) -> Fit:
        """The plain fits; adjusted ones where these will not do and something is gained."""
        unadjusted = plain(hood, self.recipe)
        targets = self.model.targets(hood.prediction)
        enough = settled(unadjusted, self.recipe, targets)
        w = weigh(hood, self.recipe.kernel)
        fits = [unadjusted.take([b]) if enough[b] else self._one(unadjusted.take([b]), hood.take(np.array([b])), w[b % len(w)], int(row), targets[[b]]) for b, row in enumerate(rows)]
        return unadjusted if enough.all() else Fit.stack(fits)

    def _one(self, unadjusted: Fit, hood: Neighborhood, w: Float[Array, "s"], row: int, targets: Array) -> Fit:
        """Of one row."""
        self.words[row] = ""
        if self.chosen.get(row) == ():
            return unadjusted
        Y, power = tamed(hood.Y)
        proxied = self._proxied(unadjusted, hood, w, Y[0], row, int(targets[0]))
        proxied = replace(proxied, g=np.ldexp(proxied.g, power[0]))
        made = adjusted(unadjusted, hood, self.recipe, proxied)
        worse = (errors(made) > errors(unadjusted)) & ((self.recipe.sampler.replicates - 1) * hood.Z.shape[2] >= KNOWN)
        if worse.any():
            proxied = Proxied(np.where(worse, 0.0, proxied.g), np.where(worse, 1.0, proxied.left), np.where(worse, "", proxied.by))
            made = adjusted(unadjusted, hood, self.recipe, proxied)
        self.chosen.setdefault(row, tuple(sorted({name for name in proxied.by if name})))
        self.words[row] = words(proxied.by[targets[0]], proxied.left, targets)
        return made

    def _proxied(self, unadjusted: Fit, hood: Neighborhood, w: Float[Array, "s"], Y: Float[Array, "s k"], row: int, target: int) -> Proxied:
        """What adjusts the outputs; of two that add up to a constant, the second mirrors the first."""
        columns = Columns.of(self.laws, row)
        Z = hood.Z[0].astype(np.float64, copy=False)
        mean, sd = columns.units(Z, w)
        lines = Lines.of(np.column_stack([np.ones(len(Z)), (Z - mean) / sd]), w)
        own, mirror = outputs_of(Y)
        most = np.maximum(SURE, GAIN * np.minimum(gains(unadjusted.std_error[0] * sd[:, None], lines, Y), 1.0))
        found = best_of(self._makers(row, columns, Y), lines, Y, self.recipe.sampler.replicates, np.array(own if len(own) <= OUTPUTS else [target]), most)
        for other, (of, _) in mirror.items():
            found.g[:, other], found.left[other], found.by[other] = -found.g[:, of], found.left[of], found.by[of]
        return found

    def _makers(self, row: int, columns: Columns, Y: Float[Array, "s k"]) -> Mapping[str, Maker]:
        """Those that may help: all in the first round, the chosen ones later."""
        makers = {CUBIC: partial(cubic, law=columns)}
        if Y.min() >= 0 and Y.max() <= 1:
            makers[LOGISTIC] = partial(logistic, columns=columns)
        return {name: make for name, make in makers.items() if name in self.chosen.get(row, makers)}


def errors(fitted: Fit) -> Float[Array, "k"]:
    """Root of the sum over features of the squared standard errors, of one row."""
    known = np.where(np.isfinite(fitted.std_error[0]), fitted.std_error[0], 0.0)
    largest = max(known.max(), 1e-300)
    return largest * np.sqrt(np.square(known / largest).sum(axis=0))


def gains(std_error: Float[Array, "p k"], lines: Lines, Y: Float[Array, "s k"]) -> Float[Array, "k"]:
    """Share of the variance of independent draws (White 1980) that the draws have by their own standard errors, in the geometric mean over coefficients."""
    s, q = lines.A.shape
    scores = (lines.inverse @ lines.A.T)[1:]
    independent = scores**2 @ (lines.w[:, None] * lines.rest(Y - Y[0])) ** 2 * (s / max(s - q, 1))
    known = np.isfinite(std_error) & (std_error > 0) & (independent > 0)
    log = np.log(np.where(known, std_error**2, 1.0)) - np.log(np.where(known, independent, 1.0))
    return np.exp(log.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
