"""Parts that are replaced by another of many things in each draw: donors, rows of a background."""

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kabosu.domains.masks import MaskedBlock, MaskLaw, Parts
from kabosu.labels import Labels
from kabosu.protocols import Kernel
from kabosu.spaces import Varied
from kabosu.types import Array, Batch, Bool, Float, Rows


@runtime_checkable
class VariedParts(Protocol):
    """One instance, taken apart, as ``domains.masks.Parts`` has it, but for what is hidden."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def row_size(self) -> int: ...
    @property
    def layout(self) -> Any: ...

    def whole(self) -> Batch:
        """The instance itself, as one row of what the model eats."""
        ...

    def mixed(self, masks: Bool[Array, "s p"], chance: Float[Array, "s"]) -> Batch:
        """Rows of what the model eats. chance : in (0, 1), which of many things stands in the place of the hidden parts."""
        ...


@dataclass(frozen=True)
class VariedBlock:
    """One instance whose parts are kept or replaced, by another thing in each draw; the instance is all ones.

    The limit explanation is that of the model's mean over the replacements.
    """

    parts: VariedParts
    masks: MaskedBlock
    size: int = 1

    @classmethod
    def of(cls, parts: VariedParts, law: MaskLaw) -> "VariedBlock":
        """Under a law of the number kept."""
        return cls(parts, MaskedBlock.of(parts, law))  # pyright: ignore[reportArgumentType]  the masks do not ask for rows

    @property
    def row_size(self) -> int:
        """Numbers in one row for the model, about."""
        return self.parts.row_size

    @property
    def space(self) -> Varied:
        """One bit a part, and a number."""
        return Varied(self.masks.space)

    @property
    def origin(self) -> Float[Array, "1 p"]:
        """All parts are there."""
        return self.masks.origin

    def take(self, rows: Rows) -> "VariedBlock":
        """The instance itself."""
        return self

    def tilt(self, kernel: Kernel) -> "VariedBlock | None":
        """Under the local law q of the masks; the replacements do not move the kernel."""
        masks = self.masks.tilt(kernel)
        return None if masks is None else replace(self, masks=masks)

    def features(self, draws: Float[Array, "1 s m"]) -> Float[Array, "1 s p"]:
        """1 where a part is kept."""
        return draws[..., :-1].astype(np.float64)

    def inputs(self, draws: Float[Array, "1 s m"]) -> Batch:
        """The instance with parts replaced, a row a draw."""
        return self.parts.mixed(draws[0, :, :-1] == 1, draws[0, :, -1])

    def instances(self) -> Batch:
        """The instance as it is."""
        return self.parts.whole()

    def labels(self) -> Labels:
        """Parts by name."""
        return self.masks.labels()


def block_of(parts: Parts | VariedParts, law: MaskLaw) -> MaskedBlock | VariedBlock:
    """Parts under a law of the number kept, whichever they are."""
    return VariedBlock.of(parts, law) if isinstance(parts, VariedParts) else MaskedBlock.of(parts, law)


def one_of(n: int, chance: Float[Array, "s"]) -> Array:
    """Which of n things each draw takes, all as likely."""
    return np.minimum((chance * n).astype(np.int64), n - 1)
