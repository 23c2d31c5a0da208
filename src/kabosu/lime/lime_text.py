"""Explain predictions on texts, as lime does: same names, same samples, same numbers."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime import answers
from kabosu.lime.bridge import found
from kabosu.lime.explanation import DomainMapper, Explanation
from kabosu.lime.faults import mended
from kabosu.lime.indexed import IndexedCharacters, IndexedString
from kabosu.lime.kernels import bound
from kabosu.lime.lime_base import LimeBase
from kabosu.lime.masks import distances
from kabosu.report.words import PRESENT
from kabosu.types import Array

__all__ = ["IndexedCharacters", "IndexedString", "LimeTextExplainer", "TextDomainMapper"]

BLOCK = 256  # masks drawn at once, so that they stay in the cache


class TextDomainMapper(DomainMapper):
    """Features of a text by their words."""

    def __init__(self, indexed_string: IndexedString | IndexedCharacters) -> None:
        self.indexed_string = indexed_string

    def map_exp_ids(self, exp: Any, positions: bool = False, **kwargs: Any) -> list[tuple[str, Any]]:
        """Pairs (feature, weight) as pairs (word, weight); positions: with where each stands, "word_0-17"."""
        text = self.indexed_string
        if not positions:
            return [(text.word(i), weight) for i, weight in exp]
        return [(f"{text.word(i)}_{'-'.join(map(str, text.string_position(i)))}", weight) for i, weight in exp]

    def instance(self, exp: Any, text: bool = True, opacity: bool = True) -> dict[str, Any]:
        """The text with its words marked in the colors of their weights; opacity: the stronger, the larger the weight."""
        if not text:
            return {"kind": ""}
        indexed, weight = self.indexed_string, {int(i): float(w) for i, w in exp}
        largest = max(map(abs, weight.values()), default=0.0) or 1.0
        pieces = [_marked(piece, weight.get(int(owner), 0.0), largest, opacity) for piece, owner in zip(indexed.as_list, indexed.owners(), strict=True)]
        return {"kind": "text", "pieces": pieces}

    def visualize_instance_html(self, exp: Any, label: Any, div_name: str, exp_object_name: str, text: bool = True, opacity: bool = True) -> str:
        """The text as static HTML."""
        return super().visualize_instance_html(exp, label, div_name, exp_object_name, text=text, opacity=opacity)


def _marked(piece: str, weight: float, largest: float, opacity: bool) -> tuple[str, str, int, str]:
    """Words, color, its strength in percent, the weight as text."""
    share = round(100 * (0.2 + 0.6 * abs(weight) / largest)) if opacity else 60
    return piece, "" if weight == 0 else "p" if weight > 0 else "n", share, f"{weight:+.3g}"


class LimeTextExplainer:
    r"""Explains classifiers of texts by taking words out.

    kernel_width : of the exponential kernel, in hundredths of cosine distance.  kernel : (distances, kernel_width) -> weights.
    class_names : by label.  split_expression, bow, mask_string : see :class:`IndexedString`.  char_level : characters instead of words.
    bug_compatible : True has every fault of lime back, for audits; None: as ``kabosu.lime.fix`` said.

    Examples
    --------
    >>> def mentions_good(texts):
    ...     p = np.array(["good" in t for t in texts], dtype=float)
    ...     return np.column_stack([1 - p, p])
    >>> e = LimeTextExplainer(random_state=0).explain_instance("a good film, good fun", mentions_good, num_features=1)
    >>> str(e.as_list()[0][0])
    'good'

    """

    def __init__(
        self,
        kernel_width: float = 25,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        split_expression: str | Callable[[str], Sequence[str]] = r"\W+",
        bow: bool = True,
        mask_string: str | None = None,
        random_state: Any = None,
        char_level: bool = False,
        *,
        bug_compatible: bool | None = None,
    ) -> None:
        from sklearn.utils import check_random_state

        self.mended = mended(bug_compatible)
        self.random_state = check_random_state(random_state)
        self.base = LimeBase(bound(kernel, kernel_width), verbose, random_state=self.random_state)
        self.class_names: Any = class_names
        self.vocabulary = None
        self.feature_selection = feature_selection
        self.bow = bow
        self.mask_string = mask_string
        self.split_expression = split_expression
        self.char_level = char_level

    def explain_instance(
        self,
        text_instance: str,
        classifier_fn: Any,
        labels: Sequence[int] = (1,),
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "cosine",
        model_regressor: Any = None,
    ) -> Explanation:
        """Explain one text.

        classifier_fn : list of texts -> probabilities (n, k).  labels, top_labels, num_features, num_samples, model_regressor :
        see ``LimeTabularExplainer.explain_instance``.  distance_metric : between which words are left.
        """
        indexed = self._indexed(text_instance)
        if not indexed.num_words():
            raise InputError(f"the text {text_instance!r:.60} holds no words to take out; check split_expression=, or explain a text with words")
        data, Y, distances = self.__data_labels_distances(indexed, classifier_fn, num_samples, distance_metric)
        if self.class_names is None:
            self.class_names = [str(c) for c in range(Y.shape[1])]
        explanation = Explanation(TextDomainMapper(indexed), class_names=self.class_names, random_state=self.random_state)
        explanation.mended = self.mended
        explanation.predict_proba = Y[0]
        chosen = list(labels)
        if top_labels:
            chosen = list(np.argsort(Y[0])[-top_labels:])
            explanation.top_labels = chosen[::-1]
        regression = self.base.regress(data, Y, distances, chosen, num_features, self.feature_selection, model_regressor)
        explanation.learn(found(regression, chosen, data, Y, "classification", words=PRESENT))
        return explanation

    def _indexed(self, text: str) -> IndexedString | IndexedCharacters:
        if self.char_level:
            return IndexedCharacters(text, bow=self.bow, mask_string=self.mask_string)
        return IndexedString(text, bow=self.bow, split_expression=self.split_expression, mask_string=self.mask_string)

    def __data_labels_distances(self, indexed_string: Any, classifier_fn: Any, num_samples: int, distance_metric: str = "cosine") -> tuple[Array, Array, Array]:
        """Which words each sample keeps (the text itself first), the model's answers, distances to the text."""
        d = indexed_string.num_words()
        kept = taken_out(d, num_samples, self.random_state)
        Y = answers.probabilities(answers.asking(classifier_fn)(indexed_string.keeping(kept)), self.mended)
        return kept, Y, 100 * distances(kept, distance_metric)


def taken_out(d: int, n: int, random_state: Any) -> Array:
    """(n, d) what stays: how many words go is uniform from 1 to d, which ones too; nothing goes from the first."""
    sizes = random_state.randint(1, d + 1, n - 1)
    kept, cells = np.ones((n, d), dtype=bool), np.arange(BLOCK * d).reshape(BLOCK, d)
    for start in range(1, n, BLOCK):
        block = kept[start : start + BLOCK]
        places = shuffled(cells[: len(block)], random_state)
        block.reshape(-1)[places.reshape(-1)] = (np.arange(d) >= sizes[start - 1 : start - 1 + len(block), None]).reshape(-1)
    return kept


def shuffled(rows: Array, random_state: Any) -> Array:
    """Each row in an order of its own, what choice without replacement does row by row; all of them in one call where numpy has one."""
    if _agrees():
        return np.random.Generator(random_state._bit_generator).permuted(rows, axis=1)
    made = rows.copy()
    for row in made:
        random_state.shuffle(row)
    return made


@lru_cache(maxsize=1)
def _agrees() -> bool:
    """Whether the new generator of this numpy shuffles as the old one does, from the same numbers."""
    from sklearn.utils import check_random_state

    old, new = check_random_state(0), check_random_state(0)
    rows = np.tile(np.arange(300), (3, 1))
    made = np.random.Generator(new._bit_generator).permuted(rows, axis=1)
    return all(np.array_equal(old.permutation(300), row) for row in made) and old.random_sample() == new.random_sample()
