"""Is it any good? Functions of explanations."""

from kabosu.diagnostics.flags import FLAGS, Flag, flags_of

__all__ = ["FLAGS", "Flag", "flags_of"]
