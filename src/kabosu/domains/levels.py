"""Reading categories and groups: which levels there are, how often, in which words."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.domains.units import Levels
from kabosu.errors import InputError, RowError
from kabosu.types import Array

MANY = 10_000
EVEN = 0.5  # share of draws that keep a group of numbers as it is: where on and off tell most
SEPARATORS = "_-=:. ["  # between a category and its levels in the names of one-hot columns


def phrase(name: str, value: Any) -> str:
    """A level as a condition in words.

    Examples
    --------
    >>> phrase("color", "red"), phrase("income", None)
    ('color = red', 'income is missing')

    """
    return f"{name} is missing" if value is None else f"{name} = {_plain(value)}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and value % 1 == 0 else str(value)


def _order(key: Any) -> tuple[bool, str, str]:
    return (key is None, type(key).__name__, str(key))


def fit_level(column: frames.Column, series: Any) -> Levels:
    """A category; missing is a level of its own, the last."""
    values = frames.cells(series)
    counts = Counter(values.tolist())
    levels = sorted(counts, key=_order)
    first = {v: i for i, v in reversed(list(enumerate(values)))}
    exemplars = frames.gather(series, [first[v] for v in levels])
    name = column.word
    rates = tuple(counts[v] / len(values) for v in levels)
    return Levels(name, (column,), tuple(levels), tuple(phrase(name, v) for v in levels), rates, len(values), (exemplars,))


def fit_group(name: str | None, columns: Sequence[frames.Column], series: Sequence[Any], stays: float = 0.0) -> Levels:
    """Columns drawn jointly: the levels are the combinations seen in training.

    stays : share of draws with the instance's own combination, 0: its training rate. Of numbers, which hardly ever repeat, at
        most ``MANY`` training rows are kept, a random part where there are more.
    """
    if stays and len(series[0]) > MANY:
        some = np.sort(np.random.default_rng(0).permutation(len(series[0]))[:MANY])
        series = [frames.gather(s, some) for s in series]
    rows = list(zip(*(frames.cells(s).tolist() for s in series), strict=True))
    counts = Counter(rows)
    if len(counts) > MANY:
        raise InputError(f"the group {[c.name for c in columns]} has {len(counts)} different combinations; group categories or one-hot columns")
    levels = sorted(counts, key=lambda row: [_order(v) for v in row])
    first = {v: i for i, v in reversed(list(enumerate(rows)))}
    picks = [first[v] for v in levels]
    names = [c.word for c in columns]
    title = name or _shared(names) or f"one of {', '.join(names)}"
    return Levels(
        title,
        tuple(columns),
        tuple(levels),
        tuple(_group_phrase(title, names, row) for row in levels),
        tuple(counts[v] / len(rows) for v in levels),
        len(rows),
        tuple(frames.gather(s, picks) for s in series),
        stays=stays,
    )


def _shared(names: Sequence[str]) -> str:
    """What the names of one-hot columns have in common, up to a separator.

    Examples
    --------
    >>> _shared(["color_red", "color_rose"]), _shared(["x1", "x2"])
    ('color', '')

    """
    prefix = "".join(letters[0] for letters in takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)))
    end = max(prefix.rfind(mark) for mark in SEPARATORS)
    return prefix[: end + 1].rstrip(SEPARATORS)


def _group_phrase(title: str, names: Sequence[str], row: Sequence[Any]) -> str:
    on = [n for n, v in zip(names, row, strict=True) if v == 1]
    if len(on) == 1 and all(v in (0, 1) for v in row):
        return f"{title} = {on[0].removeprefix(title).lstrip(SEPARATORS) or on[0]}"
    return f"{title} = {together(row)}"


def together(row: Sequence[Any]) -> str:
    """A combination in words.

    Examples
    --------
    >>> together((11.42, 386.09999999999997, None, "red"))
    '(11.42, 386.1, missing, red)'

    """
    return f"({', '.join('missing' if v is None else f'{v:.6g}' if isinstance(v, float) else str(v) for v in row)})"


def one_hot_blocks(binary: dict[int, Array], n: int) -> list[tuple[int, ...]]:
    """Neighboring 0/1 columns that always sum to 1.

    binary : (n,) floats of the 0/1 columns, by position.
    """
    blocks, j, last = [], 0, max(binary, default=-1)
    while j <= last:
        total, end = np.zeros(n), j
        while end in binary and (total <= 1).all() and not (total == 1).all():
            total = total + binary[end]
            end += 1
        if end - j >= 2 and (total == 1).all():
            blocks.append(tuple(range(j, end)))
            j = end
        else:
            j += 1
    return blocks


def _checked(column: frames.Column, values: list[Any]) -> list[Any]:
    """Cells, if they are single values."""
    for value in values:
        try:
            hash(value)
        except TypeError as e:
            raise RowError(f"column {column.name!r} of the instance holds a {type(value).__name__}; expected a single value, such as a string") from e
        if isinstance(value, tuple):
            raise RowError(f"column {column.name!r} of the instance holds a tuple; expected a single value, such as a string")
    return values


def own_codes(unit: Levels, series: Sequence[Any]) -> tuple[Levels, Array]:
    """The instances' level codes, and the unit extended by levels that the background never had."""
    columns = [_checked(c, frames.cells(s).tolist()) for c, s in zip(unit.filled, series, strict=True)]
    keys = columns[0] if len(columns) == 1 and not isinstance(unit.levels[0], tuple) else list(zip(*columns, strict=True))
    codes = {key: i for i, key in enumerate(unit.levels)}
    new = [k for k in dict.fromkeys(keys) if k not in codes]
    if new:
        names = [c.word for c in unit.filled]
        words = [_group_phrase(unit.name, names, k) if isinstance(k, tuple) else phrase(unit.name, k) for k in new]
        unit = unit.extended(new, words, [frames.gather(s, [keys.index(k) for k in new]) for s in series])
        codes |= {key: len(codes) + i for i, key in enumerate(new)}
    return unit, np.array([codes[k] for k in keys], dtype=np.int64)
