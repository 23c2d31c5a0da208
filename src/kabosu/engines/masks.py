"""Exact LIME of any model where an instance has few parts: ask for all masks, each with its probability (MATH section 4)."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from kabosu.domains.masks import MaskedBlock, log_weight_of_counts
from kabosu.domains.varied import VariedBlock
from kabosu.engines.exact import Means, certified, unsolvable
from kabosu.engines.sampled import reacted
from kabosu.errors import ModelError
from kabosu.explain import BLOCK, Neighborhood
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Bool, Float

MOST = 24  # parts whose masks fit in memory


def not_exchangeable(representation: Representation, recipe: Recipe) -> str | None:
    """Why the local law is not known by the number of kept parts, or the surrogate not solved from moments; None where both are."""
    if isinstance(representation, VariedBlock):
        return "what stands in the place of a part changes from draw to draw"
    if not isinstance(representation, MaskedBlock):
        return f"a {type(representation).__name__} has no parts that are kept or replaced"
    if log_weight_of_counts(recipe.kernel, representation.p) is None:
        return "the kernel is no function of the number of parts kept: the exponential kernel of the cosine or Euclidean distance is"
    return unsolvable(recipe)


@dataclass(frozen=True)
class AllMasks:
    """Exact for every model, functions too, where the masks fit the budget: 2^p of them for p parts."""

    name: ClassVar[str] = "masks"
    exact: ClassVar[bool] = True

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """Too many parts, or a kernel that looks at more than their number."""
        reason = not_exchangeable(representation, recipe)
        if reason is not None or not isinstance(representation, MaskedBlock):
            return reason
        p = representation.p
        if p <= MOST and 2**p - _unlikely(representation.counts) <= recipe.budget - 1:
            return None
        return f"2^{p} masks of {p} parts and the instance are more than the budget of {recipe.budget:,} rows"

    def run(self, model: Model, representation: MaskedBlock, recipe: Recipe) -> Outcome:
        """Ask for every mask that has a probability."""
        local = representation.tilt(recipe.kernel)
        prediction = model(representation.instances(), 1)
        masks, q = all_masks(np.array(local.counts))
        rows = max(1, min(model.chunk, BLOCK // representation.row_size))
        Y = np.concatenate([model(local.inputs(masks[None, i : i + rows]), len(masks[i : i + rows])) for i in range(0, len(masks), rows)])
        if Y.shape[1] != prediction.shape[1]:
            raise ModelError(f"the model gave {prediction.shape[1]} output(s) for the instance and {Y.shape[1]} for its {len(masks)} masks; it must answer the same outputs for any of them")
        hood = Neighborhood(local.features(masks[None]), Y[None], local.origin, prediction)
        made = certified(local, recipe, means(local, hood.Z[0], Y, q, prediction), prediction, hood, q[None])
        return replace(made, reacted=reacted(hood))  # of the masks themselves: of one word, q knows little but the text as it is


def _unlikely(counts: tuple[float, ...]) -> int:
    """Masks that are never drawn."""
    from math import comb

    return sum(comb(len(counts) - 1, c) for c, share in enumerate(counts) if share == 0)


def all_masks(counts: Float[Array, "q"]) -> tuple[Bool[Array, "s p"], Float[Array, "s"]]:
    """All masks that have a probability, and it.

    Examples
    --------
    >>> masks, q = all_masks(np.array([0.25, 0.5, 0.25]))
    >>> masks.astype(int).tolist(), q.tolist()
    ([[0, 0], [1, 0], [0, 1], [1, 1]], [0.25, 0.25, 0.25, 0.25])

    """
    from scipy.special import comb

    p = len(counts) - 1
    masks = (np.arange(2**p)[:, None] >> np.arange(p) & 1).astype(bool)
    q = (counts / comb(p, np.arange(p + 1)))[masks.sum(axis=1)]
    return masks[q > 0], q[q > 0]


def means(local: MaskedBlock, Z: Float[Array, "s p"], Y: Float[Array, "s k"], q: Float[Array, "s"], prediction: Float[Array, "1 k"]) -> Means:
    """Expectations by summing over the masks; those of the masks themselves are known."""
    f = Y - prediction
    mean = q @ f
    center, covariance = local.moments
    return Means(mean[None] + prediction, sloped(covariance, (Z - center).T @ (q[:, None] * (f - mean)))[None], center[None], covariance[None])


def sloped(covariance: Float[Array, "p p"], cross: Float[Array, "p k"]) -> Float[Array, "p k"]:
    """Cov_q(z)^-1 cross by Sherman-Morrison (MATH (9)): the covariance is a I + b 11', zero where nothing varies."""
    p, b = len(covariance), covariance[0, -1] if len(covariance) > 1 else 0.0
    a = covariance[0, 0] - b
    along = a + p * b
    mean = cross.mean(axis=0)
    apart = (cross - mean) / a if a > 1e-14 else np.zeros_like(cross)
    return apart + (mean / along if along > 1e-14 else 0.0)
