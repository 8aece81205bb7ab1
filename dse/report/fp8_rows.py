"""The rows of tables of FP8 against INT8, as plain text, for Markdown and for LaTeX."""

from collections.abc import Iterable, Mapping

from hw_models.calibration.formats_compared import (
    FORMATS,
    MEASURES,
    TERMS,
    Accumulator,
    Cell,
    Comparison,
)

MISSING = "not measured"

Sqnr = Mapping[str, Mapping[str, float]]
"""SQNR [dB] by distribution and format."""
Rows = tuple[list[str], list[list[str]], str]
"""Headings, cells, and the side each column keeps to."""


def mac_cells() -> list[Cell]:
    """Return the multiply-accumulates that are compared, accumulator by accumulator."""
    return [
        Cell(
            format_name=name,
            accumulator=accumulator,
            lanes=1,
            terms=TERMS if accumulator is Accumulator.EXACT else 0,
        )
        for accumulator in Accumulator
        for name in FORMATS
    ]


def cost_rows(comparison: Comparison, cells: Iterable[Cell]) -> Rows:
    """Return the counts of cells by each measure, and how much more that is than INT8."""
    headings = ["format", "accumulator", *(measure.name for measure in MEASURES)]
    rows = [
        [
            cell.format_name.upper(),
            str(cell.accumulator),
            *(count_text(comparison, cell, measure.name) for measure in MEASURES),
        ]
        for cell in cells
    ]
    return headings, rows, "ll" + "r" * len(MEASURES)


def sqnr_rows(sqnr_db: Sqnr) -> Rows:
    """Return the SQNR [dB] of each format on each distribution."""
    headings = ["format", *(name.replace("_", " ") for name in sqnr_db)]
    rows = [
        [name.upper(), *(f"{values[name]:.1f}" for values in sqnr_db.values())]
        for name in FORMATS
        if all(name in values for values in sqnr_db.values())
    ]
    return headings, rows, "l" + "r" * len(sqnr_db)


def count_text(comparison: Comparison, cell: Cell, measure: str) -> str:
    """Return a count, and how much more it is than INT8's."""
    count = comparison.count(cell, measure)
    if count is None:
        return MISSING
    more = comparison.more_pct(cell, cell.reference("int8"), measure)
    return f"{count}" if more is None else f"{count} ({percent(more)})"


def percent(value: float) -> str:
    """Return a change in whole per cent; no ``-0``."""
    return f"{round(value) + 0:+d} %"
