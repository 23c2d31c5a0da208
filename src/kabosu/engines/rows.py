"""The engine for neighborhoods that are lists of rows (MATH 2d): nothing is drawn, every row is weighed by the kernel."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from kabosu import frames
from kabosu.domains.joint import JointBlock
from kabosu.domains.observed import FittedRows, RowsLaw
from kabosu.domains.tabular import Tables
from kabosu.engines.sampled import reacted
from kabosu.explain import Neighborhood, fit
from kabosu.fits import Outcome
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Batch, Float, Int


@dataclass(frozen=True)
class ListedRows:
    """One weighted regression over observed or generated rows; errors are those of a sample of rows.

    Where the model was asked about the rows beforehand, an explanation asks it about the instance only.
    """

    name: ClassVar[str] = "rows"
    exact: ClassVar[bool] = False

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """A neighborhood that is drawn from a law, or a budget for fewer rows than coefficients."""
        return None if is_listed(representation) else "the neighborhood is drawn from a law, it is no list of rows"

    def run(self, model: Model, representation: Any, recipe: Recipe) -> Outcome:
        """Ask what has not been asked; weigh; regress."""
        hood, calls = listed(model, representation, recipe)
        hood = hood.with_instance() if recipe.instance_first else hood
        return Outcome(fit(hood, recipe.kernel, recipe.surrogate, 0), hood.prediction, reacted(hood), calls, ("rows",) * representation.size)


def is_listed(representation: Any) -> bool:
    """True where the neighborhood is a list of rows."""
    return isinstance(representation, JointBlock) and isinstance(representation.law, RowsLaw)


def listed(model: Model, representation: Any, recipe: Recipe) -> tuple[Neighborhood, Int[Array, "B"]]:
    """All rows within the budget with the model's answers, and how many rows were asked for each instance."""
    law, B = representation.law, representation.size
    prediction = model(representation.instances(), B)
    known = law.answers
    cells = law.pool(len(known) if known is not None else recipe.budget - 1, recipe.seed)
    Y = asked(model, representation, cells) if known is None else known[None]
    calls = np.ones(B, dtype=np.int64)
    if known is None:
        calls[: len(Y)] += cells[0].shape[1]  # rows that a block shares are asked once, for its first instance
    return Neighborhood(representation.read(cells), np.broadcast_to(Y, (B, *Y.shape[1:])), representation.origin, prediction), calls


def asked(model: Model, representation: JointBlock, cells: list[Array]) -> Float[Array, "#B n k"]:
    """The model's answers for the rows: once for all instances where the rows are the same."""
    block = representation.block.take([0]) if representation.law.whole else representation.block
    n = cells[0].shape[1]
    step = max(1, model.chunk // block.size)
    parts = [_part(model, block, [c[:, a : a + step] for c in cells]) for a in range(0, n, step)]
    return np.concatenate(parts, axis=1)


def _part(model: Model, block: Any, cells: list[Array]) -> Float[Array, "#B n k"]:
    n = cells[0].shape[1]
    return model(block.rows(cells), block.size * n).reshape(block.size, n, -1)


def ahead(domain: Tables, model: Model, data: Batch) -> Tables:
    """The domain with the model's answers for its observed rows; other domains as they are."""
    fitted = domain.joint
    if not isinstance(fitted, FittedRows):
        return domain
    first = next(domain.represent(next(domain.split(frames.read(data), 1))))
    Y = asked(model, first, first.law.pool(len(fitted.cells[0]), 0))[0]
    return replace(domain, joint=replace(fitted, answers=Y))
