"""Exact LIME of additive models: splines, bins and powers before a linear model, explainable boosting machines.

Each column's shape function has a one-dimensional expectation; a pair of columns the product of two.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.engines.exact import Means
from kabosu.engines.form import Form, form_of
from kabosu.engines.layers import layer_of
from kabosu.engines.linear import LINKS, TOGETHER, part, sums
from kabosu.engines.means import run
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Additive:
    """Exact for sums of functions of one column, and of steps of two."""

    name: ClassVar[str] = "additive"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """No sum over the columns."""
        form = form_of(layer_of, model, representation, recipe)
        if isinstance(form, str):
            return form
        if form.core.link != "identity":
            return f"{type(model.original).__name__} is {LINKS[form.core.link]} a sum: output='margin' is exact where it is offered"
        joined = [i for i in form.core.pairs if form.binding.unit[i.left[0]] == form.binding.unit[i.right[0]] >= 0]
        return "a pair of columns that are drawn as one is no product" if joined else None

    def run(self, model: Model, representation: Representation, recipe: Recipe) -> Outcome:
        """Sum the parts of the units, and of the pairs."""
        return run(form_of(layer_of, model, representation, recipe), with_pairs, TOGETHER, model, representation, recipe)


def with_pairs(form: Form, local: TabularBlock) -> Means:
    """E_q and D of f: of a pair, E a'Tb = E a' T E b and D_a = D a' T E b."""
    found = sums(form, local)
    if not form.core.pairs:
        return found
    states = dict(form.others(local, [np.inf] * len(form.behind)))
    kept = form.kept(local)
    mean, slope = found.mean, found.slope.copy()
    for pair in form.core.pairs:
        (Ea, Da, a), (Eb, Db, b) = (_side(form, states, kept, index) for index in (pair.left, pair.right))
        mean = mean + np.einsum("bi,ijk,bj->bk", Ea, pair.table, Eb)
        slope[:, a] += np.einsum("bwi,ijk,bj->bwk", Da, pair.table, Eb)
        slope[:, b] += np.einsum("bi,ijk,bwj->bwk", Ea, pair.table, Db)
    return Means(mean, slope, found.center, found.covariance)


def _side(form: Form, states: dict, kept: Float[Array, "B d"], index: tuple[int, ...]) -> tuple[Float[Array, "B I"], Float[Array, "B w I"], slice]:
    """E and D of the indicators of one column's bins, and the coordinates of its unit; those of a fixed column do not vary."""
    u = form.binding.unit[index[0]]
    if u < 0:
        return kept[:, index], np.zeros((len(kept), 0, len(index))), slice(0, 0)
    columns = form.behind[u].index
    pick = np.zeros((len(columns), len(index)))
    pick[[columns.index(i) for i in index], range(len(index))] = 1.0
    E, D = part(states[u], pick)
    return np.broadcast_to(E, (len(kept), E.shape[1])), np.broadcast_to(D, (len(kept), *D.shape[1:])), slice(form.first[u], form.first[u] + D.shape[1])

