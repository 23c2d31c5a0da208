"""kabosu: local surrogate explanations (LIME) with error bars, for any model and any table."""

from typing import TYPE_CHECKING

from kabosu import domains, errors, kernels, samplers, surrogates
from kabosu.errors import CertificateError, EngineError, InputError, KabosuError, LabelsOnly, MissingExtra, ModelError, RaggedError, RowError
from kabosu.explain import Neighborhood, explain, fit, measure
from kabosu.explainers import TabularExplainer
from kabosu.explanation import Certificate, Explanation
from kabosu.explanations import Explanations
from kabosu.later import later
from kabosu.recipes import Recipe

if TYPE_CHECKING:
    from kabosu import diagnostics, pick, plots, targets, testing
    from kabosu.explainers import ImageExplainer, MixedExplainer, SeriesExplainer, TextExplainer

__version__ = "0.1.0"

__all__ = [
    "Certificate",
    "CertificateError",
    "EngineError",
    "Explanation",
    "Explanations",
    "ImageExplainer",
    "InputError",
    "KabosuError",
    "LabelsOnly",
    "MissingExtra",
    "MixedExplainer",
    "ModelError",
    "Neighborhood",
    "RaggedError",
    "Recipe",
    "RowError",
    "SeriesExplainer",
    "TabularExplainer",
    "TextExplainer",
    "diagnostics",
    "domains",
    "errors",
    "explain",
    "fit",
    "kernels",
    "measure",
    "pick",
    "plots",
    "samplers",
    "surrogates",
    "targets",
    "testing",
]

__getattr__ = later(
    __name__,
    {
        **{f"{kind}Explainer": "kabosu.explainers" for kind in ("Image", "Mixed", "Series", "Text")},
        **{name: f"kabosu.{name}" for name in ("diagnostics", "pick", "plots", "targets", "testing")},
    },
)
