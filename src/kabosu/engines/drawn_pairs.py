"""Pairwise interactions of a sampled neighborhood: all products of two coordinates beside the coordinates, by least squares."""

import numpy as np

from kabosu.errors import InputError
from kabosu.explain import Neighborhood, weigh
from kabosu.fits import tamed
from kabosu.interactions import Interactions, strongest
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.surrogates import Ridge

ENOUGH = 3  # draws for each coefficient


def drawn_pairs(hood: Neighborhood, model: Model, representation: Representation, recipe: Recipe) -> Interactions | None:
    """Of a single instance, where the recipe asks for them."""
    if not recipe.interactions or representation.size > 1:
        return None
    w, s, p = weigh(hood, recipe.kernel), hood.Z.shape[1], hood.Z.shape[2]
    i, j = np.triu_indices(p, 1)
    needed = ENOUGH * (1 + p + len(i))
    if s < needed:
        raise InputError(
            f"interactions={recipe.interactions} of {p} features need at least {needed} draws, this explanation ended with {s}; give features= fewer names, or tolerance= and budget= for more draws"
        )
    C = hood.Z[0] - np.average(hood.Z[0], axis=0, weights=w[0])
    F, power = tamed(hood.Y - hood.prediction[:, None])
    fitted = Ridge().fit(np.concatenate([C, C[:, i] * C[:, j]], axis=1)[None], F, w, np.zeros((1, p + len(i))), recipe.sampler.replicates)
    gamma, error = np.zeros((p, p, F.shape[2])), np.full((p, p, F.shape[2]), np.inf)
    gamma[i, j], error[i, j] = (np.ldexp(a[0, p:], power[0]) for a in (fitted.coef, fitted.std_error))
    center = np.average(hood.Y[0], axis=0, weights=w[0])
    total, alone = np.average((hood.Y[0] - center) ** 2, axis=0, weights=w[0]), np.average(C**2, axis=0, weights=w[0])
    return strongest(gamma, error, alone, total, recipe.interactions, representation.labels(), model.output_names(F.shape[2]), exact=False)
