"""Samplers: the only place with randomness."""

from kabosu.samplers.plain import Plain
from kabosu.samplers.quasi import Sobol

__all__ = ["Plain", "Sobol"]
