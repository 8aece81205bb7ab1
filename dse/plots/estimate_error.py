"""Estimates of LUTs against LUTs after synthesis."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.base import Plot, Study, require_columns, subject
from dse.plots.legend import legend_above
from dse.plots.scales import set_cost_scale
from dse.plots.style import FAMILY_STYLES, GREY, INK, area, length, new_axes, say, styled
from dse.selection import Family

if TYPE_CHECKING:
    import pandas as pd

_BAND_PCT = 10
_COLUMNS = ("weight", "act", "measured", "formula", "naive")


def estimate_error(
    study: Study,
    device: str = "",
    ax: Axes | None = None,
    of_what: str = "formats the formula has not seen",
) -> Axes:
    """Draw the relative error of each estimate over the measured LUTs.

    The naive model's estimates are grey, behind; the band is ±10 %.

    Args:
        study: A table with weight, act, measured, formula and naive, one cell a row, as
            ``bitfront calibrate`` writes it; may be empty.
        device: FPGA family, for the axis.
        ax: Axes to draw on; a new figure without.
        of_what: What is estimated, for a note.

    Returns:
        The axes.

    Raises:
        DataError: A column is missing.
    """
    table = estimate_error_table(study)
    of_device = f", {device}" if device else ""
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel(f"LUTs after synthesis{of_device}")
        axes.set_ylabel("error of the estimate [%]")
        if table.empty:
            return say(axes, "no estimates")
        measured = table["measured"].to_numpy(dtype=np.float64)
        set_cost_scale(axes, measured)
        axes.scatter(
            measured,
            table["naive_error_pct"],
            s=area(6),
            color=GREY,
            label="naive, widths alone",
            zorder=1,
        )
        for family, style in FAMILY_STYLES.items():
            rows = table[table["family"] == family]
            axes.scatter(
                rows["measured"],
                rows["formula_error_pct"],
                s=area(10),
                color=style.colour,
                marker=style.marker,
                linewidths=0,
                label=style.name,
                zorder=2,
            )
        axes.axhline(0, color=INK, linewidth=length(0.8), zorder=0)
        axes.axhspan(-_BAND_PCT, _BAND_PCT, color=GREY, alpha=0.25, linewidth=0, zorder=0)
        legend_above(axes, f"{of_what}; band: ±{_BAND_PCT} %")
    return axes


def estimate_error_table(study: Study) -> "pd.DataFrame":
    """Return the table with its families and relative errors [%].

    Raises:
        DataError: A column is missing.
    """
    rows = subject(study).rows
    require_columns(rows, _COLUMNS, "estimate-error")
    families = [_family(*pair) for pair in zip(rows["weight"], rows["act"], strict=True)]
    return rows.assign(
        family=families,
        formula_error_pct=100 * (rows["formula"] / rows["measured"] - 1),
        naive_error_pct=100 * (rows["naive"] / rows["measured"] - 1),
    )


def _family(weight: str, act: str) -> Family:
    integers = [name.startswith(("int", "uint")) for name in (weight, act)]
    if all(integers):
        return "integer"
    return "mixed" if any(integers) else "minifloat"


PLOT = Plot(
    summary="estimate against synthesis, with a band of 10 %: of a table by 'bitfront calibrate'",
    draw=estimate_error,
    table=estimate_error_table,
)
