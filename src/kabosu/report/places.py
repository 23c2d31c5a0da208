"""Regions of pictures and series as JSON: whole numbers packed as text, complete or refused."""

import base64
import binascii
import zlib
from typing import Any

import numpy as np

from kabosu.domains.image import Regions
from kabosu.domains.series import Course
from kabosu.errors import InputError
from kabosu.report.codec import Reader, array_out
from kabosu.types import Array

LARGEST = 1 << 28  # bytes of one array


def packed(a: Array) -> dict[str, Any]:
    """An array of whole numbers or booleans, as its bytes in text."""
    a = np.ascontiguousarray(a)
    little = a.astype(a.dtype.newbyteorder("<"))
    return {"shape": list(a.shape), "dtype": a.dtype.name, "zlib": base64.b64encode(zlib.compress(little.tobytes(), 6)).decode("ascii")}


def unpacked(d: Any, what: str, dtype: str, shape: tuple[int | None, ...]) -> Array:
    """The array again. shape : None where any length will do."""
    read = Reader(d, what)
    sides = read.wholes("shape", len(shape)).tolist()
    if read.text("dtype") != dtype or any(side < 0 or wanted not in (None, side) for side, wanted in zip(sides, shape, strict=True)):
        raise InputError(f"the {what} is {read.text('dtype')} of shape {sides}; expected {dtype} of shape {[s or 'any' for s in shape]}")
    size = int(np.prod([float(s) for s in sides])) * np.dtype(dtype).itemsize
    if size > LARGEST:
        raise InputError(f"the {what} of shape {sides} holds more than {LARGEST} bytes")
    try:
        tool = zlib.decompressobj()
        raw = tool.decompress(base64.b64decode(read.text("zlib"), validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError) as e:
        raise InputError(f"the {what} cannot be unpacked: {e}; the text was changed") from e
    if len(raw) != size or not tool.eof:
        raise InputError(f"the {what} holds {len(raw)} bytes or more and its shape {sides} says {size}; the text was changed")
    return np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder("<")).reshape(sides).astype(dtype)


def regions_out(layout: Regions) -> dict[str, Any]:
    """A picture, its regions, and which feature covers which."""
    return {"picture": packed(layout.picture), "atoms": packed(layout.atoms.astype(np.int32)), "covers": packed(layout.covers)}


def regions_in(read: Reader, p: int) -> Regions:
    """Read what ``regions_out`` made for p features."""
    picture = unpacked(read.part("picture"), "layout's picture", "uint8", (None, None, 3))
    atoms = unpacked(read.part("atoms"), "layout's regions", "int32", picture.shape[:2]).astype(np.int64)
    covers = unpacked(read.part("covers"), "layout's covers", "bool", (p, None))
    _in_range(atoms, covers)
    return Regions(picture, atoms, covers)


def course_out(layout: Course) -> dict[str, Any]:
    """A series, its regions, and which feature covers which."""
    return {"values": array_out(layout.values), "atoms": packed(layout.atoms.astype(np.int32)), "covers": packed(layout.covers), "channels": list(layout.channels)}


def course_in(read: Reader, p: int) -> Course:
    """Read what ``course_out`` made for p features."""
    T, C = _size(read)
    values = read.array("values", "TC", {"T": T, "C": C})
    atoms = unpacked(read.part("atoms"), "layout's regions", "int32", values.shape).astype(np.int64)
    covers = unpacked(read.part("covers"), "layout's covers", "bool", (p, None))
    _in_range(atoms, covers)
    return Course(values, atoms, covers, read.texts("channels", C))


def _size(read: Reader) -> tuple[int, int]:
    rows = read.items("values")
    return len(rows), len(rows[0]) if rows and isinstance(rows[0], list) else 0


def _in_range(atoms: Array, covers: Array) -> None:
    if atoms.size and not (atoms.min() >= -1 and atoms.max() < covers.shape[1]):
        raise InputError(f"the layout's regions are numbered {atoms.min()} to {atoms.max()} and there are {covers.shape[1]}; the text was changed")
