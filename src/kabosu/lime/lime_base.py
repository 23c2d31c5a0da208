"""Sparse local linear models: the regression of lime by its own name."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime.regression import Regression, active, regress, selected
from kabosu.types import Array, Float


class LimeBase:
    """Learns a locally weighted linear model from a neighborhood.

    kernel_fn : distances -> weights.  verbose : print the intercept, the local and the right prediction.
    """

    def __init__(self, kernel_fn: Callable[[Array], Array], verbose: bool = False, random_state: Any = None) -> None:
        from sklearn.utils import check_random_state

        self.kernel_fn = kernel_fn
        self.verbose = verbose
        self.random_state = check_random_state(random_state)

    @staticmethod
    def generate_lars_path(weighted_data: Any, weighted_labels: Any) -> tuple[Array, Array]:
        """Penalties and coefficients along the LARS-lasso path."""
        from sklearn.linear_model import lars_path

        alphas, _, coefs = lars_path(weighted_data, weighted_labels, method="lasso", verbose=False)
        return alphas, coefs

    def forward_selection(self, data: Any, labels: Any, weights: Any, num_features: int) -> Array:
        """Greedy choice of the features that raise the weighted R2 most."""
        return self.feature_selection(data, labels, weights, num_features, "forward_selection")

    def feature_selection(self, data: Any, labels: Any, weights: Any, num_features: int, method: str) -> Array:
        """Features that a method keeps: "none", "forward_selection", "highest_weights", "lasso_path" or "auto"."""
        ids, Z = active(data, num_features)
        kept = selected(Z, np.asarray(labels, dtype=np.float64), np.asarray(weights, dtype=np.float64), num_features, method)
        return kept if ids is None else ids[kept]

    def explain_instance_with_data(
        self,
        neighborhood_data: Any,
        neighborhood_labels: Any,
        distances: Any,
        label: int,
        num_features: int,
        feature_selection: str = "auto",
        model_regressor: Any = None,
    ) -> tuple[float, list[tuple[Any, Any]], float, Float[Array, "1"]]:
        """Explain one label: its intercept, (feature, weight) pairs, R2 on the neighborhood, and the surrogate at the instance.

        neighborhood_data : (s, p), the instance first.  neighborhood_labels : (s, k).  distances : (s,) to the instance.
        """
        found = self.regress(neighborhood_data, neighborhood_labels, distances, [label], num_features, feature_selection, model_regressor)
        return found.intercept(0), found.ranked(0), found.score(0), found.local(0)

    def regress(self, data: Any, answers: Any, distances: Any, labels: Any, num_features: int, feature_selection: str = "auto", model_regressor: Any = None) -> Regression:
        """The same of several labels at once, with the evidence for it; masks are bool."""
        weights = np.asarray(self.kernel_fn(distances), dtype=np.float64).reshape(-1)
        if not (np.isfinite(weights).all() and weights.any()):
            raise InputError(f"the kernel gave weights from {weights.min():.3g} to {weights.max():.3g}, NaN among them or none above 0; give a larger kernel_width=, or check kernel=")
        found = regress(data, np.asarray(answers), weights, labels, num_features, feature_selection, model_regressor)
        if self.verbose:
            for c, label in enumerate(labels):
                print("Intercept", found.intercept(c))  # noqa: T201  what verbose=True asks for
                print("Prediction_local", found.local(c))  # noqa: T201
                print("Right:", answers[0, label])  # noqa: T201
        return found
