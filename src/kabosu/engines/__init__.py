"""The visible list: ``engine="auto"`` takes the first that does not refuse."""

from kabosu.engines.additive import Additive
from kabosu.engines.enumerate import Enumerate
from kabosu.engines.index import SingleIndex
from kabosu.engines.linear import Linear
from kabosu.engines.radial import Radial
from kabosu.engines.sampled import Sampled
from kabosu.engines.tree import Tree

ENGINES = (Tree(), Linear(), SingleIndex(), Additive(), Radial(), Enumerate(), Sampled())

__all__ = ["ENGINES", "Additive", "Enumerate", "Linear", "Radial", "Sampled", "SingleIndex", "Tree"]
