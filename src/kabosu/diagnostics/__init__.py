"""Is it any good? Functions of explanations."""

from kabosu.diagnostics.flags import FLAGS, Flag, flags_of
from kabosu.diagnostics.manifold import OffManifold, off_manifold

__all__ = ["FLAGS", "Flag", "OffManifold", "flags_of", "off_manifold"]
