"""Checks of options: a wrong one is refused where it is given, with what was given, what was expected and what to do."""

from collections.abc import Iterable
from math import inf, nan
from numbers import Integral, Real
from typing import Any

from kabosu.errors import InputError


def whole(option: str, given: Any, least: int, what: str, most: float = inf) -> int:
    """Check an integer.

    Examples
    --------
    >>> whole("budget", 500, 4, "a number of model rows")
    500

    """
    if isinstance(given, bool) or not isinstance(given, Integral) or not least <= int(given) <= most:
        limit = "" if most == inf else f" and at most {most:,.0f}"
        raise InputError(f"{option}={given!r}; expected {what}, an integer of at least {least}{limit}")
    return int(given)


def number(option: str, given: Any, what: str, *, low: float, high: float = inf) -> float:
    """Check a number in [low, high].

    Examples
    --------
    >>> number("alpha", 0.5, "a penalty of at least 0", low=0.0)
    0.5

    """
    value = _real(given)
    if not low <= value <= high:
        raise InputError(f"{option}={given!r}; expected {what}")
    return value


def _real(given: Any) -> float:
    """Give a float; NaN where it is not a number or too large for one."""
    try:
        return float(given) if isinstance(given, Real) and not isinstance(given, bool) else nan
    except OverflowError:
        return nan


def above_zero(option: str, given: Any, what: str) -> float:
    """Check a number above 0; infinity is one."""
    return number(option, given, what, low=5e-324)


def one_of(option: str, given: Any, allowed: Iterable[Any]) -> Any:
    """Check an option of a list."""
    allowed = tuple(allowed)
    if not isinstance(given, str) or given not in allowed:
        raise InputError.choice(option, given, allowed)
    return given


def listed(option: str, given: Any, what: str = "names") -> list[Any]:
    """Check a list, of names if nothing else is said. One name that is not in a list is refused: its letters are not names."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) != 1:
        raise InputError(f"{option}={given!r}; expected a list of {what}: {option}=[{given!r}]")
    return list(given)


def yes_or_no(option: str, given: Any) -> bool:
    """Check True or False."""
    if not isinstance(given, bool):
        raise InputError(f"{option}={given!r}; expected True or False")
    return given


def has(option: str, given: Any, method: str, what: str) -> Any:
    """Check an object with a method; its class is not one."""
    if isinstance(given, (type, str)) or not callable(getattr(given, method, None)):
        raise InputError(f"{option}={given!r}; expected {what}")
    return given
