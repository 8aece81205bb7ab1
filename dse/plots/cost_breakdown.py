"""What a design takes, layer by layer and component by component."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dse.errors import DesignError
from dse.plots.base import Plot, Study, one_point, subject
from dse.plots.legend import legend_above
from dse.plots.style import INK, PALETTE, axis_label, length, new_axes, say, styled
from dse.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from dse.point import DesignPoint
    from dse.search.header import Header
    from hw_models.resources import Part

RESOURCES = ("lut", "ff", "dsp", "bram18")
_COLUMNS = ("layer", "component", *RESOURCES)
_MULTIPLIERS = "products and sums"
_OF_MATRIX_UNITS = "weights and control"
_STREAMS = "streams"
_KINDS = {
    "Mvau": _OF_MATRIX_UNITS,
    "SlidingWindow": "windows",
    "Requantize": "requantizers",
    "Pool": "pools and additions",
    "Add": "pools and additions",
}
_COMPONENTS = (_MULTIPLIERS, *dict.fromkeys(_KINDS.values()), _STREAMS)
_LOOKS = (*((colour, "") for colour in PALETTE), ("#FFFFFF", "////"))


def cost_breakdown(
    study: Study, ax: Axes | None = None, *, point: str | None = None, resource: str = "lut"
) -> Axes:
    """Draw what each layer of a point takes, as bars of components.

    Counts are the cost model's. A layer holds the window before it, and requantizers, pools and
    additions behind it; streams count for the layer they lead to.

    Args:
        study: A study, or a table as `cost_breakdown_table` returns it.
        ax: Axes to draw on; a new figure without.
        point: 8 or more characters of a point's digest; without, the point without which the front
            would lose most.
        resource: One of lut, ff, dsp, bram18.

    Returns:
        The axes.

    Raises:
        UserError: No such point or resource, the network is not to be had, or a host computes a
            part of it.
    """
    if resource not in RESOURCES:
        raise DesignError(
            f"no resource called '{resource}'{nearest(resource, list(RESOURCES))}; "
            f"known: {', '.join(RESOURCES)}"
        )
    table = cost_breakdown_table(study, point=point)
    layers = list(dict.fromkeys(table["layer"]))
    with styled():
        axes = new_axes(lines=7 + 1.5 * len(layers)) if ax is None else ax
        axes.set_xlabel(axis_label(resource))
        if not table[resource].sum():
            return say(axes, f"none: {axis_label(resource)}")
        ends = np.zeros(len(layers))
        for component, (colour, hatch) in zip(_COMPONENTS, _LOOKS, strict=True):
            rows = table[table["component"] == component].groupby("layer")[resource].sum()
            widths = np.array([rows.get(layer, 0) for layer in layers], dtype=np.float64)
            if widths.any():
                axes.barh(
                    range(len(layers)),
                    widths,
                    0.72,
                    ends,
                    color=colour,
                    hatch=hatch,
                    edgecolor=INK,
                    linewidth=length(0.3),
                    label=component,
                )
            ends += widths
        axes.set_yticks(range(len(layers)), layers)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(0, 1.04 * ends.max())
        legend_above(axes)
    return axes


def cost_breakdown_table(study: Study, *, point: str | None = None) -> "pd.DataFrame":
    """Return layer, component and the counts of each resource.

    Raises:
        UserError: As `cost_breakdown`.
    """
    import pandas as pd

    found = subject(study)
    if found.has(_COLUMNS):
        return found.rows
    digest = one_point(found, "cost-breakdown", point)
    design = found.points([digest], "cost-breakdown")[digest]
    rows = _parts(found.known_header("cost-breakdown"), design)
    table = pd.DataFrame(
        [
            {"layer": layer, "component": component, **part.resources.to_json()}
            for layer, component, part in rows
        ]
    )
    counted = table.groupby(["layer", "component"], sort=False)[list(RESOURCES)].sum()
    return counted.reset_index()


def _parts(header: "Header", point: "DesignPoint") -> "Iterator[tuple[str, str, Part]]":
    """Yield layer, component and part, layer by layer."""
    from dse.search.hardware import point_accelerator
    from hw_models.cost import estimate

    accelerator = point_accelerator(header, point)
    report = estimate(accelerator, point.foldings, point.device, point.dsp)
    names = [mvau.name for mvau in accelerator.mvaus]
    layer_of = {
        node.name: names[layer]
        for node, layer in zip(accelerator.nodes, accelerator.layer_of_node, strict=True)
    }
    found = [
        (layer_of[node.name], _MULTIPLIERS if part.is_compute else _KINDS[node.kind], part)
        for node in report.per_node
        for part in node.parts
    ]
    found += [
        (layer_of.get(stream.sink or stream.source, names[0]), _STREAMS, part)
        for stream in report.between
        for part in stream.parts
    ]
    yield from sorted(found, key=lambda entry: names.index(entry[0]))


PLOT = Plot(
    summary="LUTs (or other resources) of a point, layer by layer and component by component",
    draw=cost_breakdown,
    table=lambda study, *, point=None, resource="lut": cost_breakdown_table(study, point=point),
    options=("point", "resource"),
)
