"""What most people call: a model and background data, bound to a domain and a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from kabosu import checks
from kabosu.diagnostics.flags import Flag
from kabosu.domains.sparse import Sparse, is_sparse
from kabosu.domains.tabular import Tabular
from kabosu.errors import CertificateError, InputError
from kabosu.explain import explain
from kabosu.explanation import Explanation
from kabosu.explanations import Explanations
from kabosu.kernels import Exponential
from kabosu.protocols import Runner
from kabosu.recipes import ENGINE_KINDS, MOST_ROWS, NEIGHBORHOODS, SURROGATES, TABLES, Recipe, named
from kabosu.respond import as_model
from kabosu.runners import Line, Progress, Serial
from kabosu.surrogates import Estimator, Ridge, Select


class TabularExplainer:
    """Explain predictions on tables.

    Parameters
    ----------
    model : fitted estimator or pipeline, booster, torch module, ONNX Runtime session, or a function of rows.
    data : background data, (n, d): numpy array, pandas / polars / pyarrow frame, list of dicts, scipy sparse matrix. The model
        is handed the same kind of table with the same columns and dtypes.
    recipe : "kabosu", "lime", "article", or a ``Recipe``; every default comes from it.
    neighborhood : "gaussian" (around the instance), "gaussian-global" (around the training mean), "bins", or an object.
    kernel_width : > 0, in training standard deviations; ``None``: as the recipe says.
    surrogate : "ordinary", "ridge", a surrogate object, or a scikit-learn regressor with ``coef_``.
    engine : "auto" (as the recipe says), "exact" or "sampled". "exact" never falls back to sampling.
    output : "auto" (probabilities, else margins, else predictions or scores), "probability", "margin", "prediction", "score", or
        "label" (0/1 for each label, for models that answer labels only).
    categorical : columns that are categories whatever their dtype.  groups : {name: columns} drawn and explained as one.
    budget : most rows asked of the model for one instance.  random_state : seed of all draws; 0: the recipe's.
    strict : flags of the certificate become errors.

    Raises
    ------
    InputError, ModelError, LabelsOnly : with what was given, what was expected and what to do.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> e = TabularExplainer(LogisticRegression(max_iter=1000).fit(X, y), X).explain(X[0])
    >>> e.target, e.coef.shape
    ('0', (4, 3))

    """

    def __init__(
        self,
        model: Any,
        data: Any,
        *,
        recipe: str | Recipe = "kabosu",
        neighborhood: Any = None,
        kernel_width: float | None = None,
        surrogate: Any = None,
        engine: str = "auto",
        output: str = "auto",
        categorical: Sequence[Any] | None = None,
        groups: Mapping[str, Sequence[Any]] | None = None,
        budget: int | None = None,
        random_state: int = 0,
        strict: bool = False,
    ) -> None:
        self.recipe = _recipe(recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        if is_sparse(data):
            self.domain: Tabular | Sparse = Sparse.fit(data, neighborhood, categorical, groups)
        else:
            self.domain = Tabular.fit(data, self.recipe.neighborhood, categorical, groups)
        self.model = as_model(model, output, data)

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
        time_limit: float | None = None,
        progress: Any = None,
    ) -> Explanation:
        """Explain one instance: a row, Series, dict, one-row frame or 1-D array.

        outputs : names of the outputs to keep.  features : vary only these.  max_features : keep the best K in the surrogate.
        budget, tolerance, time_limit : as in ``Recipe``.  progress : ``callable(done, total)`` in rows, or True.
        """
        settings = {"outputs": outputs, "features": features, "max_features": max_features, "budget": budget, "tolerance": tolerance, "time_limit": time_limit}
        es = self._run(x, Serial(), "raise", progress, curves=True, **settings)
        if len(es) != 1:
            raise InputError(f"explain takes one instance, {len(es)} were given; use explain_many for several")
        return es[0]

    def explain_many(
        self,
        X: Any,
        *,
        outputs: Sequence[Any] | None = None,
        features: Sequence[Any] | None = None,
        max_features: int | None = None,
        budget: int | None = None,
        tolerance: float | None = None,
        time_limit: float | None = None,
        progress: Any = None,
        runner: Runner = Serial(),
        on_error: Literal["raise", "record"] = "raise",
    ) -> Explanations:
        """Explain every row of a table.

        runner : a ``concurrent.futures.Executor`` or anything with ``map``; the numbers do not depend on it.
        on_error : "record" keeps going past rows that cannot be explained; see ``Explanations.errors``.
        """
        settings = {"outputs": outputs, "features": features, "max_features": max_features, "budget": budget, "tolerance": tolerance, "time_limit": time_limit}
        checks.one_of("on_error", on_error, ("raise", "record"))
        checks.has("runner", runner, "map", "an executor of concurrent.futures, or anything with map; leave it out to stay in this thread")
        return self._run(X, runner, on_error, progress, curves=False, **settings)

    def _run(self, X: Any, runner: Runner, on_error: Any, progress: Any, *, curves: bool, outputs: Any, features: Any, max_features: Any, budget: Any, tolerance: Any, time_limit: Any) -> Explanations:
        recipe = replace(_limits(self.recipe, max_features, budget, tolerance, time_limit), curves=curves)
        domain: Any = self.domain if features is None else self.domain.only(checks.listed("features", features))
        es = explain(self.model, X, domain=domain, recipe=recipe, runner=runner, on_error=on_error, progress=_told(progress))
        es = es if outputs is None else es.only(checks.listed("outputs", outputs))
        if self.strict:
            _refuse_flags(es)
        return es

    def __repr__(self) -> str:
        return f"TabularExplainer({type(self.model.original).__name__}, {len(self.domain.columns)} columns, recipe={self.recipe.name!r})" + "".join(f"\n  note: {n}" for n in self.notes)


def _told(progress: Any) -> Progress | None:
    """Who is told how far it is."""
    if progress is None or isinstance(progress, bool):
        return Line() if progress else None
    return checks.has("progress", progress, "__call__", "True, or a function of (rows done, rows in all)")


def _recipe(recipe: str | Recipe, neighborhood: Any, kernel_width: float | None, surrogate: Any, engine: str, budget: int | None, seed: int) -> Recipe:
    """The recipe with the options that were given; its own engine and seed hold where these are left at "auto" and 0."""
    made = named("recipe", recipe, TABLES)
    if not isinstance(made, Recipe):
        raise InputError(f"recipe={recipe!r}; expected a name ({', '.join(TABLES)}) or a Recipe")
    engine = checks.one_of("engine", engine, ENGINE_KINDS)
    seed = checks.whole("random_state", seed, 0, "a seed, so that the same call gives the same numbers")
    made = replace(made, engine=made.engine if engine == "auto" else engine, seed=seed or made.seed)
    chosen = made.neighborhood if neighborhood is None else named("neighborhood", neighborhood, NEIGHBORHOODS)
    made = replace(made, neighborhood=checks.has("neighborhood", chosen, "unit", f"a name ({', '.join(NEIGHBORHOODS)}) or an object such as domains.Bins(edges='decile')"))
    if kernel_width is not None:
        made = replace(made, kernel=Exponential(kernel_width))
    if surrogate is not None:
        made = replace(made, surrogate=_surrogate(surrogate))
    return made if budget is None else _limits(made, None, budget, None, None)


def _surrogate(given: Any) -> Any:
    chosen = named("surrogate", given, SURROGATES)
    if chosen.__class__.__module__.startswith("kabosu."):
        return chosen
    if isinstance(chosen, type) or not callable(getattr(chosen, "fit", None)):
        raise InputError(f"surrogate={given!r}; expected a name ({', '.join(SURROGATES)}), a kabosu surrogate or an unfitted regressor with coef_")
    return Estimator(chosen)


def _limits(recipe: Recipe, max_features: Any, budget: Any, tolerance: Any, time_limit: Any) -> Recipe:
    """The recipe with the limits of one call."""
    if budget is not None:
        budget = checks.whole("budget", budget, 4, "a number of model rows", most=MOST_ROWS)
        recipe = replace(recipe, budget=budget, samples=budget - 1 if recipe.tolerance is None else recipe.samples)
    if tolerance is not None:
        recipe = replace(recipe, tolerance=checks.above_zero("tolerance", tolerance, "a share of the largest coefficient, above 0, such as 0.05"))
    if time_limit is not None:
        recipe = replace(recipe, time_limit=checks.above_zero("time_limit", time_limit, "seconds above 0"))
    return recipe if max_features is None else replace(recipe, surrogate=_best(recipe.surrogate, checks.whole("max_features", max_features, 1, "a number of features")))


def _best(surrogate: Any, K: int) -> Select:
    if isinstance(surrogate, Select):
        return replace(surrogate, K=K)
    if not isinstance(surrogate, Ridge):
        raise InputError(f"max_features={K!r} needs a ridge or ordinary surrogate to select for; this one is {surrogate!r}")
    return Select(K, "best", surrogate)


def _refuse_flags(es: Explanations) -> None:
    for i, e in zip(es.positions.tolist(), es, strict=True):
        if e.certificate.flags:
            flag: Flag = e.certificate.flags[0]
            raise CertificateError(f"explanation {i} raised {flag} (strict=True makes flags errors)")

