"""Instances made of parts, each kept or replaced: what texts, images, series and prompts share. A medium adds its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kabosu.kernels import Exponential, Halfway, cosine, euclidean
from kabosu.labels import Labels
from kabosu.protocols import Kernel
from kabosu.spaces import Masks
from kabosu.types import Array, Batch, Bool, Float, Int, Rows

PRESENT = "present instead of replaced"


@runtime_checkable
class Parts(Protocol):
    """One instance, taken apart: all that a medium says about itself.

    names : (p,) what the parts are called.  row_size : numbers (or letters) in one row for the model, about.
    layout : where the parts lie in the instance, for pictures.
    """

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def row_size(self) -> int: ...
    @property
    def layout(self) -> Any: ...

    def whole(self) -> Batch:
        """The instance itself, as one row of what the model eats."""
        ...

    def masked(self, masks: Bool[Array, "s p"]) -> Batch:
        """Rows of what the model eats: parts where the mask is False are replaced."""
        ...


@runtime_checkable
class Noted(Protocol):
    """Parts that know what is odd about them."""

    @property
    def notes(self) -> Mapping[str, str]:
        """Words by flag, read before "of this instance"."""
        ...


@runtime_checkable
class MaskLaw(Protocol):
    """How many parts are kept; which ones is uniform."""

    def counts(self, p: int) -> Float[Array, "q"]:
        """(p + 1,) probability that 0, 1, ..., p parts are kept."""
        ...


@dataclass(frozen=True)
class EvenCounts:
    """Any number kept, from none to all, is as likely as another."""

    def counts(self, p: int) -> Float[Array, "q"]:
        """1 / (p + 1) each."""
        return np.full(p + 1, 1 / (p + 1))


@dataclass(frozen=True)
class Removed:
    """The number removed is uniform on 1..p: lime's law for texts (MATH section 4)."""

    def counts(self, p: int) -> Float[Array, "q"]:
        """1 / p for 0..p - 1 kept."""
        return np.append(np.full(p, 1 / p), 0.0)


@dataclass(frozen=True)
class Coins:
    """Each part is kept with probability 1/2 by itself: lime's law for images (MATH section 4)."""

    def counts(self, p: int) -> Float[Array, "q"]:
        """Binomial(p, 1/2)."""
        return np.exp([lgamma(p + 1) - lgamma(c + 1) - lgamma(p - c + 1) - p * log(2) for c in range(p + 1)])


def log_weight_of_counts(kernel: Kernel, p: int) -> Float[Array, "q"] | None:
    """(p + 1,) the kernel's log weight of masks that keep 0, 1, ..., p parts; None where it is no function of the count."""
    kept = np.arange(p + 1)
    if isinstance(kernel, Halfway):
        inner = log_weight_of_counts(kernel.kernel, p)
        return None if inner is None else np.logaddexp(inner - kernel.log_total, 0.0) - log(2)
    distances: dict[Any, Array] = {euclidean: np.sqrt(p - kept), cosine: 1 - np.sqrt(kept / p)}
    if not isinstance(kernel, Exponential) or kernel.distance not in distances:
        return None
    return -0.5 * (distances[kernel.distance] / kernel.at(p)) ** 2


def tilted(counts: Float[Array, "q"], log_weight: Float[Array, "q"]) -> tuple[Float[Array, "q"], float]:
    """Counts under the local law q: draw law times kernel, normalized (MATH section 4), and the log of what they were divided by."""
    with np.errstate(divide="ignore"):
        joint = np.log(counts) + log_weight
    q = np.exp(joint - joint.max())
    return q / q.sum(), float(joint.max() + np.log(q.sum()))


def moments_of_kept(counts: Float[Array, "q"]) -> tuple[float, float]:
    """a1 = E z_i and a2 = E z_i z_j of MATH (9); a2 is 0 where there is one part."""
    p, kept = len(counts) - 1, np.arange(len(counts))
    return float(counts @ kept) / p, float(counts @ (kept * (kept - 1.0))) / max(p * (p - 1), 1)


@dataclass(frozen=True)
class MaskedBlock:
    """One instance whose parts are kept or replaced; z = 1 where kept, the instance is all ones.

    counts : (p + 1,) probability of each number of kept parts.  log_total : log of the kernel's mean, where it is in the counts.
    """

    parts: Parts
    counts: tuple[float, ...]
    size: int = 1
    log_total: float = 0.0

    @classmethod
    def of(cls, parts: Parts, law: MaskLaw) -> "MaskedBlock":
        """Under a law of the number kept."""
        return cls(parts, tuple(law.counts(len(parts.names)).tolist()))

    @property
    def p(self) -> int:
        """Parts."""
        return len(self.parts.names)

    @property
    def row_size(self) -> int:
        """Numbers in one row for the model, about, so that not too many rows are made at once."""
        return self.parts.row_size

    @property
    def space(self) -> Masks:
        """One bit a part."""
        return Masks(self.p, self.counts)

    @property
    def origin(self) -> Float[Array, "1 p"]:
        """All parts are there."""
        return np.ones((1, self.p))

    def take(self, rows: Rows) -> "MaskedBlock":
        """The instance itself."""
        return self

    def tilt(self, kernel: Kernel) -> "MaskedBlock | None":
        """Under the local law q, where the kernel looks at the number kept only (MATH (9))."""
        log_weight = log_weight_of_counts(kernel, self.p)
        if log_weight is None:
            return None
        counts, log_total = tilted(np.array(self.counts), log_weight)
        return replace(self, counts=tuple(counts.tolist()), log_total=log_total)

    @property
    def moments(self) -> tuple[Float[Array, "p"], Float[Array, "p p"]]:
        """Mean and covariance of the mask: MATH (9)."""
        a1, a2 = moments_of_kept(np.array(self.counts))
        return np.full(self.p, a1), np.where(np.eye(self.p, dtype=bool), a1, a2) - a1**2

    def features(self, draws: Bool[Array, "1 s p"]) -> Float[Array, "1 s p"]:
        """1 where a part is kept."""
        return draws.astype(np.float64)

    def binary(self, draws: Bool[Array, "1 s p"]) -> Bool[Array, "1 s p"]:
        """The masks themselves."""
        return draws.astype(bool, copy=False)

    def first_alike(self, draws: Bool[Array, "1 s p"]) -> Int[Array, "1 s"] | None:
        """For each draw the number of the first that keeps the same parts; None where no two do."""
        seen: dict[bytes, int] = {}
        first = [seen.setdefault(row.tobytes(), i) for i, row in enumerate(np.packbits(draws[0].astype(bool, copy=False), axis=1))]
        return np.array([first]) if len(seen) < len(first) else None

    def inputs(self, draws: Bool[Array, "1 s p"]) -> Batch:
        """The instance with parts replaced, a row a draw."""
        return self.parts.masked(draws[0].astype(bool, copy=False))

    def instances(self) -> Batch:
        """The instance as it is."""
        return self.parts.whole()

    def labels(self) -> Labels:
        """Parts by name; each is there, in units of presence."""
        names, p = self.parts.names, self.p
        zeros, ones = np.zeros((1, p)), np.ones((1, p))
        shown = np.array(names, dtype=object)[None]
        notes = self.parts.notes if isinstance(self.parts, Noted) else {}
        odd = {code: np.array([words], dtype=object) for code, words in notes.items()}
        return Labels(names, shown, shown, ones, zeros, zeros, (PRESENT,) * p, odd, layout=self.parts.layout)
