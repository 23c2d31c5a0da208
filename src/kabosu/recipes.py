"""Every default of the library, in one table: modality and name -> neighborhood, sampler, kernel, surrogate, samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from kabosu import checks
from kabosu.diagnostics.flags import GLOBAL, enough
from kabosu.domains.bins import Bins
from kabosu.domains.copula import Copula
from kabosu.domains.masks import Coins, EvenCounts, Removed
from kabosu.domains.nearest import Nearest
from kabosu.domains.observed import Observed
from kabosu.domains.tabular import Gaussian
from kabosu.errors import InputError
from kabosu.kernels import Exponential, cosine, width_for
from kabosu.protocols import Engine, Kernel, Sampler, Surrogate
from kabosu.samplers import Plain, Sobol
from kabosu.surrogates import Additive, Ridge, Select, Tree
from kabosu.surrogates.proxy import PROXIES

ENGINE_KINDS = ("auto", "exact", "sampled")
MOST_ROWS = 100_000_000  # of one instance: beyond it the draws do not fit in memory


NEARLY = 0.05  # of held-out R2
ROUNDING = 1e-9  # of the answer: a saturated probability moves less


@dataclass(frozen=True)
class AutoWidth:
    """The widest width at which a line describes the model, and the draws suffice.

    Among widths that are not near-global, at which the answer moves by more than rounding, the draws (or listed rows) count for enough, and whose error is at most ``error`` of the largest
    coefficient: the widest whose held-out R2 reaches ``fidelity``;
    where none does, the widest whose R2 is within 0.05 of the largest (after OptiLIME, Visani et al. 2020, which searches by repeated sampling).
    """

    fidelity: float = 0.92
    error: float = 0.2

    def __post_init__(self) -> None:
        checks.number("fidelity", self.fidelity, "a held-out R2 between 0 and 1", low=0.0, high=1.0)
        checks.above_zero("error", self.error, "a share of the largest coefficient, above 0")

    def choose(self, path: Sequence[Any]) -> tuple[int, str]:
        """Position among explanations of rising width, and the rule in words."""
        at = [(float(e.certificate.fidelity[e.target_index]), float(e.certificate.monte_carlo_error[e.target_index])) for e in path]
        moves = [i for i, e in enumerate(path) if not e.certificate.spread[e.target_index] <= ROUNDING * abs(e.prediction[e.target_index])] or range(len(path))
        local = [i for i in moves if not path[i].certificate.radius > GLOBAL] or [moves[0]]
        worth = [e.certificate.effective_sample_size - enough(len(e)) for e in path]
        counted = [i for i in local if worth[i] >= 0] or [max(local, key=lambda i: worth[i])]
        certain = [i for i in counted if not at[i][1] > self.error] or counted
        good = [i for i in certain if at[i][0] >= self.fidelity]
        if good:
            return good[-1], f"the widest at which held-out R2 reaches {self.fidelity:g}"
        varied = [i for i in certain if at[i][0] == at[i][0]]
        if not varied:
            return certain[-1], "the widest, as the model's answer does not vary"
        best = max(at[i][0] for i in varied)
        return max(i for i in varied if at[i][0] >= best - NEARLY), f"the widest whose held-out R2 is nearly the largest, as none reaches {self.fidelity:g}"


@dataclass(frozen=True)
class Recipe:
    """What is drawn, how it is weighed, what is fitted, how long.

    draws_from : "q": straight from the local law where it is known, with weight 1 (MATH section 1); "balanced": the same, rare
        levels more often and at less weight (domains/balance.py); "D": from the draw law,
        weighed by the kernel, as lime does; "half": as many from one as from the other, weighed (of parts that are kept or replaced).
    samples : draws of the first round.  budget : most rows asked of the model for one instance, the instance included.
    tolerance : stop when the widest 95% half-width is below this share of the largest coefficient (of the target); None: no more rounds.
    top_k : stop when the K largest coefficients (of the target) and their order are the limit's with probability ``confidence``.
    auto_width : rule that takes the kernel's width for each instance; None: the kernel as it is.
    proxy : cheap model of the answers, refitted in each round, that lowers the error of the draws where it can (surrogates/proxy.py;
        "parts": of masks, engines/parts_proxy.py): 0.3 to 0.8 s an instance and output, for models that are dearer; None: none.
    time_limit : seconds, after which no new round begins.
    instance_first : the instance is also the first draw, as in lime.
    curves, interactions : also compute the local effect curves, and so many pairs of features, for one instance at a time.
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
    top_k: int | None = None
    confidence: float = 0.95
    auto_width: AutoWidth | None = None
    proxy: Literal["trees", "quadratic", "auto", "parts"] | None = None
    time_limit: float | None = None
    draws_from: Literal["q", "balanced", "D", "half"] = "q"
    instance_first: bool = False
    curves: bool = False
    interactions: int = 0
    engine: str = "auto"
    engines: tuple[Engine, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checks.whole("samples", self.samples, 1, "a number of draws", most=MOST_ROWS)
        checks.whole("budget", self.budget, 1, "a number of model rows", most=MOST_ROWS)
        checks.whole("interactions", self.interactions, 0, "a number of pairs of features")
        checks.whole("seed", self.seed, 0, "a seed, so that the same call gives the same numbers")
        for option in ("tolerance", "time_limit"):
            if getattr(self, option) is not None:
                checks.above_zero(option, getattr(self, option), "None or a number above 0")
        if self.top_k is not None:
            checks.whole("top_k", self.top_k, 1, "None or a number of features")
        checks.number("confidence", self.confidence, "a probability between 0.5 and 0.9999", low=0.5, high=0.9999)
        self._check_proxy()
        checks.one_of("draws_from", self.draws_from, ("q", "balanced", "D", "half"))
        checks.one_of("engine", self.engine, (*ENGINE_KINDS, *(e.name for e in _engines(self.engines))))
        checks.has("sampler", self.sampler, "draw", "a sampler such as samplers.Sobol()")
        checks.has("kernel", self.kernel, "__call__", "a kernel such as kernels.Exponential(width=0.75), or a function of (Z, origin)")
        checks.has("surrogate", self.surrogate, "fit", "a surrogate such as surrogates.Ridge()")
        if callable(getattr(self.surrogate, "get_params", None)):
            raise InputError(f"surrogate={self.surrogate!r} is a scikit-learn estimator; wrap it: surrogates.Estimator({self.surrogate!r})")

    def _check_proxy(self) -> None:
        if self.proxy is None:
            return
        checks.one_of("proxy", self.proxy, PROXIES)
        if not isinstance(self.surrogate, Ridge) or self.instance_first:
            raise InputError(f"proxy={self.proxy!r} adjusts coefficients of all features by least squares: it goes with surrogates.Ridge() and without instance_first, here {self.surrogate!r}")

    def for_features(self, p: int) -> "Recipe":
        """The recipe for p features: a sampler that has other replicates for few of them takes these."""
        return replace(self, sampler=self.sampler.for_features(p)) if isinstance(self.sampler, Sobol) else self

    @property
    def from_local(self) -> bool:
        """Whether draws come from the local law where it is known."""
        return self.draws_from in ("q", "balanced")

    @property
    def adaptive(self) -> bool:
        """Whether a rule decides how many rounds are drawn."""
        return self.tolerance is not None or self.top_k is not None

    def first_round(self, p: int) -> int:
        """Draws of the first round: more features want more draws, within the budget."""
        most = self.budget - 1
        R = self.sampler.replicates or 1
        wanted = self.samples if not self.adaptive else max(self.samples, 1 << (8 * p - 1).bit_length())
        s = min(wanted, most) // R * R
        needed = 2 * (p + 1)
        if s < needed:
            rounds = f", in rounds of {R}" if R > 1 else ""
            raise InputError(
                f"a budget of {self.budget} rows (samples={self.samples}) gives {s} draws after the instance itself{rounds}; {p} feature(s) and the "
                f"intercept need at least {needed}: give budget= at least {1 + -(-needed // R) * R}, or explain fewer with features="
            )
        return s


def _engines(engines: tuple[Engine, ...] | None) -> tuple[Engine, ...]:
    for engine in engines or ():
        checks.has("engines", engine, "run", "a tuple of engines, such as (engines.Sampled(),)")
    return engines or ()


AUTO_WIDTHS: Mapping[str, AutoWidth] = MappingProxyType({"auto": AutoWidth()})

KABOSU_RADIUS = 0.5  # training standard deviations: local, and still wide enough to see the steps of trees

TABLES: Mapping[str, Recipe] = MappingProxyType(
    {
        "kabosu": Recipe("kabosu", Gaussian("instance"), Sobol(2, few=8), Exponential(width_for(KABOSU_RADIUS)), Ridge(0.0), samples=1024, budget=8192, tolerance=0.05, draws_from="balanced"),
        "lime": Recipe("lime", Bins("quartile"), Plain(), Exponential(None), Select(10, "auto", Ridge(1.0, per="fit")), samples=4999, budget=5000, draws_from="D", instance_first=True),
        "article": Recipe("article", Gaussian("instance"), Plain(), Exponential(None), Ridge(0.0), samples=100, budget=101, draws_from="D"),
    }
)

MASK_KERNEL = Exponential(0.25, cosine)

TEXTS: Mapping[str, Recipe] = MappingProxyType(
    {
        "kabosu": Recipe("kabosu", EvenCounts(), Sobol(8), MASK_KERNEL, Ridge(0.0), samples=1024, budget=8192, tolerance=0.05, draws_from="half"),
        "lime": Recipe("lime", Removed(), Plain(), MASK_KERNEL, Select(10, "auto", Ridge(1.0, per="fit")), samples=4999, budget=5000, draws_from="D", instance_first=True),
    }
)

IMAGES: Mapping[str, Recipe] = MappingProxyType(
    {
        "kabosu": Recipe("kabosu", EvenCounts(), Sobol(8), MASK_KERNEL, Ridge(0.0), samples=1024, budget=4096, tolerance=0.1, draws_from="half"),
        "lime": Recipe("lime", Coins(), Plain(), MASK_KERNEL, Ridge(1.0, per="fit"), samples=999, budget=1000, draws_from="D", instance_first=True),
    }
)

SERIES: Mapping[str, Recipe] = IMAGES

MASK_LAWS: Mapping[str, Any] = MappingProxyType({"even": EvenCounts(), "removed": Removed(), "coins": Coins()})

NEIGHBORHOODS: Mapping[str, Any] = MappingProxyType(
    {
        "gaussian": Gaussian("instance"),
        "gaussian-global": Gaussian("mean"),
        "bins": Bins("quartile"),
        "copula": Copula(),
        "conditional": Copula("mean"),
        "nearest": Nearest(),
        "observed": Observed(),
    }
)

SURROGATES: Mapping[str, Surrogate] = MappingProxyType(
    {"ordinary": Ridge(0.0), "ridge": Ridge(0.01), "lasso": Select(10, "lasso_path"), "tree": Tree(), "additive": Additive()}
)


def named(option: str, given: Any, table: Mapping[str, Any]) -> Any:
    """An object as it is, or by its name in a table."""
    if not isinstance(given, str):
        return given
    if given not in table:
        raise InputError.choice(option, given, table)
    return table[given]
