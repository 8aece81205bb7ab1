"""Hypervolume over evaluations, sampler by sampler."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dse.plots.style import styled

if TYPE_CHECKING:
    from dse.search.replay import Trace

BAND_PCT = (10.0, 90.0)
"""Percentiles over seeds between which the band lies."""

_LINES = ("-", "--", "-.", ":")


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
            axes = Figure(figsize=(4.6, 3.2), layout="constrained").subplots()
        length = max(len(trace.hypervolume_pct) for trace in traces)
        names = list(dict.fromkeys(trace.sampler for trace in traces))
        for number, name in enumerate(names):
            shares = np.array(
                [_held(trace.hypervolume_pct, length) for trace in traces if trace.sampler == name]
            )
            low, median, high = np.percentile(shares, (BAND_PCT[0], 50.0, BAND_PCT[1]), axis=0)
            evaluations = np.arange(1, length + 1)
            style = _LINES[(number // 3) % len(_LINES)]
            (line,) = axes.plot(evaluations, median, style, label=name)
            axes.fill_between(evaluations, low, high, color=line.get_color(), alpha=0.15, lw=0)
        axes.axhline(target_pct, color="black", lw=0.6, zorder=0)
        axes.set_xscale("log")
        axes.set_xlim(1, length)
        axes.set_ylim(0, 101)
        axes.set_xlabel("evaluations")
        axes.set_ylabel("share of the hypervolume [%]")
        axes.legend(loc="lower right")
    return axes


def _held(shares: Sequence[float], length: int) -> NDArray[np.float64]:
    return np.array([*shares, *[shares[-1]] * (length - len(shares))])
