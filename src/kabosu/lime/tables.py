"""Explain predictions on tables, as lime does: same names, same samples, same numbers."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime import answers, neighbors
from kabosu.lime.bridge import found
from kabosu.lime.discretize import BaseDiscretizer, DecileDiscretizer, EntropyDiscretizer, QuartileDiscretizer, StatsDiscretizer
from kabosu.lime.exceptions import LimeError
from kabosu.lime.explanation import Explanation
from kabosu.lime.faults import as_of, mended
from kabosu.lime.forms import formed
from kabosu.lime.kernels import bound, width_of
from kabosu.lime.lime_base import LimeBase
from kabosu.lime.table_words import TableDomainMapper
from kabosu.types import Array, Float

DISCRETIZERS = {"quartile": QuartileDiscretizer, "decile": DecileDiscretizer, "entropy": EntropyDiscretizer}
TOGETHER = 8  # columns of a cache line, written at once
STATISTICS = ("means", "mins", "maxs", "stds", "feature_values", "feature_frequencies")


class LimeTabularExplainer:
    """Explains predictions on tables by samples around a row.

    Numbers are put into bins, or sampled around the mean of the data (or the row); categories from their rates.

    training_data : (n, d) array, sparse matrix, data frame or tensor.  mode : "classification" or "regression".
    categorical_features : columns of integer codes (strings of a data frame are found).  categorical_names : column -> names by code.
    kernel_width : 0.75 sqrt(d) unless given.  kernel : (distances, kernel_width) -> weights.
    discretizer : "quartile", "decile", "entropy" (which needs training_labels) or a BaseDiscretizer.
    training_data_stats : dict with means, mins, maxs, stds, feature_values, feature_frequencies, in place of the data.
    bug_compatible : True has every fault of lime back, for audits; None: as ``kabosu.lime.fix`` said.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> explainer = LimeTabularExplainer(X, feature_names=["sl", "sw", "pl", "pw"], random_state=0)
    >>> e = explainer.explain_instance(X[0], LogisticRegression(max_iter=500).fit(X, y).predict_proba, top_labels=1)
    >>> [name for name, weight in e.as_list(label=0)][:2]
    ['pl <= 1.60', 'sl <= 5.10']

    """

    def __init__(
        self,
        training_data: Any,
        mode: str = "classification",
        training_labels: Any = None,
        feature_names: Sequence[str] | None = None,
        categorical_features: Sequence[Any] | None = None,
        categorical_names: Mapping[int, Sequence[str]] | None = None,
        kernel_width: float | None = None,
        kernel: Callable[..., Any] | None = None,
        verbose: bool = False,
        class_names: Sequence[str] | None = None,
        feature_selection: str = "auto",
        discretize_continuous: bool = True,
        discretizer: str | BaseDiscretizer = "quartile",
        sample_around_instance: bool = False,
        random_state: Any = None,
        training_data_stats: Mapping[str, Any] | None = None,
        *,
        bug_compatible: bool | None = None,
    ) -> None:
        from sklearn.utils import check_random_state

        self.mended = mended(bug_compatible)
        self.random_state = check_random_state(random_state)
        self.mode = mode
        self.sample_around_instance = sample_around_instance
        self.training_data_stats = training_data_stats
        if training_data_stats:
            self.validate_training_data_stats(training_data_stats)
        data, self.form = formed(training_data)
        self._name(data, feature_names, categorical_features, categorical_names)
        self.discretizer = self._discretizer(data, training_labels, discretizer) if discretize_continuous and isinstance(data, np.ndarray) else None
        if self.discretizer is not None and sample_around_instance and "around_instance" in self.mended:
            warnings.warn("sample_around_instance=True does nothing to numbers in bins, here as in lime; pass discretize_continuous=False with it", UserWarning, stacklevel=2)
        if self.discretizer is not None:
            self.categorical_features = list(range(data.shape[1]))
        self.kernel_width = float(np.sqrt(data.shape[1]) * 0.75 if kernel_width is None else kernel_width)
        self.feature_selection = feature_selection
        self.base = LimeBase(bound(kernel, self.kernel_width), verbose, random_state=self.random_state)
        self.class_names: Any = class_names
        self._learn(data)

    def _name(self, data: Any, feature_names: Any, categorical_features: Any, categorical_names: Any) -> None:
        """Columns by name, and which of them hold categories."""
        known = () if self.form is None else self.form.names()
        own = (None if self.form is None else self.form.columns_named()) or [str(j) for j in range(data.shape[1])]
        self.feature_names = list(own if feature_names is None else feature_names)
        listed = [own.index(j) if isinstance(j, str) else int(j) for j in ([] if categorical_features is None else categorical_features)]
        self.categorical_features = listed + [j for j in known if j not in listed]
        self.categorical_names: Any = {**({} if self.form is None else self.form.names()), **dict(categorical_names or {})}
        if self.categorical_features and not isinstance(data, np.ndarray):
            raise InputError("categorical_features= of a sparse matrix is not supported; pass a dense array")

    def _discretizer(self, data: Array, labels: Any, wanted: Any) -> BaseDiscretizer:
        """The discretizer by its name, or as it is."""
        if self.training_data_stats:
            with as_of(self.mended):
                return StatsDiscretizer(data, self.categorical_features, self.feature_names, labels=labels, data_stats=self.training_data_stats, random_state=self.random_state)
        if isinstance(wanted, BaseDiscretizer):
            return wanted
        if wanted not in DISCRETIZERS:
            raise InputError(f"discretizer={wanted!r}; expected 'quartile', 'decile', 'entropy' or a BaseDiscretizer")
        with as_of(self.mended):
            return DISCRETIZERS[wanted](data, self.categorical_features, self.feature_names, labels=labels, random_state=self.random_state)

    def _learn(self, data: Any) -> None:
        """Scales of the numbers, rates of the categories."""
        from sklearn.preprocessing import StandardScaler

        self.scaler: Any = StandardScaler(with_mean=False).fit(data)
        self.feature_values: dict[int, Any] = {}
        self.feature_frequencies: dict[int, Array] = {}
        stats = self.training_data_stats
        binned = data if self.discretizer is None or stats is not None else self.discretizer.discretize(data)
        for j in self.categorical_features:
            values, counts = np.unique(binned[:, j], return_counts=True) if stats is None else (stats["feature_values"][j], np.asarray(stats["feature_frequencies"][j]))
            self.feature_values[j] = list(values)
            self.feature_frequencies[j] = counts / float(counts.sum())
            self.scaler.mean_[j], self.scaler.scale_[j] = 0, 1

    @staticmethod
    def convert_and_round(values: Any) -> list[str]:
        """Numbers as text with two decimals."""
        return [f"{v:.2f}" for v in values]

    @staticmethod
    def validate_training_data_stats(training_data_stats: Mapping[str, Any]) -> None:
        """Refuse statistics that lack something."""
        missing = [key for key in STATISTICS if key not in training_data_stats]
        if missing:
            raise InputError(f"training_data_stats= lacks {missing}; it needs {list(STATISTICS)}")

    def explain_instance(
        self,
        data_row: Any,
        predict_fn: Any,
        labels: Sequence[int] = (1,),
        top_labels: int | None = None,
        num_features: int = 10,
        num_samples: int = 5000,
        distance_metric: str = "euclidean",
        model_regressor: Any = None,
        sampling_method: str = "gaussian",
    ) -> Explanation:
        """Explain one row.

        predict_fn : rows -> probabilities (n, k), or predictions (n,) of a regression.  labels : classes to explain.
        top_labels : instead, that many of the most probable classes.  num_samples : rows asked of the model, the row itself among them.
        distance_metric : of ``sklearn.metrics.pairwise_distances``.  model_regressor : in place of a ridge.
        sampling_method : "gaussian" or "lhs" (Latin hypercube) of numbers that are not in bins.
        """
        row = self._row(data_row)
        if sampling_method not in ("gaussian", "lhs"):
            warnings.warn(f"sampling_method={sampling_method!r} is not known; 'gaussian' is used", UserWarning, stacklevel=2)
            sampling_method = "gaussian"
        bins = None if self.discretizer is None else self.discretizer.discretize(row)
        data, inverse = self._sampled(row, bins, num_samples, sampling_method)
        scaled = self._scaled(data)
        distances = neighbors.distances_of(scaled, distance_metric)
        Y = self._answers(answers.asking(predict_fn)(inverse if self.form is None else self.form.rows(inverse)))
        explanation = Explanation(self._words(row, bins, scaled), mode=self.mode, class_names=self.class_names)
        explanation.mended = self.mended
        chosen = self._told(explanation, Y, labels, top_labels)
        regression = self.base.regress(scaled, Y, distances, chosen, num_features, self.feature_selection, model_regressor)
        own = {} if self.discretizer is not None or not isinstance(scaled, np.ndarray) else {"scale": self.scaler.scale_, "center": self.scaler.mean_}
        explanation.learn(found(regression, chosen, scaled, Y, self.mode, width=width_of(self.base.kernel_fn), **own))
        return explanation

    def _row(self, data_row: Any) -> Any:
        """The row as floats; a sparse one by rows."""
        if self.form is not None:
            return self.form.row(data_row)
        if type(data_row).__module__.startswith("scipy.sparse"):
            return data_row.tocsr()
        row = np.asarray(data_row)
        if row.ndim == 2 and len(row) == 1:
            row = row[0]
        d = len(self.feature_names)
        if row.ndim != 1 or len(row) != d:
            raise InputError(f"the row has shape {np.shape(data_row)}; the training data has {d} columns")
        if self.discretizer is None and "missing_values" in self.mended and row.dtype.kind == "f" and np.isnan(row).any():
            raise InputError(f"the row is missing {[self.feature_names[j] for j in np.flatnonzero(np.isnan(row))]}; missing numbers have bins of their own with discretize_continuous=True, or fill them")
        return row

    def _answers(self, answer: Any) -> Float[Array, "n k"]:
        """What the model said, in columns."""
        if self.mode == "classification":
            Y = answers.probabilities(answer, self.mended)
            if self.class_names is None:
                self.class_names = [str(c) for c in range(Y.shape[1])]
            else:
                self.class_names = list(self.class_names)
            return Y
        if self.mode != "regression":
            raise LimeError(f"mode={self.mode!r}; expected 'classification' or 'regression'")
        return answers.predictions(answer, self.mended)[:, None]

    def _told(self, explanation: Explanation, Y: Float[Array, "n k"], labels: Any, top_labels: int | None) -> list[int]:
        """Write down what was predicted; give the labels to explain."""
        if self.mode == "regression":
            explanation.predicted_value, explanation.min_value, explanation.max_value = Y[0, 0], Y[:, 0].min(), Y[:, 0].max()
            return [0]
        explanation.predict_proba = Y[0]
        if not top_labels:
            return list(labels)
        chosen = np.argsort(Y[0])[-top_labels:]
        explanation.top_labels = list(chosen[::-1])
        return list(chosen)

    def _scaled(self, data: Any) -> Any:
        """Numbers in standard deviations from their mean, in place."""
        if self.discretizer is not None:
            return data
        if isinstance(data, np.ndarray):
            data -= self.scaler.mean_
            data /= self.scaler.scale_
            return data
        scaled = data.multiply(1 / self.scaler.scale_ if "sparse_scaling" in self.mended else self.scaler.scale_)
        return scaled.tocsr()

    def _words(self, row: Any, bins: Array | None, scaled: Any) -> TableDomainMapper:
        """Names and values of the row."""
        if not isinstance(row, np.ndarray):
            return TableDomainMapper(list(self.feature_names), self.convert_and_round(row.data), scaled[0], categorical_features=self.categorical_features, feature_indexes=row.indices)
        names, values = list(self.feature_names), self.convert_and_round(row)
        for j in self.categorical_features:
            if self.discretizer is None or j not in self.discretizer.lambdas:
                code = int(row[j])
                names[j], values[j] = f"{names[j]}={self.categorical_names[j][code] if j in self.categorical_names else code}", "True"
        if self.discretizer is None or bins is None:
            return TableDomainMapper(names, values, scaled[0], categorical_features=self.categorical_features)
        binned = list(names)
        for j, phrases in self.discretizer.names.items():
            binned[j] = phrases[int(bins[j])] if int(bins[j]) < len(phrases) else f"{names[j]} is missing"
        return TableDomainMapper(names, values, scaled[0].astype(np.float64), categorical_features=range(len(row)), discretized_feature_names=binned)

    def __data_inverse(self, data_row: Any, num_samples: int, sampling_method: str = "gaussian") -> tuple[Any, Any]:
        """Samples in interpretable coordinates, and as the model eats them, by the name that some call in lime."""
        bins = None if self.discretizer is None else self.discretizer.discretize(data_row)
        data, inverse = self._sampled(data_row, bins, num_samples, sampling_method)
        return np.ascontiguousarray(data, dtype=np.float64) if bins is not None else data, inverse

    def _sampled(self, data_row: Any, bins: Array | None, num_samples: int, sampling_method: str) -> tuple[Any, Any]:
        """Samples in interpretable coordinates, of bins as masks, and as the model eats them; the row itself is the first."""
        if self.discretizer is not None and bins is not None:
            return self._binned(data_row, bins, num_samples, self.discretizer)
        if not isinstance(data_row, np.ndarray):
            return self._sparse(data_row, num_samples, sampling_method)
        center = data_row if self.sample_around_instance else self.scaler.mean_
        inverse = neighbors.normals(num_samples, len(data_row), sampling_method, self.random_state, "latin_hypercube" in self.mended)
        neighbors.by_row(np.multiply, inverse, self.scaler.scale_)
        neighbors.by_row(np.add, inverse, center)
        inverse[0] = data_row
        data = inverse.copy(order="F")  # column by column, as everything that follows takes it
        columns = self.categorical_features
        if columns:
            keeps, drawn = neighbors.bins_around(data_row, self.feature_values, self.feature_frequencies, columns, num_samples, self.random_state)
            data[:, columns], inverse[:, columns] = keeps.T, drawn.T
        inverse[0] = data_row
        return data, inverse

    def _binned(self, row: Array, bins: Array, n: int, discretizer: BaseDiscretizer) -> tuple[Array, Array]:
        """Each column by its bins; those of numbers are drawn within after all bins are."""
        d = len(row)
        numbers = [neighbors.drawn(self.feature_frequencies[j], n, self.random_state) for j in range(d)]
        kept, inverse, cells = np.empty((d, n), dtype=bool), np.empty((n, d)), np.empty((TOGETHER, n))
        usual = type(discretizer).undiscretize is BaseDiscretizer.undiscretize
        for start in range(0, d, TOGETHER):
            columns = range(start, min(start + TOGETHER, d))
            for i, j in enumerate(columns):
                values, number = self.feature_values[j], numbers[j].astype(np.intp)
                if usual and j in discretizer.means and values == list(range(len(values))):  # every bin holds data: its number is its place
                    np.equal(numbers[j], int(bins[j]), out=kept[j])
                    cells[i, 1:] = discretizer.get_undiscretize_values(j, number[1:])
                    continue
                found = np.asarray(values, dtype=np.float64)
                (found == bins[j]).take(number, out=kept[j], mode="clip")
                if usual and j in discretizer.means:
                    cells[i, 1:] = discretizer.get_undiscretize_values(j, found.astype(np.intp).take(number[1:]))
                else:
                    found.take(number, out=cells[i], mode="clip")
            inverse[:, start : columns.stop] = cells[: len(columns)].T
        if not usual:
            inverse[1:] = discretizer.undiscretize(inverse[1:])
        kept[:, 0], inverse[0] = True, row
        return kept.T, inverse

    def _sparse(self, row: Any, n: int, sampling_method: str) -> tuple[Any, Any]:
        columns = row.nonzero()[1]
        block = neighbors.normals(n, len(columns), sampling_method, self.random_state, "latin_hypercube" in self.mended) * self.scaler.scale_[columns]
        held = row[:, columns].toarray()[0]
        block += held if self.sample_around_instance else self.scaler.mean_[columns]
        block[0] = held
        data = neighbors.sparse_rows(block, columns, row.shape[1])
        return data, data.copy()
