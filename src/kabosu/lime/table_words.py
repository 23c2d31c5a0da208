"""Features of a table as words, and a row as an HTML table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kabosu.lime.explanation import DomainMapper


class TableDomainMapper(DomainMapper):
    """Columns by their names, bins and categories.

    feature_names : of all columns.  feature_values : the row's values as strings.  scaled_row : the row in interpretable coordinates.
    discretized_feature_names : names with the row's bins.  feature_indexes : columns that a sparse row holds.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        feature_values: Sequence[str],
        scaled_row: Any,
        categorical_features: Sequence[int],
        discretized_feature_names: Sequence[str] | None = None,
        feature_indexes: Any = None,
    ) -> None:
        self.exp_feature_names = feature_names
        self.discretized_feature_names = discretized_feature_names
        self.feature_names = feature_names
        self.feature_values = feature_values
        self.feature_indexes = feature_indexes
        self.scaled_row = scaled_row
        self.all_categorical = isinstance(scaled_row, np.ndarray) and len(categorical_features) == len(scaled_row)
        self.categorical_features = categorical_features

    def map_exp_ids(self, exp: Any, **kwargs: Any) -> list[tuple[str, Any]]:
        """Pairs (feature, weight) as pairs (name, weight), with the row's bin or category."""
        names: Any = self.exp_feature_names if self.discretized_feature_names is None else self.discretized_feature_names
        return [(names[i], weight) for i, weight in exp]

    def cells(self, ids: Sequence[int], names: Sequence[str]) -> tuple[Sequence[str], Sequence[Any]]:
        """Columns, and the row's values where the name does not say them."""
        at = range(len(self.feature_values)) if self.feature_indexes is None else self.feature_indexes
        value = dict(zip([int(i) for i in at], self.feature_values, strict=False))
        columns = [str(self.exp_feature_names[i]) for i in ids]
        return columns, [name if value.get(i) == "True" else _number(value.get(i, "0.00")) for i, name in zip(ids, names, strict=True)]

    def instance(self, exp: Any, show_table: bool = True, show_all: bool = False) -> dict[str, Any]:
        """The row as a table of names and values, in the colors of its weights; ``show_all`` for features without any."""
        if not show_table:
            return {"kind": ""}
        weight = {int(i): float(w) for i, w in exp}
        at = list(range(len(self.feature_values))) if self.feature_indexes is None else [int(i) for i in self.feature_indexes]
        value = dict(zip(at, self.feature_values, strict=False))
        color = lambda w: "" if w == 0 else "p" if w > 0 else "n"  # noqa: E731
        rows = [(str(self.exp_feature_names[i]), str(value.get(i, "0.00")), color(weight.get(i, 0.0))) for i in (at if show_all else weight)]
        return {"kind": "table", "rows": rows}

    def visualize_instance_html(self, exp: Any, label: Any, div_name: str, exp_object_name: str, show_table: bool = True, show_all: bool = False) -> str:
        """The row as static HTML."""
        return super().visualize_instance_html(exp, label, div_name, exp_object_name, show_table=show_table, show_all=show_all)


def _number(text: str) -> Any:
    """A number where the text is one."""
    try:
        return float(text)
    except ValueError:
        return text
