"""SQNR of every layer in every format, as two maps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.plots.style import LABEL_POINTS, styled

if TYPE_CHECKING:
    from dse.quant.sensitivity import LayerSqnr

_CELL_INCHES = (0.33, 0.22)
_MARGIN_INCHES = (1.6, 1.1)
_TITLES = {"weight_sqnr_db": "weights", "act_sqnr_db": "inputs"}


def sensitivity(rows: "Sequence[LayerSqnr]") -> Axes:
    """Draw two maps, one below the other, of layers over formats: weights, and inputs.

    Colours stand for the SQNR, its value [dB] is in the cell. A layer whose inputs lose nothing,
    such as the first, is empty in the lower map.

    Args:
        rows: As `Sensitivity.rows` yields them; at least one.

    Returns:
        The upper map's axes; the lower one is on the same figure.
    """
    layers = list(dict.fromkeys(row.layer for row in rows))
    formats = list(dict.fromkeys(row.format for row in rows))
    values = {
        column: np.array([getattr(row, column) for row in rows]).reshape(len(layers), -1)
        for column in _TITLES
    }
    finite = np.concatenate([v[np.isfinite(v)] for v in values.values()])
    width = _MARGIN_INCHES[0] + _CELL_INCHES[0] * len(formats)
    height = _MARGIN_INCHES[1] + 2 * (0.4 + _CELL_INCHES[1] * len(layers))
    with styled():
        figure = Figure(figsize=(width, height), layout="constrained")
        maps = figure.subplots(2, 1, sharex=True)
        for axes, (column, title) in zip(maps, _TITLES.items(), strict=True):
            shown = np.where(np.isfinite(values[column]), values[column], np.nan)
            image = axes.imshow(
                shown, aspect="auto", cmap="cividis", vmin=finite.min(), vmax=finite.max()
            )
            axes.grid(visible=False)
            axes.set_title(title, loc="left")
            axes.set_yticks(range(len(layers)), layers)
            axes.set_xticks(range(len(formats)), formats, rotation=90)
            middle = (finite.min() + finite.max()) / 2
            for (row, place), level in np.ndenumerate(shown):
                if np.isfinite(level):
                    colour = "black" if level > middle else "white"
                    axes.text(
                        place, row, f"{level:.0f}", ha="center", va="center", color=colour,
                        fontsize=LABEL_POINTS,
                    )  # fmt: skip
        figure.colorbar(image, ax=maps, label="SQNR [dB]", fraction=0.03, pad=0.01)
    first: Axes = maps[0]
    return first
