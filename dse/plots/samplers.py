"""Hypervolume over evaluations, sampler by sampler."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dse.plots.legend import legend_above
from dse.plots.scales import set_log_scale
from dse.plots.style import DASHES, INK, PALETTE, length, new_axes, styled

if TYPE_CHECKING:
    from dse.search.replay import Trace

BAND_PCT = (10.0, 90.0)
"""Percentiles over seeds between which the band lies."""
_BAND_ALPHA = 0.15


def hypervolume_over_evaluations(
    traces: "Sequence[Trace]", target_pct: float, axes: Axes | None = None
) -> Axes:
    """Draw each sampler's median share of the hypervolume, and a band over its seeds.

    A run that has ended keeps its last share.

    Args:
        traces: Runs of one space; at least one evaluation each.
        target_pct: Where a line is drawn [%].
        axes: Where to draw; `None` makes a figure.
    """
    with styled():
        if axes is None:
            axes = new_axes()
        longest = max(len(trace.hypervolume_pct) for trace in traces)
        evaluations = np.arange(1, longest + 1)
        names = list(dict.fromkeys(trace.sampler for trace in traces))
        for number, name in enumerate(names):
            shares = np.array(
                [_held(trace.hypervolume_pct, longest) for trace in traces if trace.sampler == name]
            )
            low, median, high = np.percentile(shares, (BAND_PCT[0], 50.0, BAND_PCT[1]), axis=0)
            colour = PALETTE[number % len(PALETTE)]
            dashes = DASHES[(number + number // len(PALETTE)) % len(DASHES)]
            axes.plot(evaluations, median, color=colour, linestyle=dashes, label=name)
            axes.fill_between(evaluations, low, high, color=colour, alpha=_BAND_ALPHA, lw=0)
        axes.axhline(target_pct, color=INK, lw=length(0.6), zorder=0)
        set_log_scale(axes, "x", 1, max(longest, 2))
        axes.set_ylim(0, 101)
        axes.set_xlabel("evaluations")
        axes.set_ylabel("share of the hypervolume [%]")
        legend_above(axes)
    return axes


def _held(shares: Sequence[float], count: int) -> NDArray[np.float64]:
    return np.array([*shares, *[shares[-1]] * (count - len(shares))])
