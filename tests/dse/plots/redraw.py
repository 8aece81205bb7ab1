"""Draws the gallery's figures anew, after a change of style: ``python -m tests.dse.plots.redraw``.

Everything comes from numbers that the gallery holds. Left as they are: ``samplers`` and ``search``,
whose runs and points it does not hold, ``page``, whose pictures `tests.dse.report.page.pictures`
takes, and ``figures``, which ``make figures`` draws.
"""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from dse.plots import by_bits, estimate_error, pareto, save_figure, sensitivity
from dse.plots.finn_compare import finn_beside_ours
from dse.report.fp8_vs_int8 import draw_fp8_vs_int8
from dse.selection import best_recipes
from hw_models.calibration.formats_compared import Accumulator, Cell
from hw_models.calibration.formats_compared import Comparison as FormatComparison
from hw_models.finn.compare import Comparison as FinnComparison
from hw_models.finn.compare import NodeComparison, Side
from hw_models.finn.simulate import Simulated
from hw_models.folding import Folding
from hw_models.resources import Resources

_FLOAT = re.compile(r"Before quantization: top-1 ([\d.]+)")
_NODES = "requantizers, pools, additions"


def redraw(gallery: Path) -> None:
    """Replace the figures in `gallery`."""
    for path in gallery.glob("**/evaluations.csv"):
        redraw_study(path.parent)
    for path in gallery.glob("cost-model/*.csv"):
        device, _, nodes = path.stem.partition("_")
        of_what = {"of_what": _NODES} if nodes else {}
        save_figure(estimate_error(path, device, **of_what), path.with_suffix(""))
    for path in gallery.glob("sensitivity/*/sensitivity.csv"):
        save_figure(sensitivity(path), path.with_suffix(""))
    for path in gallery.glob("finn-compare/*.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        save_figure(
            finn_beside_ours(finn_comparison(found), found["network"]), path.with_suffix("")
        )
    folder = gallery / "fp8-vs-int8"
    found = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    draw_fp8_vs_int8(format_comparison(found), found["sqnr_db"], folder)


def redraw_study(folder: Path) -> None:
    """Replace the figures of a study's report."""
    report = (folder / "report.md").read_text(encoding="utf-8")
    rows = pd.read_csv(folder / "evaluations.csv")
    points = best_recipes(rows) if "each the best of" in report else rows
    before = _FLOAT.search(report)
    assert before is not None
    float_pct = float(before[1])
    cost = "lut_per_mac" if points["lut"].isna().all() else "lut"
    save_figure(pareto(points, cost, float_pct=float_pct), folder / "figures" / "pareto")
    save_figure(by_bits(points, float_pct=float_pct), folder / "figures" / "by_bits")


def finn_comparison(found: dict[str, Any]) -> FinnComparison:
    """Return the comparison that `dse.report.finn_compare.comparison_json` wrote."""

    def side(plain: dict[str, Any]) -> Side:
        made = {"estimated": Resources, "synthesised": Resources, "simulated": Simulated}
        read = {name: kind(**plain[name]) for name, kind in made.items() if plain[name]}
        return Side(**{**plain, **read})

    nodes = tuple(
        NodeComparison(
            kind=node["kind"],
            folding=Folding(**node["folding"]),
            finn=side(node["finn"]),
            ours=side(node["ours"]),
        )
        for node in found["nodes"]
    )
    names = {field.name for field in fields(FinnComparison)}
    rest = {name: value for name, value in found.items() if name in names}
    return FinnComparison(**{**rest, "nodes": nodes})


def format_comparison(found: dict[str, Any]) -> FormatComparison:
    """Return the comparison that `dse.report.fp8_vs_int8.comparison_json` wrote."""
    return FormatComparison(
        counts={
            (
                Cell(
                    format_name=row["format"],
                    accumulator=Accumulator(row["accumulator"]),
                    lanes=row["lanes"],
                    terms=row["terms"],
                ),
                row["measure"],
            ): row["count"]
            for row in found["costs"]
        }
    )


if __name__ == "__main__":
    redraw(Path("reports/gallery"))
