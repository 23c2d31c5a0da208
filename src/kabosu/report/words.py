"""How numbers, conditions and outputs are written; the same words in tables, pages and pictures."""

import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kabosu.frames import is_missing
from kabosu.types import Array

if TYPE_CHECKING:
    from kabosu.explanation import Explanation

LEVEL = "this instead of another"
MISSING = "missing instead of present"
PRESENT = "present instead of replaced"
TOGETHER = "these instead of another row's"  # a group that holds numbers
NOISE = 1e-12  # of the largest number: below it digits are rounding's
SCALES = {"probability": "the probability of", "margin": "the margin of", "score": "the score", "label": "the label", "prediction": ""}


def number(x: float, digits: int = 4, *, sign: bool = False) -> str:
    """A number with so many significant digits, without needless zeros; exponents only for the very large and small.

    Examples
    --------
    >>> number(0.73), number(1234567.0), number(-2.50001), number(0.0123, sign=True), number(float("nan"))
    ('0.73', '1234567', '-2.5', '+0.0123', 'n/a')

    """
    if math.isnan(x):
        return "n/a"
    if x == 0:
        return "0"
    plus = "+" if sign and x > 0 else ""
    if math.isinf(x) or not 1e-5 <= abs(x) < 1e9:
        return f"{plus}{x:.{digits}g}".replace("e+0", "e+").replace("e-0", "e-")
    text = f"{x:.{max(0, digits - 1 - math.floor(math.log10(abs(x))))}f}"
    return plus + (text.rstrip("0").rstrip(".") if "." in text else text)


def column(values: Sequence[float] | Array, digits: int = 3) -> list[str]:
    """Signed numbers that stand in one column: as many decimals as the largest needs for ``digits`` significant digits.

    Examples
    --------
    >>> column([0.12345, -0.0049, 0.0]), column([-123.4, 5.0]), column([1e-9, 2e-9])
    (['+0.123', '-0.005', '0'], ['-123', '+5'], ['+1e-9', '+2e-9'])

    """
    sizes = np.abs([v for v in values if np.isfinite(v) and v != 0])
    if not len(sizes) or not 1e-4 <= sizes.max() < 1e7:
        return [number(float(v), digits, sign=True) for v in values]
    decimals = max(0, digits - 1 - math.floor(math.log10(sizes.max())))
    return [f"{v:+.{decimals}f}" if np.isfinite(v) and abs(v) > NOISE * sizes.max() else number(float(v) if not np.isfinite(v) else 0.0) for v in values]


def cell(value: Any) -> str:
    """A feature's value as text."""
    if is_missing(value):
        return "missing"
    return number(float(value), 6) if isinstance(value, (float, np.floating)) else str(value)


def condition(e: "Explanation", j: int) -> str:
    """Feature j with its value: "age = 29", "sex = female", "21 < age <= 30 (29)", "age (missing)", "age is missing", "if age were missing"."""
    return "".join(name_and_value(e, j))


def name_and_value(e: "Explanation", j: int) -> tuple[str, str]:
    """The two parts of ``condition``, so that a page can keep their writing directions apart."""
    name, column, value, unit = e.feature_names[j], e.columns[j], e.values[j], e.units[j]
    if unit == TOGETHER:
        return name, ""
    if unit == MISSING:
        return (name, "") if value else (f"if {name.removesuffix(' is missing')} were missing", "")
    if unit != LEVEL:
        return (name, " (missing)") if is_missing(value) else (name, "" if value == name else f" = {cell(value)}")
    binned = isinstance(value, (int, float)) and not name.startswith(f"{column} = ") and name != column
    return name, f" ({cell(value)})" if binned and not is_missing(value) else ""


def printable(text: str) -> str:
    r"""Control characters, direction overrides and halves of surrogate pairs as their escapes: nothing acts, everything shows.

    Examples
    --------
    >>> printable("a\x1b[31m b\u202ec"), printable("Grüße 😀")
    ('a\\x1b[31m b\\u202ec', 'Grüße 😀')

    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in "\n\t" or not _acts(c) else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _acts(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs") or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"


def line(text: str) -> str:
    """On one line, without anything that acts on a terminal."""
    return printable(" ".join(text.split()))


def without_noise(half: Array, coef: Array) -> Array:
    """Half-widths, 0 where they are rounding's beside the coefficients.

    Examples
    --------
    >>> without_noise(np.array([1e-17, 0.1, np.inf]), np.array([0.5, 2.0, 0.0]))
    array([0. , 0.1, inf])

    """
    return np.where(half <= NOISE * np.abs(coef).max(initial=0.0), 0.0, half)


def half_words(half: float, coef: float) -> str:
    """A 95% half-width; unknown ones are not written.

    Examples
    --------
    >>> half_words(0.0123, 1.0), half_words(0.0, 1.0), half_words(float("inf"), 0.0)
    ('± 0.012', 'exact', 'did not vary')

    """
    if math.isinf(half):
        return "did not vary"
    return "" if math.isnan(half) else f"± {number(half, 2)}" if half else "exact" if coef else ""


def is_number(e: "Explanation", j: int) -> bool:
    """Whether the coefficient is per unit of a number, instead of for a condition."""
    return e.units[j] not in (LEVEL, MISSING, PRESENT, TOGETHER)


def output_words(e: "Explanation", output: str) -> str:
    """What an output is: "the probability of 'yes'", "the prediction"."""
    words = SCALES.get(e.output_scale, e.output_scale)
    if len(e.output_names) == 1 and e.output_scale in ("prediction", "score") and output in ("prediction", "score"):
        return f"the {output}"
    return f"{words} '{output}'".strip()


def scaled_words(e: "Explanation") -> str:
    """What one step of ``coef_scaled`` is, for these features."""
    if all(unit == PRESENT for unit in e.units):
        return "being present instead of replaced"
    numeric = [is_number(e, j) for j in range(len(e))]
    if all(numeric):
        return "one standard deviation more"
    if all(unit == PRESENT for unit in e.units):
        return "its presence instead of its replacement"
    return "one standard deviation more, or of this condition instead of another," if any(numeric) else "this condition instead of another"
