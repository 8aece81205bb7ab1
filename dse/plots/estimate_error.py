"""Estimates of LUTs against LUTs after synthesis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.scales import note, set_cost_scale
from dse.plots.style import FAMILY_STYLES, GREY, INK, new_axes, styled
from dse.selection import Family

if TYPE_CHECKING:
    from hw_models.calibration.judge import Prediction

_BAND_PCT = 10


def estimate_error(
    predictions: "Sequence[Prediction]",
    device: str,
    ax: Axes | None = None,
    subject: str = "formats the formula has not seen",
) -> Axes:
    """Draw the relative error of each estimate over the measured LUTs.

    The naive model's estimates are grey, behind.

    Args:
        predictions: Estimated and measured cells; at least one.
        device: FPGA family, for the title.
        ax: Axes to draw on; a new figure without.
        subject: What is estimated, for a note.

    Returns:
        The axes.
    """
    measured = np.array([p.measured for p in predictions], dtype=np.float64)
    formula = 100 * (np.array([p.formula for p in predictions]) / measured - 1)
    naive = 100 * (np.array([p.naive for p in predictions]) / measured - 1)
    families = np.array([_family(p) for p in predictions])
    with styled():
        axes = new_axes() if ax is None else ax
        set_cost_scale(axes, measured)
        axes.set_xlabel(f"LUTs after synthesis, {device}")
        axes.set_ylabel("error of the estimate [%]")
        axes.scatter(measured, naive, s=6, color=GREY, label="naive, widths alone", zorder=1)
        for family, style in FAMILY_STYLES.items():
            chosen = families == family
            axes.scatter(
                measured[chosen],
                formula[chosen],
                s=10,
                color=style.colour,
                marker=style.marker,
                linewidths=0,
                label=style.name,
                zorder=2,
            )
        axes.axhline(0, color=INK, linewidth=0.8, zorder=0)
        axes.axhspan(-_BAND_PCT, _BAND_PCT, color=GREY, alpha=0.25, zorder=0)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.3)
        note(axes, f"{subject}; band: ±{_BAND_PCT} %", (1.0, 0.0), (-2, 3))
    return axes


def _family(prediction: "Prediction") -> Family:
    integers = [name.startswith(("int", "uint")) for name in (prediction.weight, prediction.act)]
    if all(integers):
        return "integer"
    return "mixed" if any(integers) else "minifloat"
