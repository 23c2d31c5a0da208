"""Pictures: functions of an Explanation; matplotlib Axes in, Axes out. Nothing is shown by itself."""

from kabosu.plots.bars import bars, waterfall
from kabosu.plots.curves import curve, curves
from kabosu.plots.image import image
from kabosu.plots.kinds import plot
from kabosu.plots.matrix import matrix
from kabosu.plots.mixed import mixed
from kabosu.plots.neighborhood import neighborhood
from kabosu.plots.series import series
from kabosu.plots.surface import Landscape, landscape, layers, surface
from kabosu.plots.width import width_path

__all__ = ["Landscape", "bars", "curve", "curves", "image", "landscape", "layers", "matrix", "mixed", "neighborhood", "plot", "series", "surface", "waterfall", "width_path"]
