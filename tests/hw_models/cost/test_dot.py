"""Whole cells: equal to what was synthesised, in LUTs and flip-flops."""

import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.arith.cell import Mac
from hw_models.calibration.calibrate import additivity
from hw_models.cost.dot import cell_parts
from hw_models.cost.measured import load_rows
from hw_models.cost.target import load_target
from hw_models.resources import total


def test_cells_are_exactly_the_sum_of_their_modules_on_ecp5():
    found = additivity(load_rows("ecp5"), "ecp5")
    assert found.n > 80
    assert (found.lut_differs, found.ff_differs) == (0, 0)


@pytest.mark.parametrize("device", ["ice40", "xcup"])
def test_flip_flops_are_exact_elsewhere_too(device):
    """LUTs differ where the tool merges plain adders, or a tree's product is not in the table."""
    found = additivity(load_rows(device), device)
    assert found.n > 80
    assert found.ff_differs == 0
    assert found.lut_mape_pct < 1


def test_int8_on_ecp5_by_hand():
    """A product of 63, an accumulator of 25 bits in 13 pairs of half slices."""
    int8 = parse_format("int8")
    cell = Mac(weight=int8, act=int8, terms=1024)
    found = total(cell_parts(cell, load_target("ecp5", "none")))
    assert (found.lut, found.ff, found.dsp) == (63 + 2 * 13, 25, 0)


def test_an_accumulator_has_a_limit():
    wide = Mac(weight=parse_format("e5m2"), act=parse_format("e5m2"), terms=10**30)
    with pytest.raises(DesignError, match="128 is the most"):
        cell_parts(wide, load_target("xcup", "none"))
