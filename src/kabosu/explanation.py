"""One explanation: named arrays with their uncertainty, their evidence and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.curves import Curves
from kabosu.diagnostics.flags import Flag, flags_of
from kabosu.errors import InputError
from kabosu.fits import t_quantile
from kabosu.interactions import Interactions
from kabosu.types import Array, Float


@dataclass(frozen=True, eq=False)
class Certificate:
    """The evidence that the numbers can be believed.

    fidelity : (k,) weighted R2 on held-out draws; NaN where the response does not vary.
    local_gap : (k,) |f(x) - g(x)|.  monte_carlo_error : (k,) widest 95% half-width relative to the largest coefficient.
    effective_sample_size : draws' worth after weighting.  condition_number : of the weighted correlation matrix.
    reacted : (k,) share of draws at which the model's answer changed.  spread : (k,) standard deviation of the answers in the draws.
    rank_confidence : (k,) probability that the ``top_k`` largest coefficients, and their order, are the limit's.
    ended_by : the rule that ended the sampling.  forecast : about how many further model rows would meet the rule; 0 where it is met.
    radius : of the local law, in training standard deviations, measured on the draws where columns are drawn together; NaN where the kernel has no such meaning.
    adjusted_by : the proxy of the model that lowered the error of the draws, "" where none did.
    design : how the draws were made: points, their law, allocation, and what the first round chose to take off; "" where an engine is exact.
    width_rule : how ``kernel_width="auto"`` took the width; "" where it was given.
    off_manifold : share of the draws that a classifier tells from real rows; NaN where the explainer was not asked for it (``off_manifold=True``).
    notes : codes and words about the instance itself.  flags : reasons for care, about the target.
    """

    fidelity: Float[Array, "k"]
    local_gap: Float[Array, "k"]
    monte_carlo_error: Float[Array, "k"]
    effective_sample_size: float
    condition_number: float
    reacted: Float[Array, "k"]
    spread: Float[Array, "k"]
    rank_confidence: Float[Array, "k"]
    top_k: int
    ended_by: str
    forecast: float
    radius: float
    width_rule: str = ""
    adjusted_by: str = ""
    design: str = ""
    off_manifold: float = np.nan
    notes: tuple[tuple[str, str], ...] = ()
    flags: tuple[Flag, ...] = ()

    def only(self, outputs: list[int]) -> "Certificate":
        """For some of the outputs."""
        parts = {n: getattr(self, n)[outputs] for n in ("fidelity", "local_gap", "monte_carlo_error", "reacted", "spread", "rank_confidence")}
        return replace(self, **parts)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why the model said that: a local linear surrogate g(z) = intercept + sum_j coef_j z_j of p features and k outputs.

    feature_names : (p,) with the instance's own category or bin ("color = red").  columns : (p,) the same without.
    coef : (p, k) effect of one own unit of a number, or of having this category or bin instead of another.
    scale : (p,) training standard deviation of a number, else 1; ``coef_scaled`` = coef * scale is what ranks and is drawn.
    std_error : (p, k) of coef.  intercept : (k,) g at z = 0.  z : (p,) the instance.  reference : (p,) the average training row.
    prediction : (k,) the model at the instance.  local_prediction : (k,) the surrogate there.
    layout : where the features lie in a text, image or series; None for tables.
    target : the predicted class, or the only output.  scale_name : what the outputs are ("probability", ...).
    """

    feature_names: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[Any, ...]
    units: tuple[str, ...]
    output_names: tuple[str, ...]
    target: str
    output_scale: str
    coef: Float[Array, "p k"]
    std_error: Float[Array, "p k"]
    intercept: Float[Array, "k"]
    scale: Float[Array, "p"]
    z: Float[Array, "p"]
    reference: Float[Array, "p"]
    prediction: Float[Array, "k"]
    local_prediction: Float[Array, "k"]
    r2: Float[Array, "k"]
    dof: float
    n_model_calls: int
    engine: str
    refusals: Mapping[str, str]
    recipe: str
    kernel_width: float
    random_state: int
    certificate: Certificate
    frame: Any = None
    layout: Any = None
    effects: Curves | None = None
    joint: Interactions | None = None

    @property
    def curves(self) -> Curves:
        """Each feature's whole local effect, exact for trees, drawn with ``surrogate="additive"``: ``e.curves["age"]``, ``e.plot_curves()``."""
        if self.effects is None:
            raise InputError(f"this explanation has no effect curves: they come with explain(), one row at a time, of trees exactly, of any model with surrogate='additive' (here: {self.engine}, refused: {dict(self.refusals)})")
        return self.effects

    @property
    def interactions(self) -> Interactions:
        """The strongest pairs of features: ``explain(x, interactions=10).interactions.to_records()``."""
        if self.joint is None:
            raise InputError(f"this explanation has no interactions: ask for them with explain(x, interactions=10), exact of trees, drawn with engine='sampled' (here: {self.engine})")
        return self.joint

    @property
    def target_index(self) -> int:
        """Position of the target among the outputs."""
        return self.output_names.index(self.target)

    @property
    def coef_scaled(self) -> Float[Array, "p k"]:
        """Coefficients per training standard deviation; equal to coef for bins, categories and masks."""
        return self.coef * self.scale[:, None]

    @property
    def std_error_scaled(self) -> Float[Array, "p k"]:
        """Standard errors of ``coef_scaled``."""
        return self.std_error * np.abs(self.scale)[:, None]

    @property
    def contributions(self) -> Float[Array, "p k"]:
        """Coef * (z - reference): what moves the surrogate from the average row to the instance. Sums to local_prediction - base_value."""
        return self.coef * (self.z - self.reference)[:, None]

    @property
    def base_value(self) -> Float[Array, "k"]:
        """The surrogate at the average training row."""
        return self.local_prediction - self.contributions.sum(axis=0)

    def interval(self, level: float = 0.95) -> Float[Array, "2 p k"]:
        """Confidence interval of each coefficient: the limit explanation lies inside with this probability."""
        checks.number("level", level, "a probability between 0 and 0.9999, such as 0.95", low=0.0, high=0.9999)
        half = t_quantile(np.array([self.dof]), level)[0] * self.std_error
        return np.stack([self.coef - half, self.coef + half])

    def order(self, output: str | None = None) -> Array:
        """Positions of the features by |coef_scaled|, largest first; ties by position."""
        return np.argsort(-np.abs(self.coef_scaled[:, self._index(output)]), kind="stable")

    def __len__(self) -> int:
        return len(self.feature_names)

    def __getitem__(self, output: Any) -> "Explanation":
        """One output by its name: ``e["cat"]``, or by a class label such as ``e[1]``."""
        i = self._index(output)
        return self.only([i], self.output_names[i])

    def only(self, outputs: list[int], target: str | None = None) -> "Explanation":
        """Some of the outputs, by position."""
        names = tuple(self.output_names[i] for i in outputs)
        target = target or (self.target if self.target in names else names[0])
        t = names.index(target)
        part = {n: getattr(self, n)[..., outputs] for n in ("coef", "std_error", "intercept", "prediction", "local_prediction", "r2")}
        certificate = self.certificate.only(outputs)
        still = tuple(n for n, s in zip(self.feature_names, part["std_error"][:, t], strict=True) if np.isinf(s))
        certificate = replace(certificate, flags=flags_of(certificate, t, len(self), still, self.output_scale, float(part["prediction"][t])))
        effects = None if self.effects is None else self.effects.only(outputs)
        joint = None if self.joint is None else self.joint.only(outputs)
        return replace(self, output_names=names, target=target, certificate=certificate, effects=effects, joint=joint, **part)

    def _index(self, output: Any) -> int:
        name = self.target if output is None else str(output)
        if name not in self.output_names:
            raise InputError(f"output {output!r} is not explained; the outputs are {list(self.output_names)}")
        return self.output_names.index(name)

    def to_frame(self) -> Any:
        """A tidy table, one row a feature and output: the background's own kind of frame, else pandas."""
        from kabosu.report.tidy import frame_of

        return frame_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers, with the schema's version."""
        from kabosu.report.schema import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """JSON text; ``from_json`` gives bit-equal arrays back."""
        from kabosu.report.schema import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> "Explanation":
        """Read what ``to_json`` wrote."""
        from kabosu.report.schema import from_json

        return from_json(text)

    def to_shap(self) -> Any:
        """A ``shap.Explanation`` of the contributions from the average row, so that shap's plots work."""
        from kabosu.report.interop import to_shap

        return to_shap(self)

    def to_html(self) -> str:
        """One static page, no script."""
        from kabosu.report.html import page

        return page(self)

    def describe(self, max_features: int = 5) -> str:
        """The explanation in plain words, with units and how far to believe it."""
        from kabosu.report.plain import describe

        return describe(self, max_features)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Effects on the picture or the series itself, else bars with error whiskers; returns the Axes."""
        from kabosu.plots import plot

        return plot(self, ax=ax, **options)

    def plot_curves(self, ax: Any = None, **options: Any) -> Any:
        """Small multiples of the local effect curves; returns the Axes."""
        from kabosu.plots import curves

        return curves(self, ax=ax, **options)

    def save(self, path: str | Path) -> Path:
        """Write it as .html, .json, .png, .svg, .pdf, .csv or .parquet, by the file's extension."""
        from kabosu.report.save import save

        return save(self, path)

    def _repr_html_(self) -> str:
        from kabosu.report.html import fragment

        return fragment(self)

    def __str__(self) -> str:
        from kabosu.report.plain import table

        return table(self)

    def __repr__(self) -> str:
        return f"<Explanation of {self.target!r}: {len(self)} features, {len(self.output_names)} output(s), {self.engine}>"
