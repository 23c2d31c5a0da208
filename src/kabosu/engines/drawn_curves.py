"""Local effect curves of a sampled neighborhood, in the words and units of its features."""

from dataclasses import replace

from kabosu.curves import Curve, Curves
from kabosu.explain import Neighborhood, weigh
from kabosu.labels import Labels
from kabosu.protocols import Curved, Representation
from kabosu.recipes import Recipe


def drawn_curves(hood: Neighborhood, representation: Representation, recipe: Recipe) -> Curves | None:
    """Of a single instance, where the recipe asks for curves and its surrogate has them."""
    surrogate = recipe.surrogate
    if not recipe.curves or representation.size > 1 or not isinstance(surrogate, Curved):
        return None
    hood = hood.with_instance() if recipe.instance_first else hood
    made = surrogate.curves(hood.Z, hood.Y, weigh(hood, recipe.kernel), hood.origin, 0 if recipe.instance_first else recipe.sampler.replicates)
    labels = representation.labels()
    return replace(made, curves=tuple(in_own_units(curve, j, labels) for j, curve in enumerate(made.curves)))


def in_own_units(curve: Curve, j: int, labels: Labels) -> Curve:
    """The curve of coordinate j with its feature's name, edges and value; a level as itself against all others."""
    name, here = labels.columns[j], labels.names[0, j]
    if here != name and len(curve.mass) == 2:
        return replace(curve, name=name, edges=curve.edges[:0], levels=(f"another {name}", str(here)), x=float("nan"))
    center, scale = labels.center[0, j], labels.scale[0, j]
    return replace(curve, name=name, edges=center + scale * curve.edges, x=float(center + scale * curve.x))
