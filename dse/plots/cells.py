"""Maps of cells, as areas and not as pictures, so that they print sharp at any size."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from dse.plots.labels import Floats
from dse.plots.style import length


def draw_cells(
    axes: Axes, values: Floats, *, vmin: float, vmax: float, cmap: str | None = None
) -> QuadMesh:
    """Draw a coloured cell for each value, around whole numbers, the first row on top.

    Args:
        axes: Where to.
        values: `(rows, columns)`; NaN leaves a cell empty.
        vmin: Value at the dark end of the colours.
        vmax: Value at the light end.
        cmap: Colours; the style's without.
    """
    rows, columns = values.shape
    mesh = axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        np.ma.masked_invalid(values),
        vmin=vmin,
        vmax=vmax,
        cmap=cmap,
        edgecolors="white",
        linewidth=length(0.6),
    )
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return mesh
