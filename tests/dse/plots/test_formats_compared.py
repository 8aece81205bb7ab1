import numpy as np

from dse.plots.formats_compared import relative_costs, sqnr_against_cost
from hw_models.calibration.formats_compared import (
    TERMS,
    Accumulator,
    Cell,
    Comparison,
    Cost,
)


def cost(name, accumulator, count):
    terms = TERMS if accumulator is Accumulator.EXACT else 0
    cell = Cell(format_name=name, accumulator=accumulator, lanes=1, terms=terms)
    return Cost(cell=cell, measure="gates", count=count)


FOUND = Comparison.of(
    [
        cost("int8", Accumulator.EXACT, 100),
        cost("e4m3", Accumulator.EXACT, 130),
        cost("e4m3", Accumulator.FP32_GENERAL, 280),
    ]
)


def test_bars_are_ratios_and_what_is_missing_has_none():
    axes = relative_costs(FOUND, ["gates"], {"gates": {"published": 2.83}})
    bars = {
        container.get_label(): [round(bar.get_height(), 6) for bar in container]
        for container in axes.containers
    }
    assert bars == {"exact": [1.0, 1.3], "FP32, general": [2.8]}
    assert [text.get_text() for text in axes.get_xticklabels()] == ["INT8", "E4M3"]
    assert "published" in [text.get_text() for text in axes.texts]


def test_points_are_exact_cells():
    axes = sqnr_against_cost(FOUND, "gates", {"int8": 40.0, "e4m3": 31.5}, "gaussian")
    drawn = {c.get_label(): np.asarray(c.get_offsets()) for c in axes.collections}
    np.testing.assert_allclose(drawn["integer"], [[1.0, 40.0]])
    np.testing.assert_allclose(drawn["minifloat"], [[1.3, 31.5]])
    assert {text.get_text() for text in axes.texts} == {"INT8", "E4M3"}
