"""Cells of the comparison: which there are, and the counts of one of them by hand."""

from hw_models.calibration.formats_compared import (
    DOT_ACCUMULATORS,
    FORMATS,
    LANES,
    MEASURES,
    Accumulator,
    Cell,
    Comparison,
    Cost,
    compared_cells,
    measure_cells,
)
from hw_models.resources import Resources
from hw_models.synth.count import Synthesis


def test_every_format_has_every_accumulator_and_every_dot_product_once():
    cells = compared_cells()
    dots = len(DOT_ACCUMULATORS) * (len(LANES) - 1)
    assert len(set(cells)) == len(cells) == len(FORMATS) * (len(LANES) + len(Accumulator) + dots)
    assert {cell.accumulator for cell in cells if cell.lanes == 64} == {
        Accumulator.EXACT,
        *DOT_ACCUMULATORS,
    }


def test_measures_count_flip_flops_or_not():
    counted = Synthesis(
        resources=Resources(lut=30, ff=5),
        lut_packed=20,
        carry=1,
        gates=100,
        transistors=500,
        version="0",
    )
    assert {measure.name: measure.of(counted) for measure in MEASURES} == {
        "gates": 100,
        "gates with FF": 120,
        "transistors": 420,
        "transistors with FF": 500,
        "xcup LUT": 30,
        "xcup LUT+FF": 35,
        "ecp5 LUT": 30,
        "ecp5 LUT+FF": 35,
    }


def test_tiny_cells_are_synthesised_and_remembered(tmp_path):
    exact = Cell(format_name="e2m1", accumulator=Accumulator.EXACT, lanes=1, terms=4)
    rounding = Cell(format_name="e2m1", accumulator=Accumulator.FP16_GENERAL, lanes=1, terms=0)
    steps = []

    def run():
        return list(
            measure_cells(
                [exact, rounding],
                "gates",
                processes=1,
                progress=lambda step, done, total: steps.append((done, total)),
                cache=tmp_path,
            )
        )

    first = run()
    assert steps == [(0, 2), (2, 2)]
    assert len(list(tmp_path.glob("*.json"))) == 2
    assert run() == first
    found = Comparison.of(first)
    gates, with_ff = (found.count(rounding, name) for name in ("gates", "gates with FF"))
    assert gates is not None
    assert with_ff == gates + 4 * 16, "an FP16 sum is 16 flip-flops"
    assert found.count(exact, "xcup LUT") is None
    more = found.more_pct(rounding, exact, "gates")
    assert more is not None
    assert more > 0


def test_ratios():
    cell, other = (
        Cell(format_name=name, accumulator=Accumulator.EXACT, lanes=8, terms=64)
        for name in ("e4m3", "int8")
    )
    found = Comparison.of(
        [Cost(cell=cell, measure="gates", count=150), Cost(cell=other, measure="gates", count=100)]
    )
    assert found.more_pct(cell, cell.reference("int8"), "gates") == 50
    assert found.more_pct(cell, other, "xcup LUT") is None
    assert found.cells == [cell, other]
