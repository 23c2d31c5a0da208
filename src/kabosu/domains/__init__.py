"""Domains: the two readings of a draw, one file a kind of data."""

from kabosu.domains.bins import Bins
from kabosu.domains.constrained import Constrained
from kabosu.domains.copula import Copula
from kabosu.domains.image import Images
from kabosu.domains.mixed import Columns, Inputs
from kabosu.domains.nearest import Nearest
from kabosu.domains.observed import Generator, Observed
from kabosu.domains.series import Series
from kabosu.domains.sparse import Sparse
from kabosu.domains.tabular import Gaussian, Tabular
from kabosu.domains.text import Text
from kabosu.domains.text_fills import Corpus, Token

__all__ = ["Bins", "Columns", "Constrained", "Copula", "Corpus", "Gaussian", "Generator", "Images", "Inputs", "Nearest", "Observed", "Series", "Sparse", "Tabular", "Text", "Token"]
