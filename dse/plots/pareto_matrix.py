"""A front in three and more objectives: each pair of them on a plane."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dse.plots.base import Plot, Study, Subject, require_columns, subject
from dse.plots.scales import set_plain_scale
from dse.plots.style import (
    FAMILY_STYLES,
    GREY,
    INK,
    area,
    axis_label,
    length,
    new_axes,
    say,
    styled,
)
from dse.selection import FAMILIES, families, front_of

if TYPE_CHECKING:
    import pandas as pd

_FURTHER = ("lut", "weight_kib", "dsp", "bram18", "ff")
_MOST = 4
_SHORT = {
    "test_top1_pct": "test top-1 [%]",
    "val_top1_pct": "val. top-1 [%]",
    "lut": "LUT",
    "lut_per_mac": "LUT per MAC",
    "ii_cycles": "cycles a frame",
    "weight_kib": "weights [KiB]",
    "bram18": "block RAMs",
}
"""What fits beside a small plane."""
_LEAST_ASPECT = 0.62
_GAP = 0.05
"""Between planes, as a share of the whole."""


def pareto_matrix(study: Study, ax: Axes | None = None, *, objectives: Sequence[str] = ()) -> Axes:
    """Draw each pair of objectives on a plane; what no point beats in all of them is coloured.

    Args:
        study: A study, or a table with one evaluation a row; may be empty.
        ax: Axes to draw on, whose place the planes take; a new figure without.
        objectives: Columns, two or more; without, accuracy, cost, and up to two others in which
            points differ.

    Returns:
        The axes, on which the planes are insets.

    Raises:
        DesignError: A column is missing or holds no numbers.
    """
    found = subject(study)
    names = tuple(objectives) or default_objectives(found)
    with styled():
        axes = new_axes(least_aspect=_LEAST_ASPECT) if ax is None else ax
        shown = found.rows.dropna(subset=list(names))
        if shown.empty:
            return say(axes, "no evaluations")
        best = front_of(shown, names)
        axes.set_axis_off()
        count = len(names) - 1
        side = (1 - _GAP * (count - 1)) / count
        for row, y in enumerate(names[1:]):
            for column, x in enumerate(names[: row + 1]):
                place = (column * (side + _GAP), (count - 1 - row) * (side + _GAP), side, side)
                plane = axes.inset_axes(place)
                _draw(plane, shown, best, (x, y))
                plane.set_xlabel(_SHORT.get(x, axis_label(x)) if row == count - 1 else "")
                plane.set_ylabel(_SHORT.get(y, axis_label(y)) if column == 0 else "")
                plane.tick_params(labelbottom=row == count - 1, labelleft=column == 0)
        _name(axes, best)
    return axes


def pareto_matrix_table(study: Study, *, objectives: Sequence[str] = ()) -> "pd.DataFrame":
    """Return the points that `pareto_matrix` draws, and whether they are on the front."""
    found = subject(study)
    names = tuple(objectives) or default_objectives(found)
    require_columns(found.rows, names, "pareto-matrix")
    shown = found.rows.dropna(subset=list(names))
    named = [name for name in ("digest", "weight_format", "act_format", "recipe") if name in shown]
    best = front_of(shown, names)
    return shown[[*named, *names]].assign(on_front=shown.index.isin(best.index))


def default_objectives(found: Subject) -> tuple[str, ...]:
    """Return accuracy, cost, and up to two further columns in which points differ."""
    rows = found.rows
    further = [
        name
        for name in _FURTHER
        if name in rows.columns and name != found.cost_column and rows[name].nunique() > 1
    ]
    return ("test_top1_pct", found.cost_column, *further)[:_MOST]


def _draw(
    plane: Axes, shown: "pd.DataFrame", best: "pd.DataFrame", columns: tuple[str, str]
) -> None:
    x, y = columns
    rest = shown.drop(index=best.index)
    plane.scatter(rest[x], rest[y], s=area(2.5), color=GREY, linewidths=0, zorder=2)
    family_of = families(best)
    for family in FAMILIES:
        style, rows = FAMILY_STYLES[family], best[family_of == family]
        plane.scatter(
            rows[x],
            rows[y],
            s=area(9),
            marker=style.marker,
            color=style.colour,
            edgecolors=INK,
            linewidths=length(0.3),
            zorder=3,
        )
    set_plain_scale(plane, "x", shown[x].to_numpy(dtype=np.float64))
    set_plain_scale(plane, "y", shown[y].to_numpy(dtype=np.float64))


def _name(axes: Axes, best: "pd.DataFrame") -> None:
    """Write the legend into the corner that has no planes."""
    present = set(families(best))
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=FAMILY_STYLES[family].marker,
            color=FAMILY_STYLES[family].colour,
            markeredgecolor=INK,
            markersize=length(4),
            label=f"on the front: {FAMILY_STYLES[family].name}",
        )
        for family in FAMILIES
        if family in present
    ]
    grey = Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        color=GREY,
        markersize=length(2.5),
        label="not on the front",
    )
    axes.legend(handles=[*handles, grey], loc="upper right", borderaxespad=0)


PLOT = Plot(
    summary="accuracy, cost, memory: each pair of three and more objectives, with their front",
    draw=pareto_matrix,
    table=pareto_matrix_table,
    options=("objectives",),
)
