import csv
import json
import re

import pytest

from dse.report.fp8_vs_int8 import Provenance, sqnr_of_formats, write_fp8_vs_int8
from dse.report.published import (
    FP16_GATES,
    FP32_GATES,
    FPGA_BAND,
    gate_verdicts,
    lut_verdicts,
)
from hw_models.calibration.formats_compared import (
    OTHER_TERMS,
    TERMS,
    Accumulator,
    Cell,
    Comparison,
    Cost,
)


def cost(name, count, measure="gates", accumulator=Accumulator.EXACT, lanes=1, terms=TERMS):
    cell = Cell(
        format_name=name,
        accumulator=accumulator,
        lanes=lanes,
        terms=terms if accumulator is Accumulator.EXACT else 0,
    )
    return Cost(cell=cell, measure=measure, count=count)


SOME = Comparison.of(
    [
        cost("int8", 100),
        cost("int8", 90, terms=OTHER_TERMS),
        cost("e4m3", 133),
        cost("e4m3", 150, accumulator=Accumulator.FP16_PRUNED),
        cost("e4m3", 150, accumulator=Accumulator.FP16_GENERAL),
        cost("e4m3", 267, accumulator=Accumulator.FP32_PRUNED),
        cost("e4m3", 288, accumulator=Accumulator.FP32_GENERAL),
        cost("int8", 63, "xcup LUT"),
        cost("e2m5", 73, "xcup LUT"),
        cost("e4m3", 99, "xcup LUT"),
        cost("e5m2", 200, "xcup LUT"),
        cost("int8", 500, "xcup LUT", lanes=8),
        cost("e4m3", 600, "xcup LUT", lanes=8),
        cost("int4", 30, "ecp5 LUT"),
        cost("e2m1", 45, "ecp5 LUT"),
    ]
)


@pytest.mark.parametrize(
    ("published", "measured", "agrees"),
    [
        (FP16_GATES, 43.0, True),
        (FP16_GATES, 63.0, True),
        (FP16_GATES, 42.9, False),
        (FP32_GATES, 193.1, False),
        (FPGA_BAND, 20.0, True),
        (FPGA_BAND, 180.0, True),
        (FPGA_BAND, 19.9, False),
        (FPGA_BAND, 181.0, False),
    ],
)
def test_figures_have_a_tolerance_and_bands_have_none(published, measured, agrees):
    assert published.agrees(measured) is agrees


def test_gates_are_judged_against_both_lengths_of_sums():
    found = {
        (v.cell.accumulator, v.reference.terms): (round(v.measured_pct), v.word, v.reason)
        for v in gate_verdicts(SOME)
    }
    assert len(found) == 8
    assert found[Accumulator.FP16_PRUNED, TERMS] == (50, "agrees", "")
    more, word, reason = found[Accumulator.FP16_GENERAL, OTHER_TERMS]
    assert (more, word) == (67, "differs")
    assert f"sum of {OTHER_TERMS}" in reason
    assert "general" not in reason, "it costs no more than the pruned one"
    more, word, reason = found[Accumulator.FP32_PRUNED, TERMS]
    assert (more, word) == (167, "differs")
    assert "pruned" in reason
    assert found[Accumulator.FP32_GENERAL, TERMS][:2] == (188, "agrees")
    assert "general" in found[Accumulator.FP32_GENERAL, OTHER_TERMS][2]


def test_luts_are_judged_against_the_integer_of_the_same_width():
    found = {
        (v.cell.format_name, v.cell.lanes): (v.reference.format_name, v.word)
        for v in lut_verdicts(SOME)
    }
    assert found == {
        ("e2m5", 1): ("int8", "differs"),
        ("e4m3", 1): ("int8", "agrees"),
        ("e5m2", 1): ("int8", "differs"),
        ("e4m3", 8): ("int8", "agrees"),
        ("e2m1", 1): ("int4", "agrees"),
    }
    reasons = {v.cell.format_name: v.reason for v in lut_verdicts(SOME) if v.word == "differs"}
    assert "pays" in reasons["e2m5"]
    assert "wide" in reasons["e5m2"]


def test_small_products_on_xcup_are_tables():
    found = [cost("int4", 29, "xcup LUT"), cost("e2m1", 30, "xcup LUT")]
    (verdict,) = lut_verdicts(Comparison.of(found))
    assert verdict.word == "differs"
    assert "tables" in verdict.reason


def test_the_files_hold_what_was_measured_and_say_what_was_not(tmp_path):
    provenance = Provenance(command="bitfront fp8-vs-int8\n--out x", tool="yo*sys* <b>|0")
    sqnr_db = sqnr_of_formats()
    write_fp8_vs_int8(SOME, sqnr_db, provenance, tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert r"yo\*sys\* \<b\>\|0" in page
    assert "    bitfront fp8-vs-int8 --out x\n" in page
    assert "267 (+167 %)" in page
    assert "not measured" in page
    assert "gates: an exact accumulator is cheaper than pruned FP16 for E4M3; not for any" in page
    assert re.search(r"\| E4M3 \| xcup LUT \| \+57 % agrees \| \+20 % agrees \| not measured", page)
    assert "6 of 13 figures agree" in page
    rows = list(csv.DictReader((tmp_path / "costs.csv").read_text().splitlines()))
    assert len(rows) == len(SOME.counts)
    (e2m1,) = (row for row in rows if row["format"] == "e2m1")
    assert e2m1["over_int8_pct"] == "", "nothing to compare with was measured"
    assert e2m1["over_same_width_integer_pct"] == "50.0"
    stored = json.loads((tmp_path / "comparison.json").read_text())
    assert len(stored["published"]) == 13
    assert stored["sqnr_db"]["gaussian"]["int8"] == pytest.approx(40.6, abs=0.1)
    for stem in ("costs", "sqnr"):
        for ending in ("png", "svg", "pdf"):
            assert (tmp_path / f"{stem}.{ending}").stat().st_size > 1000
