"""Time series: which stretches, and which channels, the model looks at."""

from collections.abc import Callable, Sequence
from typing import Any

from kabosu import checks
from kabosu.domains.series import Series
from kabosu.errors import InputError
from kabosu.explainers.base import Explainer, chosen_recipe
from kabosu.recipes import MASK_LAWS, SERIES, Recipe
from kabosu.respond import reader_of
from kabosu.responders.arrays import NETWORKS, array_model


class SeriesExplainer(Explainer):
    """Explain predictions on time series by stretches that are kept or replaced.

    A series is (T,), (T, C) or (C, T), an array, list or torch tensor; series of ``explain_many`` may have any lengths. The model
    is asked with batches of the same layout, (n, T) or (n, T, C), in floating point.

    Parameters
    ----------
    model : estimator of rows (n, T), torch module, ONNX Runtime session, LiteRT interpreter, or a function of batches that answers
        (n,) or (n, outputs): classes, or the steps of a forecast.
    data : background series, for fill="background" and "swap"; ``None``: none.
    segments : "uniform", "change points", a function of the series (T, C), labels (T,) or (T, C) of which those below 0 are never
        hidden, or boolean masks (q, T[, C]) that may overlap.  n_segments : how many, for segments by name; ``None``: 10.
    channels : "together" (a stretch hides all of them), "apart" (each stretch of each channel), "only" (whole channels).
    fill : "mean" (of the channel), "linear" (from end to end of the stretch), "noise", "frequency" (the same power at every
        frequency), "background" (mean of the data), "swap" (a stretch of some other series, another in each draw), a number, one a
        channel, a series, or a function of the series (T, C).
    order : of a series' axes: "TC", steps first, or "CT".
    target, batch_size, output, output_names : as for ``ImageExplainer``; several numbers of a function are predictions, such as
        the steps of a forecast.
    recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state, strict : as for ``ImageExplainer``.

    Examples
    --------
    >>> import numpy as np
    >>> peak = lambda X: X[:, 20:25].max(axis=1)
    >>> x = np.zeros(50)
    >>> x[22] = 5.0
    >>> e = SeriesExplainer(peak, fill=0.0).explain(x)
    >>> e.columns[e.order()[0]], round(float(e.coef[e.order()[0], 0]), 6)
    ('steps 20 to 24', 5.0)

    """

    def __init__(
        self,
        model: Any,
        data: Any = None,
        *,
        segments: Any = "uniform",
        n_segments: int | None = None,
        channels: str = "together",
        fill: Any = "mean",
        order: str = "TC",
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
        self.recipe = chosen_recipe(SERIES, MASK_LAWS, "counts", recipe, neighborhood, kernel_width, surrogate, engine, budget, random_state)
        self.strict = checks.yes_or_no("strict", strict)
        self.domain = Series.fit(data, segments=segments, n_segments=n_segments, channels=channels, fill=fill, order=order, law=self.recipe.neighborhood)
        network = not isinstance(model, type) and reader_of(model) in NETWORKS
        self.model = array_model(model, output, target, batch_size, output_names, several="margin" if network else "prediction")

    def _alone(self, x: Any) -> Any:
        return [x]

    def _several(self, X: Any) -> Any:
        if not hasattr(X, "__len__") or not hasattr(X, "__getitem__") or isinstance(X, (str, dict)):
            raise InputError(f"explain_many takes series one after the other, a list or an array (n, T) or (n, T, C), and a {type(X).__name__} was given")
        return list(X.to_numpy()) if hasattr(X, "to_numpy") else [X[i] for i in range(len(X))]
