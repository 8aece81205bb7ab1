"""Formats and costs of a page's points, layer by layer."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dse.formats import parse_format
from dse.report.page.columns import by_width
from dse.report.page.encode import encode_rows, encode_words
from dse.search.costs import cost_context, format_costs
from dse.search.header import Header
from hw_models.cost import CostTable
from hw_models.folding import Folding

if TYPE_CHECKING:
    import pandas as pd

Words = NDArray[np.object_]
_COSTS = ("lut", "compute_lut", "ff", "dsp", "bram18", "weight_bits")


def layers(
    rows: "pd.DataFrame", formats: "pd.DataFrame", header: Header
) -> tuple[list[dict[str, Any]], str]:
    """Return each layer's formats and costs, and why there are no costs, if so.

    Args:
        rows: Evaluations.
        formats: As `Store.layer_formats` returns them; read later, so it may hold more points.
        header: Of the study.
    """
    if rows.empty:
        return [], ""
    mine = formats[formats["digest"].isin(rows["digest"])]
    names = mine["layer"].iloc[: len(mine) // len(rows)].tolist()
    weights, acts = (
        mine[column].to_numpy(dtype=object).reshape(len(rows), len(names))
        for column in ("weight_format", "act_format")
    )
    table, reason = _costs(weights, acts, rows, header)
    found = zip(names, weights.T, acts.T, header.foldings, strict=True)
    return [
        {
            "name": name,
            "weights": encode_words(weight, by_width(set(weight))),
            "acts": encode_words(act, by_width(set(act))),
            "pe": pe,
            "simd": simd,
            **(_layer_costs(table, position) if table else {}),
        }
        for position, (name, weight, act, (pe, simd)) in enumerate(found)
    ], reason


def _costs(
    weights: Words, acts: Words, rows: "pd.DataFrame", header: Header
) -> tuple[CostTable | None, str]:
    """Return the costs of formats `(points, layers)` by the cost model that costed the study."""
    settings = header.settings
    if header.partial is not None:
        return None, "a host computes a part of the network, so there are no totals to break down"
    if header.shapes is None:
        return None, (
            "this study was made before studies kept the shapes of layers; the command that made "
            "it adds them"
        )
    if cost_context(header.shapes, settings.device) != header.cost:
        return None, (
            "another version of the cost model made the totals; the command that made the study "
            "brings them up to date"
        )
    formats = sorted({*weights.ravel().tolist(), *acts.ravel().tolist()})
    table = format_costs(
        header.shapes,
        [parse_format(name) for name in formats],
        np.searchsorted(formats, weights.astype(str)),
        np.searchsorted(formats, acts.astype(str)),
        [Folding(pe=pe, simd=simd) for pe, simd in header.foldings],
        settings.device,
        settings.dsp,
    )
    assert isinstance(table, CostTable), "shapes are of whole networks"
    assert np.array_equal(table.lut, rows["lut"]), "the same model gives the same totals"
    return table, ""


def _layer_costs(table: CostTable, position: int) -> dict[str, Any]:
    columns = [getattr(table, f"layer_{name}")[:, position] for name in _COSTS]
    return {
        "costs": encode_rows(np.stack(columns, axis=1), _COSTS),
        "ii_cycles": int(table.layer_ii_cycles[position]),
    }
