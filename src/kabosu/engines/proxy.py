"""Boosted probabilities: sampled, with the exact explanation of the margin as a proxy (MATH section 4, last point).

Boosted trees add up on the margin m, whose limit explanation is exact; the probability f = link(m) is not. For any numbers b

    beta(f) = beta(f - b m) + b beta(m),

so only f - b m is left to the draws. b is fitted on other draws than those it is used on, so that nothing is biased by it.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.engines.binding import drawn_columns
from kabosu.engines.exact import Means, certified, linear, unreadable
from kabosu.engines.fill import covariance
from kabosu.engines.sampled import plain, rounds
from kabosu.engines.tree import Same, _read, check, compiled, compiler_missing, exact_expectations
from kabosu.explain import Neighborhood, fit, weigh
from kabosu.fits import Fit, Outcome, tamed
from kabosu.moments import Moments, fold_of, folds_of
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.surrogates import Ridge
from kabosu.surrogates.ridge import held_out, invert
from kabosu.types import Array, Float

KEPT = 0.95  # share of the residual variance below which a proxy is a help


@dataclass(frozen=True)
class Proxy:
    """The sampled engine for probabilities of boosted trees, where the exact margin takes most of the variance away.

    Kept for each instance and output only where the residual variance on held-out draws is clearly lower with it; ``certificate.adjusted_by`` says so.
    """

    name: ClassVar[str] = "proxy"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """No boosted probability, or draws that are not of a product law q."""
        if not recipe.from_local or recipe.instance_first:
            return "the draws are not of the local law itself"
        if recipe.proxy is not None:
            return "the recipe has a proxy of its own"
        reason = unreadable(representation, linear(recipe)) or compiler_missing()
        if reason is not None or not isinstance(representation, TabularBlock):
            return reason
        if not isinstance(linear(recipe).surrogate, Ridge):
            return "a surrogate that selects features is not linear in the model"
        found = _read(Same(model.original), Same(representation.all_columns))
        if isinstance(found, str):
            return found
        if found[0].scale != "margin" or found[0].link == "identity" or model.scale != "probability":
            return "there is no exact margin behind this output"
        ready = compiled(model, representation)
        return ready if isinstance(ready, str) else None

    def run(self, model: Model, representation: TabularBlock, recipe: Recipe) -> Outcome:
        """Rounds of draws as the sampled engine has them, each fitted with and without the proxy."""
        margin = Margin.of(model, representation, recipe)
        left = np.full(representation.size, np.nan)

        def fitted_by(hood: Neighborhood, rows: Array) -> Fit:
            fitted, ratio = adjusted(hood, margin, rows, recipe)
            left[rows] = ratio[np.arange(len(rows)), model.targets(hood.prediction)]
            return fitted

        outcome = rounds(model, representation, recipe, fitted_by)
        return replace(outcome, adjusted_by=tuple(f"the exact margin, which left {share:.0%} of the variance to the draws" if share < 1 else "" for share in left))


@dataclass(frozen=True)
class Margin:
    """The exact explanation of the margin, and the margin of any draw without the model.

    fit : exact, of the margin.  mean : (B, m) E_q of it.
    """

    model: Model
    block: TabularBlock
    recipe: Recipe
    fit: Fit
    mean: Float[Array, "B m"]

    @classmethod
    def of(cls, model: Model, block: TabularBlock, recipe: Recipe) -> "Margin":
        """Explain the margin of a block."""
        trees, _ = _read(Same(model.original), Same(block.all_columns))
        binding, nodes = compiled(model, block)
        local = block.tilt(recipe.kernel)
        margin = trees.predict(drawn_columns(trees, binding, block, [law.at()[:, None] for law in block.laws]))
        answer = trees.respond(margin)
        check(np.column_stack([1 - answer, answer]) if answer.shape[1] == 1 else answer, model(block.instances(), block.size))
        slope, mean, center, variance, between = exact_expectations(trees, binding, nodes, local)
        fitted = certified(local, linear(recipe), Means(mean, slope, center, covariance(variance, between)), margin, None).fit
        return cls(model, block, recipe, fitted, mean)

    def at(self, rows: Array, hood: Neighborhood) -> Float[Array, "b s m"]:
        """The margin at the draws of some instances, relative to its mean."""
        block, s, recipe = self.block.take(rows), hood.Z.shape[1], self.recipe
        local = block if hood.tilt is None else block.tilt(hood.tilt) or block
        trees, _ = _read(Same(self.model.original), Same(local.all_columns))
        binding, _ = compiled(self.model, local)
        draws = recipe.sampler.draw(local.space, 0, s, recipe.seed)
        cells = [law.cells(draws[0, :, j]) for j, law in enumerate(local.laws)]
        return trees.predict(drawn_columns(trees, binding, local, cells)).reshape(len(rows), s, -1) - self.mean[rows, None]


def adjusted(hood: Neighborhood, margin: Margin, rows: Array, recipe: Recipe) -> tuple[Fit, Float[Array, "b k"]]:
    """The fit with the proxy where it helps, else without, and the share of the residual variance that it leaves, 1 where left out."""
    without = plain(hood, recipe)
    m, replicates = margin.at(rows, hood), recipe.sampler.replicates
    b, ratio = cross_fitted(hood, m, weigh(hood, recipe.kernel), replicates, without)
    fold = fold_of(m.shape[1], b.shape[1], replicates)
    part = fit(replace(hood, Y=hood.Y - np.einsum("bsm,bsmk->bsk", m, b[:, fold])), recipe.kernel, linear(recipe).surrogate, replicates)
    shares = np.bincount(fold, minlength=b.shape[1]) / m.shape[1]
    mean_b, exact = np.einsum("r,brmk->bmk", shares, b), margin.fit.take(rows)
    level = lambda of: of - margin.mean[rows]  # noqa: E731  the margin was taken relative to its mean
    helps = ratio < KEPT
    made = {
        "coef": part.coef + exact.coef @ mean_b,
        "intercept": part.intercept + np.einsum("bm,bmk->bk", level(exact.intercept), mean_b),
        "local": part.local + np.einsum("bm,bmk->bk", level(exact.local), mean_b),
        "std_error": part.std_error,
    }
    chosen = {name: np.where(helps[:, None] if a.ndim == 3 else helps, a, getattr(without, name)) for name, a in made.items()}
    return replace(without, **chosen, dof=np.where(helps.any(axis=1), np.minimum(part.dof, without.dof), without.dof)), np.where(helps, ratio, 1.0)


def cross_fitted(hood: Neighborhood, m: Float[Array, "b s m"], w: Float[Array, "#b s"], replicates: int, without: Fit) -> tuple[Float[Array, "b R m k"], Float[Array, "b k"]]:
    """Coefficients of the margin beside the coordinates, each fold's from the others, and the held-out residual variance relative to the plain one."""
    F, power = tamed(hood.Y - hood.prediction[:, None])
    Z = np.broadcast_to(hood.Z - hood.origin[:, None], (len(m), *hood.Z.shape[1:]))
    moments = Moments.of(np.concatenate([Z, m], axis=2), F, w, folds_of(replicates), replicates=replicates)
    others, q = moments.without(), Z.shape[2] + m.shape[2]
    B, R = moments.gram.shape[:2]
    scale2 = np.einsum("brpp->brp", others.gram[..., 1:, 1:])
    bread, _ = invert(others.covariance.reshape(B * R, q, q), scale2.reshape(B * R, q), np.zeros((B * R, 1)))
    coef = np.matmul(bread.reshape(B, R, q, q)[:, :, Z.shape[2] :], others.covariance_with_response)
    line, pooled = Ridge().solve(moments), moments.pooled
    level = pooled.level - np.einsum("brp,brpk->brk", pooled.center, line.coef[:, None])
    left = pooled.residual(level, line.coef[:, None])[:, 0]
    plainly = 1 - without.fidelity
    ratio = (1 - held_out(moments, Ridge(), left, replicates)) / np.where(plainly > 0, plainly, np.nan)
    return np.ldexp(coef, power[:, None, None]), np.where(np.isnan(ratio), 1.0, ratio)
