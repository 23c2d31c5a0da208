"""Results that are a number, as in lime's wheel, and a mapping by label, as in its repository."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kabosu.types import Array


class PerLabel(float):
    """R2 of the label explained last, with those of all labels: ``score > 0.5`` and ``score[1] > 0.5``.

    Examples
    --------
    >>> score = PerLabel({0: 0.25, 1: 0.75})
    >>> score == 0.75, score[0], dict(score.items())
    (True, 0.25, {0: 0.25, 1: 0.75})

    """

    by_label: dict[Any, float]

    def __new__(cls, by_label: Mapping[Any, float]) -> "PerLabel":
        """The last one is the number."""
        made = super().__new__(cls, float(list(by_label.values())[-1]))
        made.by_label = dict(by_label)
        return made

    def __getitem__(self, label: Any) -> float:
        return self.by_label[label]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.by_label)

    def __len__(self) -> int:
        return len(self.by_label)

    def __contains__(self, label: Any) -> bool:
        return label in self.by_label

    def keys(self) -> Any:
        """Labels."""
        return self.by_label.keys()

    def values(self) -> Any:
        """Numbers."""
        return self.by_label.values()

    def items(self) -> Any:
        """Pairs of both."""
        return self.by_label.items()

    def get(self, label: Any, default: Any = None) -> Any:
        """The number of a label, or something else."""
        return self.by_label.get(label, default)

    def __reduce__(self) -> Any:
        return PerLabel, (self.by_label,)


class PerLabelArray(np.ndarray):
    """The surrogate at the instance, (1,) of the label explained last, with those of all labels: ``float(pred[0])``, ``pred[1]`` where 1 was explained."""

    by_label: dict[Any, Array]

    def __new__(cls, by_label: Mapping[Any, Array]) -> "PerLabelArray":
        """The last one is the array."""
        made = np.array(list(by_label.values())[-1], dtype=np.float64).reshape(-1).view(cls)
        made.by_label = dict(by_label)
        return made

    def __array_finalize__(self, source: Any) -> None:
        self.by_label = {}

    def __getitem__(self, label: Any) -> Any:
        known = isinstance(label, (int, np.integer)) and label in self.by_label
        return self.by_label[label] if known else self.view(np.ndarray)[label]

    def keys(self) -> Any:
        """Labels."""
        return self.by_label.keys()

    def values(self) -> Any:
        """Arrays."""
        return self.by_label.values()

    def items(self) -> Any:
        """Pairs of both."""
        return self.by_label.items()

    def get(self, label: Any, default: Any = None) -> Any:
        """The array of a label, or something else."""
        return self.by_label.get(label, default)

    def __reduce__(self) -> Any:
        return PerLabelArray, (self.by_label,)
