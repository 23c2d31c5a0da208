"""Local effect curves of a sampled neighborhood, in the words and units of its features."""

from dataclasses import replace

import numpy as np

from kabosu.curves import Curve, Curves
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Levels
from kabosu.explain import Neighborhood, weigh
from kabosu.labels import Labels
from kabosu.protocols import Curved, Representation
from kabosu.recipes import Recipe
from kabosu.types import Array, Float


def drawn_curves(hood: Neighborhood, representation: Representation, recipe: Recipe) -> Curves | None:
    """Of a single instance, where the recipe asks for curves and its surrogate has them."""
    surrogate = recipe.surrogate
    if not recipe.curves or representation.size > 1 or not isinstance(surrogate, Curved):
        return None
    whole = hood.with_instance() if recipe.instance_first else hood
    Z, own, phrases = _all_levels(hood, representation, recipe)
    made = surrogate.curves(Z, whole.Y, weigh(whole, recipe.kernel), own, 0 if recipe.instance_first else recipe.sampler.replicates, tuple(phrases))
    labels = representation.labels()
    return replace(made, curves=tuple(in_own_units(curve, j, labels, np.unique(Z[0, :, j]), phrases.get(j)) for j, curve in enumerate(made.curves)))


def _all_levels(hood: Neighborhood, representation: Representation, recipe: Recipe) -> tuple[Float[Array, "1 s p"], Float[Array, "1 p"], dict[int, tuple[str, ...]]]:
    """The coordinates of one instance's draws and of the instance, those of levels replaced by codes of all levels; the words of these."""
    Z, own, phrases = hood.Z.astype(np.float64), hood.origin.astype(np.float64), {}
    if isinstance(representation, TabularBlock):
        local = representation if hood.tilt is None else representation.tilt(hood.tilt)
        draws, j = recipe.sampler.draw(local.space, 0, Z.shape[1], recipe.seed), 0
        for u, (unit, law) in enumerate(zip(local.units, local.laws, strict=True)):
            if isinstance(unit, Levels):
                Z[0, :, j], own[0, j], phrases[j] = law.levels(draws[0, :, u])[0], law.own[0], unit.phrases
            j += law.width
    return (np.concatenate([own[:, None], Z], axis=1) if recipe.instance_first else Z), own, phrases


def in_own_units(curve: Curve, j: int, labels: Labels, values: Float[Array, "c"], phrases: tuple[str, ...] | None) -> Curve:
    """The curve of coordinate j with its feature's name, edges and value; levels in words, or as the own one against another."""
    name, here = labels.columns[j], labels.names[0, j]
    if phrases is not None:
        return replace(curve, name=name, edges=curve.edges[:0], levels=tuple(phrases[int(code)] for code in values), x=float("nan"))
    if here != name and len(curve.mass) == 2:
        return replace(curve, name=name, edges=curve.edges[:0], levels=(f"another {name}", str(here)), x=float("nan"))
    center, scale = labels.center[0, j], labels.scale[0, j]
    return replace(curve, name=name, edges=center + scale * curve.edges, x=float(center + scale * curve.x))
