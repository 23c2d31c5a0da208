"""The visible list: ``engine="auto"`` takes the first that does not refuse."""

from kabosu.engines.sampled import Sampled

ENGINES = (Sampled(),)

__all__ = ["ENGINES", "Sampled"]
