"""Proximity kernels, distances, and what a width means."""

from kabosu.kernels.balanced import Balanced
from kabosu.kernels.distances import Distance, Metric, cosine, euclidean
from kabosu.kernels.exponential import Exponential, Uniform
from kabosu.kernels.halfway import Halfway
from kabosu.kernels.width import log_mixture, log_normalizers, radius, width_for

__all__ = ["Balanced", "Distance", "Exponential", "Halfway", "Metric", "Uniform", "cosine", "euclidean", "log_mixture", "log_normalizers", "radius", "width_for"]
