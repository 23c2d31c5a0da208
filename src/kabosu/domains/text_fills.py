"""What stands where a unit of a text is replaced: nothing, a token, a word of a corpus, or the user's own infilling."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kabosu import checks
from kabosu.domains.text_units import Span, words
from kabosu.errors import InputError, ModelError
from kabosu.types import Array, Bool, Float

ODD = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio in 64 bits (Steele et al. 2014, splitmix)
MIX = np.uint64(0xBF58476D1CE4E5B9)
BITS = 8  # neighboring pieces whose texts are written out for all of their masks
FEW_ROWS, MANY_PIECES = 8, 4096  # beyond which writing them out takes longer, or more memory, than it saves


@runtime_checkable
class Fill(Protocol):
    """Texts in place of a text some of whose pieces are gone."""

    def __call__(self, text: str, pieces: Sequence[Span], kept: Bool[Array, "s n"]) -> list[str]:
        """One text a row of ``kept``; deterministic."""
        ...


def _tails(text: str, pieces: Sequence[Span]) -> list[str]:
    """What follows each piece until the next; the first is what comes before all."""
    starts = [a for a, _ in pieces[1:]] + [len(text)]
    return [text[: pieces[0][0]], *(text[b:a] for (_, b), a in zip(pieces, starts, strict=True))]


@dataclass(frozen=True)
class Token:
    """The same token for every piece; the empty one deletes it. What is between the pieces stays, as in lime.

    Examples
    --------
    >>> import numpy as np
    >>> Token("[MASK]")("a b, c", [(0, 1), (2, 3), (5, 6)], np.array([[True, False, True]]))
    ['a [MASK], c']

    """

    token: str = ""

    def __call__(self, text: str, pieces: Sequence[Span], kept: Bool[Array, "s n"]) -> list[str]:
        head = text[: pieces[0][0]]
        if len(kept) < FEW_ROWS or len(pieces) > MANY_PIECES:
            choice = np.where(kept, *_written(text, pieces, self.token))
        else:
            table = _table(text, tuple(pieces), self.token)
            choice = table.take(np.packbits(kept, axis=1, bitorder="little") + (np.arange(len(table) >> BITS) << BITS))
        return [head + "".join(row) for row in choice.tolist()]


def _written(text: str, pieces: Sequence[Span], token: str) -> tuple[Array, Array]:
    """Each piece with what follows it, kept and gone."""
    _, *tails = _tails(text, pieces)
    return np.array([text[a:b] + tail for (a, b), tail in zip(pieces, tails, strict=True)], dtype=object), np.array([token + tail for tail in tails], dtype=object)


@lru_cache(maxsize=2)
def _table(text: str, pieces: tuple[Span, ...], token: str) -> Array:
    """What eight neighbors read under each of their 256 masks, eight after eight."""
    there, gone = (written.tolist() for written in _written(text, pieces, token))
    made = []
    for first in range(0, len(pieces), BITS):
        some = [""]
        for own, other in zip(there[first : first + BITS], gone[first : first + BITS], strict=True):
            some = [before + other for before in some] + [before + own for before in some]
        made += some + [""] * ((1 << BITS) - len(some))
    return np.array(made, dtype=object)


@dataclass(frozen=True)
class Corpus:
    """A word of a corpus in the place of each piece, drawn from it with its frequency, others in each draw: what is explained
    is the model's mean over them.

    Examples
    --------
    >>> import numpy as np
    >>> Corpus.of(["good bad fine"]).drawn("a b", [(0, 1), (2, 3)], np.array([[True, False], [True, True]]), np.array([0.3, 0.7]))
    ['a good', 'a b']

    """

    vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Corpus":
        """The words of some texts."""
        found = tuple(text[a:b] for text in checks.listed("texts", texts) for a, b in words(_text(text)))
        if not found:
            raise InputError("the corpus has no words; give texts that have some")
        return cls(found)

    def drawn(self, text: str, pieces: Sequence[Span], kept: Bool[Array, "s n"], chance: Float[Array, "s"]) -> list[str]:
        """One text a row of ``kept``. chance : in (0, 1), which words."""
        head, *tails = _tails(text, pieces)
        own = np.array([text[a:b] for a, b in pieces], dtype=object)
        drawn = np.array(self.vocabulary, dtype=object)[self._which(chance, len(pieces))]
        return [head + "".join(w + t for w, t in zip(row, tails, strict=True)) for row in np.where(kept, own, drawn).tolist()]

    def _which(self, chance: Float[Array, "s"], n: int) -> Array:
        """(s, n) positions in the vocabulary: a hash of the draw's number and the place."""
        place = _mixed(np.arange(1, n + 1, dtype=np.uint64) * ODD)
        draw = _mixed(np.ascontiguousarray(chance, dtype=np.float64).view(np.uint64))
        return _mixed(draw[:, None] ^ place) % np.uint64(len(self.vocabulary))


def _mixed(x: Array) -> Array:
    """Bits spread over the whole word; products wrap around, as they should."""
    x = (x ^ (x >> np.uint64(30))) * MIX
    return x ^ (x >> np.uint64(27))


@dataclass(frozen=True)
class Own:
    """The user's own: (text, list of the gone spans of each draw) -> list of texts, such as a language model fills in."""

    of: Callable[[str, list[list[Span]]], list[str]]

    def __call__(self, text: str, pieces: Sequence[Span], kept: Bool[Array, "s n"]) -> list[str]:
        gone = [[pieces[i] for i in np.flatnonzero(~row).tolist()] for row in kept]
        try:
            made = list(self.of(text, gone))
        except Exception as e:
            raise ModelError(f"the function given as fill= failed: {type(e).__name__}: {e}; it must take (text, gone), gone a list of spans for each draw, and give a list of texts") from e
        if len(made) != len(gone) or not all(isinstance(t, str) for t in made):
            raise ModelError(f"the function given as fill= gave {len(made)} item(s), such as {made[:1]!r:.80}, for {len(gone)} draws; it must give one text a draw")
        return made


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise InputError(f"a text of the corpus is {given!r:.60}; expected a list of strings")
    return given


def _special(tokenizer: Any, name: str) -> str:
    """A special token of a tokenizer, of ``transformers`` or of ``tokenizers``."""
    token = getattr(tokenizer, f"{name}_token", None) if tokenizer is not None else None
    known = getattr(tokenizer, "token_to_id", None)
    if token is None and callable(known):
        token = next((t for t in KNOWN[name] if known(t) is not None), None)
    if token is None:
        has = "no tokenizer was given" if tokenizer is None else f"the {type(tokenizer).__name__} has none"
        raise InputError(f"fill={name!r} needs the {name} token of the tokenizer, and {has}; give tokenizer=, or name the token: fill=domains.Token('[MASK]')")
    return str(token)


KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType({"mask": ("[MASK]", "<mask>"), "pad": ("[PAD]", "<pad>"), "unk": ("[UNK]", "<unk>")})


def fill_of(given: Any, tokenizer: Any = None) -> Fill | Corpus:
    """What a user means by ``fill=``: "delete", a special token of the tokenizer by name, a fill, or a function."""
    if isinstance(given, str):
        if given == "delete":
            return Token()
        if given not in KNOWN:
            raise InputError(f"fill={given!r} is not known; use one of delete, {', '.join(KNOWN)}, domains.Token({given!r}) for the token itself, domains.Corpus.of(texts), or a function of (text, gone)")
        return Token(_special(tokenizer, given))
    if isinstance(given, (Token, Corpus, Own)):
        return given
    checks.has("fill", given, "__call__", f"one of delete, {', '.join(KNOWN)}, domains.Token(...), domains.Corpus.of(texts), or a function of (text, gone)")
    return Own(given)
