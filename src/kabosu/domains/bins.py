"""lime's discretized table (MATH 2a): numbers become levels "lo < name <= hi", values within a bin are truncated normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kabosu import checks, frames
from kabosu.domains.laws import Inside
from kabosu.domains.units import Levels, short
from kabosu.errors import InputError
from kabosu.types import Array, Float

QUANTILES = {"quartile": (25, 50, 75), "decile": tuple(range(10, 100, 10))}


@dataclass(frozen=True)
class Bins:
    """Discretized neighborhood; the draw law is the training table with independent columns.

    edges : "quartile", "decile", "entropy" (a depth-3 tree on ``labels``), or ``{column: edges}`` with quartiles elsewhere.
        Equal edges are merged; a number with two values has two bins. A bin excludes its lower edge and includes its upper one;
        values within it are normal with its mean and standard deviation, cut off at its edges (at the range of the data for the outer ones).
    labels : (n,) training labels, for "entropy".

    A bin that holds one repeated value sends that value to the model (lime sends 0).
    """

    edges: str | Mapping[Any, Sequence[float] | Array] = "quartile"
    labels: Any = None

    def __post_init__(self) -> None:
        if isinstance(self.edges, Mapping):
            for column, edges in self.edges.items():
                _check_edges(column, edges)
        elif checks.one_of("edges", self.edges, (*QUANTILES, "entropy")) == "entropy":
            _check_labels(self.labels)

    @property
    def columns(self) -> tuple[Any, ...]:
        """Columns that have edges of their own."""
        return tuple(self.edges) if isinstance(self.edges, Mapping) else ()

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Levels:
        """Discretize a training column; missing is the last bin where it occurs."""
        kept = values[~np.isnan(values)]
        two = np.unique(kept)
        edges = two[:1] if len(two) == 2 else np.unique(self._edges(column, values, kept))
        bin_of = np.searchsorted(edges, kept, side="left")
        parts = [kept[bin_of == b] for b in range(len(edges) + 1)]
        lost = len(values) - len(kept)
        ends = np.concatenate([[kept.min()], edges, [kept.max()]])
        whole = column.kind == "whole"
        stats = np.array([_statistics(part, lo, hi, whole=whole) for part, lo, hi in zip(parts, ends, ends[1:], strict=False)] + ([(np.nan, 0.0, np.nan, np.nan)] if lost else []))
        rates = [len(part) / len(values) for part in parts] + ([lost / len(values)] if lost else [])
        name = column.word
        phrases = _phrases(name, edges) + ([f"{name} is missing"] if lost else [])
        inside = Inside(*stats.T, whole=whole)
        return Levels(name, (column,), tuple(range(len(rates))), tuple(phrases), tuple(rates), len(values), (), inside, tuple(edges), kept.min(), kept.max())

    def _edges(self, column: frames.Column, values: Array, kept: Array) -> Array:
        if isinstance(self.edges, Mapping):
            given = self.edges.get(column.name)
            return np.percentile(kept, QUANTILES["quartile"]) if given is None else np.asarray(given, dtype=np.float64)
        if self.edges == "entropy":
            if len(self.labels) != len(values):
                raise InputError(f"labels= has {len(self.labels)} labels for {len(values)} rows of background data; give one for each row")
            return _entropy_edges(kept, np.asarray(self.labels)[~np.isnan(values)])
        return np.percentile(kept, QUANTILES[self.edges])


def _check_edges(column: Any, edges: Any) -> None:
    """Finite numbers in one row, at least one."""
    try:
        finite = np.ndim(edges) == 1 and len(edges) > 0 and bool(np.isfinite(np.asarray(edges, dtype=np.float64)).all())
    except (TypeError, ValueError):
        finite = False
    if not finite:
        raise InputError(f"edges of {column!r} are {edges!r}; expected a list of finite numbers, such as [0.0, 1.5]")


def _check_labels(labels: Any) -> None:
    """One class a row."""
    values = np.asarray(labels) if labels is not None else np.zeros(0)
    if values.ndim != 1 or not len(values):
        raise InputError("edges='entropy' needs labels=, the (n,) training labels")
    if any(frames.is_missing(v) for v in values.tolist()) or (values.dtype.kind == "f" and (values % 1 != 0).any()):
        raise InputError("labels= holds fractions or missing values; edges='entropy' needs classes, so use 'quartile' or 'decile' for a regression")


def _statistics(part: Array, lo: float, hi: float, *, whole: bool) -> tuple[float, float, float, float]:
    """Mean, standard deviation and limits of a bin from lo to hi. The limits are the bin's own, as lime has them; whole numbers keep to those that were seen."""
    if not len(part):
        return (0.5 * (lo + hi), 0.0, 0.5 * (lo + hi), 0.5 * (lo + hi))
    if part.max() == part.min():
        return (part[0], 0.0, part[0], part[0])
    low, high = (part.min(), part.max()) if whole else (min(lo, part.min()), max(hi, part.max()))
    return (float(part.mean()), float(part.std()), float(low), float(high))


def _entropy_edges(kept: Array, labels: Array) -> Array:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=0).fit(kept[:, None], labels).tree_
    edges = tree.threshold[tree.children_left != -1]
    return edges if len(edges) else np.percentile(kept, [50])


def _phrases(name: str, edges: Array) -> list[str]:
    if not len(edges):
        return [name]
    e = short(edges)
    return [f"{name} <= {e[0]}", *(f"{lo} < {name} <= {hi}" for lo, hi in pairwise(e)), f"{name} > {e[-1]}"]
