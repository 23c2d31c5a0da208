"""Exact expectations of the units put together, and the run that the engines of this kind share."""

from collections.abc import Callable, Sequence

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.engines.exact import Means, outcome_of
from kabosu.engines.form import Form, Normals
from kabosu.engines.states import State
from kabosu.fits import Outcome
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float


def run(form: Form, means: Callable[[Form, TabularBlock], Means], together: int, model: Model, block: TabularBlock, recipe: Recipe) -> Outcome:
    """Check the reading, take the means a few instances at a time, and solve."""
    prediction = model(block.instances(), block.size)
    form.check(block, prediction)
    local = block.tilt(recipe.kernel)
    found = joined([means(form, local.take(list(range(i, min(i + together, local.size))))) for i in range(0, local.size, together)])
    return outcome_of(model, block, local, recipe, found, prediction)


def joined(parts: Sequence[Means]) -> Means:
    """Instances of several pieces, one after the other."""
    if len(parts) == 1:
        return parts[0]
    mean, slope = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "slope"))
    return Means(mean, slope, *(_grown([getattr(part, name) for part in parts], [len(part.mean) for part in parts]) for name in ("center", "covariance")))


def _grown(arrays: Sequence[Float[Array, "b ..."]], rows: Sequence[int]) -> Float[Array, "b ..."]:
    """One row where all pieces share it."""
    if all(len(a) == 1 and np.array_equal(a, arrays[0]) for a in arrays):
        return arrays[0]
    return np.concatenate([np.broadcast_to(a, (n, *a.shape[1:])) for a, n in zip(arrays, rows, strict=True)])


def z_moments(form: Form, states: Sequence[tuple[int, State]], normals: Normals | None = None) -> tuple[Float[Array, "b p"], Float[Array, "b p p"]]:
    """E_q z and Cov_q(z), which is zero between units; one row where all instances share them."""
    parts = [(form.first[u] + np.arange(s.mean.shape[1]), s.mean, s.covariance) for u, s in states]
    if normals is not None:
        parts.append((normals.at, normals.middle, normals.sd**2 * np.eye(len(normals.at))[None]))
    p, b = sum(len(at) for at, _, _ in parts), max(max(len(mean), len(own)) for _, mean, own in parts)
    center, covariance = np.zeros((b, p)), np.zeros((b, p, p))
    for at, mean, own in parts:
        center[:, at], covariance[:, at[:, None], at] = mean, own
    return center, covariance


def laid_out(form: Form, slope: Float[Array, "b P k"], others: Sequence[tuple[int, Array]], normals: Normals, B: int) -> Float[Array, "B p k"]:
    """Slopes of all coordinates in their places: of the normal ones, and (unit, (b, w, k)) of the others."""
    out = np.zeros((B, sum(columns.width for columns in form.behind), slope.shape[2]))
    out[:, normals.at] = slope
    for u, part in others:
        out[:, form.first[u] : form.first[u] + part.shape[1]] = part
    return out


def rowwise(X: Float[Array, "b d"], W: Float[Array, "d N"]) -> Float[Array, "b N"]:
    """X W, a row by itself: the last bits of a row do not depend on its company."""
    return np.matmul(X[:, None], W)[:, 0]
