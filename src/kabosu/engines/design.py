"""How the draws of one explanation were made, in words: ``certificate.design``."""

from typing import Any

from kabosu.explain import Neighborhood
from kabosu.kernels import Balanced, Halfway
from kabosu.samplers import Plain, Sobol


def draws_words(sampler: Any, s: int, tilt: Any) -> str:
    """So many draws, and of which law.

    Examples
    --------
    >>> from kabosu.kernels import Exponential
    >>> draws_words(Sobol(2), 1024, Balanced(Exponential(0.5)))
    '2 scrambles of 512 Sobol points of the local law, rare levels and repeated values by optimum allocation'
    >>> draws_words(Plain(), 100, None)
    '100 independent draws of the draw law, weighed by the kernel'

    """
    if isinstance(sampler, Sobol):
        points = f"{sampler.replicates} scrambles of {s // sampler.replicates:,} Sobol points"
    else:
        points = f"{s:,} independent draws" if isinstance(sampler, Plain) else f"{s:,} draws of {type(sampler).__name__}"
    if tilt is None:
        return f"{points} of the draw law, weighed by the kernel"
    if isinstance(tilt, Halfway):
        return f"{points}, half of the local law, half of the draw law"
    return f"{points} of the local law" + (", rare levels and repeated values by optimum allocation" if isinstance(tilt, Balanced) else "")


def design(hood: Neighborhood, sampler: Any) -> tuple[str, ...]:
    """For each instance, as its draws ended."""
    return (draws_words(sampler, hood.Z.shape[1], hood.tilt),) * len(hood.Y)
