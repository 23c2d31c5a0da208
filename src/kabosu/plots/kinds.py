"""The picture that suits an explanation, by where its features lie."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kabosu.domains.image import Regions
from kabosu.domains.mixed import Mixture
from kabosu.domains.series import Course
from kabosu.explanation import Explanation
from kabosu.plots.bars import bars
from kabosu.plots.image import image
from kabosu.plots.mixed import mixed
from kabosu.plots.series import series

BY_LAYOUT: Mapping[type, Callable[..., Any]] = MappingProxyType({Regions: image, Course: series, Mixture: mixed})


def plot(e: Explanation, ax: Any = None, **options: Any) -> Any:
    """Effects laid over a picture or a series, beside bars where there are several inputs; bars for everything else. Options go to that function."""
    return BY_LAYOUT.get(type(e.layout), bars)(e, ax=ax, **options)
