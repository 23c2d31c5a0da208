"""The visible list: ``engine="auto"`` takes the first that does not refuse."""

from kabosu.engines.additive import Additive
from kabosu.engines.columns_proxy import ColumnsProxy
from kabosu.engines.enumerate import Enumerate
from kabosu.engines.index import SingleIndex
from kabosu.engines.index_proxy import IndexProxy
from kabosu.engines.linear import Linear
from kabosu.engines.masks import AllMasks
from kabosu.engines.parts_proxy import PartsProxy
from kabosu.engines.proxy import Proxy
from kabosu.engines.radial import Radial
from kabosu.engines.rows import ListedRows
from kabosu.engines.sampled import Sampled
from kabosu.engines.tree import Tree
from kabosu.engines.words import Words

ENGINES = (Tree(), Linear(), SingleIndex(), Additive(), Radial(), Enumerate(), ListedRows(), Proxy(), ColumnsProxy(), Sampled())

MASK_ENGINES = (Words(), AllMasks(), PartsProxy(), IndexProxy(), Sampled())
"""Of instances whose parts are kept or replaced: texts, images, series."""

__all__ = [
    "ENGINES",
    "MASK_ENGINES",
    "Additive",
    "AllMasks",
    "ColumnsProxy",
    "Enumerate",
    "IndexProxy",
    "Linear",
    "ListedRows",
    "PartsProxy",
    "Proxy",
    "Radial",
    "Sampled",
    "SingleIndex",
    "Tree",
    "Words",
]
