"""One internal tree: what every family of trees is read into, and what the exact engine walks over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.errors import InputError, MissingExtra
from kabosu.types import Array, Batch, Bool, Float, Int

Encoder = Callable[[Array], Array]
"""(n,) cells of a categorical column, None where missing -> (n,) codes, NaN where the family treats the cell as missing."""


@dataclass(frozen=True)
class Ensemble:
    """A sum of trees: output = base + the sum over trees of the value of the leaf that is reached.

    Nodes of all trees in pre-order: a parent before its children, the left subtree directly after its parent.

    feature : column that the node splits, -1 at leaves.
    threshold : ``x <= threshold`` goes left, whatever the family writes.
    left, right : positions of the children, -1 at leaves.  parent : -1 at roots.
    ancestor : anc(v) of MATH (8): nearest node above v whose incoming edge splits the same feature as v's own; -1 where none.
    missing_left : where NaN goes.
    category : row of ``sets``, -1 at numeric splits and leaves.
    sets : codes that go left; every other code, known or not, goes right.
    value : at leaves, learning rates, weights and averages included; 0 inside.
    root : first node of each tree.
    scale : what the sum is: "probability", "margin", "prediction" or "score".
    link, slope : the model's answer is ``link(slope * sum)``, see ``LINKS``.
    float32 : inputs are rounded to single precision before they are compared.
    output_names : classes, where the model names them.
    encoders : of categorical columns whose codes are not the cells themselves, by column.
    """

    feature: Int[Array, "N"]
    threshold: Float[Array, "N"]
    left: Int[Array, "N"]
    right: Int[Array, "N"]
    parent: Int[Array, "N"]
    ancestor: Int[Array, "N"]
    missing_left: Bool[Array, "N"]
    category: Int[Array, "N"]
    sets: Bool[Array, "S C"]
    value: Float[Array, "N k"]
    root: Int[Array, "T"]
    base: Float[Array, "k"]
    n_features: int
    scale: str
    float32: bool
    link: str = "identity"
    slope: float = 1.0
    output_names: tuple[str, ...] | None = None
    encoders: Mapping[int, Encoder] = field(default_factory=dict)

    def predict(self, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """The sum at rows of numbers and codes, NaN where missing; compiled by numba."""
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise InputError(f"X has shape {X.shape}; the trees expect (rows, {self.n_features})")
        try:
            from kabosu.engines.walk import walk
        except ModuleNotFoundError as e:
            raise MissingExtra.of("numba", "trees") from e
        out = np.tile(self.base, (len(X), 1))
        walk(self.rounded(X), self.feature, self.threshold, self.left, self.right, self.missing_left, self.category, self.sets, self.value, self.root, out)
        return out

    def respond(self, sums: Float[Array, "n k"]) -> Float[Array, "n k"]:
        """The model's own answer from the sum: its inverse link; one column for a binary sigmoid, the second class."""
        return LINKS[self.link](self.slope * sums)

    def rounded(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Inputs as they are compared with thresholds."""
        if not self.float32:
            return np.ascontiguousarray(x, dtype=np.float64)
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(np.asarray(x).astype(np.float32), dtype=np.float64)

    def goes_left(self, nodes: Int[Array, "m"], x: Float[Array, "L"]) -> Bool[Array, "m L"]:
        """Where each of L values (codes at categorical splits) goes at some inner nodes."""
        x, category, missing = self.rounded(x)[None], self.category[nodes][:, None], np.isnan(x)[None]
        left = x <= self.threshold[nodes][:, None]
        if self.sets.size:
            code = np.where(missing | (x <= -1), -1, x).astype(np.int64)
            known = (code >= 0) & (code < self.sets.shape[1])
            left = np.where(category >= 0, known & self.sets[np.maximum(category, 0), np.where(known, code, 0)], left)
        return np.where(missing, self.missing_left[nodes][:, None], left)

    def encode(self, rows: Batch) -> Float[Array, "n d"]:
        """The user's rows as numbers and codes.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> from kabosu.engines.readers import read
        >>> trees = read(DecisionTreeRegressor().fit([[0.0], [1.0]], [3.0, 5.0]))
        >>> trees.predict(trees.encode([[0.5], [0.75]])).ravel()
        array([3., 5.])

        """
        table = frames.read(rows, "rows")
        if len(table.names) != self.n_features:
            raise InputError(f"the rows have {len(table.names)} columns; the trees expect {self.n_features}")
        return np.column_stack([self._numbers(i, name, series) for i, (name, series) in enumerate(zip(table.names, table.columns, strict=True))])

    def _numbers(self, i: int, name: Any, series: Any) -> Float[Array, "n"]:
        if i in self.encoders:
            return self.encoders[i](frames.cells(series))
        codes = frames.category_codes(series)
        return np.array([np.nan if v is None else float(v) for v in frames.cells(series)]) if codes is None else codes


def _softmax(margin: Array) -> Array:
    e = np.exp(margin - margin.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _sigmoid(margin: Array) -> Array:
    from scipy.special import expit

    return expit(margin)


LINKS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "identity": np.asarray,
        "sigmoid": _sigmoid,
        "softmax": _softmax,
        "exp": np.exp,
        "log1p exp": lambda margin: np.logaddexp(0, margin),
        "signed square": lambda margin: np.sign(margin) * margin**2,
        "step": lambda margin: (margin > 0).astype(np.float64),
        "isolation": lambda depth: -(2.0**-depth),
    }
)
"""Inverse links: the model's answer from the scaled sum. "isolation": score_samples from the mean path length over its expectation."""
