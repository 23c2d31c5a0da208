"""The recipe's own proxy (surrogates/proxy.py): what it is fitted to, and the draws that give its limit."""

from dataclasses import replace

import numpy as np

from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Levels
from kabosu.explain import Neighborhood, source_of, weigh
from kabosu.fits import Fit
from kabosu.protocols import Placed, Ratioed, Representation
from kabosu.recipes import Recipe
from kabosu.surrogates.proxy import FREE, Draws, adjusted
from kabosu.types import Array, Float

APART = 1_000_003  # between the seed of the draws and that of the free ones
MOST = 255  # levels of a column that trees can tell apart


def by_proxy(unadjusted: Fit, hood: Neighborhood, representation: Representation, recipe: Recipe, names: Array, rows: Array) -> Fit:
    """The fit that the proxy adjusts where that lowers the variance; ``names`` keeps which proxy did, for each of the rows."""
    block = representation.take(rows)
    source, _ = source_of(block, hood.tilt)
    points = recipe.sampler.draw(source.space, 0, hood.Z.shape[1], recipe.seed)
    more = recipe.sampler.draw(source.space, 0, FREE, recipe.seed + APART)
    free, fits = _free(source, more, hood), []
    w, w_free = weigh(hood, recipe.kernel), weigh(free, recipe.kernel)
    for b, row in enumerate(rows):
        draws, unasked = (_draws(source, at, of, weights, b) for at, of, weights in ((points, hood, w), (more, free, w_free)))
        args = (hood.Y[b], _own(hood.origin, b), unasked, recipe.surrogate, recipe.sampler.replicates, recipe.proxy)
        fitted, names[row] = adjusted(unadjusted.take([b]), draws, *args)
        fits.append(fitted)
    return Fit.stack(fits)


def _free(source: Representation, draws: Array, hood: Neighborhood) -> Neighborhood:
    """Many draws of the same law, from another seed, about which nobody is asked."""
    places = source.places(draws) if isinstance(source, Placed) else None
    ratio = source.log_ratio(draws) if isinstance(source, Ratioed) else None
    return replace(hood, Z=source.features(draws), Y=np.broadcast_to(0.0, (len(hood.Y), draws.shape[1], hood.Y.shape[2])), places=places, log_ratio=ratio)


def _draws(source: Representation, points: Array, hood: Neighborhood, w: Float[Array, "#B s"], b: int) -> Draws:
    """Those of one instance; the model's own columns where the table has them, else the coordinates."""
    draws = Draws(_own(hood.Z, b).astype(np.float64, copy=False), _own(w, b))
    if not isinstance(source, TabularBlock):
        return draws
    one = source.take([b])
    coded = [isinstance(unit, Levels) and unit.inside is None for unit in one.units]
    told = [not code or len(unit.levels) < MOST for unit, code in zip(one.units, coded, strict=True)]
    cells = [law.cells(u)[0] if tell else law.coordinates(u)[0, :, 0] for law, u, tell in zip(one.laws, points[0].T, told, strict=True)]
    return replace(draws, cells=np.column_stack(cells).astype(np.float64), codes=tuple(np.flatnonzero(coded)))


def _own(a: Array, b: int) -> Array:
    """An instance's own, of what may be the same for all."""
    return a[b] if len(a) > 1 else a[0]
