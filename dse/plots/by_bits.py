"""Accuracy against width: the best integer and the best minifloat of each number of bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dse.intervals import wilson
from dse.plots.base import Plot, Study, subject
from dse.plots.labels import Floats, Surroundings, place_labels
from dse.plots.legend import legend_above
from dse.plots.style import FAMILY_STYLES, INK, axis_label, length, new_axes, say, styled
from dse.selection import Family, best_uniform, uniform_widths

if TYPE_CHECKING:
    import pandas as pd

_OFFSETS: dict[Family, float] = {"integer": -0.07, "minifloat": 0.07}
"""Families side by side, so that their intervals do not hide each other [bits]."""
_LINE_STYLES: dict[Family, str] = {"integer": "-", "minifloat": "--"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """Points of one family `(n, 2)` and their intervals `(n,)`, for labels to keep clear of."""

    points: Floats
    low: Floats
    high: Floats

    def along(self) -> Floats:
        """Return points on the line through the points."""
        xs, ys = self.points.T
        between = np.linspace(xs[0], xs[-1], 20 * len(xs))
        return np.stack([between, np.interp(between, xs, ys)], axis=1)

    def upright(self) -> Iterator[Floats]:
        """Yield the ends `(2, 2)` of each interval."""
        for x, low, high in zip(self.points[:, 0], self.low, self.high, strict=True):
            yield np.array([[x, low], [x, high]])


def by_bits(study: Study, ax: Axes | None = None, *, float_pct: float | None = None) -> Axes:
    """Draw the test accuracy of the best integer and minifloat points of each width.

    Weights and activations have the same width and family; the best by validation accuracy is
    shown, with the 95 % interval of its test accuracy. Intervals of two points on the same images
    may overlap and yet differ: `dse.intervals.compare_paired` decides.

    Args:
        study: A study, or a table with one evaluation a row; may be empty.
        ax: Axes to draw on; a new figure without.
        float_pct: Accuracy before quantization [%], drawn as a dashed line; a study knows it.

    Returns:
        The axes.
    """
    found = subject(study)
    float_pct = found.float_pct if float_pct is None else float_pct
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel("width of weights and activations [bit]")
        axes.set_ylabel(axis_label("test_top1_pct"))
        best = {family: _rows(found.rows, family) for family in _OFFSETS}
        texts = [_name(row) for rows in best.values() for row in rows]
        if not texts:
            return say(axes, "no point with weights and activations of one width and family")
        drawn = [_draw_family(axes, rows, family) for family, rows in best.items() if rows]
        if float_pct is not None:
            label = f"float32, {float_pct:.2f} %"
            axes.axhline(
                float_pct, color=INK, linestyle=(0, (5, 3)), linewidth=length(0.8), label=label
            )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.margins(y=0.12)
        widths = [row["weight_bits"] for rows in best.values() for row in rows]
        axes.set_xlim(min(widths) - 0.5, max(widths) + 0.75)  # labels lean to the right
        axes.set_ylim(axes.get_ylim()[0], min(axes.get_ylim()[1], 100.5))
        legend_above(axes)
        marks = [] if float_pct is None else [np.array([[x, float_pct] for x in axes.get_xlim()])]
        anchors = np.concatenate([bars.points for bars in drawn])
        surroundings = Surroundings(
            markers=anchors,
            dots=np.concatenate([bars.along() for bars in drawn]),
            lines=(*marks, *(bar for bars in drawn for bar in bars.upright())),
        )
        place_labels(axes, anchors, texts, surroundings)
    return axes


def by_bits_table(study: Study) -> "pd.DataFrame":
    """Return the points that `by_bits` draws, with the ends of their intervals [%]."""
    import pandas as pd

    found = subject(study).rows
    rows = []
    for family in _OFFSETS:
        for row in _rows(found, family):
            interval = wilson(round(row["test_top1_pct"] * row["n_test"] / 100), row["n_test"])
            rows.append(
                {
                    "family": family,
                    "bits": row["weight_bits"],
                    **row[["weight_format", "act_format", "val_top1_pct", "test_top1_pct"]],
                    "test_low_pct": interval.low_pct,
                    "test_high_pct": interval.high_pct,
                }
            )
    return pd.DataFrame(rows)


def _rows(evaluations: "pd.DataFrame", family: Family) -> "list[pd.Series]":
    found = (best_uniform(evaluations, family, bits) for bits in uniform_widths(evaluations))
    return [row for row in found if row is not None]


def _draw_family(axes: Axes, rows: "list[pd.Series]", family: Family) -> _Bars:
    style = FAMILY_STYLES[family]
    xs = np.array([row["weight_bits"] + _OFFSETS[family] for row in rows], dtype=np.float64)
    ys = np.array([row["test_top1_pct"] for row in rows], dtype=np.float64)
    counts = [(round(row["test_top1_pct"] * row["n_test"] / 100), row["n_test"]) for row in rows]
    intervals = [wilson(n_correct, n) for n_correct, n in counts]
    low = np.array([interval.low_pct for interval in intervals])
    high = np.array([interval.high_pct for interval in intervals])
    axes.errorbar(
        xs,
        ys,
        yerr=np.maximum([ys - low, high - ys], 0.0),
        color=style.colour,
        marker=style.marker,
        linestyle=_LINE_STYLES[family],
        markersize=length(5),
        markeredgecolor="white",
        markeredgewidth=length(0.5),
        elinewidth=length(0.8),
        capsize=length(2),
        label=f"{style.name}, 95 % interval",
    )
    return _Bars(points=np.stack([xs, ys], axis=1), low=low, high=high)


def _name(row: "pd.Series") -> str:
    weight, act = row["weight_format"], row["act_format"]
    return str(weight) if weight == act else f"{weight}/{act}"


PLOT = Plot(
    summary="accuracy of the best integer and the best minifloat of each width",
    draw=by_bits,
    table=by_bits_table,
)
