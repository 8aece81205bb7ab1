"""Labels beside points that cover neither each other nor the points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from dse.plots.style import INK, length, type_size

Floats = NDArray[np.float64]
Boxes = NDArray[np.float64]
"""`(n, 4)`: left, bottom, right, top [pixels]."""

_ANGLES_DEG = (135, 90, 157.5, 112.5, 180, 45, 67.5, 0, 22.5, 315, 270, 225, 292.5, 337.5, 202.5)
"""Directions from a point to its label, best first: nothing beats a front, so above is room."""
_DISTANCES_PT = (5.0, 9.0, 14.0, 20.0, 27.0, 36.0, 47.0, 60.0)
"""In the default style, as all lengths here."""
_FAR = 0.2
"""No label is further from its point than this share of the axes' width."""
_ROUNDS = 3
_GAP_PT = 1.5
_LEADER_FROM_PT = 7.0
"""A label nearer to its point than this needs no line to it."""
_LEADER_SAMPLES = 7

_COLLISION = 1e6
_ON_A_MARKER = 1e3
_ON_A_LINE = 60.0
_CROSSING = 300.0
_ON_A_DOT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What labels keep clear of, in data coordinates.

    Attributes:
        markers: `(n, 2)` points no label may hide.
        dots: `(n, 2)` points better not hidden.
        lines: Corners `(n, 2)` of each line better not hidden, n at least 2.
    """

    markers: Floats
    dots: Floats
    lines: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """Places for one label.

    Attributes:
        boxes: `(places, 4)` the label's box [pixels].
        ends: `(places, 2)` where its line ends [pixels].
        costs: `(places,)` what each place costs, other labels aside.
    """

    boxes: Boxes
    ends: Floats
    costs: Floats


def place_labels(
    axes: Axes, points: Floats, texts: Sequence[str], surroundings: Surroundings
) -> None:
    """Write each text beside its point, with a thin line to it where it had to move away.

    Places around each point are weighed by what they would hide and how far away they are; the
    labels choose in turn, in the order given, a few rounds over. A label that would still
    collide with one given before it, or leave the axes, is left out. Axis limits must be final.
    Needs `styled`.

    Args:
        axes: Axes that hold the points.
        points: `(n, 2)` in data coordinates, the most important first.
        texts: One for each point.
        surroundings: What to keep clear of.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # fixes the layout, hence every position in pixels
    pixel = figure.dpi / 72.0 * length(1.0)
    anchors = axes.transData.transform(points) if len(points) else np.empty((0, 2))
    candidates = [
        _candidates(axes, anchor, text, surroundings, pixel)
        for anchor, text in zip(anchors, texts, strict=True)
    ]
    chosen = _choose(anchors, candidates)
    for anchor, place, options, text in zip(anchors, chosen, candidates, texts, strict=True):
        if place >= 0:
            _write(axes, anchor, options.boxes[place], options.ends[place], text, pixel)


def _candidates(
    axes: Axes, anchor: Floats, text: str, surroundings: Surroundings, pixel: float
) -> _Candidates:
    width, height = _extent(axes, text)
    angles = np.deg2rad(np.tile(_ANGLES_DEG, len(_DISTANCES_PT)))
    distances = np.repeat(_DISTANCES_PT, len(_ANGLES_DEG)) * pixel
    direction = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ends = anchor + direction * distances[:, None]
    centre = ends + direction * np.array([width, height]) / 2
    half = np.array([width, height]) / 2
    boxes = np.hstack([centre - half, centre + half])
    bounds = axes.get_window_extent()
    outside = (boxes[:, :2] < (bounds.x0, bounds.y0)) | (boxes[:, 2:] > (bounds.x1, bounds.y1))
    to_pixels = axes.transData.transform
    markers = _around(to_pixels(surroundings.markers), 3.0 * pixel)
    dots = _around(to_pixels(surroundings.dots), 1.0 * pixel)
    segments = np.concatenate(
        [np.empty((0, 4)), *(_segments(to_pixels(line)) for line in surroundings.lines)]
    )
    preference = np.tile(np.arange(len(_ANGLES_DEG)), len(_DISTANCES_PT))
    others = markers[~_holds(markers, anchor[None, None])]
    costs = (
        _COLLISION * outside.any(axis=1)
        + _ON_A_MARKER * _overlaps(boxes, markers).sum(axis=1)
        + _CROSSING * _holds(others[None], _along(anchor, ends)[:, None]).sum(axis=1)
        + _ON_A_LINE * _overlaps(boxes, segments).sum(axis=1)
        + _ON_A_DOT * _overlaps(boxes, dots).sum(axis=1)
        + _COLLISION * (distances > _FAR * bounds.width)
        + distances / pixel
        + preference
    )
    return _Candidates(boxes=boxes, ends=ends, costs=costs)


def _choose(anchors: Floats, candidates: Sequence[_Candidates]) -> list[int]:
    """Return the place of each label, -1 for those that find none."""
    chosen = [-1] * len(candidates)
    for _ in range(_ROUNDS):
        for label, options in enumerate(candidates):
            others = [other for other, place in enumerate(chosen) if place >= 0 and other != label]
            costs = options.costs.copy()
            if others:
                boxes = np.array([candidates[other].boxes[chosen[other]] for other in others])
                ends = np.array([candidates[other].ends[chosen[other]] for other in others])
                costs += _COLLISION * _overlaps(options.boxes, boxes).sum(axis=1)
                crossing = _cross(anchors[label], options.ends, anchors[others], ends)
                costs += _CROSSING * crossing.sum(axis=1)
                mine, theirs = _along(anchors[label], options.ends), _along(anchors[others], ends)
                costs += _CROSSING * _holds(boxes[None], mine[:, None]).any(axis=1)
                costs += _CROSSING * _holds(options.boxes[:, None], theirs[None]).any(axis=1)
            best = int(costs.argmin())
            chosen[label] = best if costs[best] < _COLLISION else -1
    return chosen


def _write(axes: Axes, anchor: Floats, box: Floats, end: Floats, text: str, pixel: float) -> None:
    centre = (box[:2] + box[2:]) / 2
    needs_leader = float(np.hypot(*(end - anchor))) > _LEADER_FROM_PT * pixel
    label = axes.annotate(
        text,
        xy=tuple(axes.transData.inverted().transform(anchor)),
        xytext=tuple((centre - anchor) / pixel * length(1.0)),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=type_size(),
        color=INK,
        zorder=6,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": length(0.3)},
        arrowprops={
            "arrowstyle": "-",
            "color": "#777777",
            "linewidth": length(0.4),
            "shrinkA": 0.0,
            "shrinkB": length(2.0),
            "patchA": None,
            "relpos": tuple(np.clip((end - box[:2]) / (box[2:] - box[:2]), 0.0, 1.0)),
        }
        if needs_leader
        else None,
    )
    label.set_in_layout(False)  # it lies within the axes, and asking every label takes time


def _extent(axes: Axes, text: str) -> tuple[float, float]:
    """Return width and height of a label with its gap [pixels]."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    probe = axes.text(0.5, 0.5, text, fontsize=type_size(), transform=axes.transAxes)
    box = probe.get_window_extent()
    probe.remove()
    gap = length(_GAP_PT) * figure.dpi / 72.0
    return float(box.width) + gap, float(box.height) + gap


def _around(centres: Floats, reach: float) -> Boxes:
    return np.hstack([centres - reach, centres + reach])


def _segments(corners: Floats) -> Boxes:
    """Return the boxes of a line's segments, which are upright or level."""
    start, end = corners[:-1], corners[1:]
    return np.hstack([np.minimum(start, end), np.maximum(start, end)])


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Return which of `boxes` `(n, 4)` meet which of `others` `(m, 4)`, as `(n, m)`."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return np.asarray(((low < others[None, :, 2:]) & (high > others[None, :, :2])).all(axis=2))


def _cross(start: Floats, ends: Floats, starts: Floats, other_ends: Floats) -> NDArray[np.bool_]:
    """Return which segments `start` → `ends[i]` cross which `starts[j]` → `other_ends[j]`."""
    a, b = start[None, None, :], ends[:, None, :]
    c, d = starts[None, :, :], other_ends[None, :, :]
    return np.asarray((_turn(a, b, c) * _turn(a, b, d) < 0) & (_turn(c, d, a) * _turn(c, d, b) < 0))


def _along(start: Floats, ends: Floats) -> Floats:
    """Return points along the lines from `start` to `ends` `(n, 2)`, as `(n, steps, 2)`."""
    share = np.linspace(0.0, 1.0, _LEADER_SAMPLES)[:, None]
    return np.asarray(np.atleast_2d(start)[:, None] * (1 - share) + ends[:, None] * share)


def _holds(boxes: Boxes, points: Floats) -> NDArray[np.bool_]:
    """Return which of `boxes` `(…, 4)` hold some of `points` `(…, steps, 2)`."""
    low, high = boxes[..., None, :2], boxes[..., None, 2:]
    return np.asarray(((points > low) & (points < high)).all(axis=-1).any(axis=-1))


def _turn(p: Floats, q: Floats, r: Floats) -> Floats:
    """Return twice the signed area of the triangles p, q, r."""
    u, v = q - p, r - p
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
