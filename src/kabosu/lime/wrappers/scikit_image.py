"""Segmentation by scikit-image."""

from collections.abc import Callable, Iterable
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from kabosu.errors import MissingExtra
from kabosu.lime.faults import mended
from kabosu.lime.utils.generic_utils import has_arg

ALGORITHMS = ("quickshift", "felzenszwalb", "slic")


class BaseWrapper:
    """A function with arguments to give it; only those that it takes may be set.

    target_fn : the function, or an object that is called.  target_params : arguments by name.
    """

    def __init__(self, target_fn: Any = None, **target_params: Any) -> None:
        self.target_fn = target_fn
        self.target_params = target_params

    def _check_params(self, parameters: Iterable[str]) -> None:
        """Refuse names that the function does not take."""
        fn: Any = self if self.target_fn is None else self.target_fn
        called = fn if isinstance(fn, (FunctionType, MethodType, partial)) else fn.__call__
        if isinstance(parameters, str):
            raise TypeError(f"the names are the text {parameters!r}; expected a list or a dict of names")
        for name in parameters:
            if not has_arg(called, name):
                raise ValueError(f"{name!r} is no argument of {called!r}")

    def set_params(self, **params: Any) -> None:
        """Give these arguments from now on, in place of the former ones."""
        self._check_params(params)
        self.target_params = params

    def filter_params(self, fn: Callable[..., Any], override: dict[str, Any] | None = None) -> dict[str, Any]:
        """The arguments that a function takes, and those of ``override``."""
        return {name: value for name, value in self.target_params.items() if has_arg(fn, name)} | (override or {})


class SegmentationAlgorithm(BaseWrapper):
    """A function image -> label of each pixel.

    algo_type : "quickshift", "slic" or "felzenszwalb".  target_params : of the function of scikit-image; what it does not take
    is left out. Its seed may be called ``random_seed`` whatever the version calls it.
    """

    def __init__(self, algo_type: str, **target_params: Any) -> None:
        self.algo_type = algo_type
        super().__init__(_function(algo_type), **target_params)
        if self.target_fn is not None:
            if "segmentation_seed" in mended() and "random_seed" in target_params and not has_arg(self.target_fn, "random_seed"):
                self.target_params = {**target_params, "rng": target_params["random_seed"]}
            self.set_params(**self.filter_params(self.target_fn))

    def __call__(self, *args: Any) -> Any:
        """The labels of an image."""
        if self.target_fn is None:
            raise ValueError(f"algo_type={self.algo_type!r} is not known; use one of {', '.join(ALGORITHMS)}")
        return self.target_fn(args[0], **self.target_params)


def _function(name: str) -> Any:
    """scikit-image's function, as plain Python; None for names that it is not asked for."""
    if name not in ALGORITHMS:
        return None
    try:
        from skimage import segmentation
    except ImportError as e:
        raise MissingExtra.of("scikit-image", "image") from e
    return getattr(segmentation, name)
