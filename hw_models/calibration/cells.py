"""What is synthesised to calibrate a device, and the rows that come of it."""

import random
from collections.abc import Iterator, Sequence
from itertools import product as pairs_of
from pathlib import Path

from dse.formats import Format, default_sweep, parse_format
from dse.progress import Progress
from hw_models.arith.cell import STYLES, Dot, Mac
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.calibration.lanes import CACHE, measure_lanes
from hw_models.cost.measured import CellKind, Row
from hw_models.rtl.cell import emit_dot, emit_mac
from hw_models.synth import synthesis
from hw_models.synth.synthesis import synthesise
from hw_models.synth.yosys import version

TERMS = 1024
"""Products per sum of the cells that check the lanes."""
_INPUTS = ("uint5", "uint8")
"""Formats of network inputs, in the tables beside the sweep."""
_DOT_FORMATS = (
    ("int8", "int8"),
    ("int4", "int4"),
    ("e4m3", "e4m3"),
    ("e5m2", "e5m2"),
    ("e3m2", "e3m2"),
    ("e2m1", "e2m1"),
    ("int4", "e4m3"),
    ("e2m1", "int6"),
    ("int8", "uint8"),
)
_DOT_LANES = (2, 8, 64)
_PIPELINED_LANES = (7, 32)
_RANDOM_MACS = 12


def format_pairs() -> list[tuple[Format, Format]]:
    """Return all pairs of a weight and an activation format in the tables."""
    sweep = default_sweep()
    return list(pairs_of(sweep, (*sweep, *map(parse_format, _INPUTS))))


def check_cells() -> list[Mac | Dot]:
    """Return whole cells: equal formats, random pairs, and dot products of up to 64 lanes."""
    pairs = [pair for pair in format_pairs() if pair[0] == pair[1]]
    pairs += random.Random(0).sample(format_pairs(), _RANDOM_MACS)
    cells: list[Mac | Dot] = [Mac(weight=w, act=a, terms=TERMS) for w, a in dict.fromkeys(pairs)]
    for is_pipelined, lane_counts in ((False, _DOT_LANES), (True, _PIPELINED_LANES)):
        for (weight, act), lanes in pairs_of(_DOT_FORMATS, lane_counts):
            cells.append(
                Dot(
                    weight=parse_format(weight),
                    act=parse_format(act),
                    terms=TERMS,
                    lanes=lanes,
                    is_pipelined=is_pipelined,
                )
            )
    return cells


def table_lanes(device: str) -> list[tuple[CellKind, Format, Format, Lane]]:
    """Return the tables' lanes: each pair as trees take it, and as a MAC does if it differs."""
    style = STYLES[device][0]
    found: list[tuple[CellKind, Format, Format, Lane]] = []
    for weight, act in format_pairs():
        shape = product(weight, act)
        found.append(("lane", weight, act, Lane(product=shape, style=style, in_mac=False)))
        in_mac = Lane(product=shape, style=style, in_mac=True)
        if in_mac.keeps_top:
            found.append(("mac lane", weight, act, in_mac))
    return found


def measure(
    device: str, *, processes: int, progress: Progress, cache: Path = CACHE.parent
) -> tuple[Row, ...]:
    """Synthesise all cells for `device`; what is in the cache is not synthesised again.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    lanes = table_lanes(device)
    counts = measure_lanes(
        [lane for *_, lane in lanes],
        device,
        processes=processes,
        progress=progress,
        cache=cache / CACHE.name,
    )
    rows = [
        Row(
            cell=cell,
            weight=weight.name,
            act=act.name,
            terms=0,
            lanes=1,
            lut=count.lut,
            lut_packed=count.lut_packed,
            ff=0,
            carry=count.carry,
            tool="yosys",
            version=version(),
        )
        for (cell, weight, act, _), count in zip(lanes, counts, strict=True)
    ]
    rows += _check_rows(check_cells(), device, processes, progress, cache)
    return tuple(rows)


def _check_rows(
    cells: Sequence[Mac | Dot], device: str, processes: int, progress: Progress, cache: Path
) -> Iterator[Row]:
    """Yield a row for each of `cells`."""
    style = STYLES[device][0]
    step = f"whole cells on {device}"
    for start in range(0, len(cells), 4 * processes):
        progress(step, start, len(cells))
        some = cells[start : start + 4 * processes]
        designs = [
            emit_mac(cell, style) if isinstance(cell, Mac) else emit_dot(cell, style)
            for cell in some
        ]
        results = synthesise(
            designs, device, processes=processes, cache=cache / synthesis.CACHE.name
        )
        for cell, result in zip(some, results, strict=True):
            yield Row(
                cell=cell_kind(cell),
                weight=cell.weight.name,
                act=cell.act.name,
                terms=cell.terms,
                lanes=1 if isinstance(cell, Mac) else cell.lanes,
                lut=result.resources.lut,
                lut_packed=result.lut_packed,
                ff=result.resources.ff,
                carry=result.carry,
                tool=result.tool,
                version=result.version,
            )
    progress(step, len(cells), len(cells))


def cell_kind(cell: Mac | Dot) -> CellKind:
    """Return what `cell` is called in the tables."""
    if isinstance(cell, Mac):
        return "mac"
    return "pipelined dot" if cell.is_pipelined else "dot"
