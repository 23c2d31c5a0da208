"""What most people call: a model, bound to a domain and a recipe."""

from kabosu.explainers.base import Explainer
from kabosu.explainers.image import ImageExplainer
from kabosu.explainers.mixed import MixedExplainer
from kabosu.explainers.series import SeriesExplainer
from kabosu.explainers.tabular import TabularExplainer
from kabosu.explainers.text import TextExplainer

__all__ = ["Explainer", "ImageExplainer", "MixedExplainer", "SeriesExplainer", "TabularExplainer", "TextExplainer"]
