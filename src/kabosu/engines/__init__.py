"""The visible list: ``engine="auto"`` takes the first that does not refuse."""

from kabosu.engines.sampled import Sampled
from kabosu.engines.tree import Tree

ENGINES = (Tree(), Sampled())

__all__ = ["ENGINES", "Sampled", "Tree"]
