"""Tables: the explainer that most people call."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from kabosu import checks
from kabosu.diagnostics.manifold import Detector
from kabosu.domains.observed import Generator
from kabosu.domains.sparse import Sparse, is_sparse
from kabosu.domains.tabular import Tables
from kabosu.explainers.base import Explainer, chosen_recipe
from kabosu.recipes import NEIGHBORHOODS, TABLES, Recipe
from kabosu.respond import as_model


class TabularExplainer(Explainer):
    """Explain predictions on tables.

    Parameters
    ----------
    model : fitted estimator or pipeline, booster, torch module, ONNX Runtime session, or a function of rows.
    data : background data, (n, d): numpy array, pandas / polars / pyarrow frame, list of dicts, scipy sparse matrix. The model
        is handed the same kind of table with the same columns and dtypes.
    recipe : "kabosu", "lime", "article", or a ``Recipe``; every default comes from it.
    neighborhood : "gaussian" (around the instance), "gaussian-global" (around the training mean), "bins", "copula" (correlated,
        half-way between the background's mean and the instance, in normal scores; ``Copula("instance")``: around the instance),
        "conditional" (the background's own law near the instance), "nearest", "observed" (background rows),
        an object of ``kabosu.domains``, or a function ``(x, n, rng) -> rows``.
    kernel_width : > 0, in training standard deviations; "auto": for each instance the widest at which a line describes the model
        (see ``recipes.AutoWidth`` and ``width_path``); ``None``: as the recipe says.
    surrogate : "ordinary", "ridge", "lasso" (the best 10 of its path, then ordinary), "tree" (three splits deep), "additive" (with a
        curve a feature), a surrogate object, or a scikit-learn regressor with ``coef_``.
    engine : "auto" (as the recipe says), "exact" or "sampled". "exact" never falls back to sampling.
    output : "auto" (probabilities, else margins, else predictions or scores), "probability", "margin", "prediction", "score", or
        "label" (0/1 for each label, for models that answer labels only).
    categorical : columns that are categories whatever their dtype.  groups : {name: columns} drawn and explained as one.
    budget : most rows asked of the model for one instance.  random_state : seed of all draws; 0: the recipe's.
    strict : flags of the certificate become errors.
    off_manifold : also set the draws against the background rows (``diagnostics.off_manifold``): a second when the explainer is
        made, some 20 ms a row; each certificate has the share that a classifier tells from real rows, and the flag.

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
        kernel_width: float | str | None = None,
        surrogate: Any = None,
        engine: str = "auto",
        output: str = "auto",
        categorical: Sequence[Any] | None = None,
        groups: Mapping[str, Sequence[Any]] | None = None,
        budget: int | None = None,
        random_state: int = 0,
        strict: bool = False,
        off_manifold: bool = False,
    ) -> None:
        neighborhood = Generator(neighborhood) if isinstance(neighborhood, FunctionType | MethodType | partial) else neighborhood
        self.recipe = chosen_recipe(TABLES, NEIGHBORHOODS, "unit", recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        if is_sparse(data):
            self.domain: Tables | Sparse = Sparse.fit(data, neighborhood, categorical, groups)
        else:
            self.domain = Tables.fit(data, self.recipe.neighborhood, categorical, groups)
        self.model = as_model(model, output, data)
        if isinstance(self.domain, Tables):
            from kabosu.engines.rows import ahead  # engines are imported when first needed

            self.domain = ahead(self.domain, self.model, data)
        if checks.yes_or_no("off_manifold", off_manifold):
            self.detector = Detector.fit(self, data)
