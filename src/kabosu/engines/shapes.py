"""Preprocessing steps that bend a number: splines, bins, powers, elementwise functions; a number becomes one or more columns."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu.engines.binding import Refusal, Source, Step
from kabosu.types import Array, Float

Basis = Callable[[Array], Array]
"""(n,) values -> (n, m) columns."""

GRADED = np.concatenate([-(2.0 ** np.arange(40, -11, -1)), [0.0], 2.0 ** np.arange(-10, 41)])  # panels that grow from 0


@dataclass(frozen=True)
class Shape:
    """One output of a basis, smooth between its knots.

    knots : where it has kinks.  finest : the scale on which it varies between them.  steps : scalers after it.
    lost : its value where missing; NaN: there is none.
    """

    basis: Basis
    output: int
    knots: Float[Array, "K"]
    finest: float = np.inf
    steps: tuple[Step, ...] = ()
    lost: float = np.nan

    def __call__(self, x: Array) -> Array:
        return self.scaled(self.basis(np.ravel(x))[:, self.output]).reshape(np.shape(x))

    def scaled(self, y: Array) -> Array:
        """A column of the basis after the scalers."""
        for shift, scale in self.steps:
            y = (y - shift) / scale
        return y


@dataclass(frozen=True)
class Stairs(Shape):
    """Constant between its knots; at a knot it has the value of what is above."""


def stack(sources: tuple[Source, ...], x: Float[Array, "b C"]) -> Float[Array, "b C d"]:
    """The model columns of raw numbers; a basis of several columns is evaluated once."""
    made: dict[Any, Array] = {}
    return np.stack([_column(s, x, made) for s in sources], axis=-1)


def _column(s: Source, x: Array, made: dict[Any, Array]) -> Array:
    if s.shape is None:
        return s.forward(x)
    key = (id(s.shape.basis), s.steps, s.lost)
    if key not in made:
        made[key] = s.shape.basis(np.ravel(replace(s, shape=None).forward(x)))
    return s.shape.scaled(made[key][:, s.shape.output]).reshape(x.shape)


@dataclass(frozen=True)
class Spline:
    """B-splines of one column."""

    step: Any

    def __call__(self, x: Array) -> Array:
        out = self.step.transform(x[:, None])
        return out if isinstance(out, np.ndarray) else out.toarray()


@dataclass(frozen=True)
class Cut:
    """Bins of one column, as numbers or one-hot."""

    edges: Float[Array, "K"]
    encode: str

    def __call__(self, x: Array) -> Array:
        at = np.searchsorted(self.edges, x, side="right")
        return at[:, None].astype(np.float64) if self.encode == "ordinal" else (at[:, None] == np.arange(len(self.edges) + 1)).astype(np.float64)


@dataclass(frozen=True)
class YeoJohnson:
    """Power transform of one column."""

    power: float

    def __call__(self, x: Array) -> Array:
        from scipy.stats import yeojohnson

        return yeojohnson(x, self.power)[:, None]


@dataclass(frozen=True)
class Elementwise:
    """A numpy ufunc."""

    function: Callable[[Array], Array]

    def __call__(self, x: Array) -> Array:
        return self.function(x)[:, None]


UFUNCS = MappingProxyType({np.absolute: (0.0,), np.arctan: (), np.cos: (), np.exp: (), np.expm1: (), np.log: (), np.log1p: (), np.sin: (), np.square: (), np.sqrt: (), np.tanh: ()})
"""Elementwise functions and their kinks."""


def splines(step: Any, sources: tuple[Source, ...], names: Any) -> tuple[Source, ...]:
    """SplineTransformer."""
    if step.extrapolation in ("error", "periodic"):
        raise Refusal(f"a SplineTransformer(extrapolation={step.extrapolation!r}) is not read")
    out: list[Source] = []
    for spline, s in zip(step.bsplines_, sources, strict=True):
        m = spline.c.shape[1] - (not step.include_bias)
        one = copy(step)
        one.bsplines_, one.n_features_in_, one.n_features_out_ = [spline], 1, m
        vars(one).pop("feature_names_in_", None)
        basis = Spline(one)
        out += [bent(s, Shape(basis, i, np.unique(spline.t))) for i in range(m)]
    return tuple(out)


def bins(step: Any, sources: tuple[Source, ...], names: Any) -> tuple[Source, ...]:
    """KBinsDiscretizer."""
    out: list[Source] = []
    for edges, s in zip(step.bin_edges_, sources, strict=True):
        inner = np.asarray(edges, dtype=np.float64)[1:-1]
        basis = Cut(inner, step.encode)
        out += [bent(s, Stairs(basis, i, inner)) for i in range(1 if step.encode == "ordinal" else len(inner) + 1)]
    return tuple(out)


def powers(step: Any, sources: tuple[Source, ...], names: Any) -> tuple[Source, ...]:
    """PowerTransformer."""
    if step.method != "yeo-johnson":
        raise Refusal(f"a PowerTransformer(method={step.method!r}) has no values below 0")
    after = [((float(a), float(b)),) for a, b in zip(step._scaler.mean_, step._scaler.scale_, strict=True)] if step.standardize else [()] * len(sources)
    return tuple(bent(s, Shape(YeoJohnson(float(power)), 0, GRADED, steps=a)) for s, power, a in zip(sources, step.lambdas_, after, strict=True))


def function(step: Any, sources: tuple[Source, ...], names: Any) -> tuple[Source, ...]:
    """FunctionTransformer of a known elementwise function."""
    if step.func is None:
        return sources
    known = next((f for f in UFUNCS if f is step.func), None)
    if known is None or step.kw_args:
        raise Refusal("a FunctionTransformer's function cannot be read, unless it is one of numpy's own such as np.log1p")
    return tuple(bent(s, Shape(Elementwise(known), 0, np.array(UFUNCS[known]), 1.0)) for s in sources)


def bent(s: Source, shape: Shape) -> Source:
    """The column bent by a shape."""
    if s.codes is not None or s.indicator or s.shape is not None:
        raise Refusal("a step that bends an encoded or bent column is not read")
    return replace(s, shape=shape)


SHAPES: Mapping[str, Callable[[Any, tuple[Source, ...], Any], tuple[Source, ...]]] = MappingProxyType(
    {"FunctionTransformer": function, "KBinsDiscretizer": bins, "PowerTransformer": powers, "SplineTransformer": splines}
)
"""Steps by type name."""
