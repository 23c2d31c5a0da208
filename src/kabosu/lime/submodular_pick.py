"""SP-LIME: a few explanations that together cover the important features (Ribeiro et al., KDD 2016, algorithm 2)."""

import copy
import heapq
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kabosu.errors import InputError
from kabosu.lime.faults import mended
from kabosu.protocols import Runner
from kabosu.types import Array, Float

SLACK = 1e-9  # rounding of a gain, relative to the whole coverage


class SubmodularPick:
    """Explains rows of the data and picks the explanations that cover most.

    explainer : of tables, texts or images.  data : its instances.  predict_fn : what it asks.
    method : "sample" (sample_size rows at random) or "full" (all).  num_exps_desired : how many are picked.
    kwargs : for ``explain_instance``; ``top_labels`` is 1 unless given.
    runner : maps tasks, such as a ThreadPoolExecutor; then every row has a seed of its own, so that the number of workers changes nothing.

    Attributes: ``explanations``, ``sp_explanations`` (the picked), ``V`` (their positions among the explanations),
    ``indices`` and ``sp_indices`` (the rows of the data that they explain).
    """

    def __init__(
        self,
        explainer: Any,
        data: Any,
        predict_fn: Any,
        method: str = "sample",
        sample_size: int = 1000,
        num_exps_desired: int = 5,
        num_features: int = 10,
        *,
        runner: Runner | None = None,
        **kwargs: Any,
    ) -> None:
        options = {"num_features": num_features, "top_labels": 1, **kwargs}
        self.indices = self._rows(explainer, _count(data), method, sample_size)
        self.explanations = list(self._explained(explainer, data, predict_fn, options, runner))
        self.W, self.words = weights(self.explanations)
        self.V = greedy(self.W, num_exps_desired)
        self.sp_explanations = [self.explanations[i] for i in self.V]
        self.sp_indices = [self.indices[i] for i in self.V]

    @staticmethod
    def _rows(explainer: Any, n: int, method: str, sample_size: int) -> list[int]:
        """Rows to explain, in order."""
        if method not in ("sample", "full"):
            raise InputError.choice("method", method, ("sample", "full"))
        if method == "full":
            return list(range(n))
        if sample_size > n:
            warnings.warn(f"sample_size={sample_size} is more than the data has: all {n} rows are explained", stacklevel=3)
        order = np.arange(n)
        _generator(explainer).shuffle(order)
        return order[:sample_size].tolist()

    def _explained(self, explainer: Any, data: Any, predict_fn: Any, options: dict[str, Any], runner: Runner | None) -> Iterator[Any]:
        """An explanation of each row: one after the other from one stream of random numbers, or each from its own."""
        if runner is None:
            yield from (explainer.explain_instance(_row(data, i), predict_fn, **options) for i in self.indices)
            return
        seeds = explainer.random_state.randint(2**31 - 1, size=len(self.indices))
        yield from runner.map(_explain, [(explainer, _row(data, i), predict_fn, options, int(seed)) for i, seed in zip(self.indices, seeds, strict=True)])


def _generator(explainer: Any) -> Any:
    """The explainer's own generator; lime has the global one."""
    from sklearn.utils import check_random_state

    return explainer.random_state if "pick_shuffle" in getattr(explainer, "mended", mended()) else check_random_state(None)


def _explain(task: tuple[Any, Any, Any, dict[str, Any], int]) -> Any:
    """One row with a generator of its own."""
    explainer, row, predict_fn, options, seed = task
    return reseeded(explainer, seed).explain_instance(row, predict_fn, **options)


def reseeded(explainer: Any, seed: int) -> Any:
    """The same explainer with another generator, which nobody else advances."""
    from sklearn.utils import check_random_state

    twin = copy.copy(explainer)
    twin.random_state = check_random_state(seed)
    twin.base = copy.copy(explainer.base)
    twin.base.random_state = twin.random_state
    if getattr(explainer, "discretizer", None) is not None:
        twin.discretizer = copy.copy(explainer.discretizer)
        twin.discretizer.random_state = twin.random_state
    return twin


def _count(data: Any) -> int:
    return data.shape[0] if hasattr(data, "shape") else len(data)


def _row(data: Any, i: int) -> Any:
    """Instance number i; of a data frame by position."""
    return data.iloc[i] if type(data).__module__.startswith("pandas") else data[i]


def weights(explanations: Sequence[Any]) -> tuple[Float[Array, "n f"], list[Any]]:
    """(n, f) the weights of all words over the explained labels, summed; and the words."""
    column: dict[Any, int] = {}
    entries = [(i, column.setdefault(word, len(column)), weight) for i, e in enumerate(explanations) for word, weight in _pairs(e)]
    W = np.zeros((len(explanations), len(column)))
    for i, j, weight in entries:
        W[i, j] += weight
    return W, list(column)


def _pairs(e: Any) -> Iterator[tuple[Any, float]]:
    """Words with weights, label after label; superpixels by their numbers."""
    if not hasattr(e, "as_list"):
        yield from ((int(i), weight) for pairs in e.local_exp.values() for i, weight in pairs)
    elif e.mode == "regression":
        yield from e.as_list()
    else:
        for label in e.available_labels():
            yield from e.as_list(label=label)


def greedy(W: Float[Array, "n f"], k: int) -> list[int]:
    """k rows whose words cover the most importance sqrt(sum_i |W_ij|); of rows that cover as much, the last.

    Coverage is submodular, so that what a row added before bounds what it adds now: only rows whose bound reaches the
    best are computed again (lazy greedy).
    """
    importance, has = np.sqrt(np.abs(W).sum(axis=0)), W != 0
    slack = SLACK * float(importance.sum())
    covered, total, chosen = np.zeros(W.shape[1], dtype=bool), 0.0, []
    heap = [(-np.inf, -i) for i in range(len(W))]
    while heap and len(chosen) < k:
        best, looked = (-np.inf, -1), []
        while heap and -heap[0][0] >= best[0] - total - slack:
            i = -heapq.heappop(heap)[1]
            reached = float(np.dot(has[i] | covered, importance))
            looked.append((total - reached, -i))
            best = max(best, (reached, i))
        for entry in looked:
            if entry[1] != -best[1]:
                heapq.heappush(heap, entry)
        chosen.append(best[1])
        covered |= has[best[1]]
        total = best[0]
    return chosen
