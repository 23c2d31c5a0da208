"""Domains: the two readings of a draw, one file a kind of data."""

from kabosu.domains.bins import Bins
from kabosu.domains.constrained import Constrained
from kabosu.domains.copula import Copula
from kabosu.domains.nearest import Nearest
from kabosu.domains.observed import Generator, Observed
from kabosu.domains.sparse import Sparse
from kabosu.domains.tabular import Gaussian, Tabular

__all__ = ["Bins", "Constrained", "Copula", "Gaussian", "Generator", "Nearest", "Observed", "Sparse", "Tabular"]
