"""kabosu: local surrogate explanations (LIME) with error bars, for any model and any table."""

from kabosu import domains, errors, kernels, samplers, surrogates
from kabosu.errors import CertificateError, EngineError, InputError, KabosuError, LabelsOnly, MissingExtra, ModelError, RaggedError, RowError
from kabosu.explain import Neighborhood, explain, fit, measure
from kabosu.explainers import ImageExplainer, MixedExplainer, SeriesExplainer, TabularExplainer, TextExplainer
from kabosu.explanation import Certificate, Explanation
from kabosu.explanations import Explanations
from kabosu.recipes import Recipe

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
    "domains",
    "errors",
    "explain",
    "fit",
    "kernels",
    "measure",
    "samplers",
    "surrogates",
]
