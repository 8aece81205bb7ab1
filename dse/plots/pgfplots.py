"""A figure as a picture of pgfplots, to be edited and typeset by the paper itself."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, YAxis
from matplotlib.figure import Figure

from dse.plots.pgfplots_artists import colour, commands, legend_image, lines_of, type_of
from dse.plots.style import styled

_HEAD = """\
% needs \\usepackage{{pgfplots}} \\pgfplotsset{{compat=1.18}} \\usetikzlibrary{{patterns}}
{comment}\\begin{{tikzpicture}}
\\useasboundingbox (0,0) rectangle ({width:.4f}in,{height:.4f}in);
"""


def pgfplots_snippet(axes: Axes, comment: str = "") -> str:
    """Return a ``tikzpicture`` that draws the figure of `axes`, of the same size.

    Axes stand where matplotlib's layout puts them; data are coordinates of plots. Of series of
    many points, those that would cover each other are left out.

    Args:
        axes: Axes of the figure.
        comment: A line at its top, such as where the numbers are.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    with styled():
        figure.draw_without_rendering()
        width, height = figure.get_size_inches()
        note = f"% {' '.join(comment.split())}\n" if comment else ""
        parts = [_HEAD.format(width=width, height=height, comment=note)]
        for panel in _panels(figure):
            parts += [f"{line}\n" for line in _axis(panel, figure)]
    return "".join([*parts, "\\end{tikzpicture}\n"])


def _panels(figure: Figure) -> Iterator[Axes]:
    for axes in figure.axes:
        yield axes
        yield from (child for child in axes.child_axes if isinstance(child, Axes))


def _axis(axes: Axes, figure: Figure) -> Iterator[str]:
    """Yield the lines of an axis environment."""
    dpi, box = figure.dpi, axes.get_window_extent()
    yield "\\begin{axis}["
    yield f"  at={{({box.x0 / dpi:.4f}in,{box.y0 / dpi:.4f}in)}}, anchor=south west,"
    yield f"  scale only axis, width={box.width / dpi:.4f}in, height={box.height / dpi:.4f}in,"
    yield "  clip mode=individual,"
    if axes.axison:
        yield "  axis lines*=left, tick align=outside, tick pos=left,"
        if not axes.spines["left"].get_visible():
            yield "  axis line style={draw=none}, tick style={draw=none}, major tick length=0pt,"
        yield f"  major grid style={{draw={colour('#E6E6E6')}}},"
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            yield from _direction(axes, name, axis)
    else:
        yield "  hide axis, xmin=0, xmax=1, ymin=0, ymax=1,"
    yield from _legend_style(axes)
    yield "]"
    yield from commands(axes)
    yield from _legend(axes)
    yield "\\end{axis}"


def _direction(axes: Axes, name: str, axis: Axis) -> Iterator[str]:
    """Yield the options of one direction: limits, scale, ticks and label."""
    limits = axes.get_xlim() if name == "x" else axes.get_ylim()
    low, high = sorted(limits)
    places = np.asarray(axis.get_majorticklocs())
    texts = [tick.get_text() for tick in axis.get_ticklabels()] or [""] * len(places)
    shown = [pair for pair in zip(places, texts, strict=True) if low <= pair[0] <= high]
    mode = "log" if axis.get_scale() == "log" else "linear"
    is_reversed = limits[0] > limits[1]
    ticks = ",".join(f"{place:.8g}" for place, _ in shown)
    names = ",".join(f"{{{lines_of(text)}}}" for _, text in shown)
    yield f"  {name}min={low:.8g}, {name}max={high:.8g}, {name}mode={mode},"
    yield f"  {name} dir={'reverse' if is_reversed else 'normal'},"
    yield f"  {name}tick={{{ticks}}}, {name}ticklabels={{{names}}}, scaled {name} ticks=false,"
    if any(line.get_visible() for line in axis.get_gridlines()):
        yield f"  {name}majorgrids=true,"
    labels = axis.get_ticklabels()
    turn = labels[0].get_rotation() if labels else 0.0
    side = f", rotate={turn:g}, anchor=east" if turn else ""
    size = type_of(labels[0] if labels else axis.label)
    yield f"  {name}ticklabel style={{font={size}, align=center{side}}},"
    if isinstance(axis, YAxis) and axis.get_ticks_position() == "right":
        yield f"  {name}ticklabel pos=right, {name}tick pos=right,"
    if axis.label.get_text():
        font, box = type_of(axis.label), axis.label.get_window_extent()
        middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        x, y = axes.transAxes.inverted().transform(middle)
        yield f"  {name}label={{{lines_of(axis.label.get_text())}}},"
        yield f"  {name}label style={{at={{(axis description cs:{x:.4f},{y:.4f})}}, anchor=center,"
        yield f"    font={font}, align=center}},"


def _legend_style(axes: Axes) -> Iterator[str]:
    legend = axes.get_legend()
    if legend is None:
        return
    box = legend.get_window_extent()
    x, y = axes.transAxes.inverted().transform((box.x0, box.y0))
    columns = len({round(text.get_window_extent().x0) for text in legend.get_texts()})
    size = type_of(legend.get_texts()[0])
    yield f"  legend columns={columns}, legend cell align=left, legend style={{draw=none,"
    yield f"    fill=none, inner sep=0pt, font={size}, at={{({x:.4f},{y:.4f})}},"
    yield "    anchor=south west, /tikz/every even column/.append style={column sep=4pt}},"


def _legend(axes: Axes) -> Iterator[str]:
    legend = axes.get_legend()
    if legend is None:
        return
    handles, names = axes.get_legend_handles_labels()
    if not names:
        handles = [handle for handle in legend.legend_handles if handle is not None]
        names = [text.get_text() for text in legend.get_texts()]
    for handle, name in zip(handles, names, strict=True):
        yield f"\\addlegendimage{{{legend_image(handle)}}}"
        yield f"\\addlegendentry{{{lines_of(name)}}}"
