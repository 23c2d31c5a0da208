"""Rewrite imports of lime in scripts and notebooks; nothing else in a file changes.

Only what Python itself reads as an import is rewritten: comments, strings and other names that begin with lime stay.
"""

import ast
import difflib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from kabosu.errors import InputError

OURS = "kabosu.lime"
MAGIC = re.compile(r"^\s*[%!?]|\?\s*$")  # lines of IPython that are no Python


def rewritten(source: str, bound: bool | None = None) -> str:
    r"""The source with its imports of lime rewritten, and the names that they bound.

    bound : whether ``lime`` is a name that an import bound, as another cell of a notebook may; None: as this source says.

    Examples
    --------
    >>> print(rewritten("import lime.lime_tabular\nfrom lime.lime_text import LimeTextExplainer\ne = lime.lime_tabular.LimeTabularExplainer(X)"), end="")
    import kabosu.lime.lime_tabular
    from kabosu.lime.lime_text import LimeTextExplainer
    e = kabosu.lime.lime_tabular.LimeTabularExplainer(X)

    """
    tree = parsed(source)
    return replaced(source.splitlines(keepends=True), sorted(changes(tree, binds(tree) if bound is None else bound), reverse=True))


def parsed(source: str) -> ast.Module:
    """The tree of a script or a cell; where that is no Python, of one whose lines of IPython stand for nothing."""
    lines = [f"{line[: len(line) - len(line.lstrip())]}pass\n" if MAGIC.search(line) and "#" not in line else line for line in source.splitlines(keepends=True)]
    for text in (source, "".join(lines)):
        try:
            return ast.parse(text)
        except SyntaxError as e:
            trouble = e
    raise InputError(f"it is no Python: {trouble}")


def binds(tree: ast.Module) -> bool:
    """Whether an import binds the name ``lime``."""
    return any(isinstance(node, ast.Import) and any(a.asname is None and is_lime(a.name) for a in node.names) for node in ast.walk(tree))


def changes(tree: ast.Module, bound: bool) -> Iterator[tuple[int, int, str, str]]:
    """Line, column in bytes, what stands there and what shall."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and is_lime(node.module or ""):
            yield node.lineno, node.col_offset, "from lime", f"from {OURS}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if is_lime(alias.name):
                    yield alias.lineno, alias.col_offset, "lime", OURS
        elif bound and isinstance(node, ast.Name) and node.id == "lime" and isinstance(node.ctx, ast.Load):
            yield node.lineno, node.col_offset, "lime", OURS


def is_lime(module: str) -> bool:
    """lime itself or a part of it."""
    return module == "lime" or module.startswith("lime.")


def replaced(lines: list[str], found: Sequence[tuple[int, int, str, str]]) -> str:
    """The text after the changes, the last first."""
    for line, column, old, new in found:
        raw = lines[line - 1].encode()
        head, tail = raw[:column].decode(), raw[column:].decode()
        lines[line - 1] = head + re.sub(rf"^{old.replace(' ', chr(92) + 's+')}\b", new, tail, count=1)
    return "".join(lines)


def migrated(path: Path) -> tuple[str, str]:
    """A file before and after."""
    before = path.read_bytes().decode("utf-8")
    return before, _notebook(before) if path.suffix == ".ipynb" else rewritten(before)


def _notebook(text: str) -> str:
    """A notebook with its code cells rewritten; what one cell imports, the others use."""
    book = json.loads(text)
    write = _writer(book, text)
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code" and not "".join(cell["source"]).lstrip().startswith("%%")]
    bound = any(binds(parsed("".join(cell["source"]))) for cell in cells)
    for cell in cells:
        new = rewritten("".join(cell["source"]), bound)
        if new != "".join(cell["source"]):
            cell["source"] = new if isinstance(cell["source"], str) else new.splitlines(keepends=True)
            book["changed"] = True
    return write(book) if book.pop("changed", False) else text


def _writer(book: Any, text: str) -> Callable[[Any], str]:
    """The way in which the notebook was written, so that all else stays as it is; Jupyter's own where it is none of the usual."""
    for indent, ascii_only, end in product((1, 2, 4, None), (False, True), ("\n", "")):
        write = partial(_written, indent=indent, ascii_only=ascii_only, end=end)
        if write(book) == text:
            return write
    return partial(_written, indent=1, ascii_only=False, end="\n")


def _written(book: Any, *, indent: int | None, ascii_only: bool, end: str) -> str:
    return json.dumps(book, indent=indent, ensure_ascii=ascii_only) + end


def main(arguments: Sequence[str]) -> int:
    """The command: print what would change, and change it where ``--write`` is given. 0: done; 1: some files could not be read; 2: wrong use."""
    files = [Path(name) for name in arguments[1:] if name != "--write"]
    if not files or arguments[0] != "migrate" or any(str(name).startswith("-") for name in files):
        sys.stderr.write("usage: python -m kabosu.lime migrate FILE... [--write]\n  rewrites imports of lime in .py and .ipynb files; prints a diff, and changes nothing without --write\n")
        return 2
    failed = [path for path in files if not _one(path, "--write" in arguments)]
    return 1 if failed else 0


def _one(path: Path, write: bool) -> bool:
    """Whether a file could be read; its diff on the way."""
    try:
        before, after = migrated(path)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, InputError) as e:
        sys.stderr.write(f"{path}: {e}\n")
        return False
    sys.stdout.writelines(_ended(line) for line in difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), str(path), str(path)))
    if write and after != before:
        path.write_bytes(after.encode("utf-8"))
    return True


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"
