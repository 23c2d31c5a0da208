"""Neighborhoods that are lists of rows (MATH 2d): the background itself, or what a function of the user's makes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import checks, frames
from kabosu.domains.described import differs
from kabosu.domains.joint import AS_GAUSSIAN, Cells, JointBlock, no_number_groups, training_cells
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Number, Unit
from kabosu.errors import InputError, KabosuError
from kabosu.types import Array, Batch, Float, Rows

MOST = 10_000


@dataclass(frozen=True)
class Observed:
    """The background's own rows, weighed by the kernel (MATH 2d).

    Nothing is drawn: the model is asked about the rows once, when the explainer is made, and every explanation asks it about
    the instance only. The draw law is on the data's manifold by construction; where few rows are near the instance the
    effective sample size says so, and a wider ``kernel_width=`` takes in more.

    rows : most rows that are kept, a random part of the background where it has more.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import kabosu as kb
    >>> X, y = load_iris(return_X_y=True)
    >>> explainer = kb.TabularExplainer(LogisticRegression(max_iter=1000).fit(X, y), X, neighborhood=Observed(), kernel_width=1.0)
    >>> e = explainer.explain(X[0])
    >>> e.n_model_calls, e.engine
    (1, 'rows')

    """

    rows: int = MOST

    def __post_init__(self) -> None:
        checks.whole("rows", self.rows, 2, "a number of background rows")

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Number:
        """How a number is explained: per training standard deviation."""
        return AS_GAUSSIAN.unit(column, values)

    def joint(self, table: frames.Table, units: Sequence[Unit]) -> "FittedRows":
        """Keep the rows."""
        no_number_groups(units)
        cells, n = training_cells(table, units), len(table)
        some = np.sort(np.random.default_rng(0).permutation(n)[: self.rows])
        return FittedRows(tuple(u.name for u in units), tuple(c[some] for c in cells))


@dataclass(frozen=True, eq=False)
class FittedRows:
    """Rows of the background, unit by unit; ``answers``: what the model said about them, if it was asked.

    names : of the units.  cells : (N,) of each unit.
    """

    names: tuple[str, ...]
    cells: tuple[Array, ...]
    answers: Float[Array, "N k"] | None = None

    def around(self, block: TabularBlock) -> JointBlock:
        """All rows for every instance; columns that are held make them other rows, about which the model has not been asked."""
        by_name = dict(zip(self.names, self.cells, strict=True))
        whole = len(block.units) == len(self.names) and not _moved(block)
        return JointBlock(block, RowsLaw(tuple(by_name[u.name][None] for u in block.units), self.answers if whole else None, whole=whole))


def _moved(block: TabularBlock) -> bool:
    """Whether an instance differs from the background where it never varies."""
    return any(bool(differs(block.fixed[block.all_columns[j].name], value).any()) for j, value in block.constant.items())


@dataclass(frozen=True, eq=False)
class RowsLaw:
    """One of N rows, each as likely as another.

    lists : (1 or B, N) cells of each unit.  whole : the rows are the same for every instance, as the model would be asked.
    """

    lists: tuple[Array, ...]
    answers: Float[Array, "N k"] | None = None
    whole: bool = False

    @property
    def m(self) -> int:
        """The number of a row."""
        return 1

    def pool(self, n: int, seed: int) -> Cells:
        """(1 or B, n) cells: all rows, or a random part of them."""
        N = self.lists[0].shape[1]
        return list(self.lists) if n >= N else [c[:, np.sort(np.random.default_rng([seed]).permutation(N)[:n])] for c in self.lists]

    def cells(self, u: Float[Array, "1 s 1"]) -> Cells:
        """Rows by their number."""
        i = (u[0, :, 0] * self.lists[0].shape[1]).astype(np.int64)
        return [c[:, i] for c in self.lists]

    def places(self, u: Float[Array, "1 s 1"]) -> None:
        """By the coordinates."""

    def tilt(self, precision: float) -> None:
        """Rows are weighed, so that the effective sample size shows how many are near."""

    def take(self, rows: Rows) -> "RowsLaw":
        """Some of the instances."""
        return replace(self, lists=tuple(c if len(c) == 1 else c[rows] for c in self.lists))


@dataclass(frozen=True)
class Generator:
    """Rows that a function of yours makes around each instance.

    function : ``function(x, n, rng) -> rows``: x the instance as a table of one row of the background's kind, n how many
        rows, rng a numpy Generator; the rows as any table with the background's columns. It is called once for each instance,
        with a generator that depends on the seed only, so that the rows do not depend on the batch.
    rows : how many.  seed : of the generator.

    Columns that are constant in the background, or left out with ``features=``, stay as they are in the instance.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import kabosu as kb
    >>> X, y = load_iris(return_X_y=True)
    >>> def wiggle(x, n, rng):
    ...     return x + rng.normal(scale=0.3, size=(n, 4))
    >>> explainer = kb.TabularExplainer(LogisticRegression(max_iter=1000).fit(X, y), X, neighborhood=Generator(wiggle))
    >>> explainer.explain(X[0]).n_model_calls
    1025

    """

    function: Callable[[Batch, int, np.random.Generator], Any]
    rows: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        checks.has("function", self.function, "__call__", "a function of (x, n, rng) that makes n rows")
        checks.whole("rows", self.rows, 2, "a number of rows")
        checks.whole("seed", self.seed, 0, "a seed, so that the same call gives the same numbers")

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Number:
        """How a number is explained: per training standard deviation."""
        return AS_GAUSSIAN.unit(column, values)

    def joint(self, table: frames.Table, units: Sequence[Unit]) -> "Generator":
        """Nothing is learned."""
        no_number_groups(units)
        return self

    def around(self, block: TabularBlock) -> JointBlock:
        """Make the rows of each instance."""
        made = [self._made(block.take([b])) for b in range(block.size)]
        return JointBlock(block, RowsLaw(tuple(np.stack(c) for c in zip(*made, strict=True))))

    def _made(self, one: TabularBlock) -> tuple[Array, ...]:
        try:
            rows = self.function(one.instances(), self.rows, np.random.default_rng([self.seed]))
        except KabosuError:
            raise
        except Exception as e:
            raise InputError(f"the generator {self.function!r} failed: {type(e).__name__}: {e}; it must take (x, n, rng) and give n rows like x") from e
        table = frames.rows_like(rows, one.table, "generated rows")
        if len(table) != self.rows:
            raise InputError(f"the generator {self.function!r} gave {len(table)} rows; expected {self.rows}")
        return _checked(training_cells(table, one.units), one.units)


def _checked(cells: tuple[Array, ...], units: Sequence[Unit]) -> tuple[Array, ...]:
    """Missing numbers only where the background has some."""
    for c, unit in zip(cells, units, strict=True):
        if isinstance(unit, Number) and np.isnan(c).any() and not np.isnan(unit.atoms).any():
            raise InputError(f"the generator left {unit.name!r} missing, which it never is in the background data; fill it, or add background rows that lack it")
    return cells
