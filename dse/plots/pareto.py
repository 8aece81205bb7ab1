"""The front of accuracy against hardware cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.base import Plot, Study, subject
from dse.plots.labels import Floats, Surroundings, place_labels
from dse.plots.legend import legend_above
from dse.plots.scales import note, set_cost_scale
from dse.plots.steps import step_corners
from dse.plots.style import (
    FAMILY_STYLES,
    GREY,
    INK,
    area,
    axis_label,
    length,
    new_axes,
    say,
    styled,
)
from dse.point import MIXED
from dse.selection import FAMILIES, chosen_by, families, feasible, front_of, is_maximised

if TYPE_CHECKING:
    import pandas as pd

_ROOM_BELOW = 0.35
"""Room below the front, as a share of its height, before poor points leave the axes."""
_FEW = 24
"""Points up to which all stay on the axes: each tells something, and the front is short."""
_NAMES = ("digest", "weight_format", "act_format", "recipe")
_INT8 = ("int8", "uint8")
_DASHES = ((0, ()), (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
"""Of the lines of a front in more than two objectives; where they were more, none is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """What is drawn where.

    Attributes:
        axes: Where to.
        x: Column of the horizontal axis.
        y: Column of the vertical axis.
        shown: All rows that have both.
        best: Those on the front.
    """

    axes: Axes
    x: str
    y: str
    shown: "pd.DataFrame"
    best: "pd.DataFrame"

    def places(self, rows: "pd.DataFrame") -> Floats:
        """Return where `rows` lie, `(n, 2)`."""
        return rows[[self.x, self.y]].to_numpy(dtype=np.float64)


def pareto(
    study: Study,
    x: str | None = None,
    y: str = "test_top1_pct",
    ax: Axes | None = None,
    *,
    also: Sequence[str] = (),
    float_pct: float | None = None,
) -> Axes:
    """Draw the evaluations, the front among them as a line of steps, and what is on it.

    The front is chosen as `dse.selection.front_of` does: by validation accuracy where test
    accuracy is shown, so steps may go down and grey points lie above them: on the test images.
    Dominated points are grey, those that break a constraint are crosses. Where of many
    points the poor ones would squeeze the front, they leave the axes and their number is written
    there.

    Args:
        study: A study, or a table with one evaluation a row; may be empty.
        x: Column of the horizontal axis; what the study compares by without.
        y: Column of the vertical axis.
        ax: Axes to draw on; a new figure without.
        also: Further objectives of the front, which is then a line for each of their values if
            those are few; otherwise no line is drawn and labels tell the values.
        float_pct: Accuracy before quantization [%], drawn as a dashed line; a study knows it.

    Returns:
        The axes.

    Raises:
        DesignError: A column is missing or holds no numbers.
    """
    found = subject(study)
    x = found.cost_column if x is None else x
    if float_pct is None and y == "test_top1_pct":
        float_pct = found.float_pct
    shown, best = _shown_and_best(found.rows, x, y, also)
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel(axis_label(x))
        axes.set_ylabel(axis_label(y))
        if shown.empty:
            return say(axes, "no evaluations")
        plane = _Plane(axes=axes, x=x, y=y, shown=shown, best=best)
        set_cost_scale(axes, shown[x].to_numpy(dtype=np.float64))
        _set_height(plane, () if float_pct is None else (float_pct,))
        lines = _draw_lines(plane, also)
        _draw_points(plane)
        obstacles = _draw_references(plane, float_pct)
        legend_above(axes, _note(best, y))
        _label_front(plane, () if lines else also, [*lines, *obstacles])
    return axes


def pareto_table(study: Study, x: str | None = None, y: str = "test_top1_pct") -> "pd.DataFrame":
    """Return the points that `pareto` draws, and whether they are on the front."""
    found = subject(study)
    x = found.cost_column if x is None else x
    shown, best = _shown_and_best(found.rows, x, y, ())
    named = [name for name in _NAMES if name in shown.columns]
    columns = dict.fromkeys((*named, x, y, chosen_by(x), chosen_by(y)))
    return shown[[*columns]].assign(on_front=shown.index.isin(best.index))


def _shown_and_best(
    rows: "pd.DataFrame", x: str, y: str, also: Sequence[str]
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    best = front_of(rows, (x, y, *also)).dropna(subset=[x, y])
    return rows.dropna(subset=[x, y]), best


def _set_height(plane: _Plane, marks: Sequence[float]) -> None:
    """Fix the vertical limits so that the front fills them and `marks` are seen."""
    values = plane.places(plane.shown)[:, 1]
    low, high = min(values.min(), *marks, np.inf), max(values.max(), *marks, -np.inf)
    if is_maximised(plane.y) and len(plane.best) and len(plane.shown) > _FEW:
        worst = float(plane.places(plane.best)[:, 1].min())
        low = max(low, worst - _ROOM_BELOW * (high - worst)) if high > worst else low
    room = 0.06 * (high - low) or 1.0
    top = high + 2 * room
    plane.axes.set_ylim(low - room, min(top, 100 + room / 2) if plane.y.endswith("_pct") else top)
    hidden = int((values < low - room).sum())
    if hidden:
        note(plane.axes, f"↓ {hidden} further down", (1.0, 0.0), (-2, 3))


def _draw_lines(plane: _Plane, also: Sequence[str]) -> list[Floats]:
    """Draw the front as one line, or one for each value of further objectives; return corners."""
    if plane.best.empty:
        return []
    if not also:
        corners = step_corners(plane.axes, plane.best, plane.x, plane.y)
        plane.axes.plot(*corners.T, color=INK, linewidth=length(0.9), zorder=3, label="front")
        return [corners]
    groups = list(plane.best.groupby(list(also)))
    if len(groups) > len(_DASHES):
        return []
    lines = []
    for (values, rows), dashes in zip(groups, _DASHES, strict=False):
        named = (f"{value:g} {axis_label(name)}" for value, name in zip(values, also, strict=True))
        lines.append(step_corners(plane.axes, rows, plane.x, plane.y)[1:-1])
        plane.axes.plot(
            *lines[-1].T,
            color=INK,
            linewidth=length(0.9),
            linestyle=dashes,
            zorder=3,
            label=f"front at {', '.join(named)}",
        )
    return lines


def _draw_points(plane: _Plane) -> None:
    allowed = feasible(plane.shown)
    dominated = allowed.drop(index=plane.best.index)
    broken = plane.places(plane.shown.drop(index=allowed.index))
    if len(broken):
        plane.axes.scatter(
            broken[:, 0],
            broken[:, 1],
            s=area(9),
            marker="x",
            color=GREY,
            linewidths=length(0.6),
            zorder=2,
            label="breaks a constraint",
        )
    for family in FAMILIES:
        style = FAMILY_STYLES[family]
        poor = plane.places(dominated[families(dominated) == family])
        plane.axes.scatter(
            poor[:, 0],
            poor[:, 1],
            s=area(7),
            marker=style.marker,
            color=GREY,
            linewidths=0,
            zorder=2,
        )
        good = plane.places(plane.best[families(plane.best) == family])
        if len(good):
            plane.axes.scatter(
                good[:, 0],
                good[:, 1],
                s=area(24),
                marker=style.marker,
                color=style.colour,
                edgecolors=INK,
                linewidths=length(0.5),
                zorder=5,
                label=style.name,
            )
    if len(dominated):
        plane.axes.scatter(
            [], [], s=area(7), marker="o", color=GREY, linewidths=0, label="dominated"
        )


def _draw_references(plane: _Plane, float_pct: float | None) -> list[Floats]:
    """Mark the 8-bit integer point and the float network; return lines labels keep clear of."""
    formats = plane.shown[["weight_format", "act_format"]]
    int8 = plane.places(plane.shown[formats.isin(_INT8).all(axis=1)])
    if len(int8):
        plane.axes.scatter(
            int8[:, 0],
            int8[:, 1],
            s=area(60),
            marker="s",
            facecolors="none",
            edgecolors=INK,
            linewidths=length(0.9),
            zorder=4,
            label="int8 / int8",
        )
    lines = [np.stack([point, point]) for point in int8]
    if float_pct is not None:
        label = f"float32, {float_pct:.2f} %"
        plane.axes.axhline(
            float_pct,
            color=INK,
            linestyle=(0, (5, 3)),
            linewidth=length(0.8),
            zorder=2.5,
            label=label,
        )
        lines.append(np.array([[edge, float_pct] for edge in plane.axes.get_xlim()]))
    return lines


def _note(best: "pd.DataFrame", y: str) -> str:
    chosen = [] if chosen_by(y) == y else ["front chosen on validation images"]
    labels = ["labels: weights/activations"] if any(_names(best)) else []
    return "; ".join(chosen + labels)


def _names(rows: "pd.DataFrame") -> list[str]:
    """Return the formats of each row; nothing where both differ from layer to layer."""
    pairs = zip(rows["weight_format"], rows["act_format"], strict=True)
    return ["" if set(pair) == {MIXED} else "/".join(pair) for pair in pairs]


def _label_front(plane: _Plane, also: Sequence[str], lines: Sequence[Floats]) -> None:
    """Label the points of the front with their formats and the values of `also`, ends first."""
    from_the_middle = np.abs(np.arange(len(plane.best)) - (len(plane.best) - 1) / 2)
    ranked = plane.best.iloc[np.argsort(-from_the_middle, kind="stable")]
    texts = _names(ranked)
    for name in also:
        texts = [
            f"{text} · {value:g} {axis_label(name)}"
            for text, value in zip(texts, ranked[name], strict=True)
        ]
    surroundings = Surroundings(
        markers=plane.places(plane.best), dots=plane.places(plane.shown), lines=tuple(lines)
    )
    named = [place for place, text in enumerate(texts) if text]
    points = plane.places(ranked)[named]
    place_labels(plane.axes, points, [texts[place] for place in named], surroundings)


PLOT = Plot(
    summary="accuracy against hardware cost: all points, the front and its formats",
    draw=pareto,
    table=pareto_table,
    options=("x", "y"),
)
