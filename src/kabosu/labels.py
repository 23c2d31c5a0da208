"""The words and units of a block's features: what the mathematics does not need and a reader does."""

from dataclasses import dataclass, replace
from typing import Any

from kabosu.types import Array, Float


@dataclass(frozen=True)
class Labels:
    """How B instances' features are named and measured.

    columns : (p,) names that hold for every instance.  names : (B, p) as conditions on the instance ("color = red").
    values : (B, p) the instance's values.  scale : own units in one step of the coordinate.  center : own units where the
    coordinate is 0.  reference : (B, p) the average row, in own units.  units : (p,) what one own unit is.
    notes : code -> (B,) columns that something is odd about, "" where none.
    rare : (B, p) where the background nearly always has the instance's own value; None: nowhere.
    frame : the user's kind of table, for tidy output.  layout : where the features lie in a text, image or series; None: in a table.
    """

    columns: tuple[str, ...]
    names: Array
    values: Array
    scale: Float[Array, "#B p"]
    center: Float[Array, "#B p"]
    reference: Float[Array, "#B p"]
    units: tuple[str, ...]
    notes: dict[str, Array]
    frame: Any = None
    rare: Array | None = None
    layout: Any = None

    def take(self, rows: list[int]) -> "Labels":
        """Of some of the instances."""
        shared = len(self.names)  # arrays of fewer rows are all instances'
        some = {n: a[rows] for n in ("names", "values", "scale", "center", "reference", "rare") if (a := getattr(self, n)) is not None and len(a) == shared}
        return replace(self, notes={code: text[rows] for code, text in self.notes.items()}, **some)
