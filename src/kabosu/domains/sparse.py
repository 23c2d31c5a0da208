"""Wide sparse tables: only an instance's own entries vary, present or absent; nothing is ever densified."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.domains.laws import LevelLaw
from kabosu.errors import InputError, RowError
from kabosu.kernels import Exponential
from kabosu.labels import Labels
from kabosu.protocols import Kernel
from kabosu.spaces import Cube
from kabosu.types import Array, Float, Rows

FORMATS = ("csr", "csc", "coo")  # that the model is handed; csr in place of those that are slow to make


def is_sparse(data: Any) -> bool:
    """A scipy sparse matrix or array."""
    return type(data).__module__.startswith("scipy.sparse")


@dataclass(frozen=True)
class Sparse:
    """Entries of the row are kept or set to 0, each with draw probability 1/2.

    The coefficient is per unit of the entry; ``coef_scaled`` is the effect of the entry being there instead of absent.
    """

    columns: tuple[str, ...]
    dtype: Any
    maker: Any
    format: str = "csr"
    table: None = None
    notes: tuple[str, ...] = ("sparse table: only the entries of the row vary, present or absent",)
    kept: frozenset[int] | None = None

    @classmethod
    def fit(cls, data: Any, neighborhood: Any = None, categorical: Sequence[Any] | None = None, groups: Mapping[str, Sequence[Any]] | None = None) -> "Sparse":
        """Nothing is learned from the background but its width."""
        if neighborhood is not None or categorical or groups:
            raise InputError("neighborhood=, categorical= and groups= do not apply to sparse tables, whose entries are present or absent; pass a dense table to use them")
        if data.ndim != 2 or not all(data.shape):
            raise InputError(f"the background data has shape {data.shape}; expected a 2-D table, one row an instance")
        if data.dtype.kind not in "fiub":
            raise InputError(f"the background data has dtype {data.dtype}; expected numbers")
        from scipy import sparse

        maker = sparse.csr_array if issubclass(type(data), sparse.sparray) else sparse.csr_matrix
        return cls(tuple(f"x{j}" for j in range(data.shape[1])), data.dtype, maker, data.format if data.format in FORMATS else "csr")

    @property
    def width(self) -> int:
        """Entries in one draw, about."""
        return 200

    @property
    def words(self) -> str:
        """Its size, in words."""
        return f"{len(self.columns)} columns"

    def only(self, features: Sequence[Any]) -> "Sparse":
        """Vary some columns, by name or position."""
        index = {name: j for j, name in enumerate(self.columns)}
        odd = [f for f in features if f not in index and not (isinstance(f, (int, np.integer)) and 0 <= f < len(self.columns))]
        if odd:
            raise InputError(f"features={odd} are not columns; use positions 0..{len(self.columns) - 1} or names x0, x1, ...")
        return replace(self, kept=frozenset(index.get(f, f) for f in features))

    def count(self, X: Any) -> int:
        """Rows of a piece."""
        return int(X.shape[0])

    def split(self, X: Any, size: int) -> Iterator[Any]:
        """Rows of a sparse matrix, or of dense ones as they come."""
        X = self._csr(X)
        for start in range(0, X.shape[0], size):
            yield X[start : start + size]

    def represent(self, X: Any) -> Iterator["SparseBlock"]:
        """One row a block: rows have different entries."""
        X = self._csr(X)
        for i in range(X.shape[0]):
            entries, values = X.indices[X.indptr[i] : X.indptr[i + 1]], X.data[X.indptr[i] : X.indptr[i + 1]]
            if not np.isfinite(values).all():
                raise RowError(f"row {i} of the instance has missing or infinite entries; replace them by numbers")
            values = self._held(values)
            varied = values != 0 if self.kept is None else (values != 0) & np.isin(entries, list(self.kept))
            if not varied.any():
                raise RowError("the instance has no non-zero entries to vary; a sparse row is explained by its own entries: pass a row that has some, or a dense table")
            order = np.argsort(~varied, kind="stable")
            yield SparseBlock(self, entries[order], values[order], int(varied.sum()), LevelLaw(np.array([0.5, 0.5]), np.ones(1, dtype=np.int64)))

    def _held(self, values: Array) -> Array:
        """Entries in the background's dtype, which must keep them."""
        with np.errstate(invalid="ignore"):
            made = values.astype(self.dtype)
        odd = values[~np.isclose(made.astype(np.float64), values.astype(np.float64), rtol=1e-5, atol=0)]
        if len(odd) and self.dtype.kind != "b":  # of a boolean table an entry is there or not
            raise RowError(f"the instance has the entry {odd[0]!s}, which the dtype {self.dtype} of the background data cannot hold; cast the background")
        return made

    def _csr(self, X: Any) -> Any:
        X = X if is_sparse(X) else np.atleast_2d(np.asarray(X))
        if X.dtype.kind not in "fiub":
            raise InputError(f"the instance has dtype {X.dtype}; expected numbers, as the sparse background data has")
        X = self.maker(X.reshape(1, -1) if X.ndim == 1 else X)
        if X.shape[1] != len(self.columns):
            raise InputError(f"the instance has {X.shape[1]} columns; the background data has {len(self.columns)}")
        if not X.has_canonical_format:
            X = X.copy()  # the user's arrays stay as they are
            X.sum_duplicates()
        return X


@dataclass(frozen=True)
class SparseBlock:
    """One row; the first ``p`` of its entries vary."""

    domain: Sparse
    entries: Array
    row: Array
    p: int
    law: LevelLaw
    size: int = 1

    @property
    def space(self) -> Cube:
        """One coordinate an entry."""
        return Cube(self.p)

    @property
    def origin(self) -> Float[Array, "1 p"]:
        """All entries are there."""
        return np.ones((1, self.p))

    def take(self, rows: Rows) -> "SparseBlock":
        """The row itself."""
        return self

    def tilt(self, kernel: Kernel) -> "SparseBlock | None":
        """Under the local law q (MATH (5) with rates 1/2)."""
        precision = kernel.precision(self.p) if isinstance(kernel, Exponential) else None
        return None if precision is None else replace(self, law=self.law.tilt(precision))

    def features(self, draws: Float[Array, "1 s p"]) -> Float[Array, "1 s p"]:
        """1 where an entry is kept."""
        return self.law.coordinates(draws.reshape(-1)).reshape(draws.shape).astype(np.float64)

    def inputs(self, draws: Float[Array, "1 s p"]) -> Any:
        """(s, d) sparse rows."""
        s = draws.shape[1]
        mask = np.ones((s, len(self.row)), dtype=bool)
        mask[:, : self.p] = self.features(draws)[0] > 0.5
        return self._made(np.cumsum([0, *mask.sum(axis=1)]), *(np.broadcast_to(a, mask.shape)[mask] for a in (self.entries, self.row)))

    def instances(self) -> Any:
        """The row."""
        return self._made(np.array([0, len(self.row)]), self.entries, self.row.copy())

    def _made(self, ends: Array, entries: Array, values: Array) -> Any:
        """Rows in the user's own class and format, with 32-bit indices where these are enough, as some models take no others."""
        width = np.int32 if max(int(ends[-1]), len(self.domain.columns)) < 2**31 else np.int64
        made = self.domain.maker((values, entries.astype(width), ends.astype(width)), shape=(len(ends) - 1, len(self.domain.columns)))
        made.sort_indices()
        return made.asformat(self.domain.format)

    def labels(self) -> Labels:
        """Columns by position, values as they are."""
        names = tuple(self.domain.columns[j] for j in self.entries[: self.p])
        values = self.row[: self.p].astype(np.float64)
        shown = np.array([values.tolist()], dtype=object)
        zeros = np.zeros((1, self.p))
        return Labels(names, np.array([names], dtype=object), shown, values[None], zeros, zeros, ("unit",) * self.p, {})


