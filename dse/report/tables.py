"""The tables of points in a study's report, as Markdown."""

from typing import TYPE_CHECKING

from dse.intervals import PairedComparison, wilson
from dse.report.findings import Findings, WidthFinding
from dse.report.markdown import escape, table
from dse.report.symbols import MINUS, NOTHING, TIMES

if TYPE_CHECKING:
    import pandas as pd


def front_table(findings: Findings) -> str:
    """Return the points of the front with all their numbers, cheapest first."""
    recipes = sorted(set(findings.front["recipe"]))
    headings = [
        "weights", "activations", *(["recipe"] if recipes != ["none"] else []), "point",
        "validation [%]", "test [%]", "LUT", "FF", "DSP", "BRAM", "weights [KiB]", "LUT per MAC",
        "II [cycles]",
    ]  # fmt: skip
    rows = [
        [
            *_formats(row),
            *([escape(row["recipe"])] if recipes != ["none"] else []),
            f"`{row['digest'][:8]}`",
            f"{row['val_top1_pct']:.2f}",
            accuracy(row["test_top1_pct"], row["n_test"]),
            *(count(row[column]) for column in ("lut", "ff", "dsp", "bram18")),
            f"{row['weight_kib']:.1f}",
            f"{row['lut_per_mac']:.1f}",
            count(row["ii_cycles"]),
        ]
        for _, row in findings.front.iterrows()
    ]
    numbers = 9
    return table(headings, rows, "l" * (len(headings) - numbers) + "r" * numbers)


def interesting_table(findings: Findings) -> str:
    """Return the most interesting points, compared with float and with int8."""
    int8_lut = 2**findings.header.reference.log2_lut
    float_pct = findings.header.float_accuracy.test_top1_pct
    rows = (
        [
            *_formats(row),
            accuracy(row["test_top1_pct"], row["n_test"]),
            f"{row['test_top1_pct'] - float_pct:+.2f}",
            count(row["lut"]),
            f"{100 * row['lut'] / int8_lut:.0f} %",
            count(row["dsp"]),
        ]
        for _, row in findings.interesting.iterrows()
    )
    headings = [
        "weights", "activations", "test [%]", "against float [points]", "LUT",
        f"of int8 {TIMES} int8", "DSP",
    ]  # fmt: skip
    return table(headings, rows, "llrrrrr")


def widths_table(findings: Findings) -> str:
    """Return the best integer and the best minifloat of each width, and which is better."""
    headings = [
        "bits", "integer", "test [%]", "LUT", "minifloat", "test [%]", "LUT",
        f"integer {MINUS} minifloat [points]", "p", "accuracy", "on the front",
    ]  # fmt: skip
    rows = (
        [
            str(width.bits),
            *_best_cells(width.integer),
            *_best_cells(width.minifloat),
            *_comparison_cells(width.comparison),
            width.verdict or NOTHING,
            _members(width),
        ]
        for width in findings.widths
    )
    return table(headings, rows, "rlrrlrrrrll")


def accuracy(top1_pct: float, n: int) -> str:
    """Return an accuracy with its interval [%]."""
    found = wilson(round(top1_pct * n / 100), int(n))
    return f"{top1_pct:.2f} ({found.low_pct:.2f} … {found.high_pct:.2f})"


def count(number: float) -> str:
    """Return a whole number in groups of three digits."""
    return f"{number:,.0f}".replace(",", "\u202f")


def _formats(row: "pd.Series") -> tuple[str, str]:
    return escape(str(row["weight_format"])), escape(str(row["act_format"]))


def _best_cells(row: "pd.Series | None") -> list[str]:
    if row is None:
        return [NOTHING] * 3
    weight, act = _formats(row)
    name = weight if weight == act else f"{weight} / {act}"
    return [name, accuracy(row["test_top1_pct"], row["n_test"]), count(row["lut"])]


def _comparison_cells(found: PairedComparison | None) -> list[str]:
    if found is None:
        return [NOTHING] * 2
    ends = f"{found.interval.low_pct:+.2f} … {found.interval.high_pct:+.2f}"
    p_value = f"{found.p_value:.3f}" if found.p_value >= 0.0005 else "< 0.001"
    return [f"{found.difference_pct:+.2f} ({ends})", p_value]


def _members(width: WidthFinding) -> str:
    names = (("integer", width.integer_on_front), ("minifloat", width.minifloat_on_front))
    return " and ".join(name for name, is_member in names if is_member) or "neither"
