"""Explanations with the names, attributes and return types of lime's, and the evidence for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kabosu.errors import InputError, MissingExtra
from kabosu.explanation import Certificate
from kabosu.explanation import Explanation as Kabosu
from kabosu.lime.bridge import Found, as_kabosu
from kabosu.lime.exceptions import LimeError
from kabosu.lime.faults import mended
from kabosu.lime.results import PerLabel, PerLabelArray


class _Default(int):
    """The label that was not asked for by name."""


LABEL = _Default(1)


def id_generator(size: int = 15, random_state: Any = None) -> str:
    """Random capitals and digits."""
    letters = [*map(chr, range(65, 91)), *map(str, range(10))]
    return "".join(random_state.choice(letters, size, replace=True))


class DomainMapper:
    """Features as words; a subclass knows its kind of data."""

    def __init__(self) -> None:
        return

    def map_exp_ids(self, exp: Any, **kwargs: Any) -> Any:
        """Pairs (feature, weight) as pairs (word, weight)."""
        return exp

    def instance(self, exp: Any, **options: Any) -> dict[str, Any]:
        """What templates/instance.html shows of the instance; nothing."""
        return {"kind": ""}

    def visualize_instance_html(self, exp: Any, label: Any, div_name: str, exp_object_name: str, **kwargs: Any) -> str:
        """The instance as static HTML."""
        from kabosu.lime.page import instance

        return instance(self.instance(exp, **kwargs))

    def cells(self, ids: Sequence[int], names: Sequence[str]) -> tuple[Sequence[str], Sequence[Any]]:
        """Columns and values of some features, which are named so."""
        return names, names


class Explanation:
    """Why the model answered so: for each label, features with their weights.

    domain_mapper : features as words.  mode : "classification" or "regression".  class_names : by label.
    """

    def __init__(self, domain_mapper: DomainMapper, mode: str = "classification", class_names: Sequence[str] | None = None, random_state: Any = None) -> None:
        if mode not in ("classification", "regression"):
            raise LimeError(f"mode={mode!r}; expected 'classification' or 'regression'")
        self.random_state = random_state
        self.mode = mode
        self.domain_mapper = domain_mapper
        self.local_exp: dict[Any, list[tuple[Any, Any]]] = {}
        self.intercept: dict[Any, Any] = {}
        self.score: Any = None
        self.local_pred: Any = None
        self.mended = mended()
        self.found: Found | None = None
        if mode == "classification":
            self.class_names: Any = class_names
            self.top_labels: Any = None
            self.predict_proba: Any = None
        else:
            self.class_names = ["negative", "positive"]
            self.predicted_value: Any = None
            self.min_value: Any = 0.0
            self.max_value: Any = 1.0
            self.dummy_label = 1

    def learn(self, found: Found) -> None:
        """Take over what a regression found; one of a regression is shown for both directions."""
        if not found.labels:
            return
        self.found, regression = found, found.regression
        parts = list(enumerate(found.labels))
        for c, label in parts:
            self.intercept[label], self.local_exp[label] = regression.intercept(c), regression.ranked(c)
        scores, local = {label: regression.score(c) for c, label in parts}, {label: regression.local(c) for c, label in parts}
        if self.mode == "regression":
            self.intercept[1], self.local_exp[1] = self.intercept[0], self.local_exp[0]
            self.local_exp[0] = [(i, -1 * weight) for i, weight in self.local_exp[1]]
            if "regression_mirror" in self.mended:
                self.intercept[0] = -self.intercept[1]
        self.score, self.local_pred = PerLabel(scores), PerLabelArray(local)

    def available_labels(self) -> list[Any]:
        """Labels that were explained, the most probable first where that was asked."""
        if self.mode != "classification":
            raise NotImplementedError("a regression has no labels; as_list() needs none")
        return list(self.top_labels or self.local_exp)

    def _label(self, label: Any) -> Any:
        """The label to use: a regression has one; where none was named and 1 was not explained, the first that was."""
        if self.mode == "regression":
            return self.dummy_label
        if label in self.local_exp:
            return int(label) if isinstance(label, _Default) else label
        if isinstance(label, _Default) and "label_default" in self.mended and self.local_exp:
            return self.available_labels()[0]
        raise KeyError(f"label {label} was not explained; these were: {[int(x) for x in self.local_exp]}. Pass label= one of them, or labels= to explain_instance")

    def class_name(self, label: int) -> str:
        """The name of a label; its number where there are too few names."""
        names: Sequence[str] = [] if self.class_names is None else self.class_names
        return str(names[label]) if label < len(names) else str(label)

    def as_list(self, label: int = LABEL, **kwargs: Any) -> list[tuple[Any, float]]:
        """Pairs (words, weight), the largest weights first. kwargs: of the domain mapper, positions=True for texts."""
        return [(name, float(weight)) for name, weight in self.domain_mapper.map_exp_ids(self.local_exp[self._label(label)], **kwargs)]

    def as_map(self) -> dict[Any, list[tuple[Any, Any]]]:
        """Label -> pairs (feature, weight)."""
        return self.local_exp

    def as_pyplot_figure(self, label: int = LABEL, figsize: tuple[float, float] = (4, 4), **kwargs: Any) -> Any:
        """Horizontal bars, green upwards and red downwards; a figure of pyplot."""
        try:
            import matplotlib.pyplot as plt
        except ImportError as e:
            raise MissingExtra.of("matplotlib", "plot") from e
        names, weights = zip(*self.as_list(label=label, **kwargs), strict=True)
        figure = plt.figure(figsize=figsize)
        at = np.arange(len(names)) + 0.5
        plt.barh(at, weights[::-1], align="center", color=["green" if w > 0 else "red" for w in weights[::-1]])
        plt.yticks(at, names[::-1])
        plt.title(f"Local explanation for class {self.class_name(self._label(label))}" if self.mode == "classification" else "Local explanation")
        return figure

    def as_html(self, labels: Any = None, predict_proba: bool = True, show_predicted_value: bool = True, **kwargs: Any) -> str:
        """One static page without any script: the prediction, bars for each label, the instance, how far to believe it.

        kwargs: of the domain mapper: show_table, show_all of tables; text, opacity of texts.
        """
        from kabosu.lime.page import page

        return page(self, self._labels(labels), predict_proba, show_predicted_value, kwargs)

    def _labels(self, labels: Any) -> list[Any]:
        if labels is None:
            return self.available_labels() if self.mode == "classification" else [self.dummy_label]
        return list(labels)

    def save_to_file(self, file_path: str | Path, labels: Any = None, predict_proba: bool = True, show_predicted_value: bool = True, **kwargs: Any) -> None:
        """Write ``as_html`` as UTF-8."""
        Path(file_path).write_text(self.as_html(labels=labels, predict_proba=predict_proba, show_predicted_value=show_predicted_value, **kwargs), encoding="utf-8")

    def show_in_notebook(self, labels: Any = None, predict_proba: bool = True, show_predicted_value: bool = True, **kwargs: Any) -> None:
        """Show it below a cell of a notebook."""
        try:
            from IPython.display import HTML, display  # pyright: ignore[reportMissingImports]
        except ImportError as e:
            raise MissingExtra("showing explanations in a notebook needs IPython; install it with: pip install ipython") from e
        from kabosu.lime.page import fragment

        display(HTML(fragment(self, self._labels(labels), predict_proba, show_predicted_value, kwargs)))

    def _repr_html_(self) -> str:
        from kabosu.lime.page import fragment

        return fragment(self, self._labels(None), True, True, {})

    @property
    def std_error(self) -> dict[Any, list[tuple[Any, float]]]:
        """Label -> pairs (feature, standard error of its weight), in the order of ``local_exp``; NaN where it is not known."""
        regression, made = self._evidence().regression, {}
        errors = regression.fit.std_error[0]
        for c, label in enumerate(self._evidence().labels):
            used = regression.used[c]
            names = used if regression.ids is None else regression.ids[used]
            error = dict(zip(names.tolist(), errors[used, c].tolist(), strict=True))
            made[label] = [(i, error[int(i)]) for i, _ in self.local_exp[label]]
        return made | ({1: made[0]} if self.mode == "regression" else {})

    @property
    def certificate(self) -> Certificate:
        """The evidence that the numbers can be believed: fidelity on samples that were left out, errors, flags."""
        return self.to_kabosu().certificate

    def to_kabosu(self) -> Kabosu:
        """The same as ``kabosu.Explanation``, for its plots, tables and files; its ``random_state`` says nothing, as a stream has no seed."""
        found = self._evidence()
        p = len(found.origin)
        ids = list(range(p)) if found.regression.ids is None else found.regression.ids.tolist()
        names = [str(name) for name, _ in self.domain_mapper.map_exp_ids([(i, 0.0) for i in ids])]
        columns, values = self.domain_mapper.cells(ids, names)
        outputs = ["prediction"] if self.mode == "regression" else [self.class_name(label) for label in found.labels]
        return as_kabosu(found, names, columns, values, outputs)

    def _evidence(self) -> Found:
        if self.found is None:
            raise InputError("this explanation holds no label; the evidence comes with those that explain_instance() is asked for")
        return self.found
