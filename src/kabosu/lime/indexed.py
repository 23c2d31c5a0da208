"""Texts as pieces that can be taken out: words by a rule, or characters."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from kabosu.types import Array, Bool, Int

BLOCK = 256  # texts made at once


class _Indexed:
    """A text in pieces, some of which are features.

    raw : the text.  as_list, as_np : its pieces.  string_start : (n,) where each begins.  inverse_vocab : words of the features.
    positions : pieces of each feature: lists of places where one word is one feature (bow), else an array of places.
    """

    raw: str
    bow: bool
    mask_string: str
    as_list: list[str]
    as_np: Array
    string_start: Array
    inverse_vocab: list[str]
    positions: Any

    def _index(self, features: Iterable[int]) -> None:
        """Number the pieces that are features."""
        self.as_np = np.array(self.as_list)
        self.string_start = np.hstack(([0], np.cumsum([len(piece) for piece in self.as_list[:-1]])))
        places = list(features)
        if not self.bow:
            self.inverse_vocab, self.positions = [self.as_np[i] for i in places], np.array(places)
            return
        found: dict[str, list[int]] = {}
        for i in places:
            found.setdefault(self.as_list[i], []).append(i)
        self.inverse_vocab, self.positions = [self.as_np[at[0]] for at in found.values()], list(found.values())

    def raw_string(self) -> str:
        """The text."""
        return self.raw

    def num_words(self) -> int:
        """Number of features."""
        return len(self.inverse_vocab)

    def word(self, id_: int) -> str:
        """The word of a feature."""
        return self.inverse_vocab[id_]

    def string_position(self, id_: int) -> Int[Array, "n"]:
        """Where in the text a feature stands."""
        return self.string_start[self.positions[id_] if self.bow else [self.positions[id_]]]

    def owners(self) -> Int[Array, "n"]:
        """The feature of each piece, -1 where it is none."""
        owner = np.full(len(self.as_list), -1)
        for feature, at in enumerate(self.positions):
            owner[at] = feature
        return owner

    def inverse_removing(self, words_to_remove: Any) -> str:
        """The text without some features."""
        kept = np.ones((1, self.num_words()), dtype=bool)
        kept[0, np.asarray(words_to_remove, dtype=np.intp)] = False
        return self.keeping(kept)[0]

    def keeping(self, kept: Bool[Array, "n p"]) -> list[str]:
        """Texts with some of the features; those left out leave nothing where one word is one feature, else the mask."""
        owner, before, shown, gone = self.owners(), "", [], []
        for piece, feature in zip(self.as_list, owner.tolist(), strict=True):
            if feature < 0:
                before += piece
                continue
            shown.append(before + piece)
            gone.append(before if self.bow else before + self.mask_string)
            before = ""
        return texts([*shown, before], [*gone, before], kept.take(owner[owner >= 0], axis=1))


def texts(shown: Sequence[str], gone: Sequence[str], rows: Bool[Array, "n m"]) -> list[str]:
    """One of two words at every place, joined: eight places at a time, of whose 256 texts each row takes one. Places that rows lack are gone."""
    blank = [""] * (-len(shown) % 8)
    pairs = list(zip([*gone, *blank], [*shown, *blank], strict=True))
    fours = [["".join(words) for words in product(*pairs[at : at + 4])] for at in range(0, len(pairs), 4)]
    table = np.array([left + right for at in range(0, len(fours), 2) for left, right in product(*fours[at : at + 2])], dtype=object)
    taken = np.empty((len(rows), len(pairs) // 8), dtype=np.intp)
    taken[:] = np.arange(0, len(table), 256)
    taken[:, : -(-rows.shape[1] // 8)] += np.packbits(rows, axis=1)
    made = []
    for start in range(0, len(rows), BLOCK):
        made += map("".join, table.take(taken[start : start + BLOCK]).tolist())
    return made


class IndexedString(_Indexed):
    r"""A text in words and what is between them.

    split_expression : a regular expression of what is between words, or a function text -> words.
    bow : True: one word is one feature wherever it stands, and leaves nothing behind; False: every place by itself.
    mask_string : what a word leaves behind where bow is False, "UNKWORDZ" unless given.

    Examples
    --------
    >>> text = IndexedString("a b, a c")
    >>> text.as_list, text.positions, text.inverse_removing([1])
    (['a', ' ', 'b', ', ', 'a', ' ', 'c'], [[0, 4], [2], [6]], 'a , a c')

    """

    def __init__(self, raw_string: str, split_expression: str | Callable[[str], Sequence[str]] = r"\W+", bow: bool = True, mask_string: str | None = None) -> None:
        self.raw, self.bow = raw_string, bow
        self.mask_string = "UNKWORDZ" if mask_string is None else mask_string
        if callable(split_expression):
            words = split_expression(raw_string)
            self.as_list, known = self._segment_with_tokens(raw_string, words), set(words)
            features = [i for i, piece in enumerate(self.as_list) if piece in known]
        else:
            between = re.compile(f"({split_expression})|$")
            self.as_list = [piece for piece in between.split(raw_string) if piece]
            features = [i for i, piece in enumerate(self.as_list) if not between.match(piece)]
        self._index(features)

    @staticmethod
    def _segment_with_tokens(text: str, tokens: Sequence[str]) -> list[str]:
        """The text in its words and what is between them."""
        pieces, at = [], 0
        for token in tokens:
            found = text.find(token, at)
            if found < 0:
                raise ValueError(f"the word {token!r} does not stand in the text after position {at}; split_expression= must give the text's own words, in their order")
            pieces += [text[at:found], token] if found > at else [token]
            at = found + len(token)
        return [*pieces, text[at:]] if at < len(text) else pieces


class IndexedCharacters(_Indexed):
    """A text in characters; see :class:`IndexedString`."""

    def __init__(self, raw_string: str, bow: bool = True, mask_string: str | None = None) -> None:
        self.raw, self.bow = raw_string, bow
        self.mask_string = chr(0) if mask_string is None else mask_string
        self.as_list = list(raw_string)
        self._index(range(len(self.as_list)))
        self.string_start = np.arange(len(self.as_list))
