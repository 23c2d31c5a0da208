"""Interactions as strict JSON."""

from typing import Any

from kabosu.interactions import Interactions
from kabosu.report.codec import Reader, array_out, strings

ARRAYS = ("coef", "coef_scaled", "std_error", "share")


def pairs_out(found: Interactions | None) -> dict[str, Any] | None:
    """Pairs, where some were asked for."""
    if found is None:
        return None
    return {"pairs": [list(pair) for pair in found.pairs], "exact": found.exact, **{name: array_out(getattr(found, name)) for name in ARRAYS}}


def pairs_in(d: Any, output_names: tuple[str, ...]) -> Interactions | None:
    """What ``pairs_out`` wrote."""
    if d is None:
        return None
    read = Reader(d, "interactions")
    pairs = tuple((a, b) for a, b in (strings(pair, 2, "a pair of interactions") for pair in read.items("pairs")))
    return Interactions(pairs=pairs, output_names=output_names, exact=read.part("exact") is True, **read.arrays(dict.fromkeys(ARRAYS, "nk"), {"n": len(pairs), "k": len(output_names)}))
