"""FP8 against INT8 as files: a page, all counts, and two figures."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dse import latex
from dse.files import replace_atomically
from dse.formats import parse_format
from dse.metrics import DISTRIBUTIONS, best_sqnr_db
from dse.plots.formats_compared import relative_costs, sqnr_panels
from dse.plots.save import save_figure
from dse.report.fp8_rows import (
    MISSING,
    Rows,
    Sqnr,
    cost_rows,
    count_text,
    mac_cells,
    percent,
    sqnr_rows,
)
from dse.report.markdown import escape, table
from dse.report.published import (
    DAMSGAARD,
    FP16_GATES,
    FP32_GATES,
    FPGA_BAND,
    TOLERANCE_POINTS,
    VAN_BAALEN,
    Verdict,
    gate_verdicts,
    lut_verdicts,
)
from hw_models.calibration.formats_compared import (
    DOT_ACCUMULATORS,
    FORMATS,
    LANES,
    MEASURES,
    OTHER_TERMS,
    TERMS,
    Accumulator,
    Cell,
    Comparison,
)

_DRAWN = ("gates", "xcup LUT", "ecp5 LUT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the counts come from.

    Attributes:
        command: What made them.
        tool: What synthesised, with its version.
    """

    command: str
    tool: str


def sqnr_of_formats() -> dict[str, dict[str, float]]:
    """Return the greatest SQNR [dB] of each compared format, by distribution and format."""
    return {
        distribution.name: {
            name: best_sqnr_db(parse_format(name), distribution) for name in FORMATS
        }
        for distribution in DISTRIBUTIONS
    }


def write_fp8_vs_int8(
    comparison: Comparison, sqnr_db: Sqnr, provenance: Provenance, folder: Path
) -> None:
    """Write ``README.md``, ``comparison.json``, tables and two figures into `folder`.

    The tables are ``costs.csv`` of all counts, and for LaTeX ``costs.tex`` of multiply-accumulates
    and ``sqnr.tex``.

    Raises:
        DataError: A file cannot be written.
    """
    draw_fp8_vs_int8(comparison, sqnr_db, folder)
    found = comparison_json(comparison, sqnr_db, provenance)
    replace_atomically(folder / "comparison.json", json.dumps(found, indent=1) + "\n")
    replace_atomically(folder / "costs.csv", _csv(found["costs"]))
    macs = cost_rows(comparison, mac_cells())
    replace_atomically(folder / "costs.tex", latex.table(*macs))
    replace_atomically(folder / "sqnr.tex", latex.table(*sqnr_rows(sqnr_db)))
    replace_atomically(folder / "README.md", "\n".join(_page(comparison, sqnr_db, provenance)))


def draw_fp8_vs_int8(comparison: Comparison, sqnr_db: Sqnr, folder: Path) -> None:
    """Write the figures ``costs`` and ``sqnr`` into `folder`.

    Raises:
        DataError: A file cannot be written.
    """
    published = {
        "gates": {
            f"published:\nFP8-E4, FP16\n{FP16_GATES}": 1 + FP16_GATES.low_pct / 100,
            f"published:\nFP8-E4, FP32\n{FP32_GATES}": 1 + FP32_GATES.low_pct / 100,
        }
    }
    save_figure(relative_costs(comparison, _DRAWN, published), folder / "costs")
    save_figure(sqnr_panels(comparison, _DRAWN[0], sqnr_db), folder / "sqnr")


def comparison_json(
    comparison: Comparison, sqnr_db: Sqnr, provenance: Provenance
) -> dict[str, Any]:
    """Return everything as a JSON object: costs, verdicts, SQNR, and where they come from."""
    verdicts = (*gate_verdicts(comparison), *lut_verdicts(comparison))
    return {
        "command": provenance.command,
        "tool": provenance.tool,
        "costs": list(_cost_rows(comparison)),
        "published": [_verdict_json(verdict) for verdict in verdicts],
        "sqnr_db": {name: dict(values) for name, values in sqnr_db.items()},
    }


def _cost_rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for (cell, measure), count in comparison.counts.items():
        more = {
            key: comparison.more_pct(cell, cell.reference(name), measure)
            for key, name in (
                ("over_int8_pct", "int8"),
                ("over_same_width_integer_pct", f"int{cell.bits}"),
            )
        }
        yield {
            "format": cell.format_name,
            "accumulator": str(cell.accumulator),
            "lanes": cell.lanes,
            "terms": cell.terms,
            "measure": measure,
            "count": count,
            **{key: None if value is None else round(value, 2) for key, value in more.items()},
        }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "format": verdict.cell.format_name,
        "accumulator": str(verdict.cell.accumulator),
        "lanes": verdict.cell.lanes,
        "reference": verdict.reference.format_name,
        "reference_terms": verdict.reference.terms,
        "measure": verdict.measure,
        "measured_pct": round(verdict.measured_pct, 2),
        "published_pct": [verdict.published.low_pct, verdict.published.high_pct],
        "source": verdict.published.source,
        "verdict": verdict.word,
        "reason": verdict.reason,
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _page(comparison: Comparison, sqnr_db: Sqnr, provenance: Provenance) -> Iterator[str]:
    """Yield the paragraphs of the page."""
    yield "# FP8 against INT8\n"
    yield f"Made by\n\n    {' '.join(provenance.command.split())}\n"
    yield (
        f"Every count is of RTL that computes the format correctly, synthesised by "
        f"{escape(provenance.tool)}: on FPGAs in the device's tuned style without DSP blocks, in "
        f"gates in the portable style. Weights and activations have the same format; integer "
        f"weights are narrow. Exact accumulators hold any sum of {TERMS} products, which makes "
        f"INT8's as wide as the 27 bits of {escape(VAN_BAALEN)}. *Pruned* floating-point "
        "accumulators are right about sums that start from clear; *general* ones about every "
        "content. Each product is exact, each sum rounded once, half to even. Dot products with a "
        "floating-point accumulator sum the products of a beat exactly in a tree, then add that to "
        "the accumulator and round once, as tensor cores do.\n"
    )
    yield (
        "On FPGAs products and exact accumulators are tuned for the device's carry cells, of the "
        "floating-point cells only the product: their accumulators are portable, so the ratios "
        "there may still fall. In gates nothing is tuned.\n"
    )
    yield "## Beside what others published\n"
    yield from _published(comparison)
    yield "## Multiply-accumulates\n"
    yield "![Cost by format and accumulator](costs.png)\n"
    yield from _macs(comparison)
    yield "## Dot products\n"
    yield from _dots(comparison)
    yield "## What the bits buy\n"
    yield "![SQNR over cost](sqnr.png)\n"
    yield _markdown(sqnr_rows(sqnr_db))
    yield (
        "SQNR [dB] at the best scale; integers use their full range. *student t8*: Student's t "
        "with 8 degrees of freedom.\n"
    )
    yield "## Units\n"
    yield (
        "* *gates*: 2-input gates, a multiplexer counted 3, inverters not counted. *with FF*: a "
        "flip-flop counted 4 gates, as its 16 transistors are 4 NAND gates'.\n"
        "* *transistors*: static CMOS, inverters counted.\n"
        "* *xcup LUT*: LUT cells, a LUT6_2 counted 1. *ecp5 LUT*: LUT4 and two for each CCU2C. "
        "*LUT+FF*: both added one to one, though flip-flops sit beside LUTs at no cost of their "
        "own.\n"
        "* All counts: `costs.csv`; with verdicts and SQNR: `comparison.json`.\n"
    )


def _published(comparison: Comparison) -> Iterator[str]:
    yield (
        f"The rule: a figure *agrees* with a published figure within {TOLERANCE_POINTS:g} "
        "percentage points, and with a published band inside it; otherwise it *differs*. "
        "The published figures are quoted at second hand; neither paper's tables were read.\n"
    )
    gates = list(gate_verdicts(comparison))
    yield f"E4M3 over exact INT8 in gates; published by {escape(VAN_BAALEN)}:\n"
    yield table(
        ["accumulator", "INT8 sums", "measure", "measured", "published", "", "reason"],
        (
            [
                escape(v.cell.accumulator),
                f"{v.reference.terms} terms",
                v.measure,
                percent(v.measured_pct),
                str(v.published),
                v.word,
                escape(v.reason),
            ]
            for v in gates
        ),
        "lllrrll",
    )
    yield (
        f"Exact minifloats over exact integers of the same width in LUTs, without conversion "
        f"back to floating point; published by {escape(DAMSGAARD)} for Versal: {FPGA_BAND}:\n"
    )
    luts = list(lut_verdicts(comparison))
    yield table(
        ["format", "measure", *(_lanes(lanes) for lanes in LANES), "reason"],
        _band_rows(luts),
        "ll" + "r" * len(LANES) + "l",
    )
    words = [verdict.word for verdict in (*gates, *luts)]
    yield f"{words.count('agrees')} of {len(words)} figures agree.\n"


def _band_rows(verdicts: Sequence[Verdict]) -> Iterator[list[str]]:
    shown = dict.fromkeys((v.cell.format_name, v.measure) for v in verdicts)
    for name, measure in shown:
        found = {
            v.cell.lanes: v for v in verdicts if (v.cell.format_name, v.measure) == (name, measure)
        }
        cells = [
            f"{percent(found[lanes].measured_pct)} {found[lanes].word}"
            if lanes in found
            else MISSING
            for lanes in LANES
        ]
        reasons = dict.fromkeys(v.reason for v in found.values() if v.reason)
        yield [name.upper(), measure, *cells, escape("; ".join(reasons))]


def _macs(comparison: Comparison) -> Iterator[str]:
    yield ("Counts, and how much more than INT8 with an exact accumulator by the same measure:\n")
    yield _markdown(cost_rows(comparison, mac_cells()))
    for measure in _DRAWN:
        yield from _exact_or_fp16(comparison, measure)
    yield f"Exact again, sums of {OTHER_TERMS}:\n"
    exact = (
        Cell(format_name=name, accumulator=Accumulator.EXACT, lanes=1, terms=OTHER_TERMS)
        for name in FORMATS
    )
    yield _markdown(cost_rows(comparison, exact))


def _exact_or_fp16(comparison: Comparison, measure: str) -> Iterator[str]:
    """Yield a line on which formats are cheaper with an exact accumulator than with FP16."""
    cheaper: list[str] = []
    dearer: list[str] = []
    for name in FORMATS:
        exact, rounding = (
            Cell(format_name=name, accumulator=accumulator, lanes=1, terms=terms)
            for accumulator, terms in (
                (Accumulator.EXACT, TERMS),
                (Accumulator.FP16_PRUNED, 0),
            )
        )
        more = comparison.more_pct(rounding, exact, measure)
        if more is not None:
            (cheaper if more > 0 else dearer).append(name.upper())
    if cheaper or dearer:
        yield (
            f"{measure}: an exact accumulator is cheaper than pruned FP16 for "
            f"{', '.join(cheaper) or 'none'}; not for {', '.join(dearer) or 'any other'}.\n"
        )


def _dots(comparison: Comparison) -> Iterator[str]:
    yield (
        f"Counts, and how much more than INT8 with as many lanes and an exact accumulator for sums "
        f"of {TERMS}. One lane is the multiply-accumulate. On xcup an exact one takes the "
        "shifter's last stage into its accumulator; a lane in front of an adder tree has nowhere "
        "to put it. A floating-point one adds a product with its exponent; several lanes are "
        "aligned and summed in fixed point first.\n"
    )
    for measure in MEASURES:
        yield f"**{measure.name}**\n"
        cells = [
            [
                Cell(
                    format_name=name,
                    accumulator=accumulator,
                    lanes=lanes,
                    terms=TERMS if accumulator is Accumulator.EXACT else 0,
                )
                for lanes in LANES
            ]
            for accumulator in (Accumulator.EXACT, *DOT_ACCUMULATORS)
            for name in FORMATS
        ]
        rows = (
            [
                row[0].format_name.upper(),
                escape(row[0].accumulator),
                *(count_text(comparison, cell, measure.name) for cell in row),
            ]
            for row in cells
        )
        headings = ["format", "accumulator", *(_lanes(lanes) for lanes in LANES)]
        yield table(headings, rows, "ll" + "r" * len(LANES))


def _markdown(rows: Rows) -> str:
    headings, cells, sides = rows
    return table(list(map(escape, headings)), (list(map(escape, row)) for row in cells), sides)


def _lanes(lanes: int) -> str:
    return "1 lane" if lanes == 1 else f"{lanes} lanes"
