"""Formats of every layer of the points on a front."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.formats import parse_format
from dse.plots.base import Plot, Study, subject
from dse.plots.cells import draw_cells
from dse.plots.scales import plain
from dse.plots.style import length, new_axes, say, styled, type_size
from dse.selection import front_of

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("digest", "layer", "weight_format", "act_format")
_LETTERS_EM = 0.66
_BLACK_FROM = 0.48
"""Type is black on greys this light."""


def format_map(study: Study, ax: Axes | None = None) -> Axes:
    """Draw a map: a row a layer, a column a point of the front, cheapest first.

    A cell names the weight format above the format of the layer's inputs; the darker, the fewer
    bits both have together. Where there are more points than columns fit, evenly spaced ones are
    shown.

    Args:
        study: A study, or a table as `format_map_table` returns it.
        ax: Axes to draw on; a new figure without.

    Returns:
        The axes.

    Raises:
        DesignError: A table that holds no formats of layers.
    """
    table = format_map_table(study)
    layers = list(dict.fromkeys(table["layer"]))
    with styled():
        axes = new_axes(lines=8.5 + 2.6 * len(layers)) if ax is None else ax
        if table.empty:
            return say(axes, "no evaluations")
        digests = _that_fit(axes, table)
        shown = table[table["digest"].isin(digests)]
        bits = np.array(
            [
                [
                    parse_format(row["weight_format"]).bits + parse_format(row["act_format"]).bits
                    for _, row in rows.iterrows()
                ]
                for _, rows in shown.groupby("layer", sort=False)
            ],
            dtype=np.float64,
        )
        least, most = bits.min() - 0.5, bits.max() + 0.5
        draw_cells(axes, bits, cmap="Greys_r", vmin=least - 3, vmax=most + 1)
        for (row, column), total in np.ndenumerate(bits):
            cell = shown[(shown["layer"] == layers[row]) & (shown["digest"] == digests[column])]
            level = (total - least + 3) / (most - least + 4)
            axes.text(
                column,
                row,
                f"{cell['weight_format'].iloc[0]}\n{cell['act_format'].iloc[0]}",
                ha="center",
                va="center",
                fontsize=type_size(),
                color="black" if level > _BLACK_FROM else "white",
            )
        _name(axes, shown, layers, digests)
        hidden = table["digest"].nunique() - len(digests)
        more = f"; {hidden} more points of the front between them" if hidden else ""
        axes.set_xlabel(f"points of the front{more}")
    return axes


def format_map_table(study: Study) -> "pd.DataFrame":
    """Return the formats of each layer of each point on the front, with its cost and accuracy.

    Raises:
        DesignError: As `format_map`.
    """
    import pandas as pd

    found = subject(study)
    if found.has(_COLUMNS):
        return found.rows
    found.known_header("format-map")
    cost = found.cost_column
    best = front_of(found.rows, (cost, "test_top1_pct"))
    points = found.points(best["digest"], "format-map")
    return pd.DataFrame(
        [
            {
                "digest": row["digest"],
                cost: row[cost],
                "test_top1_pct": row["test_top1_pct"],
                "layer": layer.layer,
                "weight_format": layer.weight.name,
                "act_format": layer.act.name,
            }
            for _, row in best.iterrows()
            for layer in points[row["digest"]].scheme.layers
        ],
        columns=["digest", cost, "test_top1_pct", *_COLUMNS[1:]],
    )


def _that_fit(axes: Axes, table: "pd.DataFrame") -> list[str]:
    """Return the points there is room for, evenly spaced, the first and the last among them."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    names = [*table["weight_format"], *table["act_format"]]
    column = _LETTERS_EM * (max(map(len, names)) + 0.6) * type_size()
    labels = _LETTERS_EM * max(map(len, table["layer"])) * type_size(8) + length(20)
    width = 72 * float(figure.get_size_inches()[0]) * axes.get_position().width
    digests = list(dict.fromkeys(table["digest"]))
    count = min(len(digests), max(2, int((width - labels) / column)))
    places = np.linspace(0, len(digests) - 1, count).round().astype(int)
    return [digests[place] for place in places]


def _name(axes: Axes, shown: "pd.DataFrame", layers: list[str], digests: list[str]) -> None:
    costs = {"lut": "LUT", "lut_per_mac": "LUT per MAC", "ii_cycles": "cycles"}
    (cost,) = [name for name in costs if name in shown.columns]
    points = shown.drop_duplicates("digest").set_index("digest")
    names = [
        f"{plain(points[cost][digest])} {costs[cost]}\n{points['test_top1_pct'][digest]:.1f} %"
        for digest in digests
    ]
    axes.set_xticks(range(len(digests)), names, rotation=90, fontsize=type_size())
    axes.set_yticks(range(len(layers)), layers)


PLOT = Plot(
    summary="formats of every layer of the points on the front",
    draw=format_map,
    table=format_map_table,
)
