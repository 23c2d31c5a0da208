"""Files by their extension, complete or not at all."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kabosu import frames
from kabosu.errors import InputError, MissingExtra
from kabosu.explanation import Explanation
from kabosu.explanations import Explanations

PICTURES = (".png", ".svg", ".pdf")
EXTENSIONS = (".html", ".json", *PICTURES, ".csv", ".parquet")


def save(obj: Explanation | Explanations, path: str | Path) -> Path:
    """Write beside the file and rename, so that a reader never sees half of it."""
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in EXTENSIONS:
        raise InputError(f"path={str(path)!r} ends in {path.suffix!r}; use one of {', '.join(EXTENSIONS)}")
    if not path.parent.is_dir():
        raise InputError(f"path={str(path)!r}: the folder {str(path.parent)!r} does not exist; make it first")
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _letters_told():
            _write(obj, beside, kind[1:])
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _write(obj: Any, path: Path, kind: str) -> None:
    match kind:
        case "html":
            path.write_text(obj.to_html(), encoding="utf-8")
        case "json":
            path.write_text(obj.to_json() + "\n", encoding="utf-8")
        case "csv" | "parquet":
            _frame(obj, path, kind)
        case _:
            _picture(obj, path, kind)


def _frame(obj: Any, path: Path, kind: str) -> None:
    try:
        frames.write(obj.to_frame(), path, kind)
    except ImportError as e:
        raise MissingExtra(f"writing .{kind} of this kind of frame needs another package: {e}") from e


def _picture(obj: Any, path: Path, kind: str) -> None:
    """Without pyplot, so that no window and no state is left; without dates, so that the same explanation gives the same file."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as e:
        raise MissingExtra.of("matplotlib", "plot") from e
    figure = Figure(layout="constrained")
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with rc_context({"svg.hashsalt": "kabosu"}):
        obj.plot(ax=figure)
        figure.savefig(path, format=kind, dpi=200, bbox_inches="tight", metadata=dates.get(kind))


@contextmanager
def _letters_told() -> Iterator[None]:
    """One warning for all letters that the fonts lack, which says what to do; others as they are."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    missing = [re.match(r"Glyph (\d+) .*missing from", str(w.message)) for w in said]
    for w, lacks in zip(said, missing, strict=True):
        if not lacks:
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    letters = "".join(dict.fromkeys(chr(int(lacks[1])) for lacks in missing if lacks))
    if letters:
        warnings.warn(f"the font of the picture lacks {letters}, boxes stand in their place; name one that has them, matplotlib.rcParams['font.family'] = ['DejaVu Sans', 'Noto Sans CJK JP'], or save as .html", stacklevel=5)
