"""Figures of a study: one file is one plot, which draws on axes and never shows them.

::

    axes = pareto(evaluations, float_pct=92.1)
    save_figure(axes, folder / "pareto")
"""

from dse.plots.by_bits import by_bits
from dse.plots.pareto import pareto
from dse.plots.save import save_figure

__all__ = ["by_bits", "pareto", "save_figure"]
