"""The line of steps through a front."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.labels import Floats
from dse.selection import is_maximised

if TYPE_CHECKING:
    import pandas as pd


def step_corners(axes: Axes, rows: "pd.DataFrame", x: str, y: str) -> Floats:
    """Return the corners `(n, 2)` of the steps through `rows`, in data coordinates.

    The first runs upright from the worst y, the last level to the worst x. Axis limits must be
    final.

    Args:
        axes: Where they will be drawn.
        rows: A front.
        x: Column of the horizontal axis.
        y: Column of the vertical axis.
    """
    sorted_rows = rows.sort_values(x, ascending=not is_maximised(x))
    xs, ys = sorted_rows[[x, y]].to_numpy(dtype=np.float64).T
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    worst_x = left if is_maximised(x) else right
    worst_y = bottom if is_maximised(y) else top
    xs, ys = np.repeat(np.append(xs, worst_x), 2), np.repeat(np.insert(ys, 0, worst_y), 2)
    return np.stack([xs[:-1], ys[1:]], axis=1)
