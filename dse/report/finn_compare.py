"""FINN beside our own hardware as files: a page, a table, all numbers, and a figure."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.files import replace_atomically
from dse.plots.finn_compare import finn_beside_ours
from dse.plots.save import save_figure
from dse.report.markdown import escape, table
from hw_models.resources import Resources

if TYPE_CHECKING:
    from hw_models.finn.compare import Comparison, NodeComparison, Side

NOTHING = "\N{EN DASH}"
_RESOURCES = ("lut", "ff", "dsp", "bram18")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a comparison comes from.

    Attributes:
        network: Name of the network.
        command: What made it.
        tool: What synthesised, with its version.
        images: What the images are.
    """

    network: str
    command: str
    tool: str
    images: str


def write_finn_compare(comparison: "Comparison", provenance: Provenance, folder: Path) -> None:
    """Write ``NETWORK.md``, ``NETWORK.csv``, ``NETWORK.json`` and a figure into `folder`.

    Raises:
        DataError: A file cannot be written.
    """
    stem = folder / provenance.network
    save_figure(finn_beside_ours(comparison, provenance.network), stem)
    found = comparison_json(comparison, provenance)
    replace_atomically(stem.with_name(f"{stem.name}.json"), json.dumps(found, indent=1) + "\n")
    replace_atomically(stem.with_name(f"{stem.name}.csv"), comparison_csv(comparison))
    page = "\n".join(_page(comparison, provenance))
    replace_atomically(stem.with_name(f"{stem.name}.md"), page)


def comparison_json(comparison: "Comparison", provenance: Provenance) -> dict[str, Any]:
    """Return everything as a JSON object."""
    return {**asdict(provenance), **asdict(comparison)}


def comparison_csv(comparison: "Comparison") -> str:
    """Return a table with a row for each node and columns for both sides.

    What there is not, as the synthesis of an HLS layer, is empty.
    """
    text = io.StringIO()
    rows = [_csv_row(node) for node in comparison.nodes]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _csv_row(node: "NodeComparison") -> dict[str, object]:
    row: dict[str, object] = {
        "node": node.ours.layers[0],
        "kind": node.kind,
        "pe": node.folding.pe,
        "simd": node.folding.simd,
        "finn_layers": " ".join(node.finn.layers),
        "finn_without_estimate": " ".join(node.finn.without_estimate),
    }
    for name, side in (("finn", node.finn), ("ours", node.ours)):
        for how, counts in (("estimated", side.estimated), ("synthesised", side.synthesised)):
            for resource in _RESOURCES:
                row[f"{name}_{how}_{resource}"] = counts and getattr(counts, resource)
        ran = side.simulated
        row[f"{name}_predicted_cycles"] = side.predicted_cycles
        row[f"{name}_simulated_cycles"] = ran and ran.cycles
        row[f"{name}_words_compared"] = ran and ran.words_compared
        row[f"{name}_words_different"] = ran and ran.words_different
    return row


def _page(comparison: "Comparison", provenance: Provenance) -> Iterator[str]:
    """Yield the paragraphs of the page."""
    yield f"# FINN and bitfront: {escape(provenance.network)}\n"
    yield f"Made by\n\n    {' '.join(provenance.command.split())}\n"
    products = "in LUTs" if comparison.dsp == "none" else "in DSP blocks where that is cheaper"
    yield (
        f"finn-plus {comparison.finn_version} and bitfront: matrix units at the same PE and SIMD, "
        "thresholds at the same PE, FINN's other layers folded by FINN to keep up with them. The "
        f"RTL of both was synthesised by {escape(provenance.tool)} for Series 7, layer by layer, "
        "with the same commands, and simulated by Verilator, frames back to back. It was not "
        "placed, so no clocks are compared. FINN's products are in DSP blocks, ours "
        f"{products}.\n"
    )
    yield f"![LUTs and cycles of every layer]({provenance.network}.png)\n"
    yield "## What it takes\n"
    yield _resources(comparison)
    yield from _notes(comparison)
    yield "## Cycles per frame\n"
    yield _cycles(comparison)
    yield (
        "Our prediction for what follows a matrix unit is the pace of the sums it gets. Simulated "
        "alone it gets them without a pause, so it may take fewer cycles.\n"
    )
    compared, different = _words(comparison)
    yield (
        f"{different} of {compared} words of simulated RTL differ from what they should be; "
        f"FINN's layers and our exact reference differ in any output on "
        f"{comparison.images_different} of {comparison.images} images "
        f"({escape(provenance.images)}).\n"
    )


def _resources(comparison: "Comparison") -> str:
    headings = [
        "node", "PE", "SIMD", "FINN's layers",
        "FINN's estimate [LUT]", "FINN, Yosys [LUT]", "our estimate [LUT]", "ours, Yosys [LUT]",
        "FF: FINN, ours", "DSP: FINN, ours", "BRAM18: FINN, ours",
    ]  # fmt: skip
    rows = [_resource_row(node) for node in comparison.nodes]
    rtl = [node for node in comparison.nodes if node.finn.synthesised and node.ours.synthesised]
    finn, ours = [node.finn for node in rtl], [node.ours for node in rtl]
    sums = [
        sum((counts for counts in column if counts), start=Resources())
        for column in (
            [side.estimated for side in finn],
            [side.synthesised for side in finn],
            [side.estimated for side in ours],
            [side.synthesised for side in ours],
        )
    ]
    pairs = [f"{getattr(sums[1], name)}, {getattr(sums[3], name)}" for name in _RESOURCES[1:]]
    luts = [str(counts.lut) for counts in sums]
    rows.append(["sum where both are RTL", "", "", "", *luts, *pairs])
    return table(headings, rows, "lrrl" + "r" * 7)


def _resource_row(node: "NodeComparison") -> list[str]:
    finn, ours = node.finn, node.ours
    mark = "\\*" if finn.without_estimate else ""
    pairs = [
        f"{_count(finn.synthesised, name)}, {_count(ours.synthesised, name)}"
        for name in _RESOURCES[1:]
    ]
    return [
        escape(ours.layers[0]),
        str(node.folding.pe),
        str(node.folding.simd),
        escape(", ".join(finn.layers)) or NOTHING,
        f"{finn.estimated.lut}{mark}" if finn.layers else NOTHING,
        _count(finn.synthesised, "lut"),
        str(ours.estimated.lut),
        _count(ours.synthesised, "lut"),
        *pairs,
    ]


def _notes(comparison: "Comparison") -> Iterator[str]:
    """Yield what to know about numbers that are not there."""
    sides = [node.finn for node in comparison.nodes]
    missing = [name for side in sides for name in side.without_estimate]
    if missing:
        yield (
            f"\\* FINN estimates 0 LUT for {escape(', '.join(missing))}: it has no estimate for "
            "them, so its sum is too low.\n"
        )
    hls = [name for side in sides for name in side.layers if name.rpartition("_")[0][-3:] == "hls"]
    if hls:
        yield (
            f"FINN has no RTL for {escape(', '.join(hls))}, but HLS, which only AMD's tools "
            "synthesise or simulate.\n"
        )


def _cycles(comparison: "Comparison") -> str:
    headings = [
        "node", "PE", "SIMD", "FINN's estimate", "FINN, simulated", "predicted", "ours, simulated",
    ]  # fmt: skip
    rows = [
        [
            escape(node.ours.layers[0]),
            str(node.folding.pe),
            str(node.folding.simd),
            str(node.finn.predicted_cycles) if node.finn.layers else NOTHING,
            _simulated(node.finn),
            str(node.ours.predicted_cycles),
            _simulated(node.ours),
        ]
        for node in comparison.nodes
    ]
    return table(headings, rows, "l" + "r" * 6)


def _words(comparison: "Comparison") -> tuple[int, int]:
    """Return how many words were compared, and how many of them differ."""
    sides = [side for node in comparison.nodes for side in (node.finn, node.ours)]
    ran = [side.simulated for side in sides if side.simulated is not None]
    return sum(r.words_compared for r in ran), sum(r.words_different for r in ran)


def _count(counts: Resources | None, name: str) -> str:
    return NOTHING if counts is None else str(getattr(counts, name))


def _simulated(side: "Side") -> str:
    return NOTHING if side.simulated is None else f"{side.simulated.cycles:g}"
