"""Arrays whose regions are kept or replaced, many at once: what pictures, series and sounds share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.types import Array, Batch, Bool, Int

ALONE: Mapping[str, str] = MappingProxyType({"few-parts": "there is a single part, which shows nothing but the effect of the whole"})
SAME: Mapping[str, str] = MappingProxyType({"same-fill": "the fill looks like each of the parts"})
WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True, eq=False)
class Cover:
    """Which elements of an array each part covers; parts may overlap, and a part may lie in another.

    atoms : number of the smallest region of each element, -1 where no part covers it; it is never replaced.
    covers : (p, a) whether a part covers an atom; None where the atoms are the parts.
    size : number of parts p.
    """

    atoms: Int[Array, "..."]
    covers: Bool[Array, "p a"] | None
    size: int

    @classmethod
    def of_labels(cls, labels: Array) -> "Cover":
        """Each label is a part; labels below 0 are no part."""
        named = np.unique(labels[labels >= 0])
        return cls(np.where(labels >= 0, np.searchsorted(named, labels), -1).astype(np.int64), None, len(named))

    @classmethod
    def of_masks(cls, masks: Bool[Array, "p ..."]) -> "Cover":
        """Parts that may overlap: an element is replaced as soon as one of the parts that cover it is."""
        flat = masks.reshape(len(masks), -1)
        signatures, inverse = np.unique(flat, axis=1, return_inverse=True)
        bare = ~signatures.any(axis=0)
        number = np.where(bare, -1, np.cumsum(~bare) - 1)
        return cls(number[inverse.reshape(-1)].reshape(masks.shape[1:]).astype(np.int64), signatures[:, ~bare], len(masks))

    def kept(self, masks: Bool[Array, "s p"]) -> Bool[Array, "s a"]:
        """Atoms that are kept where these parts are."""
        return masks if self.covers is None else ~((~masks).astype(np.float32) @ self.covers.astype(np.float32) > 0)

    def where(self, part: int) -> Bool[Array, "..."]:
        """The elements of one part."""
        return self.atoms == part if self.covers is None else np.append(self.covers[part], False)[self.atoms]

    def only(self, parts: Sequence[int]) -> "Cover":
        """Some of the parts; what only the others cover is always kept."""
        return Cover.of_masks(np.stack([self.where(i) for i in parts]))


@dataclass(frozen=True, eq=False)
class Blend:
    """An array, what stands in its place, and the regions in which either is shown.

    Both are read as unsigned words, so that ``replaced ^ ((original ^ replaced) & kept)`` is exact for every dtype, and
    neighbors of one region are filled together.
    """

    original: Array
    replaced: Array
    cover: Cover

    def __post_init__(self) -> None:
        if self.replaced.shape != self.original.shape or self.replaced.dtype != self.original.dtype:
            raise InputError(f"the fill has shape {self.replaced.shape} and dtype {self.replaced.dtype}; expected {self.original.shape} and {self.original.dtype}, as the instance has")

    @cached_property
    def _together(self) -> int:
        """Elements that make one word: as many as fit 8 bytes, where they go into the array without a rest."""
        elements = 8 // self.original.dtype.itemsize
        return elements if self.original.size % elements == 0 else 1

    @cached_property
    def _runs(self) -> tuple[Array, Array, Array, Array]:
        """Atom and length of each run of words; the words that lie in several atoms, and the atoms of their elements."""
        atoms = self.cover.atoms.reshape(-1, self._together)
        torn = np.flatnonzero((atoms != atoms[:, :1]).any(axis=1))
        flat = atoms[:, 0]
        starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
        return flat[starts], np.diff(np.append(starts, len(flat))), torn, atoms[torn].reshape(-1)

    @cached_property
    def _words(self) -> tuple[Array, Array]:
        """The fill, and where it differs from the original, bit by bit."""
        word = WORDS[self.original.dtype.itemsize * self._together]
        fill, own = (np.ascontiguousarray(a).reshape(-1).view(word) for a in (self.replaced, self.original))
        return fill, own ^ fill

    def rows(self, masks: Bool[Array, "s p"]) -> Array:
        """(s, *shape) the array with the parts replaced where a mask is False."""
        (atoms, lengths, torn, inside), (fill, differs) = self._runs, self._words
        kept = np.concatenate([self.cover.kept(masks), np.ones((len(masks), 1), dtype=bool)], axis=1)  # -1 is the last: always
        out = np.repeat(np.take(-kept.astype(fill.dtype), atoms, axis=1), lengths, axis=1)  # all bits, or none
        if len(torn):
            out[:, torn] = np.take(-kept.astype(WORDS[self.original.dtype.itemsize]), inside, axis=1).view(fill.dtype)
        out &= differs
        out ^= fill
        return out.view(self.original.dtype).reshape(len(masks), *self.original.shape)


@dataclass(frozen=True, eq=False)
class BlendedParts:
    """One array in parts: a picture in segments, a series in stretches.

    layout : where they lie.  back : arrays to what the model gets, such as torch tensors.  notes : what is odd about the parts, by flag;
        also that hiding all of them changes nothing.
    """

    names: tuple[str, ...]
    blend: Blend
    layout: Any
    back: Callable[[Array], Batch]
    notes: Mapping[str, str]

    def __post_init__(self) -> None:
        hidden = self.blend.rows(np.zeros((1, self.blend.cover.size), dtype=bool))
        if (hidden == self.blend.original).all():
            object.__setattr__(self, "notes", {**self.notes, **SAME})

    @property
    def row_size(self) -> int:
        """Numbers in one row."""
        return self.blend.original.size

    def whole(self) -> Batch:
        """The array, as a batch of one."""
        return self.back(np.array(self.blend.original[None]))

    def masked(self, masks: Bool[Array, "s p"]) -> Batch:
        """Rows with parts replaced."""
        return self.back(self.blend.rows(masks))
