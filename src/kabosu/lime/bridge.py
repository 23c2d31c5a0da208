"""What lime's explainers found, as an explanation of kabosu."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu.blocks import assemble
from kabosu.explanation import Explanation
from kabosu.explanations import Explanations
from kabosu.fits import Outcome
from kabosu.kernels import Exponential
from kabosu.labels import Labels
from kabosu.lime.regression import Regression
from kabosu.recipes import TABLES
from kabosu.report.words import LEVEL, PRESENT
from kabosu.respond import Model
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Found:
    """The regression with what it takes to show it.

    labels : the k labels.  origin : (p,) the instance in interpretable coordinates.  answers : (k,) the model there.  calls : samples.
    width : of an exponential kernel, None where it is the user's own.  scale, center : (p,) of numbers in their own units.
    """

    regression: Regression
    labels: tuple[Any, ...]
    origin: Float[Array, "p"]
    answers: Float[Array, "k"]
    calls: int
    mode: str
    width: float | None = None
    scale: Float[Array, "p"] | None = None
    center: Float[Array, "p"] | None = None
    words: str = LEVEL


def found(regression: Regression, labels: Sequence[Any], Z: Any, Y: Float[Array, "s k"], mode: str, **more: Any) -> Found:
    """From the neighborhood, whose first row is the instance."""
    first = Z[0] if regression.ids is None else Z[:1, regression.ids].toarray()[0]
    return Found(regression, tuple(labels), np.asarray(first, dtype=np.float64), Y[0, list(labels)], len(Y), mode, **more)


@dataclass(frozen=True)
class Shown:
    """As much of a representation as names and units need."""

    words: Labels
    origin: Float[Array, "1 p"]

    def labels(self) -> Labels:
        """Names, values and units of the features."""
        return self.words


def as_kabosu(found: Found, names: Sequence[str], columns: Sequence[str], values: Sequence[Any], outputs: Sequence[str]) -> Explanation:
    """Coefficients, errors and evidence of all labels; numbers per their own unit."""
    fit, seen, p = found.regression.fit, found.regression.evidence, len(names)
    own = found.scale is not None
    scale = np.ones(p) if found.scale is None else found.scale
    center = np.zeros(p) if found.center is None else found.center
    units = tuple(column if own and s != 1 else found.words for column, s in zip(columns, scale, strict=True))
    objects = np.empty((1, p), dtype=object)
    objects[0] = list(values)
    words = Labels(tuple(columns), np.array([list(names)], dtype=object), objects, scale[None], center[None], (center + scale * seen.mean)[None], units, {})
    kernel = _own if found.width is None or found.words == PRESENT else Exponential(found.width)
    recipe = replace(TABLES["lime"], kernel=kernel)
    model = Model(_own, "probability" if found.mode == "classification" else "prediction", tuple(outputs), None)
    outcome = Outcome(fit, found.answers[None], seen.reacted[None], np.array([found.calls]), ("samples",), spread=seen.spread[None])
    block = assemble(model, Shown(words, found.origin[None]), recipe, "sampled", {}, outcome)  # pyright: ignore[reportArgumentType]
    return Explanations.gather([[block]])[0]


def _own(*args: Any) -> Any:
    """Stands for the user's own kernel and model, which are asked no more."""
    raise NotImplementedError("this explanation keeps no kernel and no model")
