"""The checker behind the import hook of conftest.py: array annotations only; options have their own checks and their own tests."""

from typing import Any, get_args

from beartype import beartype
from jaxtyping import AbstractArray


def arrays_only(fn):
    """beartype for the annotations that name an array, alone or inside a tuple, list or union."""
    fn.__annotations__ = {name: hint if _has_array(hint) else Any for name, hint in fn.__annotations__.items()}
    return beartype(fn)


def _has_array(hint):
    return (isinstance(hint, type) and issubclass(hint, AbstractArray)) or any(_has_array(part) for part in get_args(hint))
