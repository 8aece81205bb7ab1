"""FINN beside our own hardware: LUTs and cycles of every layer."""

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dse.plots.style import NOTE, styled, type_size

if TYPE_CHECKING:
    from hw_models.finn.compare import Comparison, NodeComparison

_COLOURS = {
    "FINN's estimate": "#F0C25E",
    "FINN, Yosys": "#D55E00",
    "our estimate": "#56B4E9",
    "ours, Yosys": "#0072B2",
}
"""Of Okabe and Ito's palette; estimates are the lighter ones."""
_ROOM = 0.8
"""Share of a node's place that its bars take."""
_INCHES_PER_NODE = 0.42


def finn_beside_ours(comparison: "Comparison", network: str) -> Axes:
    """Draw the LUTs and the cycles of every node, FINN's and ours.

    What there is not has no bar. DSP blocks of the synthesised RTL are written beside its bar.

    Args:
        comparison: At least one node.
        network: Its name, for the title.

    Returns:
        The axes of the first panel.
    """
    names = [node.ours.layers[0] for node in comparison.nodes]
    with styled():
        figure = Figure(figsize=(7.16, 1.2 + _INCHES_PER_NODE * len(names)), layout="constrained")
        luts, cycles = figure.subplots(1, 2, sharey=True)
        _draw_bars(luts, [_luts(node) for node in comparison.nodes])
        for place, node in enumerate(comparison.nodes):
            _note_dsp(luts, place, node)
        luts.set_xlabel("LUT, Series 7")
        luts.set_yticks(range(len(names)), names)
        luts.invert_yaxis()
        luts.set_ylabel(network)
        _draw_bars(cycles, [_cycles(node) for node in comparison.nodes])
        cycles.set_xlabel("cycles per frame")
        for axes in (luts, cycles):
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0, labelsize=type_size(7.5))
            axes.margins(x=0.12)
        handles, labels = luts.get_legend_handles_labels()
        labels = [label.replace("Yosys", "Yosys (right: simulated)") for label in labels]
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    first: Axes = luts
    return first


def _draw_bars(axes: Axes, values: list[list[float | None]]) -> None:
    """Draw a bar for every node and series, series side by side."""
    height = _ROOM / len(_COLOURS)
    for series, (label, colour) in enumerate(_COLOURS.items()):
        shift = (series - (len(_COLOURS) - 1) / 2) * height
        found = [(place + shift, row[series]) for place, row in enumerate(values)]
        drawn = [(place, value) for place, value in found if value is not None]
        axes.barh(
            [place for place, _ in drawn],
            [value for _, value in drawn],
            height,
            color=colour,
            label=label,
        )
        for place, value in drawn:
            if value == 0:
                _write_beside(axes, "0", (0, place))


def _note_dsp(axes: Axes, place: int, node: "NodeComparison") -> None:
    height = _ROOM / len(_COLOURS)
    for series, side in ((1, node.finn), (3, node.ours)):
        if side.synthesised is not None and side.synthesised.dsp:
            at = (side.synthesised.lut, place + (series - 1.5) * height)
            _write_beside(axes, f"+ {side.synthesised.dsp} DSP", at)


def _write_beside(axes: Axes, text: str, at: tuple[float, float]) -> None:
    axes.annotate(
        text,
        at,
        (2, 0),
        textcoords="offset points",
        va="center",
        fontsize=type_size(),
        color=NOTE,
    )


def _luts(node: "NodeComparison") -> list[float | None]:
    finn, ours = node.finn, node.ours
    return [
        finn.estimated.lut if finn.layers else None,
        finn.synthesised.lut if finn.synthesised else None,
        ours.estimated.lut,
        ours.synthesised.lut if ours.synthesised else None,
    ]


def _cycles(node: "NodeComparison") -> list[float | None]:
    finn, ours = node.finn, node.ours
    return [
        finn.predicted_cycles if finn.layers else None,
        finn.simulated.cycles if finn.simulated else None,
        ours.predicted_cycles,
        ours.simulated.cycles if ours.simulated else None,
    ]
