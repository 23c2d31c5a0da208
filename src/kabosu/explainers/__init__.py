"""What most people call: a model, bound to a domain and a recipe."""

from typing import TYPE_CHECKING

from kabosu.explainers.base import Explainer
from kabosu.explainers.tabular import TabularExplainer
from kabosu.later import later

if TYPE_CHECKING:
    from kabosu.explainers.image import ImageExplainer
    from kabosu.explainers.mixed import MixedExplainer
    from kabosu.explainers.series import SeriesExplainer
    from kabosu.explainers.text import TextExplainer

__all__ = ["Explainer", "ImageExplainer", "MixedExplainer", "SeriesExplainer", "TabularExplainer", "TextExplainer"]

__getattr__ = later(__name__, {f"{kind}Explainer": f"kabosu.explainers.{kind.lower()}" for kind in ("Image", "Mixed", "Series", "Text")})
