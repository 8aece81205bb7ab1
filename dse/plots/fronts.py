"""Several fronts on one plane: of families of formats, or of studies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.base import Plot, Study, Subject, subject
from dse.plots.legend import legend_above
from dse.plots.scales import set_cost_scale
from dse.plots.steps import step_corners
from dse.plots.style import (
    DASHES,
    FAMILY_STYLES,
    INK,
    MARKERS,
    PALETTE,
    axis_label,
    length,
    new_axes,
    say,
    styled,
)
from dse.selection import chosen_by, families, front_of, is_maximised

if TYPE_CHECKING:
    import pandas as pd

_ROOM = 0.06


def fronts(
    study: "Study | Mapping[str, Study]",
    ax: Axes | None = None,
    *,
    x: str | None = None,
    y: str = "test_top1_pct",
) -> Axes:
    """Draw fronts over each other: of several studies, or of one study's families of formats.

    Each front is chosen among its own points, as `dse.selection.front_of` does.

    Args:
        study: A study, or several by the names they get.
        ax: Axes to draw on; a new figure without.
        x: Column of the horizontal axis; what the study compares by without.
        y: Column of the vertical axis.

    Returns:
        The axes.

    Raises:
        DesignError: A column is missing or holds no numbers.
    """
    x = _cost(study) if x is None else x
    found = _fronts(study, x, y)
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel(axis_label(x))
        axes.set_ylabel(axis_label(y))
        if not found:
            return say(axes, "no evaluations")
        values = np.concatenate(
            [rows[[x, y]].to_numpy(dtype=np.float64) for rows in found.values()]
        )
        set_cost_scale(axes, values[:, 0])
        low, high = values[:, 1].min(), values[:, 1].max()
        room = _ROOM * (high - low) or 1.0
        axes.set_ylim(low - room, high + room)
        for number, (name, rows) in enumerate(found.items()):
            _draw(axes, name, rows, (x, y), number)
        legend_above(axes, "" if chosen_by(y) == y else "fronts chosen on validation images")
    return axes


def fronts_table(
    study: "Study | Mapping[str, Study]", *, x: str | None = None, y: str = "test_top1_pct"
) -> "pd.DataFrame":
    """Return the points of each front."""
    import pandas as pd

    x = _cost(study) if x is None else x
    columns = dict.fromkeys(
        ("digest", "weight_format", "act_format", "recipe", x, y, chosen_by(x), chosen_by(y))
    )
    tables = [
        rows[[name for name in columns if name in rows.columns]].assign(front=front)
        for front, rows in _fronts(study, x, y).items()
    ]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["front", *columns])


def _cost(study: "Study | Mapping[str, Study]") -> str:
    first = next(iter(study.values())) if isinstance(study, Mapping) else study
    return subject(first).cost_column


def _fronts(study: "Study | Mapping[str, Study]", x: str, y: str) -> "dict[str, pd.DataFrame]":
    """Return the front of each part that has one."""
    if isinstance(study, Mapping):
        parts = {name: subject(one).rows for name, one in study.items()}
    else:
        parts = _by_family(subject(study))
    found = {name: front_of(rows, (x, y)).dropna(subset=[x, y]) for name, rows in parts.items()}
    return {name: rows for name, rows in found.items() if len(rows)}


def _by_family(found: Subject) -> "dict[str, pd.DataFrame]":
    family_of = families(found.rows)
    return {style.name: found.rows[family_of == family] for family, style in FAMILY_STYLES.items()}


def _draw(
    axes: Axes, name: str, rows: "pd.DataFrame", columns: tuple[str, str], number: int
) -> None:
    x, y = columns
    looks = {style.name: (style.colour, style.marker) for style in FAMILY_STYLES.values()}
    own = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
    colour, marker = looks.get(name, own)
    dashes = DASHES[number % len(DASHES)]
    corners = step_corners(axes, rows, x, y)
    axes.plot(*corners.T, color=colour, linestyle=dashes, linewidth=length(1.0), zorder=2 + number)
    ordered = rows.sort_values(x, ascending=not is_maximised(x))
    axes.plot(
        ordered[x],
        ordered[y],
        color=colour,
        marker=marker,
        linestyle="none",
        markersize=length(4.5),
        markeredgecolor=INK,
        markeredgewidth=length(0.4),
        zorder=5 + number,
    )
    axes.plot(
        [],
        [],
        color=colour,
        marker=marker,
        linestyle=dashes,
        markersize=length(4.5),
        markeredgecolor=INK,
        markeredgewidth=length(0.4),
        linewidth=length(1.0),
        label=name,
    )


PLOT = Plot(
    summary="fronts over each other: of families of formats, or of several studies (--beside)",
    draw=fronts,
    table=fronts_table,
    options=("x", "y", "beside"),
)
