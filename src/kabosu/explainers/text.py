"""Texts: units kept or replaced."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from kabosu import checks
from kabosu.domains.text import Text
from kabosu.domains.text_fills import fill_of
from kabosu.domains.text_units import LIME, units_of
from kabosu.errors import InputError
from kabosu.explainers.base import Explainer, chosen_recipe
from kabosu.recipes import MASK_LAWS, TEXTS, Recipe
from kabosu.respond import Model, as_array, as_model
from kabosu.responders.arrays import Halved


class TextExplainer(Explainer):
    r"""Explain predictions on texts.

    Parameters
    ----------
    model : scikit-learn pipeline or any estimator of texts, Hugging Face pipeline, torch module with ``tokenizer``, fastText
        classifier, or a function of a list of strings.
    units : "word" (runs of letters; single letters of scripts without spaces), "character", "phrase", "sentence", "paragraph",
        "token" (the tokenizer's), a compiled regular expression, a function of the text, or spans. None: "word"; under
        recipe="lime" runs of ``\w``, as lime splits.
    occurrences : "together": a word is one feature wherever it stands; "apart": each place.
    fill : what stands in the place of a unit: "delete", "mask", "pad" or "unk" (tokens of the tokenizer), ``domains.Token("...")``,
        ``domains.Corpus.of(texts)``, or a function of (text, gone spans of each draw), such as a model that fills in.
    recipe : "kabosu", "lime" or a ``Recipe``.  neighborhood : "even", "removed", "coins" or a law of the number of kept units.
    kernel_width : > 0, in cosine distance; None: 0.25.  tokenizer : for modules.  batch_size : most texts asked at once;
        where memory runs out, half as many are asked.
    surrogate, engine, output, budget, random_state, strict : as in ``TabularExplainer``. Equal texts of a batch are asked once.

    Long texts, of more words than the budget tells apart, are explained from coarse to fine: stretches of sentences first, then
    those that matter word by word; a flag says so.

    Examples
    --------
    >>> model = lambda texts: [0.9 if "good" in t else 0.2 for t in texts]
    >>> e = TextExplainer(model).explain("a good film")
    >>> e.feature_names, (e.coef.round(2) + 0.0).ravel().tolist(), e.engine
    (('a', 'good', 'film'), [0.0, 0.7, 0.0], 'masks')

    """

    def __init__(
        self,
        model: Any,
        *,
        units: Any = None,
        occurrences: Literal["together", "apart"] = "together",
        fill: Any = "delete",
        recipe: str | Recipe = "kabosu",
        neighborhood: Any = None,
        kernel_width: float | None = None,
        surrogate: Any = None,
        engine: str = "auto",
        output: str = "auto",
        tokenizer: Any = None,
        batch_size: int | None = None,
        budget: int | None = None,
        random_state: int = 0,
        strict: bool = False,
    ) -> None:
        self.recipe = chosen_recipe(TEXTS, MASK_LAWS, "counts", recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        checks.one_of("occurrences", occurrences, ("together", "apart"))
        cut = (LIME if self.recipe.name == "lime" else units_of("word")) if units is None else units_of(units, tokenizer)
        self.domain = Text(cut, occurrences, fill_of(fill, tokenizer), self.recipe.neighborhood)
        made = _model(model, output, tokenizer, batch_size)
        self.model = made if isinstance(model, Model) else replace(made, ask=Distinct(made.ask))


@dataclass(frozen=True)
class Distinct:
    """Texts that stand several times in a batch are asked once: short texts have few different masks. Where memory runs out, half as many."""

    ask: Callable[[Any], Any]

    @property
    def method(self) -> str | None:
        """How an estimator is asked, for exact engines to read."""
        return getattr(self.ask, "method", None)

    @property
    def combine(self) -> Any:
        """What is done with its answer."""
        return getattr(self.ask, "combine", None)

    def __call__(self, texts: list[str]) -> Any:
        """The answers for all of them."""
        distinct = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        if len(distinct) == len(texts):
            return Halved(self.ask)(texts)
        answer = as_array(Halved(self.ask)(list(distinct)))
        return answer[[distinct[text] for text in texts]] if answer.ndim and len(answer) == len(distinct) else answer


def _model(model: Any, output: str, tokenizer: Any, batch_size: int | None) -> Model:
    """A model of texts; a torch module with what makes tokens of them."""
    from kabosu.responders.transformers import module_of_texts

    if "torch" in {c.__module__.split(".")[0] for c in type(model).__mro__}:
        if tokenizer is None:
            raise InputError(f"a {type(model).__name__} eats tokens, not texts: give tokenizer=, or a function of a list of texts")
        return module_of_texts(model, tokenizer, checks.one_of("output", output, ("auto", "probability", "margin", "prediction")), batch_size)
    if batch_size is None:
        return as_model(model, output)
    return replace(as_model(model, output), chunk=checks.whole("batch_size", batch_size, 1, "a number of texts asked at once"))
