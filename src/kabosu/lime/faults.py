"""The faults of lime that are mended here, and how to have them back for an audit."""

from collections.abc import Mapping
from contextlib import ExitStack
from contextvars import ContextVar, Token
from types import MappingProxyType

from kabosu.errors import InputError

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "point_mass": "a bin that holds one repeated value is sent to the model as 0 instead of that value",
        "segments": "superpixels that do not count from 0 (SLIC): the last one is never switched off, and column 0 does nothing",
        "segmentation_seed": "random_seed= of images never reaches scikit-image",
        "sparse_scaling": "columns of sparse rows are multiplied by their standard deviation instead of divided",
        "regression_mirror": "the mirrored explanation of a regression (label 0) keeps the intercept of label 1",
        "pick_shuffle": "SubmodularPick shuffles with the global generator, whatever the explainer's seed",
        "latin_hypercube": "sampling_method='lhs' is never seeded",
        "missing_values": "a missing number is counted to the highest bin",
        "multi_output": "a regression with several outputs explains the first one without a word",
        "label_default": "as_list() and its kin ask for label 1 even where another one was explained",
        "one_column": "probabilities of one class in one column, or none, end in an IndexError or NotImplementedError",
        "around_instance": "sample_around_instance=True does nothing, without a word, where numbers are put into bins",
        "bin_names": "bins of small numbers get one name (0.00 < x <= 0.00)",
    }
)

_MENDED: ContextVar[frozenset[str]] = ContextVar("kabosu.lime.mended", default=frozenset(FAULTS))


def fix(everything: bool = True, /, **faults: bool) -> ExitStack:
    """Say which faults of lime are mended in what is made from now on; all are, unless told otherwise.

    everything : False brings all of them back.  faults : one by one, by the names in ``FAULTS``.
    What comes back is a context manager: in a ``with`` statement, the former state returns at its end.

    Examples
    --------
    >>> from kabosu.lime.discretize import QuartileDiscretizer
    >>> import numpy as np
    >>> X = np.full((8, 1), 5.0)
    >>> float(QuartileDiscretizer(X, [], ["a"]).get_undiscretize_values(0, np.array([0]))[0])
    5.0
    >>> with fix(point_mass=False):
    ...     float(QuartileDiscretizer(X, [], ["a"]).get_undiscretize_values(0, np.array([0]))[0])
    0.0

    """
    for name in faults:
        if name not in FAULTS:
            raise InputError.choice("fault", name, FAULTS)
    start = frozenset(FAULTS) if everything else frozenset()
    on = {name for name, wanted in faults.items() if wanted}
    stack = ExitStack()
    token: Token[frozenset[str]] = _MENDED.set((start | on) - (set(faults) - on))
    stack.callback(_MENDED.reset, token)
    return stack


def mended(bug_compatible: bool | None = None) -> frozenset[str]:
    """Names of the faults that are mended: what ``fix`` said, or all or none of them."""
    if bug_compatible is None:
        return _MENDED.get()
    return frozenset() if bug_compatible else frozenset(FAULTS)


def as_of(names: frozenset[str]) -> ExitStack:
    """In a ``with`` statement: just these faults are mended."""
    return fix(False, **dict.fromkeys(names, True))
