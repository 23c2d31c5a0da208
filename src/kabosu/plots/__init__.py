"""Pictures: functions of an Explanation; matplotlib Axes in, Axes out. Nothing is shown by itself."""

from kabosu.plots.bars import bars, waterfall
from kabosu.plots.curves import curve, curves
from kabosu.plots.matrix import matrix
from kabosu.plots.surface import Landscape, landscape, layers, surface

__all__ = ["Landscape", "bars", "curve", "curves", "landscape", "layers", "matrix", "surface", "waterfall"]
