"""Numbers, arrays and cells to JSON and back.

NaN and infinities are the strings "nan", "inf" and "-inf" where a number is expected; JSON has no word for them.
Cells that JSON cannot hold are {"type": ..., "value": text}.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.frames import is_missing
from kabosu.types import Array, Float, Int

LOST = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def number_out(x: float) -> float | str:
    """A float, or the word for one that is not finite."""
    return float(x) if math.isfinite(x) else str(float(x))


def array_out(a: Array) -> Any:
    """Nested lists; Python writes floats so that they read back bit-equal."""
    if np.isfinite(a).all():
        return a.tolist()
    out = a.astype(object)
    for word, value in LOST.items():
        out[np.isnan(a) if word == "nan" else a == value] = word
    return out.tolist()


def cell_out(value: Any) -> Any:
    """A feature's value: what JSON knows as it is, the rest with its type."""
    value = value.item() if isinstance(value, np.generic) and value.dtype.kind != "M" else value
    if is_missing(value) and not isinstance(value, float):
        return None
    if isinstance(value, float):
        return {"type": "float", "value": str(value)} if not math.isfinite(value) else float(value)
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, np.datetime64):
        return {"type": "text", "value": str(value)}
    if isinstance(value, (datetime, date)):
        return {"type": "datetime" if isinstance(value, datetime) else "date", "value": value.isoformat()}
    return {"type": "text", "value": str(value)}


def cell_in(value: Any) -> Any:
    """The value again: numpy scalars as Python's, timestamps as ``datetime``, other objects as their text."""
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise InputError(f"a feature's value is the list {value!r}; expected a number, text, boolean, null or {{type, value}}")
        return value
    kind, text = value.get("type"), value.get("value")
    readers = {"float": float, "datetime": datetime.fromisoformat, "date": date.fromisoformat, "text": str}
    if kind not in readers or not isinstance(text, str):
        raise InputError(f"a feature's value is {value!r}; expected type {', '.join(readers)} and a text")
    try:
        return readers[kind](text)
    except ValueError as e:
        raise InputError(f"a feature's value is {value!r}: {e}") from e


def parsed(text: Any) -> Any:
    """Strict JSON: no NaN, no repeated keys."""
    if not isinstance(text, (str, bytes, bytearray)):
        raise InputError(f"expected JSON text, got {type(text).__name__}")
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as e:
        raise InputError(f"this is not the JSON of an explanation: {e or type(e).__name__}") from e


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"repeated keys in an object with {sorted(made)[:5]}")
    return made


def sized(value: Any, size: int, name: str) -> list[Any]:
    """A list of so many."""
    if not isinstance(value, list) or len(value) != size:
        raise InputError(f"{name} should be a list of {size}, found {_short(value)}")
    return value


def strings(value: Any, size: int, name: str) -> list[str]:
    """A list of so many texts."""
    if not all(isinstance(v, str) for v in sized(value, size, name)):
        raise InputError(f"{name} should be texts, found {_short(value)}")
    return value


def objects(values: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """An object array of this shape, cell by cell."""
    out = np.empty(shape, dtype=object)
    for i in np.ndindex(shape):
        out[i] = values[i[0]] if len(i) == 1 else values[i[0]][i[1]]
    return out


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}... ({type(value).__name__})"


@dataclass(frozen=True)
class Reader:
    """Checked access to one object of the JSON; every complaint names the field."""

    data: Any
    what: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, dict):
            raise InputError(f"the {self.what} should be an object, found {_short(self.data)}")

    def part(self, name: str) -> Any:
        """A field."""
        if name not in self.data:
            raise InputError(f"the {self.what} lacks the field {name!r}; its fields are {sorted(self.data)[:30]}")
        return self.data[name]

    def text(self, name: str) -> str:
        """A text."""
        return self._typed(name, str, "a text")

    def whole(self, name: str) -> int:
        """An integer."""
        return self._typed(name, int, "an integer")

    def _typed(self, name: str, kind: type, words: str) -> Any:
        value = self.part(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"the {self.what}'s {name} should be {words}, found {_short(value)}")
        return value

    def number(self, name: str) -> float:
        """A float, "nan", "inf" or "-inf"."""
        return float(self.array(name, "", {}))

    def items(self, name: str, size: int | None = None) -> list[Any]:
        """A list, of ``size`` where given."""
        value = self.part(name)
        return sized(value, len(value) if size is None and isinstance(value, list) else size or 0, f"the {self.what}'s {name}")

    def texts(self, name: str, size: int | None = None) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(strings(self.items(name, size), len(self.items(name)), f"the {self.what}'s {name}"))

    def wholes(self, name: str, size: int) -> Int[Array, "size"]:
        """A list of integers."""
        value = self.items(name, size)
        if not all(type(v) is int and abs(v) < 2**63 for v in value):
            raise InputError(f"the {self.what}'s {name} should be integers, found {_short(value)}")
        return np.array(value, dtype=np.int64)

    def mapping(self, name: str) -> Mapping[str, str]:
        """Texts by name."""
        value = self.part(name)
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise InputError(f"the {self.what}'s {name} should be an object of texts, found {_short(value)}")
        return value

    def array(self, name: str, shape: str, sizes: Mapping[str, int]) -> Float[Array, "..."]:
        """Floats of a shape in letters; "b" is B or 1."""
        value = self.part(name)
        try:
            raw = np.array(value, dtype=object)
            odd = {v for v in raw.ravel().tolist() if type(v) not in (int, float) and not (isinstance(v, str) and v in LOST)}
            out = raw.astype(np.float64)
        except (ValueError, TypeError, OverflowError) as e:
            raise InputError(f"the {self.what}'s {name} should be an array of numbers, found {_short(value)}") from e
        if odd:
            raise InputError(f"the {self.what}'s {name} should be numbers, found {_short(odd)}")
        wanted = tuple(sizes[letter.upper() if letter == "b" else letter] for letter in shape)
        shared = tuple(1 if letter == "b" else sizes[letter] for letter in shape)
        if not out.size and 0 in wanted:
            return np.zeros(wanted)
        if out.shape not in (wanted, shared):
            raise InputError(f"the {self.what}'s {name} has shape {out.shape}; its names say {wanted}")
        return out

    def arrays(self, shapes: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, Any]:
        """Several arrays by name."""
        return {name: self.array(name, shape, sizes) for name, shape in shapes.items()}

    def each(self, read: Callable[[str], Any], names: Iterable[str]) -> dict[str, Any]:
        """Several fields of one kind by name."""
        return {name: read(name) for name in names}
