"""Costs of formats relative to INT8, and what they buy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.plots.labels import Surroundings, place_labels
from dse.plots.style import FAMILY_STYLES, INK, NOTE, new_axes, styled, type_size
from dse.selection import Family

if TYPE_CHECKING:
    from hw_models.calibration.formats_compared import Accumulator, Cell, Comparison

_COLOURS = ("#222222", "#56B4E9", "#0072B2", "#F0C25E", "#D55E00")
"""Exact; FP16 pruned and general; FP32 pruned and general: of Okabe and Ito's palette."""
_ROOM = 0.84
"""Share of a format's place that its bars take."""
_HEIGHT_INCHES = 6.4


def relative_costs(
    comparison: "Comparison", measures: Sequence[str], published: Mapping[str, Mapping[str, float]]
) -> Axes:
    """Draw the cost of multiply-accumulates by format and accumulator, a panel for each measure.

    Bars are relative to INT8 with an exact accumulator, which is 1. What was not measured has no
    bar.

    Args:
        comparison: Costs of the cells.
        measures: Names of the measures, from top to bottom; at least one.
        published: Ratios of others by measure and by what to write beside them, each a dashed line.

    Returns:
        The axes of the first panel.
    """
    with styled():
        figure = Figure(figsize=(7.16, _HEIGHT_INCHES))
        panels = figure.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
        for axes, measure in zip(panels, measures, strict=True):
            _draw_bars(axes, comparison, measure)
            for text, ratio in published.get(measure, {}).items():
                axes.axhline(ratio, color=NOTE, linewidth=0.8, linestyle=(0, (5, 3)), zorder=3)
                axes.annotate(
                    text,
                    xy=(1.0, ratio),
                    xycoords=("axes fraction", "data"),
                    xytext=(3, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=type_size(),
                    color=NOTE,
                )
            axes.set_ylabel(f"{measure}, INT8 exact = 1")
        first: Axes = panels[0]
        first.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.3)
    return first


def sqnr_against_cost(
    comparison: "Comparison",
    measure: str,
    sqnr_db: Mapping[str, float],
    distribution: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw the SQNR of each format over the cost of its exact multiply-accumulate.

    Args:
        comparison: Costs of the cells.
        measure: Name of the measure.
        sqnr_db: SQNR of each format [dB].
        distribution: Of what, for the title.
        ax: Axes to draw on; a new figure without.

    Returns:
        The axes.
    """
    costs = {
        cell.format_name: cost
        for cell in _macs(comparison)
        if cell.accumulator.name == "EXACT"
        and (cost := comparison.more_pct(cell, cell.reference("int8"), measure)) is not None
    }
    names = [name for name in costs if name in sqnr_db]
    points = np.array([[1 + costs[name] / 100, sqnr_db[name]] for name in names])
    families: list[Family] = [_family(name) for name in names]
    with styled():
        axes = new_axes() if ax is None else ax
        for family in ("integer", "minifloat"):
            style = FAMILY_STYLES[family]
            chosen = points[[found == family for found in families]]
            axes.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=24,
                marker=style.marker,
                color=style.colour,
                edgecolors=INK,
                linewidths=0.5,
                label=style.name,
                zorder=3,
            )
        axes.margins(0.12, 0.12)
        axes.set_title(distribution)
        axes.set_xlabel(f"{measure}, INT8 = 1")
        limits = axes.get_xlim(), axes.get_ylim()
        axes.set(xlim=limits[0], ylim=limits[1])
        place_labels(
            axes,
            points,
            [name.upper() for name in names],
            Surroundings(markers=points, dots=points, lines=()),
        )
    return axes


def sqnr_panels(
    comparison: "Comparison", measure: str, sqnr_db: Mapping[str, Mapping[str, float]]
) -> Axes:
    """Draw `sqnr_against_cost` for each distribution, side by side.

    Args:
        comparison: Costs of the cells.
        measure: Name of the measure.
        sqnr_db: SQNR [dB] by distribution and format.

    Returns:
        The axes of the first panel.
    """
    with styled():
        panels = Figure(figsize=(7.16, 3.4)).subplots(1, len(sqnr_db), sharey=True, squeeze=False)
        panels[0, 0].set_ylim(*_limits([x for values in sqnr_db.values() for x in values.values()]))
        for axes, (distribution, values) in zip(panels[0], sqnr_db.items(), strict=True):
            sqnr_against_cost(comparison, measure, values, distribution.replace("_", " "), axes)
        first: Axes = panels[0, 0]
        first.set_ylabel("SQNR [dB]")
        first.legend(loc="lower right")
    return first


def _draw_bars(axes: Axes, comparison: "Comparison", measure: str) -> None:
    """Draw a bar for each format and accumulator that was measured, formats side by side."""
    ratios: dict[Accumulator, dict[str, float]] = {}
    for cell in _macs(comparison):
        more = comparison.more_pct(cell, cell.reference("int8"), measure)
        if more is not None:
            ratios.setdefault(cell.accumulator, {})[cell.format_name] = 1 + more / 100
    names = list(dict.fromkeys(cell.format_name for cell in _macs(comparison)))
    width = _ROOM / max(len(ratios), 1)
    for place, (accumulator, values) in enumerate(ratios.items()):
        shift = (place - (len(ratios) - 1) / 2) * width
        at = [names.index(name) + shift for name in values]
        colour = _COLOURS[list(type(accumulator)).index(accumulator)]
        axes.bar(at, list(values.values()), width, color=colour, label=str(accumulator))
    axes.axhline(1, color=INK, linewidth=0.6)
    axes.set_xticks(range(len(names)), [name.upper() for name in names])
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0, labelsize=type_size(7.5))
    axes.set_ylim(axes.get_ylim())


def _macs(comparison: "Comparison") -> "list[Cell]":
    """Return the multiply-accumulates of the longest sums."""
    longest = max(cell.terms for cell in comparison.cells)
    return [c for c in comparison.cells if c.lanes == 1 and c.terms in (0, longest)]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    room = 0.1 * (max(values) - min(values))
    return min(values) - room, max(values) + room


def _family(name: str) -> Family:
    return "integer" if name.startswith("int") else "minifloat"
