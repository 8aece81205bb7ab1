"""The tables of points in a study's report, as Markdown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dse.intervals import PairedComparison, wilson
from dse.report.markdown import escape, table
from dse.report.symbols import MINUS, NOTHING, TIMES
from dse.search.header import PartialCoverage
from dse.search.rows import TOTALS, EndedPoint

if TYPE_CHECKING:
    import pandas as pd

    from dse.report.findings import Findings, WidthFinding

COST_NAMES = {"lut": "LUT", "lut_per_mac": "LUT per MAC", "ii_cycles": "cycles a frame"}
"""What points are compared by, by its column."""
_TOTAL_NAMES = dict(zip(TOTALS, ("LUT", "FF", "DSP", "BRAM"), strict=True))


def front_table(findings: "Findings") -> str:
    """Return the points of the front with all their numbers, cheapest first."""
    recipes = sorted(set(findings.front["recipe"]))
    totals = TOTALS if findings.header.partial is None else ()
    rates = ("fps",) if findings.header.cost_column == "ii_cycles" else ()
    headings = [
        "weights", "activations", *(["recipe"] if recipes != ["none"] else []), "point",
        "validation [%]", "test [%]", *(_TOTAL_NAMES[name] for name in totals), "weights [KiB]",
        "LUT per MAC", "II [cycles]", *("frames a second" for _ in rates),
    ]  # fmt: skip
    rows = [
        [
            *_formats(row),
            *([escape(row["recipe"])] if recipes != ["none"] else []),
            f"`{row['digest'][:8]}`",
            f"{row['val_top1_pct']:.2f}",
            accuracy(row["test_top1_pct"], row["n_test"]),
            *(count(row[column]) for column in totals),
            f"{row['weight_kib']:.1f}",
            f"{row['lut_per_mac']:.1f}",
            count(row["ii_cycles"]),
            *(count(row[column]) for column in rates),
        ]
        for _, row in findings.front.iterrows()
    ]
    numbers = 5 + len(totals) + len(rates)
    return table(headings, rows, "l" * (len(headings) - numbers) + "r" * numbers)


def interesting_table(findings: "Findings") -> str:
    """Return the most interesting points, compared with float and with int8."""
    cost = findings.header.cost_column
    int8_cost = 2**findings.header.reference.log2_cost
    float_pct = findings.header.float_accuracy.test_top1_pct
    shows_dsp = findings.header.partial is None
    rows = (
        [
            *_formats(row),
            accuracy(row["test_top1_pct"], row["n_test"]),
            f"{row['test_top1_pct'] - float_pct:+.2f}",
            cost_text(row[cost], cost),
            f"{100 * row[cost] / int8_cost:.0f} %",
            *([count(row["dsp"])] if shows_dsp else []),
        ]
        for _, row in findings.interesting.iterrows()
    )
    headings = [
        "weights", "activations", "test [%]", "against float [points]", COST_NAMES[cost],
        f"of int8 {TIMES} int8", *(["DSP"] if shows_dsp else []),
    ]  # fmt: skip
    return table(headings, rows, "llrrrr" + "r" * shows_dsp)


def widths_table(findings: "Findings") -> str:
    """Return the best integer and the best minifloat of each width, and which is better."""
    cost = findings.header.cost_column
    headings = [
        "bits", "integer", "test [%]", COST_NAMES[cost], "minifloat", "test [%]", COST_NAMES[cost],
        f"integer {MINUS} minifloat [points]", "p", "accuracy", "on the front",
    ]  # fmt: skip
    rows = (
        [
            str(width.bits),
            *_best_cells(width.integer, cost),
            *_best_cells(width.minifloat, cost),
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


def cost_text(number: float, cost: str) -> str:
    """Return a number of the column that points are compared by."""
    return f"{number:.1f}" if cost == "lut_per_mac" else count(number)


def host_table(partial: PartialCoverage) -> str:
    """Return what a host computes, function by function."""
    functions = dict.fromkeys(function for _, function, _ in partial.host)
    rows = []
    for name in functions:
        nodes = [(node, macs) for node, function, macs in partial.host if function == name]
        first, last = nodes[0][0], nodes[-1][0]
        places = f"`{first}`" if len(nodes) == 1 else f"`{first}` to `{last}`"
        rows.append([escape(name), places, str(len(nodes)), count(sum(macs for _, macs in nodes))])
    return table(["function", "nodes", "number", "MACs a frame"], rows, "llrr")


def difference(found: PairedComparison) -> str:
    """Return a difference of two accuracies with its interval [points]."""
    ends = f"{found.interval.low_pct:+.2f} … {found.interval.high_pct:+.2f}"
    return f"{found.difference_pct:+.2f} ({ends})"


def count(number: float) -> str:
    """Return a whole number in groups of three digits."""
    return f"{number:,.0f}".replace(",", "\u202f")


def ended_table(ended: Sequence[EndedPoint]) -> str:
    """Return points that have no accuracy, and why."""
    headings = ["weights", "activations", "recipe", "point", "why it ended"]
    rows = (
        [
            escape(item.weight_format),
            escape(item.act_format),
            escape(item.recipe),
            f"`{item.digest[:8]}`",
            escape(item.reason),
        ]
        for item in ended
    )
    return table(headings, rows, "lllll")


def _formats(row: "pd.Series") -> tuple[str, str]:
    return escape(str(row["weight_format"])), escape(str(row["act_format"]))


def _best_cells(row: "pd.Series | None", cost: str) -> list[str]:
    if row is None:
        return [NOTHING] * 3
    weight, act = _formats(row)
    name = weight if weight == act else f"{weight} / {act}"
    return [name, accuracy(row["test_top1_pct"], row["n_test"]), cost_text(row[cost], cost)]


def _comparison_cells(found: PairedComparison | None) -> list[str]:
    if found is None:
        return [NOTHING] * 2
    p_value = f"{found.p_value:.3f}" if found.p_value >= 0.0005 else "< 0.001"
    return [difference(found), p_value]


def _members(width: "WidthFinding") -> str:
    names = (("integer", width.integer_on_front), ("minifloat", width.minifloat_on_front))
    return " and ".join(name for name, is_member in names if is_member) or "neither"
