"""Figures of a study: one file is one plot, which draws on axes and never shows them.

::

    with use_style("ieee"):
        axes = pareto("reports/fmnist")
        save_figure(axes, folder / "pareto", ["pdf"])

A plot takes a study (loaded, or its folder) or a table, and axes if it is not to make a figure of
its own. `PLOTS` knows all of them by the names of their files.
"""

from dse.plots.base import Plot, Subject, subject
from dse.plots.by_bits import by_bits
from dse.plots.cost_breakdown import cost_breakdown
from dse.plots.estimate_error import estimate_error
from dse.plots.format_map import format_map
from dse.plots.fronts import fronts
from dse.plots.hypervolume import hypervolume
from dse.plots.pareto import pareto
from dse.plots.pareto_matrix import pareto_matrix
from dse.plots.pgfplots import pgfplots_snippet
from dse.plots.roofline import roofline
from dse.plots.save import save_figure
from dse.plots.sensitivity import sensitivity
from dse.plots.sqnr import sqnr
from dse.plots.style import style_names, use_style
from dse.registry import Registry

PLOTS: Registry[Plot] = Registry(
    "dse.plots",
    "PLOT",
    Plot,
    "plot",
    not_plugins=frozenset(
        {
            "cells", "labels", "legend", "pgf", "pgfplots", "pgfplots_artists", "save", "scales",
            "steps", "style",  # what plots share
            "finn_compare", "formats_compared", "samplers",  # drawn by the verbs that measure
        }
    ),
)  # fmt: skip

__all__ = [
    "PLOTS",
    "Plot",
    "Subject",
    "by_bits",
    "cost_breakdown",
    "estimate_error",
    "format_map",
    "fronts",
    "hypervolume",
    "pareto",
    "pareto_matrix",
    "pgfplots_snippet",
    "roofline",
    "save_figure",
    "sensitivity",
    "sqnr",
    "style_names",
    "subject",
    "use_style",
]
