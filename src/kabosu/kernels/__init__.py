"""Proximity kernels, distances, and what a width means."""

from kabosu.kernels.distances import Distance, Metric, cosine, euclidean
from kabosu.kernels.exponential import Exponential, Uniform
from kabosu.kernels.width import radius, width_for

__all__ = ["Distance", "Exponential", "Metric", "Uniform", "cosine", "euclidean", "radius", "width_for"]
