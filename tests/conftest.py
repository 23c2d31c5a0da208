"""Shapes are executed: every array annotation of the core is checked by jaxtyping and beartype while the tests run.

This file is loaded before any test imports kabosu, so that the hook sees the modules first.
"""

import sys

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

CHECKED = [
    "kabosu.domains",
    "kabosu.engines.sampled",
    "kabosu.explain",
    "kabosu.explanation",
    "kabosu.explanations",
    "kabosu.fits",
    "kabosu.kernels",
    "kabosu.moments",
    "kabosu.recipes",
    "kabosu.respond",
    "kabosu.samplers",
    "kabosu.surrogates",
]
early = sorted(name for name in sys.modules if name.startswith("kabosu."))
if early:
    raise RuntimeError(f"kabosu was imported before the hook that checks its shapes: {early[:3]}")
install_import_hook(CHECKED, "shapecheck.arrays_only")

settings.register_profile("kabosu", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("kabosu")
