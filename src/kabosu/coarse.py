"""From coarse to fine: an instance of more parts than the budget tells apart is explained in stretches, then where it matters part by part."""

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kabosu.blocks import assemble, choose
from kabosu.domains.masks import MaskedBlock
from kabosu.domains.varied import VariedBlock, block_of
from kabosu.explanations import Block
from kabosu.protocols import Representation
from kabosu.recipes import Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float, Int

FIRST = 64  # stretches of the first stage
KEPT = 8  # stretches that are divided
INTO = 12  # pieces of each
DRAWS = 8  # a part, of each stage but the last
STAGES = 8


@runtime_checkable
class Divisible(Protocol):
    """Parts in an order, neighbors of which can be one part together."""

    @property
    def atoms(self) -> int:
        """The finest parts."""
        ...

    def joined(self, starts: Int[Array, "n"]) -> Any:
        """Parts that begin at these atoms and end where the next begins."""
        ...


@dataclass(frozen=True)
class Stretches:
    """Starts of stretches, as positions among n atoms."""

    starts: Int[Array, "m"]
    n: int

    @property
    def lengths(self) -> Int[Array, "m"]:
        """Atoms of each."""
        return np.diff(np.append(self.starts, self.n))

    def divided(self, worth: Float[Array, "m"]) -> "Stretches":
        """The worthiest stretches that can be, in pieces."""
        order = np.argsort(-np.where(self.lengths > 1, worth, -1.0), kind="stable")[:KEPT]
        pieces = [np.linspace(self.starts[i], self.starts[i] + self.lengths[i], min(INTO, int(self.lengths[i])), endpoint=False).astype(np.int64) for i in order]
        return Stretches(np.unique(np.concatenate([self.starts, *pieces])), self.n)


def too_many(representation: Representation, recipe: Recipe) -> Divisible | None:
    """The parts of an instance that has more of them than half of the draws, and could have fewer."""
    if not isinstance(representation, (MaskedBlock, VariedBlock)) or 2 * (representation.origin.shape[1] + 1) <= recipe.budget - 1 or recipe.budget <= DRAWS * 4 * FIRST:
        return None
    return representation.parts if isinstance(representation.parts, Divisible) else None


def coarse_to_fine(model: Model, parts: Divisible, recipe: Recipe) -> Block:
    """A quarter of the budget finds where the answer comes from, stage by stage; the rest explains the stretches and words that are left."""
    spent = 0
    found = Stretches(np.unique(np.linspace(0, parts.atoms, FIRST, endpoint=False).astype(np.int64)), parts.atoms)
    for _ in range(STAGES):
        s = DRAWS * len(found.starts)
        if spent + s + 1 > recipe.budget // 2:
            break
        stage = replace(recipe, samples=s, budget=s + 1, tolerance=None, top_k=None, proxy=None)
        block = _explained(model, block_of(parts.joined(found.starts), recipe.neighborhood), stage)
        spent += int(block.n_model_calls[0])
        worth = np.abs(block.coef[0]).max(axis=1)
        if not (found.lengths[np.argsort(-worth, kind="stable")[:KEPT]] > 1).any():
            break
        found = found.divided(worth)
    block = _explained(model, block_of(parts.joined(found.starts), recipe.neighborhood), replace(recipe, budget=recipe.budget - spent))
    words = f"the instance has {parts.atoms:,} parts, which {recipe.budget:,} rows cannot tell apart: it is explained in {len(found.starts)}, of which {int((found.lengths == 1).sum())} are single ones"
    return replace(block, n_model_calls=block.n_model_calls + spent, found={**block.found, "coarse-parts": (words,)})


def _explained(model: Model, representation: MaskedBlock | VariedBlock, recipe: Recipe) -> Block:
    engine, refusals = choose(model, representation, recipe)
    return assemble(model, representation, recipe, engine.name, refusals, engine.run(model, representation, recipe))
