"""Counts of cells as files: a table, and a page that sets them beside their aims."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from dse.files import replace_atomically
from dse.report.markdown import table
from hw_models.calibration.cell_counts import PLACED_MORE, CellCount


def write_cells(counts: Sequence[CellCount], folder: Path, *, command: str, tool: str) -> None:
    """Write ``cells.csv`` and ``README.md``.

    Args:
        counts: Cells of all devices.
        folder: Where the files go.
        command: What makes them again.
        tool: What synthesised, with its version.

    Raises:
        DataError: A file cannot be written.
    """
    text = io.StringIO()
    names = [field.name for field in fields(CellCount)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(count) for count in counts)
    replace_atomically(folder / "cells.csv", text.getvalue())
    replace_atomically(folder / "README.md", "\n".join(_page(counts, command, tool)))


def _page(counts: Sequence[CellCount], command: str, tool: str) -> Iterator[str]:
    yield "# What the cells take\n"
    yield "Made by\n"
    yield f"    {command}\n"
    yield (
        f"Synthesised by {tool}, without DSP blocks, unpipelined. An aim is what a first "
        "prototype of the cell took, with carry cells written by hand; placed, a cell may take "
        f"{PLACED_MORE} more. ecp5 counts LUT4 and two for each CCU2C, ice40 SB_LUT4 and carries "
        "that share no logic cell, xcup LUT cells; *packed* are sites when small LUTs share one. "
        "ice40 has no tuned style and no aim.\n"
    )
    headings = ("device", "cell", "format", "terms", "LUT", "packed", "FF", "placed", "aim", "")
    yield table(headings, map(_row, counts), "lllrrrrrrl")
    aimed = [count for count in counts if count.meets_aim is not None]
    yield f"{sum(bool(c.meets_aim) for c in aimed)} of {len(aimed)} cells meet their aim.\n"


def _row(count: CellCount) -> tuple[str, ...]:
    verdict = {True: "met", False: "missed", None: ""}[count.meets_aim]
    return (
        count.device,
        count.cell,
        count.format_name.upper(),
        str(count.terms or ""),
        str(count.lut),
        str(count.lut_packed),
        str(count.ff),
        "" if count.placed_lut is None else str(count.placed_lut),
        "" if count.aim_lut is None else str(count.aim_lut),
        verdict,
    )
