"""kabosu: local surrogate explanations (LIME) with error bars, for any model and any table."""

from typing import TYPE_CHECKING, Any

from kabosu import domains, errors, kernels, samplers, surrogates
from kabosu.errors import CertificateError, EngineError, InputError, KabosuError, LabelsOnly, MissingExtra, ModelError, RaggedError, RowError
from kabosu.explain import Neighborhood, explain, fit, measure
from kabosu.explainers import ImageExplainer, MixedExplainer, SeriesExplainer, TabularExplainer, TextExplainer
from kabosu.explanation import Certificate, Explanation
from kabosu.explanations import Explanations
from kabosu.recipes import Recipe

if TYPE_CHECKING:
    from kabosu import diagnostics, pick, plots

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
]


def __getattr__(name: str) -> Any:
    """What reads explanations is imported when it is first asked for."""
    if name in ("diagnostics", "pick", "plots"):
        from importlib import import_module

        return import_module(f"kabosu.{name}")
    raise AttributeError(f"module 'kabosu' has no attribute {name!r}")
