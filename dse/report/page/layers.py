"""Formats, foldings and costs of a page's points, layer by layer."""

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
Ints = NDArray[np.int64]
_COSTS = ("lut", "compute_lut", "ff", "dsp", "bram18", "weight_bits")
_II = "ii_cycles"
_FOLDINGS_AT_MOST = 2000
"""Foldings that a study's points may have for their layers to be costed: each takes a moment."""


def layers(
    rows: "pd.DataFrame", parts: "pd.DataFrame", header: Header
) -> tuple[list[dict[str, Any]], str]:
    """Return each layer's formats, foldings and costs, and why there are no costs, if so.

    Args:
        rows: Evaluations.
        parts: As `Store.layers` returns them; read later, so it may hold more points.
        header: Of the study.
    """
    if rows.empty:
        return [], ""
    mine = parts[parts["digest"].isin(rows["digest"])]
    names = mine["layer"].iloc[: len(mine) // len(rows)].tolist()
    weights, acts, pe, simd = (
        mine[column].to_numpy().reshape(len(rows), len(names))
        for column in ("weight_format", "act_format", "pe", "simd")
    )
    foldings = np.stack([pe, simd], axis=2).astype(np.int64)
    reason = _refusal(foldings, header)
    costs = None if reason else _costs(weights, acts, foldings, rows, header)
    return [
        {
            "name": name,
            "weights": encode_words(weights[:, layer], by_width(set(weights[:, layer]))),
            "acts": encode_words(acts[:, layer], by_width(set(acts[:, layer]))),
            "folding": encode_rows(foldings[:, layer], ("pe", "simd")),
            **_encoded(costs, layer),
        }
        for layer, name in enumerate(names)
    ], reason


def _encoded(costs: Ints | None, layer: int) -> dict[str, Any]:
    return {} if costs is None else {"costs": encode_rows(costs[:, layer], (*_COSTS, _II))}


def _refusal(foldings: Ints, header: Header) -> str:
    """Return why layers cannot be costed as the study's points were; ``""`` if they can."""
    if header.partial is not None:
        return "a host computes a part of the network, so there are no totals to break down"
    if header.shapes is None:
        return (
            "this study was made before studies kept the shapes of layers; the command that made "
            "it adds them"
        )
    if cost_context(header.shapes, header.settings.device) != header.cost:
        return (
            "another version of the cost model made the totals; the command that made the study "
            "brings them up to date"
        )
    if len(np.unique(foldings, axis=0)) > _FOLDINGS_AT_MOST:
        return f"the points have more than {_FOLDINGS_AT_MOST} foldings"
    return ""


def _costs(
    weights: Words, acts: Words, foldings: Ints, rows: "pd.DataFrame", header: Header
) -> Ints:
    """Return the costs of layers and their intervals, `(points, layers, costs)`."""
    settings, shapes = header.settings, header.shapes
    assert shapes is not None, "otherwise they are refused"
    names = sorted({*weights.ravel().tolist(), *acts.ravel().tolist()})
    formats = [parse_format(name) for name in names]
    weight_index, act_index = (np.searchsorted(names, some.astype(str)) for some in (weights, acts))
    distinct, which = np.unique(foldings, axis=0, return_inverse=True)
    found = np.empty((*weights.shape, len(_COSTS) + 1), dtype=np.int64)
    for number, folding in enumerate(distinct.tolist()):
        mine = which == number
        table = format_costs(
            shapes,
            formats,
            weight_index[mine],
            act_index[mine],
            [Folding(pe=pe, simd=simd) for pe, simd in folding],
            settings.device,
            settings.dsp,
        )
        assert isinstance(table, CostTable), "shapes are of whole networks"
        columns = [getattr(table, f"layer_{name}") for name in _COSTS]
        ii_cycles = np.broadcast_to(table.layer_ii_cycles, columns[0].shape)
        found[mine] = np.stack([*columns, ii_cycles], axis=2)
    totals = found[:, :, _COSTS.index("lut")].sum(axis=1)
    assert np.array_equal(totals, rows["lut"]), "the same model gives the same totals"
    return found
