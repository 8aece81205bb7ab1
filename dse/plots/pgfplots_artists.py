"""What matplotlib draws on axes, as commands of pgfplots."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Transform

from dse.latex import escape
from dse.plots.labels import Floats

if TYPE_CHECKING:
    from matplotlib.typing import ColorType

_MARKS = {
    "o": ("*", "o"),
    "^": ("triangle*", "triangle"),
    "v": ("triangle*", "triangle"),
    "D": ("square*", "square"),
    "s": ("square*", "square"),
    "P": ("pentagon*", "pentagon"),
    "_": ("-", "-"),
    "x": ("x", "x"),
}
"""Marker of matplotlib to that of pgfplots, filled and hollow."""
_TURNED = {"v": 180, "D": 45}
"""Markers that are others, turned [degrees]."""
_PATHS = {
    name: MarkerStyle(name).get_path().transformed(MarkerStyle(name).get_transform()).vertices
    for name in _MARKS
}
_DASHES = {"-": "solid", "--": "dashed", "-.": "dash dot", ":": "dotted"}
_MANY = 2000
_PLACES = 400
"""Of more than `_MANY` points those are drawn that differ at this many places along an axis."""


def commands(axes: Axes) -> Iterator[str]:
    """Yield the commands that draw what is on `axes`, what lies behind first. Layout is fixed."""
    drawn = [child for child in axes.get_children() if child.get_visible()]
    for artist in sorted(drawn, key=lambda child: child.get_zorder()):
        if isinstance(artist, Text):
            yield from _text(axes, artist)
        elif artist is not axes.patch:
            yield from _data(axes, artist)


def legend_image(handle: object) -> str:
    """Return the options of a legend's picture."""
    if isinstance(handle, BarContainer):
        handle = handle.patches[0]
    if isinstance(handle, ErrorbarContainer):
        handle = handle.lines[0]
    if isinstance(handle, Line2D):
        return ", ".join(_line_options(handle))
    if isinstance(handle, PathCollection):
        return ", ".join(["only marks", *_scatter_options(handle)])
    if isinstance(handle, Rectangle):
        return f"area legend, {_fill(handle)}"
    return "draw=none"


def lines_of(text: str) -> str:
    """Return a text as LaTeX, its lines under each other."""
    return r" \\ ".join(escape(line) for line in text.split("\n"))


def colour(value: object) -> str:
    """Return a colour of matplotlib as xcolor writes it."""
    rgba = to_rgba(cast("ColorType", value))
    red, green, blue = (round(255 * channel) for channel in rgba[:3])
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def type_of(text: Text) -> str:
    """Return the command for the size of a text's type."""
    points = float(text.get_fontsize())
    return rf"\fontsize{{{points:g}}}{{{1.2 * points:g}}}\selectfont"


def _data(axes: Axes, artist: Artist) -> Iterator[str]:
    if isinstance(artist, Line2D):
        places = _in_data(axes, artist.get_transform(), np.asarray(artist.get_xydata()))
        if len(places):
            yield _plot(_line_options(artist), places)
    elif isinstance(artist, PathCollection):
        places = np.asarray(artist.get_offsets(), dtype=np.float64)
        if len(places):
            yield _plot(["only marks", *_scatter_options(artist)], _thinned(axes, places))
    elif isinstance(artist, LineCollection):
        width = float(np.ravel(artist.get_linewidth())[0])
        pen = f"draw={colour(artist.get_color()[0])}, line width={width:.3g}pt"
        for segment in artist.get_segments():
            yield _path(pen, _in_data(axes, artist.get_transform(), segment), "--")
    elif isinstance(artist, QuadMesh):
        yield from _mesh(artist)
    elif isinstance(artist, Rectangle):
        corners = np.array([[0.0, 0.0], [1.0, 1.0]])
        yield _path(_fill(artist), _in_data(axes, artist.get_transform(), corners), "rectangle")
    elif isinstance(artist, Collection):
        face = colour(artist.get_facecolor()[0])
        for path in artist.get_paths():
            places = _in_data(axes, artist.get_transform(), np.asarray(path.vertices))
            yield _path(f"fill={face}, fill opacity={artist.get_alpha() or 1:g}", places, "--")


def _plot(options: Sequence[str], places: Floats) -> str:
    points = " ".join(f"({x:.6g},{y:.6g})" for x, y in places)
    return f"\\addplot[forget plot, {', '.join(options)}] coordinates {{{points}}};"


def _path(options: str, places: Floats, operation: str) -> str:
    points = f" {operation} ".join(f"(axis cs:{x:.6g},{y:.6g})" for x, y in places)
    return f"\\path[{options}] {points};"


def _line_options(line: Line2D) -> list[str]:
    dashes = str(line.get_linestyle())
    has_line = dashes not in ("None", "none", "", " ")
    options = [f"color={colour(line.get_color())}", f"line width={line.get_linewidth():.3g}pt"]
    options += [_DASHES.get(dashes, "dashed")] if has_line else ["only marks"]
    if line.get_drawstyle() == "steps-post":
        options.append("const plot")
    marker = str(line.get_marker())
    if marker not in _MARKS:
        return [*options, "no marks"]
    edge, width = line.get_markeredgecolor(), line.get_markeredgewidth()
    mark = _mark(marker, line.get_markersize() / 2, line.get_markerfacecolor(), edge, width)
    return [*options, *mark]


def _scatter_options(points: PathCollection) -> list[str]:
    outline = np.asarray(points.get_paths()[0].vertices)
    names = [
        name
        for name, known in _PATHS.items()
        if outline.shape == np.shape(known) and np.allclose(outline, known)
    ]
    faces, edges = points.get_facecolor(), points.get_edgecolor()
    face = faces[0] if len(faces) else "none"
    edge = edges[0] if len(edges) else face
    widths = points.get_linewidth()
    size = float(np.sqrt(points.get_sizes()[0])) / 2
    return _mark(names[0] if names else "o", size, face, edge, float(np.ravel(widths)[0]))


def _mark(marker: str, radius: float, face: object, edge: object, width: float) -> list[str]:
    filled, hollow = _MARKS[marker]
    is_hollow = isinstance(face, str) and face.lower() == "none"
    # marks are always stroked
    pen = f"draw={colour(edge if width else face)}, line width={width:.3g}pt, solid"
    turned = f", rotate={_TURNED[marker]}" if marker in _TURNED else ""
    fill = "" if is_hollow else f", fill={colour(face)}"
    return [
        f"mark={hollow if is_hollow else filled}",
        f"mark size={radius:.3g}pt",
        f"mark options={{{pen}{fill}{turned}}}",
    ]


def _fill(patch: Rectangle) -> str:
    options = [f"fill={colour(patch.get_facecolor())}"]
    if (alpha := patch.get_alpha()) is not None:
        options.append(f"fill opacity={alpha:g}")
    if patch.get_linewidth():
        options.append(f"draw={colour(patch.get_edgecolor())}")
        options.append(f"line width={patch.get_linewidth():.3g}pt")
    if patch.get_hatch():
        options.append("postaction={pattern=north east lines}")
    return ", ".join(options)


def _mesh(mesh: QuadMesh) -> Iterator[str]:
    """Yield the cells of a map or a colour bar; empty ones are left out."""
    corners = np.asarray(mesh.get_coordinates())
    edges = mesh.get_edgecolor()
    width = float(np.ravel(mesh.get_linewidth())[0])
    pen = f", draw={colour(edges[0])}, line width={width:.3g}pt" if len(edges) else ""
    array = mesh.get_array()
    assert array is not None
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    values = np.ma.filled(array, np.nan).reshape(rows, columns)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            places = np.array([corners[row, column], corners[row + 1, column + 1]])
            options = f"fill={colour(mesh.to_rgba(value))}{pen}"
            yield _path(options, places, "rectangle")


def _text(axes: Axes, text: Text) -> Iterator[str]:
    if not text.get_text():
        return
    box = Text.get_window_extent(text)
    to_axes = axes.transAxes.inverted().transform
    if isinstance(text, Annotation) and text.arrow_patch is not None:
        start = axes.transData.transform(text.xy)
        end = np.clip(start, (box.x0, box.y0), (box.x1, box.y1))
        places = " -- ".join(f"(rel axis cs:{x:.4f},{y:.4f})" for x, y in to_axes([start, end]))
        yield f"\\path[draw=gray, line width=0.3pt] {places};"
    side = text.get_horizontalalignment() if not text.get_rotation() else "center"
    anchor, across = {"left": ("west", box.x0), "right": ("east", box.x1)}.get(
        side, ("center", (box.x0 + box.x1) / 2)
    )
    ((x, y),) = to_axes([(across, (box.y0 + box.y1) / 2)])
    options = [
        f"anchor={anchor}",
        "align=center",
        "inner sep=0pt",
        f"font={type_of(text)}",
        f"text={colour(text.get_color())}",
    ]
    if text.get_rotation():
        options.append(f"rotate={text.get_rotation():.1f}")
    place = f"(rel axis cs:{x:.4f},{y:.4f})"
    yield f"\\node[{', '.join(options)}] at {place} {{{lines_of(text.get_text())}}};"


def _in_data(axes: Axes, transform: Transform, places: Floats) -> Floats:
    """Return places of any coordinates in those of the data."""
    if transform == axes.transData:
        return places
    return np.asarray(axes.transData.inverted().transform(transform.transform(places)))


def _thinned(axes: Axes, places: Floats) -> Floats:
    """Return points without those that would cover each other, if there are many for TeX."""
    if len(places) <= _MANY:
        return places
    shares = axes.transAxes.inverted().transform(axes.transData.transform(places))
    _, first = np.unique(np.round(shares * _PLACES), axis=0, return_index=True)
    return places[np.sort(first)]
