"""SQNR of every layer in every format, as two maps."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.base import Plot, Study, require_columns, subject
from dse.plots.cells import draw_cells
from dse.plots.style import new_axes, say, styled, type_size

if TYPE_CHECKING:
    import pandas as pd

_TITLES = {"weight_sqnr_db": "weights", "act_sqnr_db": "inputs"}
_COLUMNS = ("layer", "format", *_TITLES)
_GAP_LINES = 2.0
_LETTERS_EM = 0.62


def sensitivity(study: Study, ax: Axes | None = None) -> Axes:
    """Draw two maps, one below the other, of layers over formats: weights, and inputs.

    Colours stand for the SQNR, its value [dB] is in the cell. A layer whose inputs lose nothing,
    such as the first, is empty in the lower map. Where values would not fit their cells, colours
    alone are shown.

    Args:
        study: A table with layer, format, weight_sqnr_db and act_sqnr_db, as ``bitfront
            sensitivity`` writes it; may be empty.
        ax: Axes to draw on, whose place the maps take; a new figure without.

    Returns:
        The axes, on which the maps are insets.

    Raises:
        DataError: A column is missing.
    """
    rows = sensitivity_table(study)
    layers, formats = (list(dict.fromkeys(rows[name])) for name in ("layer", "format"))
    values = {
        column: rows.pivot(index="layer", columns="format", values=column)
        .reindex(index=layers, columns=formats)
        .to_numpy(dtype=np.float64)
        for column in _TITLES
    }
    finite = np.concatenate([found[np.isfinite(found)] for found in values.values()])
    with styled():
        lines = 2 * (1.6 * len(layers) + _GAP_LINES)
        axes = new_axes(lines=lines + 6) if ax is None else ax
        axes.set_axis_off()
        if not len(finite):
            return say(axes, "no SQNR to show")
        gap = _GAP_LINES / lines
        for number, (column, title) in enumerate(_TITLES.items()):
            panel = axes.inset_axes((0.0, 0.5 * (1 - number) + gap / 4, 1.0, 0.5 - gap))
            shown = np.where(np.isfinite(values[column]), values[column], np.nan)
            mesh = draw_cells(panel, shown, vmin=finite.min(), vmax=finite.max())
            panel.set_title(title, loc="left", fontsize=type_size(8))
            panel.set_yticks(range(len(layers)), layers)
            panel.set_xticks(range(len(formats)), formats, rotation=90)
            panel.tick_params(labelbottom=number == 1)
            _write(panel, values[column], (finite.min() + finite.max()) / 2)
        figure = axes.get_figure(root=True)
        assert figure is not None
        figure.colorbar(mesh, ax=axes, label="SQNR [dB]", fraction=0.03, pad=0.01)
    return axes


def sensitivity_table(study: Study) -> "pd.DataFrame":
    """Return the table.

    Raises:
        DataError: A column is missing.
    """
    rows = subject(study).rows
    require_columns(rows, _COLUMNS, "sensitivity")
    return rows


def _write(panel: Axes, values: "np.ndarray", middle: float) -> None:
    """Write values into their cells if there is room."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    width = 72 * float(figure.get_size_inches()[0]) * 0.75
    if width / values.shape[1] < 2.4 * _LETTERS_EM * type_size():
        return
    for (row, column), level in np.ndenumerate(values):
        if np.isfinite(level):
            panel.text(
                column,
                row,
                f"{level:.0f}",
                ha="center",
                va="center",
                color="black" if level > middle else "white",
                fontsize=type_size(),
            )


PLOT = Plot(
    summary="SQNR of every layer in every format: of a table by 'bitfront sensitivity'",
    draw=sensitivity,
    table=sensitivity_table,
)
