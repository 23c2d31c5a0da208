"""Several inputs at once: texts, images, series and columns of one model, in one explanation."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kabosu import checks
from kabosu.domains.mixed import Mixed, rows_of
from kabosu.errors import InputError
from kabosu.explainers.base import Explainer, chosen_recipe
from kabosu.recipes import IMAGES, MASK_LAWS, Recipe
from kabosu.responders.arrays import array_model


class MixedExplainer(Explainer):
    """Explain predictions on several inputs of different kinds, by one joint mask over the parts of all of them.

    An instance is a dict of inputs, or a row of a frame. The model gets the same: a dict of batches, (each as its own kind of
    model would get it), or a frame of the user's own library.

    Parameters
    ----------
    model : a function of a dict of batches, {input: n texts, images, series or values}; for frames, any estimator or pipeline; a torch
        module whose arguments, or an ONNX Runtime session whose inputs, have the names of the inputs.
    inputs : ``Inputs(title=Text(), price=Tabular(prices), photo=Image())``: ``domains.Text``, ``domains.Image`` and
        ``domains.Series`` take texts, images and series apart; ``domains.Tabular(data)`` replaces a value, or the columns of a
        row, by those of a row of the data, another in each draw. Anything with ``parts(x)`` may stand there.
    target, batch_size, output, output_names : as for ``ImageExplainer``.
    recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state, strict : as for ``ImageExplainer``.

    Examples
    --------
    >>> from kabosu.domains import Inputs, Tabular, Text
    >>> def model(batch):
    ...     return [2.0 * ("good" in title) + price for title, price in zip(batch["title"], batch["price"], strict=True)]
    >>> e = MixedExplainer(model, Inputs(title=Text(), price=Tabular([1.0, 1.0, 1.0]))).explain({"title": "a good film", "price": 4.0})
    >>> dict(zip(e.columns, (e.coef[:, 0].round(6) + 0.0).tolist()))
    {'title: a': 0.0, 'title: good': 2.0, 'title: film': 0.0, 'price = 4.0': 3.0}

    """

    def __init__(
        self,
        model: Any,
        inputs: Mixed,
        *,
        target: Callable[[Any], Any] | None = None,
        batch_size: int | None = None,
        recipe: str | Recipe = "kabosu",
        neighborhood: Any = None,
        kernel_width: float | None = None,
        surrogate: Any = None,
        engine: str = "auto",
        output: str = "auto",
        output_names: Sequence[Any] | None = None,
        budget: int | None = None,
        random_state: int = 0,
        strict: bool = False,
    ) -> None:
        if not isinstance(inputs, Mixed):
            raise InputError(f"inputs={inputs!r:.80}; expected Inputs(name=..., ...), such as Inputs(title=Text(), price=Tabular(prices))")
        self.recipe = chosen_recipe(IMAGES, MASK_LAWS, "counts", recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        self.domain = replace(inputs, law=self.recipe.neighborhood)
        self.model = array_model(model, output, target, batch_size, output_names, several="prediction")

    def _alone(self, x: Any) -> Any:
        return [x]

    def _several(self, X: Any) -> Any:
        return rows_of(X)
