"""Explain predictions of recurrent networks: every step of every feature is a column of a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime.explanation import Explanation
from kabosu.lime.tables import LimeTabularExplainer
from kabosu.types import Array


class RecurrentTabularExplainer(LimeTabularExplainer):
    """Explains models of (n, steps, features) arrays; columns are named "feature_t-2", "feature_t-1", "feature_t-0".

    training_data : (n, steps, features).  The rest as for :class:`LimeTabularExplainer`.
    """

    def __init__(
        self,
        training_data: Any,
        mode: str = "classification",
        training_labels: Any = None,
        feature_names: Sequence[str] | None = None,
        categorical_features: Sequence[int] | None = None,
        categorical_names: Mapping[int, Sequence[str]] | None = None,
        kernel_width: float | None = None,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        discretize_continuous: bool = True,
        discretizer: Any = "quartile",
        random_state: Any = None,
        *,
        bug_compatible: bool | None = None,
    ) -> None:
        if np.ndim(training_data) != 3:
            raise InputError(f"training_data has shape {np.shape(training_data)}; expected (samples, steps, features)")
        data = np.asarray(training_data)
        n, self.n_timesteps, self.n_features = data.shape
        names = [f"feature{j}" for j in range(self.n_features)] if feature_names is None else feature_names
        super().__init__(
            data.transpose(0, 2, 1).reshape(n, -1),
            mode=mode,
            training_labels=training_labels,
            feature_names=[f"{name}_t-{step}" for name in names for step in reversed(range(self.n_timesteps))],
            categorical_features=categorical_features,
            categorical_names=categorical_names,
            kernel_width=kernel_width,
            kernel=kernel,
            verbose=verbose,
            class_names=class_names,
            feature_selection=feature_selection,
            discretize_continuous=discretize_continuous,
            discretizer=discretizer,
            random_state=random_state,
            bug_compatible=bug_compatible,
        )

    def _make_predict_proba(self, func: Callable[[Array], Any]) -> Callable[[Array], Any]:
        """The model as a function of flat rows."""
        return lambda X: func(X.reshape(len(X), self.n_features, self.n_timesteps).transpose(0, 2, 1))

    def explain_instance(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        data_row: Any,
        classifier_fn: Any,
        labels: Sequence[int] = (1,),
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
    ) -> Explanation:
        """Explain one (steps, features) row; see :meth:`LimeTabularExplainer.explain_instance`."""
        flat = np.asarray(data_row).T.reshape(-1)
        return super().explain_instance(
            flat,
            self._make_predict_proba(classifier_fn),
            labels=labels,
            top_labels=top_labels,
            num_features=num_features,
            num_samples=num_samples,
            distance_metric=distance_metric,
            model_regressor=model_regressor,
        )
