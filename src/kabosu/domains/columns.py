"""Options that name columns, and what is odd about a column."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from kabosu import checks, frames
from kabosu.domains.units import Levels, Unit
from kabosu.errors import InputError

MANY_LEVELS = 20  # from which a category is looked at twice


def positions(table: frames.Table, names: Sequence[Any], option: str) -> tuple[int, ...]:
    """Columns that an option names, by name, or by position where the background has positions."""
    known = {n: j for j, n in enumerate(table.names)} | ({} if table.named else {j: j for j in range(len(table.names))})
    names = checks.listed(option, names)
    unknown = [n for n in names if not isinstance(n, Hashable) or isinstance(n, bool) or n not in known]
    if unknown:
        raise InputError(f"{option}= names {unknown}, which the background data lacks; its columns are {list(table.names)[:30]}")
    return tuple(known[n] for n in names)


def groups_of(table: frames.Table, groups: Mapping[str, Sequence[Any]]) -> dict[str, tuple[int, ...]]:
    """Positions of each group's columns; no column is in two groups."""
    if not isinstance(groups, Mapping):
        raise InputError(f"groups={groups!r}; expected a dict of lists, such as {{'color': ['color_red', 'color_blue']}}")
    named = {str(title): positions(table, members, f"groups[{title!r}]") for title, members in groups.items()}
    members = [j for group in named.values() for j in group]
    if empty := [title for title, group in named.items() if not group]:
        raise InputError(f"groups={groups!r}: {empty} name no columns; give each group at least one")
    if twice := {table.names[j] for j in members if members.count(j) > 1}:
        raise InputError(f"groups= uses column(s) {sorted(map(str, twice))} more than once; a column is in one group only")
    return named


def of_numbers(table: frames.Table, groups: Mapping[str, Sequence[int]], categories: Sequence[int]) -> set[str]:
    """Groups that hold a number of more than two values which nobody called a category."""
    return {title for title, members in groups.items() if any(_is_varied(table, j) for j in members if j not in categories)}


def _is_varied(table: frames.Table, j: int) -> bool:
    column = frames.describe(table.names[j], table.columns[j])
    if column.kind == "level":
        return False
    values = frames.numbers(column, table.columns[j])
    return len(np.unique(values[~np.isnan(values)])) > 2


def odd(unit: Unit) -> list[str]:
    """Categories that look like something else: numbers that came as text, and ids with a level for nearly every row."""
    if not isinstance(unit, Levels) or unit.inside is not None or len(unit.levels) <= MANY_LEVELS:
        return []
    if all(level is None or (isinstance(level, str) and _is_number(level)) for level in unit.levels):
        return [f"column {unit.name!r} holds numbers as text and is read as a category of {len(unit.levels)} levels; cast it to a number"]
    return [f"column {unit.name!r} has {len(unit.levels)} levels in {unit.rows} rows; leave it out if it is an id"] if len(unit.levels) > unit.rows // 2 else []


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
