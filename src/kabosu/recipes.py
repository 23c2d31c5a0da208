"""Every default of the library, in one table: modality and name -> neighborhood, sampler, kernel, surrogate, samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from kabosu.domains.bins import Bins
from kabosu.domains.tabular import Gaussian
from kabosu.errors import InputError
from kabosu.kernels import Exponential, width_for
from kabosu.protocols import Engine, Kernel, Sampler, Surrogate
from kabosu.samplers import Plain, Sobol
from kabosu.surrogates import Ridge, Select


@dataclass(frozen=True)
class Recipe:
    """What is drawn, how it is weighed, what is fitted, how long.

    draws_from : "q": straight from the local law where it is known, with weight 1 (MATH section 1); "D": from the draw law,
        weighed by the kernel, as lime does.
    samples : draws of the first round.  budget : most rows asked of the model for one instance, the instance included.
    tolerance : stop when the widest 95% half-width is below this share of the largest coefficient (of the target); None: no more rounds.
    time_limit : seconds, after which no new round begins.
    instance_first : the instance is also the first draw, as in lime.
    engine : "auto", "exact" or "sampled".  engines : tried in this order; None: ``kabosu.engines.ENGINES``.  seed : of all draws.
    """

    name: str
    neighborhood: Any
    sampler: Sampler
    kernel: Kernel
    surrogate: Surrogate
    samples: int
    budget: int
    tolerance: float | None = None
    time_limit: float | None = None
    draws_from: Literal["q", "D"] = "q"
    instance_first: bool = False
    engine: str = "auto"
    engines: tuple[Engine, ...] | None = None
    seed: int = 0

    def first_round(self, p: int) -> int:
        """Draws of the first round: more features want more draws, within the budget."""
        most = self.budget - 1
        R = self.sampler.replicates or 1
        wanted = self.samples if self.tolerance is None else max(self.samples, 1 << (8 * p - 1).bit_length())
        s = min(wanted, most) // R * R
        if s < 2 * (p + 1):
            raise InputError(
                f"a budget of {self.budget} rows gives {s} draws for {p} features; a linear surrogate needs at least {2 * (p + 1)}: "
                "raise budget=, or explain fewer features with features="
            )
        return s


KABOSU_RADIUS = 0.5  # training standard deviations: local, and still wide enough to see the steps of trees

TABLES: Mapping[str, Recipe] = MappingProxyType(
    {
        "kabosu": Recipe("kabosu", Gaussian("instance"), Sobol(8), Exponential(width_for(KABOSU_RADIUS)), Ridge(0.0), samples=1024, budget=8192, tolerance=0.05),
        "lime": Recipe("lime", Bins("quartile"), Plain(), Exponential(None), Select(10, "auto", Ridge(1.0, per="fit")), samples=4999, budget=5000, draws_from="D", instance_first=True),
        "article": Recipe("article", Gaussian("instance"), Plain(), Exponential(None), Ridge(0.0), samples=100, budget=101, draws_from="D"),
    }
)

NEIGHBORHOODS: Mapping[str, Any] = MappingProxyType({"gaussian": Gaussian("instance"), "gaussian-global": Gaussian("mean"), "bins": Bins("quartile")})

SURROGATES: Mapping[str, Surrogate] = MappingProxyType({"ordinary": Ridge(0.0), "ridge": Ridge(0.01)})


def named(option: str, given: Any, table: Mapping[str, Any]) -> Any:
    """An object as it is, or by its name in a table."""
    if not isinstance(given, str):
        return given
    if given not in table:
        raise InputError.choice(option, given, table)
    return table[given]
