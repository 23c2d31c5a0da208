"""Exact LIME of models that are sums over the columns: linear models in closed form (MATH section 3, last points).

For a unit's part g of the sum: E_q g and Cov_q(z)^-1 Cov_q(z, g); the parts add up.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.engines.exact import Means
from kabosu.engines.form import Form, Normals, form_of
from kabosu.engines.layers import layer_of
from kabosu.engines.means import laid_out, rowwise, run, z_moments
from kabosu.engines.states import Leveled, Pair, State
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float


def part(state: State, weight: Float[Array, "d N"]) -> Pair:
    """E_q g and D of a unit's part g of the sum, apart from its level."""
    if isinstance(state, Leveled):
        return state.expect(state.states(state.at @ weight))
    step = state.step @ weight
    return state.expect(np.matmul(state.at, weight), (state.middle[:, None] * step, np.broadcast_to(step, (len(state.middle), len(step)))))


def weights_of(form: Form, u: int) -> Float[Array, "d H"]:
    """What a unit's columns weigh in the indices of a layer."""
    return form.core.weight[list(form.behind[u].index)]


def center_of(form: Form, normals: Normals, others: list[tuple[int, State]]) -> Float[Array, "B H"]:
    """The indices at the mean of the normal columns, where every other number is at its center and every level counts 0."""
    center = form.core.bias + rowwise(normals.level, form.core.weight) + rowwise(normals.middle, normals.step @ form.core.weight)
    for u, state in others:
        center = center + rowwise(state.level, weights_of(form, u))
    return center


def sums(form: Form, local: TabularBlock) -> Means:
    """The indices of a layer, summed over the units, and mixed to the outputs."""
    layer, normals = form.core, form.normals(local)
    others = form.others(local, [np.inf] * len(form.behind))
    pairs = [part(state, weights_of(form, u) @ layer.mix) for u, state in others]
    mean = layer.base + rowwise(center_of(form, normals, others), layer.mix) + sum(E for E, _ in pairs)
    slope = laid_out(form, (normals.step @ layer.weight @ layer.mix)[None], [(u, D) for (u, _), (_, D) in zip(others, pairs, strict=True)], normals, local.size)
    return Means(mean, slope, *z_moments(form, others, normals))


@dataclass(frozen=True)
class Linear:
    """Exact for linear models and for margins of linear classifiers: the coefficient of a number is the model's own."""

    name: ClassVar[str] = "linear"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Not a linear model of single columns."""
        form = form_of(layer_of, model, representation, recipe)
        if isinstance(form, str):
            return form
        if form.core.link != "identity":
            return f"{type(model.original).__name__} is {LINKS[form.core.link]} a weighted sum"
        bent = [b.name for b in form.behind if b.bent]
        if form.core.pairs:
            return f"{len(form.core.pairs)} pairs of columns are joined"
        return f"{', '.join(bent[:3])}: bent before the weighted sum" if bent else None

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Sum the parts of the units."""
        return run(form_of(layer_of, model, representation, recipe), sums, TOGETHER, model, representation, recipe)


TOGETHER = 256  # instances computed together
LINKS = {"logistic": "a logistic function of", "exp": "an exponential function of", "relu": "a rectified function of"}
