"""Domains: the two readings of a draw, one file a kind of data."""

from typing import TYPE_CHECKING

from kabosu.domains.bins import Bins
from kabosu.domains.sparse import Sparse
from kabosu.domains.tabular import Gaussian, Tables
from kabosu.later import later

if TYPE_CHECKING:
    from kabosu.domains.constrained import Constrained
    from kabosu.domains.copula import Copula
    from kabosu.domains.image import Image
    from kabosu.domains.mixed import Inputs, Tabular
    from kabosu.domains.nearest import Nearest
    from kabosu.domains.observed import Generator, Observed
    from kabosu.domains.series import Series
    from kabosu.domains.text import Text
    from kabosu.domains.text_fills import Corpus, Token

__all__ = ["Bins", "Constrained", "Copula", "Corpus", "Gaussian", "Generator", "Image", "Inputs", "Nearest", "Observed", "Series", "Sparse", "Tables", "Tabular", "Text", "Token"]

__getattr__ = later(
    __name__,
    {
        "Constrained": "kabosu.domains.constrained",
        "Copula": "kabosu.domains.copula",
        "Corpus": "kabosu.domains.text_fills",
        "Generator": "kabosu.domains.observed",
        "Image": "kabosu.domains.image",
        "Inputs": "kabosu.domains.mixed",
        "Nearest": "kabosu.domains.nearest",
        "Observed": "kabosu.domains.observed",
        "Series": "kabosu.domains.series",
        "Tabular": "kabosu.domains.mixed",
        "Text": "kabosu.domains.text",
        "Token": "kabosu.domains.text_fills",
    },
)
