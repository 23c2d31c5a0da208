"""What most people call: a model, bound to a domain and a recipe."""

from kabosu.explainers.base import Explainer
from kabosu.explainers.tabular import TabularExplainer

__all__ = ["Explainer", "TabularExplainer"]
