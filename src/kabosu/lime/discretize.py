"""Numbers as bins, and back: lime's discretizers."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from kabosu.lime.faults import mended
from kabosu.lime.truncated import Truncated
from kabosu.types import Array, Float, Int

ALMOST_NOTHING = 1e-11  # added to the deviations of bins, so that one may divide by them


@dataclass(frozen=True)
class Binning:
    """The bin of a number: those below the first border are in bin 0; a missing one is in a bin of its own after the last."""

    borders: Float[Array, "m"]

    @cached_property
    def _known(self) -> list[float]:
        return self.borders.tolist()

    def __call__(self, x: Any) -> Any:
        """Bins of an array or a number."""
        if isinstance(x, float) and x == x:
            return bisect_left(self._known, x)
        return np.searchsorted(self.borders, x) + np.isnan(x)


class BaseDiscretizer(ABC):
    """Numbers as bins; a subclass says the borders in ``bins``.

    data : (n, d) training data.  categorical_features : columns that stay.  feature_names : of all columns.
    labels : (n,) for discretizers that look at them.  data_stats : dict with means, stds, mins, maxs by column, in place of the data.

    Attributes: ``to_discretize``, ``names`` (column -> names of its bins), ``lambdas`` (column -> function of values),
    ``means``, ``stds``, ``mins``, ``maxs`` (column -> list, one entry a bin).
    """

    def __init__(
        self,
        data: Any,
        categorical_features: Sequence[int],
        feature_names: Sequence[str],
        labels: Any = None,
        random_state: Any = None,
        data_stats: Mapping[str, Any] | None = None,
    ) -> None:
        from sklearn.utils import check_random_state

        self.mended = mended()
        self.to_discretize = [j for j in range(data.shape[1]) if j not in categorical_features]
        self.data_stats = data_stats
        self.names: dict[int, list[str]] = {}
        self.lambdas: dict[int, Callable[[Any], Any]] = {}
        self.means, self.stds, self.mins, self.maxs = ((data_stats or {}).get(key, {}) for key in ("means", "stds", "mins", "maxs"))
        self.random_state = check_random_state(random_state)
        self._laws: dict[int, tuple[Truncated, Array, Array]] = {}
        for feature, found in zip(self.to_discretize, self.bins(data, labels), strict=True):
            borders = np.unique(found)
            self._learn(feature, str(feature_names[feature]), borders, data[:, feature])

    def _learn(self, feature: int, name: str, borders: Array, column: Array) -> None:
        """Names, bins and statistics of one column."""
        lost = np.isnan(column) if "missing_values" in self.mended and column.dtype.kind == "f" else np.zeros(len(column), dtype=bool)
        careful = "missing_values" in self.mended
        self.lambdas[feature] = Binning(borders) if careful else partial(np.searchsorted, borders)
        self.names[feature] = _names(name, borders, "bin_names" in self.mended) + ([f"{name} is missing"] if lost.any() else [])
        if self.data_stats:
            return
        known = column[~lost]
        bins, ends = self.lambdas[feature](known), [np.min(known), *borders.tolist(), np.max(known)]
        parts = [known[bins == b] for b in range(len(borders) + 1)]
        gone = [np.nan] if lost.any() else []
        self.means[feature] = [np.mean(part) if len(part) else 0 for part in parts] + gone
        self.stds[feature] = [(np.std(part) if len(part) else 0) + ALMOST_NOTHING for part in parts] + gone
        self.mins[feature], self.maxs[feature] = ends[:-1] + gone, ends[1:] + gone

    @abstractmethod
    def bins(self, data: Any, labels: Any) -> list[Array]:
        """Borders, an array for each column of ``to_discretize``."""

    def discretize(self, data: Any) -> Any:
        """Numbers of a row or a table as bins."""
        ret = data.copy()
        for feature, bin_of in self.lambdas.items():
            if data.ndim == 1:
                ret[feature] = int(bin_of(ret[feature]))
            else:
                ret[:, feature] = bin_of(ret[:, feature]).astype(int)
        return ret

    def _law(self, feature: int) -> tuple[Truncated, Array, Array]:
        """Truncated normals of the bins of a column; which of them are single values, and those."""
        if feature not in self._laws:
            mean, std, low, high = (np.asarray(a[feature], dtype=np.float64) for a in (self.means, self.stds, self.mins, self.maxs))
            low, high = (low - mean) / std, (high - mean) / std
            point = (low == high) | np.isnan(low)
            value = mean + low * std if "point_mass" in self.mended else low
            with np.errstate(invalid="ignore"):
                self._laws[feature] = Truncated(*(np.where(point, usual, a) for a, usual in ((low, -1.0), (high, 1.0), (mean, 0.0), (std, 1.0)))), point, value
        return self._laws[feature]

    def get_undiscretize_values(self, feature: int, values: Int[Array, "n"]) -> Float[Array, "n"]:
        """A number for each bin: normal within its limits; the value itself where a bin holds one value only."""
        laws, point, value = self._law(feature)
        bins = np.asarray(values).reshape(-1)
        if not point.any():
            return laws.draw(self.random_state, bins)
        out = value[bins]
        free = ~point[bins]
        if free.any():
            out[free] = laws.draw(self.random_state, bins[free])
        return out

    def undiscretize(self, data: Any) -> Any:
        """Bins of a row or a table as numbers."""
        ret = data.copy()
        for feature in self.means:
            bins = ret[..., feature].astype(int)
            ret[..., feature] = self.get_undiscretize_values(feature, bins).reshape(bins.shape)
        return ret

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_laws": {}}


def _names(name: str, borders: Array, careful: bool) -> list[str]:
    """Names of the bins with two decimals, with more where two bins had one name."""
    for digits in (".2f", ".4f", ".6g", ".12g", "") if careful else (".2f",):
        e = [format(b, digits) if digits else repr(float(b)) for b in borders]
        if len(set(e)) == len(e):
            break
    if not len(e):
        return [name]
    return [f"{name} <= {e[0]}", *(f"{low} < {name} <= {high}" for low, high in pairwise(e)), f"{name} > {e[-1]}"]


class _Percentiles(BaseDiscretizer):
    """Borders at percentiles of each column."""

    percentiles: tuple[int, ...] = ()

    def __init__(self, data: Any, categorical_features: Sequence[int], feature_names: Sequence[str], labels: Any = None, random_state: Any = None) -> None:
        super().__init__(data, categorical_features, feature_names, labels=labels, random_state=random_state)

    def bins(self, data: Any, labels: Any) -> list[Array]:
        """Percentiles of what is known."""
        of = np.nanpercentile if "missing_values" in self.mended and data.dtype.kind == "f" else np.percentile
        return [np.asarray(of(data[:, j], self.percentiles)) for j in self.to_discretize]


class QuartileDiscretizer(_Percentiles):
    """Four bins with a quarter of the data each."""

    percentiles = (25, 50, 75)


class DecileDiscretizer(_Percentiles):
    """Ten bins with a tenth of the data each."""

    percentiles = tuple(range(10, 100, 10))


class EntropyDiscretizer(BaseDiscretizer):
    """At most eight bins that tell the labels apart: the thresholds of a depth-3 tree."""

    def __init__(self, data: Any, categorical_features: Sequence[int], feature_names: Sequence[str], labels: Any = None, random_state: Any = None) -> None:
        if labels is None:
            raise ValueError("the entropy discretizer needs labels: pass training_labels=, or take 'quartile'")
        super().__init__(data, categorical_features, feature_names, labels=labels, random_state=random_state)

    def bins(self, data: Any, labels: Any) -> list[Array]:
        """Thresholds of a tree on each column; its median where the tree does not split."""
        return [self._borders(data[:, j], np.asarray(labels)) for j in self.to_discretize]

    def _borders(self, column: Array, labels: Array) -> Array:
        from sklearn.tree import DecisionTreeClassifier

        known = ~np.isnan(column) if "missing_values" in self.mended else np.ones(len(column), dtype=bool)
        tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=self.random_state).fit(column[known].reshape(-1, 1), labels[known]).tree_
        found = tree.threshold[tree.children_left > -1]
        return np.sort(found) if len(found) else np.array([np.median(column[known])])


class StatsDiscretizer(BaseDiscretizer):
    """Bins whose borders and statistics are given; the data only says how many columns there are."""

    def bins(self, data: Any, labels: Any) -> list[Array]:
        """What ``data_stats["bins"]`` says."""
        given = (self.data_stats or {}).get("bins")
        return [np.array(given[j]) for j in self.to_discretize] if given else []
