"""Texts: units kept or replaced, distinct words together or each place by itself (MATH section 4)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from kabosu.domains.masks import EvenCounts, MaskedBlock, MaskLaw
from kabosu.domains.text_fills import Corpus, Fill, Token
from kabosu.domains.text_units import Span, Units, words
from kabosu.domains.varied import VariedBlock, block_of
from kabosu.errors import InputError, RowError
from kabosu.types import Array, Bool, Float

TYPICAL = 200  # units of a text, about; for the size of blocks
LONGEST = 40  # letters of a name; longer units are cut in the middle


@dataclass(frozen=True)
class Spans:
    """Where the features lie in a text: the layout of an explanation.

    text : as it was given.  spans : of each feature, one or more pairs (first character, one after the last).
    """

    text: str
    spans: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, eq=False)
class TextParts:
    """One text, taken apart: features of one or more spans each.

    owner : (n,) which feature each piece belongs to, in the order of the text.
    """

    text: str
    pieces: tuple[Span, ...]
    owner: Array
    names: tuple[str, ...]
    fill: Fill

    @property
    def row_size(self) -> int:
        """Letters."""
        return max(1, len(self.text))

    @cached_property
    def layout(self) -> Spans:
        """Spans of each feature."""
        spans: list[list[Span]] = [[] for _ in self.names]
        for span, j in zip(self.pieces, self.owner.tolist(), strict=True):
            spans[j].append(span)
        return Spans(self.text, tuple(map(tuple, spans)))

    @property
    def atoms(self) -> int:
        """Pieces."""
        return len(self.pieces)

    def joined(self, starts: Array) -> "TextParts":
        """Stretches of pieces with what stands between them."""
        ends = [*starts[1:].tolist(), self.atoms]
        spans = [(self.pieces[a][0], self.pieces[b - 1][1]) for a, b in zip(starts.tolist(), ends, strict=True)]
        owner, names = apart(self.text, spans, "apart")
        return TextParts(self.text, tuple(spans), owner, names, self.fill)

    def whole(self) -> list[str]:
        """The text as it was given."""
        return [self.text]

    def masked(self, masks: Bool[Array, "s p"]) -> list[str]:
        """Texts whose units are replaced where the mask is False."""
        return self.fill(self.text, self.pieces, masks[:, self.owner])


@dataclass(frozen=True, eq=False)
class DrawnTextParts:
    """One text whose units are replaced by drawn words, others in each draw."""

    of: TextParts
    words: Corpus

    @property
    def names(self) -> tuple[str, ...]:
        """Units."""
        return self.of.names

    @property
    def row_size(self) -> int:
        """Letters."""
        return self.of.row_size

    @property
    def layout(self) -> Spans:
        """Spans of each feature."""
        return self.of.layout

    @property
    def atoms(self) -> int:
        """Pieces."""
        return self.of.atoms

    def joined(self, starts: Array) -> "DrawnTextParts":
        """Stretches of pieces; a word stands for each."""
        return DrawnTextParts(self.of.joined(starts), self.words)

    def whole(self) -> list[str]:
        """The text as it was given."""
        return self.of.whole()

    def mixed(self, masks: Bool[Array, "s p"], chance: Float[Array, "s"]) -> list[str]:
        """Texts whose units are replaced where the mask is False."""
        return self.words.drawn(self.of.text, self.of.pieces, masks[:, self.of.owner], chance)


def apart(text: str, spans: Sequence[Span], occurrences: Literal["together", "apart"]) -> tuple[Array, tuple[str, ...]]:
    """Feature of each piece, and the names; units that are the same in writing are one feature, or numbered."""
    said = [text[a:b] for a, b in spans]
    index: dict[str, int] = {}
    for unit in said:
        index.setdefault(unit, len(index))
    if occurrences == "together":
        return np.array([index[unit] for unit in said], dtype=np.int64), tuple(map(_short, index))
    often, seen, names = Counter(said), Counter(), []
    for unit in said:
        seen[unit] += 1
        names.append(f"{_short(unit)} #{seen[unit]}" if often[unit] > 1 else _short(unit))
    return np.arange(len(said)), tuple(names)


def _short(unit: str) -> str:
    """On one line; a long unit by its two ends."""
    unit = " ".join(unit.split())
    return unit if len(unit) <= LONGEST else f"{unit[: LONGEST - 12]} … {unit[-10:]}"


@dataclass(frozen=True)
class Text:
    """Texts whose units are kept or replaced.

    units : text -> spans.  occurrences : "together": the same word is one feature wherever it stands, as in lime; "apart": each place.
    fill : what stands where a unit is gone.  law : of how many are kept.  kept : features to vary, by name; None: all.
    cuts : text -> spans, where they were found for this very text.
    """

    units: Units = words
    occurrences: Literal["together", "apart"] = "together"
    fill: Fill | Corpus = field(default_factory=Token)
    law: MaskLaw = field(default_factory=EvenCounts)
    kept: frozenset[str] | None = None
    cuts: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Units of a text, about."""
        return TYPICAL

    @property
    def words(self) -> str:
        """Its units, in words."""
        return f"units {getattr(self.units, '__name__', type(self.units).__name__)}"

    def only(self, features: Sequence[Any]) -> "Text":
        """Vary some units, by their names."""
        return replace(self, kept=frozenset(map(str, features)))

    def count(self, X: Any) -> int:
        """Texts of a piece."""
        return len(texts(X))

    def split(self, X: Any, size: int) -> Iterator[list[str]]:
        """Texts in order."""
        X = texts(X)
        for start in range(0, len(X), size):
            yield X[start : start + size]

    def represent(self, X: Any) -> Iterator[MaskedBlock | VariedBlock]:
        """One text a block: texts have different units."""
        for text in texts(X):
            yield block_of(self.parts(text), self.law)

    def parts(self, text: Any) -> TextParts | DrawnTextParts:
        """One text, taken apart."""
        if not isinstance(text, str):
            raise RowError(f"the text is {text!r:.60}, a {type(text).__name__}; expected a string")
        cut = self.cuts.get(text)
        spans = tuple(self.units(text) if cut is None else cut)
        owner, names = apart(text, spans, self.occurrences if cut is None else "apart")
        if self.kept is not None:
            spans, owner, names = _varied(spans, owner, names, self.kept)
        if not spans:
            raise RowError(f"the text {text!r:.60} has no units to vary; pass a text that has some, or other units= (here: {self.words})")
        if isinstance(self.fill, Corpus):
            return DrawnTextParts(TextParts(text, spans, owner, names, Token()), self.fill)
        return TextParts(text, spans, owner, names, self.fill)


def _varied(spans: Sequence[Span], owner: Array, names: tuple[str, ...], kept: frozenset[str]) -> tuple[tuple[Span, ...], Array, tuple[str, ...]]:
    """The pieces of some features."""
    odd = sorted(kept - set(names))
    if odd:
        raise InputError(f"features={odd[:5]} are no units of this text; use some of {list(names[:10])}{' and others' if len(names) > 10 else ''}")
    new = np.cumsum([name in kept for name in names]) - 1
    inside = [name in kept for name in names]
    at = [i for i, j in enumerate(owner.tolist()) if inside[j]]
    return tuple(spans[i] for i in at), new[owner[at]], tuple(name for name in names if name in kept)


def texts(X: Any) -> list[Any]:
    """A text, or a list, array, or Series of texts, as a list."""
    if isinstance(X, str):
        return [X]
    if isinstance(X, (bytes, bytearray)):
        raise InputError(f"the text is {bytes(X)!r:.60}, bytes; expected a string, such as text.decode('utf-8')")
    if isinstance(X, Mapping) or not isinstance(X, Iterable) or getattr(X, "ndim", 1) != 1:
        raise InputError(f"expected a text or a list of texts, got a {type(X).__name__}: {X!r:.60}")
    return list(X)
