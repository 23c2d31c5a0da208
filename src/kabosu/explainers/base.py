"""What all explainers share: a model and a domain bound to a recipe, and the limits of one call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from kabosu import checks
from kabosu.diagnostics.manifold import Detector
from kabosu.errors import CertificateError, InputError
from kabosu.explain import explain
from kabosu.explanation import Explanation
from kabosu.explanations import Explanations
from kabosu.kernels import Exponential
from kabosu.protocols import Representation, Runner
from kabosu.recipes import AUTO_WIDTHS, ENGINE_KINDS, MOST_ROWS, SURROGATES, Recipe, named
from kabosu.respond import Model
from kabosu.runners import Line, Progress, Serial
from kabosu.surrogates import Additive, Estimator, Ridge, Select
from kabosu.surrogates.proxy import PROXIES
from kabosu.widths import WidthPath, width_path


class Explainer:
    """A model and a domain, bound to a recipe: what every explainer does with its instances."""

    model: Model
    domain: Any
    recipe: Recipe
    strict: bool
    detector: Detector | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was inferred about the columns, in words."""
        return self.domain.notes

    def explain(
        self,
        x: Any,
        *,
        outputs: Sequence[Any] | None = None,
        features: Sequence[Any] | None = None,
        max_features: int | None = None,
        budget: int | None = None,
        tolerance: float | None = None,
        top_k: int | None = None,
        confidence: float | None = None,
        time_limit: float | None = None,
        proxy: str | None = None,
        interactions: int = 0,
        progress: Any = None,
    ) -> Explanation:
        """Explain one instance: a row, Series, dict, one-row frame or 1-D array; a text; an image; a series.

        outputs : names of the outputs to keep.  features : vary only these.  max_features : keep the best K in the surrogate.
        top_k : stop as soon as the order of the K largest coefficients is settled (with probability ``confidence``, 0.95), whatever
            the recipe's tolerance.  budget, tolerance, time_limit : as in ``Recipe``.
        proxy : "trees", "quadratic" or "auto": fit a cheap model to the answers, which takes seconds and lowers the error of dear draws.
        interactions : also give so many pairs of features, the strongest (True: 10), as ``e.interactions``.
        progress : ``callable(done, total)`` in rows, or True.
        """
        limits = {"max_features": max_features, "budget": budget, "tolerance": tolerance, "top_k": top_k, "confidence": confidence, "time_limit": time_limit, "proxy": proxy, "interactions": interactions}
        es = self._run(self._alone(x), Serial(), "raise", progress, curves=True, outputs=outputs, features=features, limits=limits)
        if len(es) != 1:
            raise InputError(f"explain takes one instance, {len(es)} were given; use explain_many for several")
        return es[0]

    def width_path(self, x: Any, widths: Sequence[float] | None = None, *, features: Sequence[Any] | None = None, max_features: int | None = None, budget: int | None = None) -> WidthPath:
        """One instance's explanation at many kernel widths, from one measured neighborhood: how local should it be?

        widths : kernel widths; None: radii from 0.02 to 0.95 training standard deviations.  features, max_features, budget : as in ``explain``.
        """
        return width_path(self.model, self.represent(x, features), _limits(self.recipe, max_features=max_features, budget=budget), widths)

    def represent(self, x: Any, features: Sequence[Any] | None = None) -> Representation:
        """One instance in interpretable coordinates: what is drawn around it, and how a draw is read."""
        domain: Any = self.domain if features is None else self.domain.only(checks.listed("features", features))
        blocks = [r for piece in domain.split(self._alone(x), 2) for r in domain.represent(piece)]
        if len(blocks) != 1 or blocks[0].size != 1:
            raise InputError("one instance is needed here; call it for each of several")
        return blocks[0]

    def explain_many(
        self,
        X: Any,
        *,
        outputs: Sequence[Any] | None = None,
        features: Sequence[Any] | None = None,
        max_features: int | None = None,
        budget: int | None = None,
        tolerance: float | None = None,
        top_k: int | None = None,
        confidence: float | None = None,
        time_limit: float | None = None,
        proxy: str | None = None,
        progress: Any = None,
        runner: Runner = Serial(),
        on_error: Literal["raise", "record"] = "raise",
    ) -> Explanations:
        """Explain every row of a table, every text, image or series of a list.

        runner : a ``concurrent.futures.Executor`` or anything with ``map``; the numbers do not depend on it.
        on_error : "record" keeps going past rows that cannot be explained, and under ``strict=True`` past rows with flags; see ``Explanations.errors``.
        """
        limits = {"max_features": max_features, "budget": budget, "tolerance": tolerance, "top_k": top_k, "confidence": confidence, "time_limit": time_limit, "proxy": proxy}
        checks.one_of("on_error", on_error, ("raise", "record"))
        checks.has("runner", runner, "map", "an executor of concurrent.futures, or anything with map; leave it out to stay in this thread")
        return self._run(self._several(X), runner, on_error, progress, curves=False, outputs=outputs, features=features, limits=limits)

    def _alone(self, x: Any) -> Any:
        """One instance, as the domain takes several."""
        return x

    def _several(self, X: Any) -> Any:
        """Instances, as the domain takes them."""
        return X

    def _run(self, X: Any, runner: Runner, on_error: Any, progress: Any, *, curves: bool, outputs: Any, features: Any, limits: Mapping[str, Any]) -> Explanations:
        recipe = replace(_limits(self.recipe, **limits), curves=curves)
        domain: Any = self.domain if features is None else self.domain.only(checks.listed("features", features))
        es = explain(self.model, X, domain=domain, recipe=recipe, runner=runner, on_error=on_error, progress=_told(progress))
        es = es if self.detector is None else self.detector.judged(es, recipe, domain, X)
        es = es if outputs is None else es.only(checks.listed("outputs", outputs))
        return _without_flags(es, on_error) if self.strict else es

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.model.original).__name__}, {self.domain.words}, recipe={self.recipe.name!r})" + "".join(f"\n  note: {n}" for n in self.notes)


def _told(progress: Any) -> Progress | None:
    """Who is told how far it is."""
    if progress is None or isinstance(progress, bool):
        return Line() if progress else None
    return checks.has("progress", progress, "__call__", "True, or a function of (rows done, rows in all)")


def chosen_recipe(
    table: Mapping[str, Recipe],
    laws: Mapping[str, Any],
    method: str,
    recipe: str | Recipe,
    neighborhood: Any,
    kernel_width: float | str | None,
    surrogate: Any,
    engine: str,
    budget: int | None,
    seed: int,
) -> Recipe:
    """The recipe of one modality's table with the options that were given; its own engine and seed hold where these are "auto" and 0.

    laws : neighborhoods by name.  method : that of a neighborhood.
    """
    made = named("recipe", recipe, table)
    if not isinstance(made, Recipe):
        raise InputError(f"recipe={recipe!r}; expected a name ({', '.join(table)}) or a Recipe")
    engine = checks.one_of("engine", engine, ENGINE_KINDS)
    seed = checks.whole("random_state", seed, 0, "a seed, so that the same call gives the same numbers")
    made = replace(made, engine=made.engine if engine == "auto" else engine, seed=seed or made.seed)
    chosen = made.neighborhood if neighborhood is None else named("neighborhood", neighborhood, laws)
    made = replace(made, neighborhood=checks.has("neighborhood", chosen, method, f"a name ({', '.join(laws)}) or an object such as domains.{list(laws.values())[-1]!r}"))
    if kernel_width is not None:
        made = _at_width(made, kernel_width)
    if surrogate is not None:
        made = replace(made, surrogate=_surrogate(surrogate))
    return made if budget is None else _limits(made, budget=budget)


def _at_width(made: Recipe, given: Any) -> Recipe:
    if isinstance(given, str):
        if given not in AUTO_WIDTHS:
            raise InputError(f"kernel_width={given!r}; expected a number above 0, or {', '.join(map(repr, AUTO_WIDTHS))} to have one found")
        return replace(made, auto_width=AUTO_WIDTHS[given])
    checks.above_zero("kernel_width", given, f"a number above 0 (small ones are local), {' or '.join(map(repr, AUTO_WIDTHS))} to have one found, or leave it out for the recipe's own")
    return replace(made, kernel=replace(made.kernel, width=given) if isinstance(made.kernel, Exponential) else Exponential(given))


def _surrogate(given: Any) -> Any:
    chosen = named("surrogate", given, SURROGATES)
    if chosen.__class__.__module__.startswith("kabosu."):
        return chosen
    if isinstance(chosen, type) or not callable(getattr(chosen, "fit", None)):
        raise InputError(f"surrogate={given!r}; expected a name ({', '.join(SURROGATES)}), a kabosu surrogate or an unfitted regressor with coef_")
    return Estimator(chosen)


PAIRS = 10  # interactions that are shown where no number is asked for


def _limits(recipe: Recipe, max_features: Any = None, budget: Any = None, tolerance: Any = None, top_k: Any = None, confidence: Any = None, time_limit: Any = None, proxy: Any = None, interactions: Any = 0) -> Recipe:
    """The recipe with the limits of one call."""
    if interactions:
        recipe = replace(recipe, interactions=PAIRS if interactions is True else checks.whole("interactions", interactions, 0, "a number of pairs of features, or True"))
    if top_k is not None:
        recipe = replace(recipe, top_k=checks.whole("top_k", top_k, 1, "a number of features"), tolerance=None)
    if confidence is not None:
        recipe = replace(recipe, confidence=checks.number("confidence", confidence, "a probability between 0.5 and 0.9999", low=0.5, high=0.9999))
    if budget is not None:
        budget = checks.whole("budget", budget, 4, "a number of model rows", most=MOST_ROWS)
        recipe = replace(recipe, budget=budget, samples=recipe.samples if recipe.adaptive else budget - 1)
    if tolerance is not None:
        recipe = replace(recipe, tolerance=checks.above_zero("tolerance", tolerance, "a share of the largest coefficient, above 0, such as 0.05"))
    if proxy is not None:
        recipe = replace(recipe, proxy=checks.one_of("proxy", proxy, PROXIES))
    if time_limit is not None:
        recipe = replace(recipe, time_limit=checks.above_zero("time_limit", time_limit, "seconds above 0"))
    return recipe if max_features is None else replace(recipe, surrogate=_best(recipe.surrogate, checks.whole("max_features", max_features, 1, "a number of features")))


def _best(surrogate: Any, K: int) -> Any:
    if isinstance(surrogate, Additive):
        return replace(surrogate, then=_best(surrogate.then, K))
    if isinstance(surrogate, Select):
        return replace(surrogate, K=K)
    if not isinstance(surrogate, Ridge):
        raise InputError(f"max_features={K!r} needs a ridge or ordinary surrogate to select for; this one is {surrogate!r}")
    return Select(K, "best", surrogate)


def _without_flags(es: Explanations, on_error: str) -> Explanations:
    """The explanations, none of which raised a flag; those that did are errors."""
    flagged = {i: _refusal(es[i]) for i, codes in enumerate(es.flags) if codes}
    if flagged and on_error == "raise":
        i, words = next(iter(flagged.items()))
        raise CertificateError(f"explanation {i} {words}")
    return es.refused(flagged) if flagged else es


def _refusal(e: Explanation) -> str:
    first, *others = e.certificate.flags
    also = f"; also {', '.join(flag.code for flag in others)}" if others else ""
    return f"raised {first}{also} (strict=True makes flags errors)"
