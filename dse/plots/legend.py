"""Legends above the axes, as wide as there is room."""

from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.text import Annotation
from matplotlib.transforms import offset_copy

from dse.plots.style import NOTE, length, type_size

_MOST_COLUMNS = 6
_PAD_PT = 2.0
_LINE_PT = 10.5
"""Height of a line of a note, in the default style."""


def legend_above(axes: Axes, note: str = "") -> None:
    """Name what is drawn, above the axes on their left, and write a `note` on the right.

    The legend takes the columns there is room for. A note is broken at semicolons where it is
    wider than the axes, and gets lines of its own where it would meet the legend. Needs `styled`.

    Args:
        axes: Axes to name things on.
        note: Small text; may be empty.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    text = _note(axes, note)
    text.set_in_layout(False)
    figure.draw_without_rendering()
    room = axes.get_window_extent()
    if text.get_window_extent().width > room.width:
        text.set_text(note.replace("; ", "\n"))
    if axes.get_legend_handles_labels()[1]:
        columns = _columns(axes, room.width)
        legend = _legend(axes, columns, _PAD_PT)
        figure.draw_without_rendering()
        if note and legend.get_window_extent().overlaps(text.get_window_extent()):
            lines = 1 + text.get_text().count("\n")
            _legend(axes, columns, _PAD_PT + lines * _LINE_PT)
    text.set_in_layout(True)


def _note(axes: Axes, note: str) -> Annotation:
    return axes.annotate(
        note,
        xy=(1.0, 1.0),
        xycoords="axes fraction",
        xytext=(0, length(4)),
        textcoords="offset points",
        ha="right",
        fontsize=type_size(),
        color=NOTE,
    )


def _columns(axes: Axes, room: float) -> int:
    """Return the most columns with which the legend is not wider than `room` [pixels]."""
    count = len(axes.get_legend_handles_labels()[1])
    for columns in range(min(count, _MOST_COLUMNS), 1, -1):
        legend = _legend(axes, columns, _PAD_PT)
        legend.set_in_layout(False)
        if legend.get_window_extent().width <= room:
            return columns
    return 1


def _legend(axes: Axes, columns: int, lift_pt: float) -> Legend:
    figure = axes.get_figure(root=True)
    assert figure is not None
    lifted = offset_copy(axes.transAxes, figure, y=length(lift_pt), units="points")
    return axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        bbox_transform=lifted,
        ncols=columns,
        borderaxespad=0.0,
    )
