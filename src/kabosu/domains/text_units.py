"""Where the units of a text begin and end: characters, words, phrases, sentences, paragraphs, tokens, or the user's own."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from kabosu.errors import InputError

Span = tuple[int, int]
"""Position of the first character, and of the one after the last."""
Units = Callable[[str], Sequence[Span]]
"""A text -> spans of its units, in order, that do not overlap."""

UNSPACED = "\u3041-\u3096\u309d-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Hiragana, Han, Thai, Lao, Myanmar, Khmer: scripts that put no spaces between words."""
EMOJI = "\u231a-\u23ff\u2600-\u27bf\u2b1b-\u2b55\U0001f000-\U0001faff"
TINTS = "\U0001f3fb-\U0001f3ff"
ASTRAL = 0x20000  # marks above it belong to no script; variation selectors come with their emoji


@lru_cache(maxsize=1)
def _marks() -> str:
    """Combining marks, which belong to the letter before them, as ranges of a regular expression."""
    found: list[list[int]] = []
    for c in range(0x300, ASTRAL):
        if unicodedata.category(chr(c)).startswith("M"):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in found)


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    marks = _marks()
    letter = rf"(?:(?![{UNSPACED}])\w[{marks}]*)"
    flags = r"[\U0001f1e6-\U0001f1ff]{2}"
    emoji = rf"[{EMOJI}][{TINTS}\ufe0f\u20e3]*(?:\u200d[{EMOJI}][{TINTS}\ufe0f]*)*"
    return re.compile(rf"{letter}+(?:(?<=\w)['\u2019]{letter}+|(?<=\d)[.,](?=\d){letter}+)*|[{UNSPACED}][{marks}]*|{flags}|{emoji}")


@lru_cache(maxsize=1)
def _character() -> re.Pattern[str]:
    marks = _marks()
    return re.compile(rf"[\U0001f1e6-\U0001f1ff]{{2}}|\S[{marks}{TINTS}\ufe0f]*(?:\u200d\S[{marks}{TINTS}\ufe0f]*)*")


def words(text: str) -> list[Span]:
    """Runs of letters, digits and underscores with their marks, apostrophes inside ("don't") and points inside numbers ("3.14").

    In scripts that put no spaces between words (Han, Hiragana, Thai, Lao, Myanmar, Khmer) each letter is a unit, as the default
    word boundaries of Unicode have it (UAX 29); for real words there give a segmenter as a callable. An emoji is a unit.

    Examples
    --------
    >>> [text[a:b] for text in ["Don't pay 3.14, 日本 👍🏽"] for a, b in words(text)]
    ["Don't", 'pay', '3.14', '日', '本', '👍🏽']

    """
    return [m.span() for m in _word().finditer(text)]


def characters(text: str) -> list[Span]:
    """Every character that is no space, with its marks; a joined emoji is one.

    Examples
    --------
    >>> characters("a é")
    [(0, 1), (2, 3)]

    """
    return [m.span() for m in _character().finditer(text)]


STOPS = r".!?\u2026\u3002\uff01\uff1f\u0964\u06d4\u061f"
SENTENCE = re.compile(rf"\S.*?(?:[{STOPS}]+[\"'\u2019\u201d\u300d)\]]*(?=\s|$|(?<=[\u3002\uff01\uff1f\u300d]))|\n|$)", re.DOTALL)
BREAK = re.compile(rf"[,;:{STOPS}]+(?=[\s\"'\u2019\u201d)\]]|$)|[()\[\]\u2014\u2013\n\u3001\uff0c\u3002\uff01\uff1f;]")
PARAGRAPH = re.compile(r"\S.*?(?=\n[^\S\n]*\n|\Z)", re.DOTALL)


def sentences(text: str) -> list[Span]:
    """Up to a full stop, question or exclamation mark that ends a word, or the end of the line.

    Examples
    --------
    >>> [text[a:b] for text in ["It is 3.5 m. Is it? 好。是"] for a, b in sentences(text)]
    ['It is 3.5 m.', 'Is it?', '好。', '是']

    """
    return _worded(SENTENCE, text)


def phrases(text: str) -> list[Span]:
    """Between punctuation marks that end a word: commas, colons, brackets, dashes, full stops.

    Examples
    --------
    >>> [text[a:b] for text in ["It cost 3.14, no more (I think)."] for a, b in phrases(text)]
    ['It cost 3.14', 'no more', 'I think']

    """
    ends = [(0, 0), *(m.span() for m in BREAK.finditer(text)), (len(text), len(text))]
    between = ((b + len(text[b:c]) - len(text[b:c].lstrip()), c) for (_, b), (c, _) in pairwise(ends))
    return [(a, a + len(text[a:c].rstrip())) for a, c in between if any(ch.isalnum() for ch in text[a:c])]


def paragraphs(text: str) -> list[Span]:
    """Between empty lines."""
    return _worded(PARAGRAPH, text)


def _worded(pattern: re.Pattern[str], text: str) -> list[Span]:
    """Matches without the spaces at their end."""
    return [(m.start(), m.start() + len(m.group().rstrip())) for m in pattern.finditer(text) if m.group().strip()]


def matches(pattern: re.Pattern[str], text: str) -> list[Span]:
    """Matches of a regular expression that are not empty."""
    return [m.span() for m in pattern.finditer(text) if m.end() > m.start()]


LIME = partial(matches, re.compile(r"\w+"))
"""Words as lime 0.2.0.1 splits them: at everything that is no letter, digit or underscore."""

UNITS: Mapping[str, Units] = MappingProxyType({"word": words, "character": characters, "phrase": phrases, "sentence": sentences, "paragraph": paragraphs})


@dataclass(frozen=True)
class Tokens:
    """The tokens of a fast Hugging Face tokenizer (``transformers``) or of ``tokenizers``, by their offsets; special ones left out."""

    tokenizer: Any

    def __call__(self, text: str) -> list[Span]:
        """Offsets that are not empty."""
        if type(self.tokenizer).__module__.split(".")[0] == "tokenizers":
            offsets = self.tokenizer.encode(text, add_special_tokens=False).offsets
        else:
            offsets = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False)["offset_mapping"]
        return _apart((_trimmed(text, int(a), int(b)) for a, b in offsets))


def _trimmed(text: str, a: int, b: int) -> Span:
    """Without the space that some tokens begin with."""
    return (b - len(text[a:b].lstrip()), b) if text[a:b].strip() else (b, b)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans in order; several tokens of one character are one unit."""
    out: list[Span] = []
    for a, b in spans:
        if b > a and (not out or a >= out[-1][1]):
            out.append((a, b))
    return out


@dataclass(frozen=True)
class Given:
    """Spans or words from the user's own function of the text, or spans given once; checked."""

    of: Callable[[str], Any] | Iterable[Any]

    def __call__(self, text: str) -> list[Span]:
        """Spans, in order."""
        found = list(self.of(text)) if callable(self.of) else list(self.of)
        if found and all(isinstance(piece, str) for piece in found):
            return _found(text, found)
        return _spans(text, found)


def _spans(text: str, given: Sequence[Any]) -> list[Span]:
    try:
        spans = sorted((int(a), int(b)) for a, b in given)
    except (TypeError, ValueError) as e:
        raise InputError(f"the units are {given!r:.100}; expected pairs (first character, one after the last), or words of the text") from e
    before = 0
    for a, b in spans:
        if not before <= a < b <= len(text):
            raise InputError(f"the unit ({a}, {b}) does not lie in a text of {len(text)} characters after the one before it; expected spans that are not empty and do not overlap")
        before = b
    return spans


def _found(text: str, pieces: Sequence[str]) -> list[Span]:
    """Words, one after the other in the text."""
    spans, at = [], 0
    for piece in pieces:
        a = text.find(piece, at)
        if a < 0:
            raise InputError(f"the unit {piece!r} is not in the text after position {at}; a function for units= must give pieces of the text in order, or spans")
        at = a + len(piece)
        spans.append((a, at))
    return [(a, b) for a, b in spans if text[a:b].strip()]


def _by_name(name: str, tokenizer: Any) -> Units:
    if name == "token":
        if tokenizer is None:
            raise InputError("units='token' needs the tokenizer: give tokenizer=, a fast Hugging Face tokenizer")
        return Tokens(tokenizer)
    if name not in UNITS:
        raise InputError(f"units={name!r} is not known; use one of {', '.join(UNITS)}, token, a compiled regular expression, a function of the text, or spans")
    return UNITS[name]


def units_of(given: Any, tokenizer: Any = None) -> Units:
    """What a user means by ``units=``: a name, a regular expression, a tokenizer, a function, or spans."""
    if isinstance(given, str):
        return _by_name(given, tokenizer)
    if isinstance(given, re.Pattern):
        if not isinstance(given.pattern, str):
            raise InputError(f"units={given!r} is a regular expression of bytes; expected one of text, such as re.compile(r'\\w+')")
        return partial(matches, given)
    if type(given).__module__.split(".")[0] in ("transformers", "tokenizers") and callable(getattr(given, "encode", None)):
        return Tokens(given)
    if isinstance(given, (Tokens, Given, partial)):
        return given
    if callable(given) and given in UNITS.values():
        return next(cut for cut in UNITS.values() if cut == given)
    if not callable(given) and not isinstance(given, Iterable):
        raise InputError(f"units={given!r}; expected one of {', '.join(UNITS)}, token, a compiled regular expression, a function of the text, or spans")
    return Given(given if callable(given) else tuple(given))
