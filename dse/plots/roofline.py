"""The roofline of a folding: what layers do, and what their lanes could."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.plots.base import Plot, Study, one_point, subject
from dse.plots.labels import Floats, Surroundings, place_labels
from dse.plots.legend import legend_above
from dse.plots.scales import set_log_scale, short
from dse.plots.style import GREY, INK, NOTE, PALETTE, area, length, new_axes, styled, type_size

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("layer", "macs_per_byte", "gmacs_per_s", "roof_gmacs_per_s")
_ALL = "all layers"
_ROOM = 2.0
_LEAST_NAMED = 0.35
"""Diagonals shorter than this share of the axes' width have no name."""
_ROOF_WIDTH_PT = 7.7
_NAME_AT = np.linspace(0.15, 0.85, 8)
"""Where along a diagonal its name may be."""


def roofline(study: Study, ax: Axes | None = None, *, point: str | None = None) -> Axes:
    """Draw the multiply-accumulates of each layer a second over those it does for a byte it moves.

    A layer moves its weights, and the codes of its inputs and outputs, once a frame. The bar above
    a layer is its roof: all its lanes (PE × SIMD) busy at the device's nominal clock; the slowest
    layer reaches it, and the others wait. Grey diagonals are rates of moving bytes: weights are on
    the chip, so they say what memory outside would have to give. See S. Williams, A. Waterman and
    D. Patterson, "Roofline", CACM 52 (2009) 65-76.

    Args:
        study: A study, or a table as `roofline_table` returns it.
        ax: Axes to draw on; a new figure without.
        point: As for `dse.plots.cost_breakdown`.

    Returns:
        The axes.

    Raises:
        UserError: As `dse.plots.cost_breakdown`.
    """
    table = roofline_table(study, point=point)
    with styled():
        axes = new_axes() if ax is None else ax
        axes.set_xlabel("multiply-accumulates per byte moved")
        axes.set_ylabel("speed [GMAC/s]")
        xs = table["macs_per_byte"].to_numpy(dtype=np.float64)
        ys = table["gmacs_per_s"].to_numpy(dtype=np.float64)
        roofs = table["roof_gmacs_per_s"].to_numpy(dtype=np.float64)
        set_log_scale(axes, "x", xs.min() / _ROOM**1.5, xs.max() * _ROOM**1.5)
        set_log_scale(axes, "y", ys.min() / _ROOM, roofs.max() * _ROOM)
        for is_all, colour, marker, name in (
            (False, PALETTE[1], "o", "layer, at the pace of the slowest"),
            (True, PALETTE[2], "D", "all layers"),
        ):
            chosen = (table["layer"] == _ALL).to_numpy() == is_all
            axes.vlines(
                xs[chosen], ys[chosen], roofs[chosen], colors=INK, linewidth=length(0.6), zorder=3
            )
            axes.scatter(
                xs[chosen],
                roofs[chosen],
                s=area(_ROOF_WIDTH_PT**2),
                marker="_",
                color=INK,
                linewidths=length(1.4),
                label="roof: all lanes busy" if is_all else None,
                zorder=3,
            )
            axes.scatter(
                xs[chosen],
                ys[chosen],
                s=area(22),
                marker=marker,
                color=colour,
                edgecolors=INK,
                linewidths=length(0.4),
                label=name,
                zorder=4,
            )
        legend_above(axes)
        _draw_rates(axes, np.concatenate([xs, xs]), np.concatenate([ys, roofs]))
        _label(axes, table, np.stack([xs, ys], axis=1), roofs)
    return axes


def roofline_table(study: Study, *, point: str | None = None) -> "pd.DataFrame":
    """Return what `roofline` draws: per layer, and for all of them together.

    Raises:
        UserError: As `roofline`.
    """
    import pandas as pd

    from dse.search.hardware import point_accelerator
    from hw_models.folding import slowest_layer_ii_cycles
    from hw_models.nodes import SlidingWindow

    found = subject(study)
    if found.has(_COLUMNS):
        return found.rows
    digest = one_point(found, "roofline", point)
    header = found.known_header("roofline")
    design = found.points([digest], "roofline")[digest]
    accelerator = point_accelerator(header, design)
    frames_per_s = 1e6 * header.clock_mhz / slowest_layer_ii_cycles(accelerator, design.foldings)
    rows: list[tuple[str, int, float, int]] = []
    for index, mvau in enumerate(accelerator.mvaus):
        window = accelerator.window_of(mvau)
        following = accelerator.mvaus[index + 1 : index + 2]
        inputs = window.in_elements if isinstance(window, SlidingWindow) else mvau.in_elements
        out_bits = following[0].act.bits if following else mvau.accumulator_bits
        moved = mvau.weight_bits + inputs * mvau.act.bits + mvau.out_elements * out_bits
        rows.append((mvau.name, mvau.macs, moved / 8, design.foldings[index].lanes))
    _, all_macs, all_moved, all_lanes = zip(*rows, strict=True)
    rows.append((_ALL, sum(all_macs), sum(all_moved), sum(all_lanes)))
    return pd.DataFrame(
        [
            {
                "layer": name,
                "macs": macs,
                "bytes": moved,
                "lanes": lanes,
                "macs_per_byte": macs / moved,
                "gmacs_per_s": macs * frames_per_s / 1e9,
                "roof_gmacs_per_s": lanes * header.clock_mhz / 1e3,
            }
            for name, macs, moved, lanes in rows
        ]
    )


def _draw_rates(axes: Axes, xs: Floats, ys: Floats) -> None:
    """Draw a diagonal for each power of ten of bytes a second, named away from points."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # fixes the layout, hence the angle of diagonals
    to_pixels = axes.transData.transform
    points = to_pixels(np.stack([xs, ys], axis=1))
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    first, last = np.ceil(np.log10(bottom / right)), np.floor(np.log10(top / left))
    for rate in 10.0 ** np.arange(first, last + 1):
        ends = np.array([max(left, bottom / rate), min(right, top / rate)])
        axes.plot(ends, rate * ends, color=GREY, linewidth=length(0.7), zorder=1)
        start, end = to_pixels(np.stack([ends, rate * ends], axis=1))
        if np.hypot(*(end - start)) < _LEAST_NAMED * axes.bbox.width:
            continue
        places = ends[0] * (ends[1] / ends[0]) ** _NAME_AT
        middles = to_pixels(np.stack([places, rate * places], axis=1))
        distances = np.hypot(*(middles[:, None] - points[None]).transpose(2, 0, 1)).min(axis=1)
        at = float(places[distances.argmax()])
        axes.annotate(
            f"{short(1e9 * rate, ' ')}B/s",
            (at, rate * at),
            rotation=np.degrees(np.arctan2(*reversed(end - start))),
            rotation_mode="anchor",
            ha="center",
            va="bottom",
            fontsize=type_size(),
            color=NOTE,
            zorder=1,
        )


def _label(axes: Axes, table: "pd.DataFrame", points: Floats, roofs: Floats) -> None:
    tops = np.stack([points[:, 0], roofs], axis=1)
    uprights = tuple(np.stack(pair) for pair in zip(points, tops, strict=True))
    figure = axes.get_figure(root=True)
    assert figure is not None
    half = np.array([length(_ROOF_WIDTH_PT / 2) * figure.dpi / 72, 0.0])
    middles, back = axes.transData.transform(tops), axes.transData.inverted()
    caps = back.transform(np.concatenate([middles - half, middles + half]))
    place_labels(
        axes,
        points,
        list(table["layer"]),
        Surroundings(markers=np.concatenate([points, caps]), dots=points, lines=uprights),
    )


PLOT = Plot(
    summary="roofline of a point's folding: speed of each layer, and what its lanes could do",
    draw=roofline,
    table=roofline_table,
    options=("point",),
)
