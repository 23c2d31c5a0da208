"""Domains: the two readings of a draw, one file a kind of data."""

from kabosu.domains.bins import Bins
from kabosu.domains.sparse import Sparse
from kabosu.domains.tabular import Gaussian, Tabular

__all__ = ["Bins", "Gaussian", "Sparse", "Tabular"]
