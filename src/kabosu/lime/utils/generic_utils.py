"""What a function takes."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any


def has_arg(fn: Callable[..., Any], arg_name: str | None) -> bool:
    """Whether a function has an argument that may be given by this name; ``**kwargs`` does not count.

    Examples
    --------
    >>> has_arg(sorted, "reverse"), has_arg(sorted, "upwards")
    (True, False)

    """
    found = signature(fn).parameters.get(arg_name) if arg_name is not None else None
    return found is not None and found.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
