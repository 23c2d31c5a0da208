"""The code spaces that a sampler fills; what a point means is the representation's business."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cube:
    """The open unit cube (0, 1)^m: tables. Every column's law reads its coordinate by its quantile function, so one set of
    points serves every instance, every law and every width.
    """

    m: int


@dataclass(frozen=True)
class Masks:
    """{0, 1}^m, 1 = kept: texts, images, series, prompts."""

    m: int


Space = Cube | Masks
