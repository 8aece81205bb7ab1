"""Hypervolume over evaluations: how fast a study found its front."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.pareto import Floats
from dse.pareto import hypervolume as hypervolume_below
from dse.plots.base import Plot, Study, Subject, require_columns, subject
from dse.plots.legend import legend_above
from dse.plots.scales import set_log_scale
from dse.plots.style import DASHES, PALETTE, length, new_axes, say, styled
from dse.selection import error_and_log2_cost, feasible

if TYPE_CHECKING:
    import pandas as pd

_LOGARITHMIC_FROM = 50


def hypervolume(study: "Study | Mapping[str, Study]", ax: Axes | None = None) -> Axes:
    """Draw the hypervolume of the evaluations so far, over their number.

    It is measured in validation error [points] × log2 of the cost, below the study's reference
    point; without a study, below the worst of each. Points that break a constraint add nothing.
    Evaluations come in the order of the table: of
    a study, that in which they were planned.

    Args:
        study: A study or a table, or several by name.
        ax: Axes to draw on; a new figure without.

    Returns:
        The axes.
    """
    traces = _traces(study)
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel("evaluations")
        axes.set_ylabel("hypervolume [points · octaves]")
        longest = max(map(len, traces.values()), default=0)
        if not longest:
            return say(axes, "no evaluations")
        for number, (name, trace) in enumerate(traces.items()):
            axes.step(
                np.arange(1, len(trace) + 1),
                trace,
                where="post",
                color=PALETTE[number % len(PALETTE)],
                linestyle=DASHES[number % len(DASHES)],
                linewidth=length(1.2),
                marker="o" if len(trace) == 1 else "",
                label=name,
            )
        if longest > _LOGARITHMIC_FROM:
            set_log_scale(axes, "x", 1, longest)
        axes.set_ylim(0, 1.05 * max(trace.max(initial=0.0) for trace in traces.values()) or 1.0)
        if len(traces) > 1:
            legend_above(axes)
    return axes


def hypervolume_table(study: "Study | Mapping[str, Study]") -> "pd.DataFrame":
    """Return the hypervolume after each evaluation."""
    import pandas as pd

    tables = [
        pd.DataFrame({"study": name, "evaluation": range(1, len(trace) + 1), "hypervolume": trace})
        for name, trace in _traces(study).items()
    ]
    return pd.concat(tables)


def _traces(study: "Study | Mapping[str, Study]") -> dict[str, Floats]:
    studies = study if isinstance(study, Mapping) else {subject(study).name or "study": study}
    return {name: _trace(subject(one)) for name, one in studies.items()}


def _trace(found: Subject) -> Floats:
    """Return the hypervolume after each evaluation, `(n,)`."""
    cost = found.cost_column
    require_columns(found.rows, ("val_top1_pct", cost), "hypervolume")
    rows = found.rows.dropna(subset=["val_top1_pct", cost])
    counts = rows.index.isin(feasible(rows).index)
    points = error_and_log2_cost(rows, cost)
    if not len(points):
        return np.zeros(0)
    corner = (
        points.max(axis=0)
        if found.header is None
        else np.array([found.header.reference.error_pct, found.header.reference.log2_cost])
    )
    trace, front = np.zeros(len(points)), points[:0]
    for number, point in enumerate(points):
        if not counts[number] or (front <= point).all(axis=1).any():
            trace[number] = trace[number - 1] if number else 0.0
            continue
        front = np.vstack([front[~(point <= front).all(axis=1)], point])
        trace[number] = hypervolume_below(front, corner)
    return trace


PLOT = Plot(
    summary="hypervolume over evaluations, of one study or several (--beside)",
    draw=hypervolume,
    table=hypervolume_table,
    options=("beside",),
)
