"""Costs of a study's points from the analytical model."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format, parse_format
from dse.point import CostContext, DesignPoint, Dsp, sha256_of
from dse.search.rows import CostRow
from hw_models.cost import (
    COST_VERSION,
    CostTable,
    PartialCostTable,
    coefficients_digest,
    estimate_partial,
    estimate_points,
)
from hw_models.folding import Folding, Shapes
from hw_models.partial import PartialAccelerator
from hw_models.resources import Source

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def cost_context(template: Shapes, device: str) -> CostContext:
    """Return what costs of networks shaped like `template` depend on.

    The shapes are digested with int8 everywhere, whatever formats `template` happens to have.
    """
    int8 = [parse_format("int8")] * len(template.mvaus)
    return CostContext(
        shapes=sha256_of(template.with_formats(int8, int8).to_json()),
        coefficients=coefficients_digest(device),
        version=COST_VERSION,
    )


def cost_table(template: Shapes, points: Sequence[DesignPoint]) -> CostTable | PartialCostTable:
    """Return the costs of `points`, which share foldings, device and use of DSP blocks.

    Raises:
        FormatError: Hardware does not cover a format.
        UnmodelledError: The cost model has no rule for something.
    """
    first = points[0]
    hardware = (first.foldings, first.device, first.dsp)
    assert all((point.foldings, point.device, point.dsp) == hardware for point in points)
    layers = [point.scheme.layers for point in points]
    used = ((layer.weight, layer.act) for layer in chain.from_iterable(layers))
    formats = list(dict.fromkeys(chain.from_iterable(used)))
    index = {number_format: position for position, number_format in enumerate(formats)}
    weights = np.array([[index[layer.weight] for layer in row] for row in layers])
    acts = np.array([[index[layer.act] for layer in row] for row in layers])
    return format_costs(template, formats, weights, acts, *hardware)


def format_costs(
    template: Shapes,
    formats: Sequence[Format],
    weights: Ints,
    acts: Ints,
    foldings: Sequence[Folding],
    device: str,
    dsp: Dsp,
) -> CostTable | PartialCostTable:
    """Return the costs of format assignments, as `estimate_points` or `estimate_partial` does."""
    if isinstance(template, PartialAccelerator):
        return estimate_partial(template, formats, weights, acts, foldings, device, dsp)
    return estimate_points(template, formats, weights, acts, foldings, device, dsp)


def compared_costs(table: CostTable | PartialCostTable, column: str) -> Floats:
    """Return what points are compared by, `(points,)`: a column of `StudySettings.cost_column`."""
    return np.asarray(getattr(table, column), dtype=np.float64)


def cost_rows(table: CostTable | PartialCostTable, cost_keys: Sequence[str]) -> tuple[CostRow, ...]:
    """Return the rows of `table` under `cost_keys`, for the store."""
    totals = (
        [[None] * len(cost_keys)] * 4
        if isinstance(table, PartialCostTable)
        else [column.tolist() for column in (table.lut, table.ff, table.dsp, table.bram18)]
    )
    others = [column.tolist() for column in (table.weight_kib, table.lut_per_mac, table.ii_cycles)]
    rows = zip(cost_keys, *totals, *others, strict=True)
    return tuple(
        CostRow(
            cost_key=cost_key,
            lut=lut,
            ff=ff,
            dsp=dsp,
            bram18=bram18,
            weight_kib=weight_kib,
            lut_per_mac=lut_per_mac,
            ii_cycles=ii_cycles,
            cost_source=Source.ANALYTICAL.value,
        )
        for cost_key, lut, ff, dsp, bram18, weight_kib, lut_per_mac, ii_cycles in rows
    )
