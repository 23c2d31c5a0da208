"""Kernel widths seen together: one measured neighborhood, weighed for many of them; and the width that a rule takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.blocks import assemble, choose
from kabosu.domains.balance import log_enlarged
from kabosu.errors import InputError
from kabosu.explain import Neighborhood, fit, measure, weigh
from kabosu.explanation import Explanation
from kabosu.fits import Outcome
from kabosu.kernels import Balanced, Exponential, log_mixture, width_for
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Kernel, Representation, Tilts
from kabosu.recipes import AutoWidth, Recipe
from kabosu.respond import Model
from kabosu.types import Array, Float

RADII = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # training standard deviations
TIMES = tuple(2.0 ** (n / 2) for n in range(-6, 5))  # of the recipe's own width, where a width is no radius
LEAST = 128  # draws of each width


@dataclass(frozen=True, eq=False)
class WidthPath:
    """An explanation of the same instance for each of T kernel widths, from one measured neighborhood.

    kernels, explanations : (T,), narrowest first.  n_model_calls : rows asked for all of them together.  taken : position of the width
        that ``kernel_width="auto"`` takes.  rule : why.

    Examples
    --------
    >>> import numpy as np, kabosu as kb
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> path = kb.TabularExplainer(lambda A: np.sin(3 * A[:, 0]), X).width_path(X[0], widths=[0.1, 1.0])
    >>> path.coef.shape, path.n_model_calls
    ((2, 2, 1), 257)

    """

    kernels: tuple[Exponential, ...]
    explanations: tuple[Explanation, ...]
    n_model_calls: int
    taken: int
    rule: str

    def _stack(self, name: str) -> Array:
        return np.array([getattr(e, name) for e in self.explanations])

    def _evidence(self, name: str) -> Array:
        return np.array([getattr(e.certificate, name) for e in self.explanations])

    @property
    def widths(self) -> Float[Array, "T"]:
        """Kernel widths."""
        return self._stack("kernel_width")

    @property
    def radius(self) -> Float[Array, "T"]:
        """What the widths mean: the radius of the neighborhood, in training standard deviations."""
        return self._evidence("radius")

    @property
    def coef(self) -> Float[Array, "T p k"]:
        """Coefficients along the widths."""
        return self._stack("coef")

    @property
    def coef_scaled(self) -> Float[Array, "T p k"]:
        """Coefficients per training standard deviation."""
        return self._stack("coef_scaled")

    @property
    def std_error(self) -> Float[Array, "T p k"]:
        """Standard errors of ``coef``."""
        return self._stack("std_error")

    @property
    def fidelity(self) -> Float[Array, "T k"]:
        """Held-out weighted R2."""
        return self._evidence("fidelity")

    @property
    def error(self) -> Float[Array, "T k"]:
        """Widest 95% half-width relative to the largest coefficient."""
        return self._evidence("monte_carlo_error")

    @property
    def effective_sample_size(self) -> Float[Array, "T"]:
        """Draws' worth at each width."""
        return self._evidence("effective_sample_size")

    def to_frame(self) -> Any:
        """One row a width, output and feature: the background's own kind of frame, else pandas."""
        from kabosu import frames

        e, (T, p, k) = self.explanations[0], self.coef.shape
        every = lambda a, axis: np.broadcast_to(np.expand_dims(a, axis), (T, k, p)).ravel()  # noqa: E731  widths, outputs, features
        columns = {
            **{name: every(getattr(self, name), (1, 2)) for name in ("radius", "effective_sample_size")},
            **{name: every(getattr(self, name), 2) for name in ("fidelity", "error")},
            **{name: getattr(self, name).swapaxes(1, 2).ravel() for name in ("coef", "coef_scaled", "std_error")},
        }
        words = {"output": [o for _ in range(T) for o in e.output_names for _ in range(p)], "feature": list(e.feature_names) * (T * k)}
        return frames.native({"kernel_width": every(self.widths, (1, 2)), **words, **columns}, e.frame)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Coefficients, fidelity and error along the radius; returns the Axes."""
        from kabosu.plots import width_path

        return width_path(self, ax=ax, **options)

    def __str__(self) -> str:
        from kabosu.report.plain import table_of_widths

        return table_of_widths(self)

    def __repr__(self) -> str:
        return f"<WidthPath of {self.explanations[0].target!r}: {len(self.kernels)} widths, auto takes {self.widths[self.taken]:.3g}>"


def width_path(model: Model, representation: Representation, recipe: Recipe, widths: Sequence[float] | None = None) -> WidthPath:
    """Explain one instance at many widths: draws of all of them, each draw weighed for every width.

    Where an engine is exact its coefficients are taken, and the draws only measure fidelity and worth.
    """
    from kabosu.engines.rows import is_listed

    recipe = recipe.for_features(representation.origin.shape[1])
    kernels = _kernels(recipe, widths)
    hood, asked = _measured(model, representation, recipe, kernels)
    replicates = 0 if is_listed(representation) else recipe.sampler.replicates
    rule = recipe.auto_width or AutoWidth()
    engine, refusals = choose(model, representation, recipe)
    found = []
    for kernel in kernels:
        at = replace(recipe, kernel=kernel, curves=False)
        outcome = _at(hood, kernel, at, replicates)
        if engine.exact:
            outcome = _exact(engine.run(model, representation, replace(at, budget=1)), outcome)
        found.append(assemble(model, representation, at, engine.name, refusals, outcome).one(0))
    calls = asked + (len(kernels) if engine.exact else 0)
    return WidthPath(tuple(kernels), tuple(found), calls, *rule.choose(found))


def _kernels(recipe: Recipe, widths: Sequence[float] | None) -> list[Exponential]:
    """The recipe's kernel with other widths, narrowest first."""
    own = recipe.kernel
    if not isinstance(own, Exponential):
        raise InputError(f"a width path needs a kernel with a width, such as kernels.Exponential(); this recipe has {own!r}")
    if widths is None:
        widths = [width_for(r) for r in RADII] if own.precision(1) is not None else [t * own.at(1) for t in TIMES]
    widths = [checks.above_zero("widths", w, "kernel widths, numbers above 0") for w in checks.listed("widths", widths, "kernel widths")]
    if not widths:
        raise InputError("widths=[] is empty; give at least one kernel width")
    return [replace(own, width=w) for w in sorted(widths)]


def _measured(model: Model, representation: Representation, recipe: Recipe, kernels: Sequence[Exponential]) -> tuple[Neighborhood, int]:
    """Equal numbers of draws of the local law of every width; of the draw law where that is all that is known; rows that are listed. And rows asked."""
    from kabosu.engines.rows import is_listed, listed
    from kabosu.engines.sampled import DRAWN_FROM

    if is_listed(representation):
        hood, calls = listed(model, representation, recipe)
        return hood, int(calls.sum())
    p, R = representation.origin.shape[1], recipe.sampler.replicates or 1
    n = min(-(-max(LEAST, 1 << (8 * p - 1).bit_length()) // R), (recipe.budget - 1 - len(kernels)) // (R * len(kernels))) * R
    if n * len(kernels) < 2 * (p + 1):
        raise InputError(f"{len(kernels)} widths of {p} features need more than {recipe.budget} model rows; raise budget=, or give fewer widths")
    if not (isinstance(representation, Tilts) and all(representation.tilt(k) is not None for k in kernels)):
        hood = measure(model, representation, recipe.sampler, 0, n * len(kernels), seed=recipe.seed)
        return hood, 1 + int(hood.rows_asked[0])
    prediction = model(representation.instances(), representation.size)
    tilts = [DRAWN_FROM["balanced"](representation, k) for k in kernels]
    parts = [measure(model, representation, recipe.sampler, t * n, (t + 1) * n, tilt=k, seed=recipe.seed, prediction=prediction) for t, k in enumerate(tilts)]
    hood = sum(parts[1:], parts[0])
    logs = np.stack([log_weights(k, *hood.seen)[0] for k in kernels]) + _enlarged(representation, recipe, tilts, n)
    return replace(hood, tilt=None, log_ratio=-log_mixture(logs)[None]), 1 + int(hood.rows_asked[0])


def _enlarged(representation: Representation, recipe: Recipe, tilts: Sequence[Kernel | None], n: int) -> Float[Array, "T s"]:
    """How much more often each width's law draws what the draws of all widths have than it is; n draws of each."""
    if not all(isinstance(tilt, Balanced) for tilt in tilts):
        return np.zeros((len(tilts), n * len(tilts)))
    laws = [representation.tilt(tilt).laws for tilt in tilts]  # pyright: ignore[reportAttributeAccessIssue]
    draws = recipe.sampler.draw(representation.space, 0, n * len(tilts), recipe.seed)[0]
    return np.concatenate([log_enlarged(laws, t, draws[t * n : (t + 1) * n]) for t in range(len(tilts))], axis=1)


def _at(hood: Neighborhood, kernel: Kernel, recipe: Recipe, replicates: int) -> Outcome:
    """What the draws say at one width; draw i is of replicate i mod R, whichever width it was drawn for."""
    from kabosu.engines.sampled import moved

    w = weigh(hood, kernel)[..., None]
    w = w / w.sum(axis=1, keepdims=True)
    mean = (w * hood.Y).sum(axis=1, keepdims=True)
    spread = np.sqrt((w * (hood.Y - mean) ** 2).sum(axis=1))
    calls = np.full(1, 1 + hood.Z.shape[1])
    return Outcome(fit(hood, kernel, recipe.surrogate, replicates), hood.prediction, (w * moved(hood)).sum(axis=1), calls, ("width path",), spread=spread)


def _exact(outcome: Outcome, drawn: Outcome) -> Outcome:
    """Exact coefficients with the evidence of the draws."""
    evidence = {name: getattr(drawn.fit, name) for name in ("fidelity", "r2", "effective_sample_size")}
    return replace(drawn, fit=replace(outcome.fit, **evidence), ended_by=outcome.ended_by)
