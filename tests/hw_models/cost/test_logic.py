from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError, UnmodelledError
from hw_models.cost.coefficient_set import Coefficient
from hw_models.cost.logic import (
    counter_bits,
    function_lut,
    multiplier_lut,
    reduction_lut,
    shifter_lut,
    table_lut,
)
from hw_models.cost.target import load_target

LUT6 = load_target("xcup", "none")
LUT4 = load_target("ecp5", "none")
LUT4_NO_AND = load_target("ice40", "none")


@pytest.mark.parametrize(
    ("bits", "lut"), [(2, 4), (3, 6), (4, 24), (5, 30), (6, 36), (8, 80), (12, 168), (16, 352)]
)
def test_published_finn_r_multipliers(bits, lut):
    assert multiplier_lut(bits, bits, LUT6) == lut


def test_row_arrays():
    assert multiplier_lut(8, 8, LUT4) == 7 * 9
    assert multiplier_lut(3, 8, LUT4) == multiplier_lut(8, 3, LUT4) == 2 * 9
    assert multiplier_lut(8, 8, LUT4_NO_AND) == 7 * 9 + 64


@given(st.integers(1, 16), st.sampled_from([LUT6, LUT4, LUT4_NO_AND]))
def test_one_bit_times_anything_is_a_row_of_ands(bits, target):
    assert multiplier_lut(1, bits, target) == bits


def test_unknown_multiplier_rules_are_refused():
    rule = Coefficient(value="magic", source="nowhere")
    target = replace(LUT6, coefficients=replace(LUT6.coefficients, multiplier=rule))
    with pytest.raises(UnmodelledError, match="magic"):
        multiplier_lut(8, 8, target)


def test_shifters_by_hand():
    assert shifter_lut(8, 0, LUT6) == 0
    assert shifter_lut(8, 3, LUT6) == 8 + 3
    # five stages in three LUT levels: 0-3, 0-15, 0-28
    assert shifter_lut(8, 28, LUT6) == (8 + 3) + (8 + 15) + (8 + 28)
    assert shifter_lut(4, 4, LUT4) == (4 + 1) + (4 + 3) + (4 + 4)


@given(st.integers(1, 12), st.integers(0, 60))
def test_wider_shifters_cost_more_and_lut4_never_less(bits, shift):
    assert shifter_lut(bits, shift, LUT6) <= shifter_lut(bits, shift + 1, LUT6)
    assert shifter_lut(bits, shift, LUT6) <= shifter_lut(bits, shift, LUT4)


def test_tables_and_functions():
    assert [function_lut(n, LUT6) for n in (2, 6, 7, 8, 9)] == [1, 1, 2, 4, 8 + 1]
    assert [function_lut(n, LUT4) for n in (4, 5, 6)] == [1, 3, 7]
    assert table_lut(65, LUT6) == 2
    assert [reduction_lut(n, LUT4) for n in (1, 4, 5, 7, 8)] == [1, 1, 2, 2, 3]


def test_counter_bits():
    assert [counter_bits(n) for n in (1, 2, 3, 4, 5)] == [0, 1, 2, 2, 3]


def test_dsp_use_is_checked():
    with pytest.raises(DesignError, match="none, auto"):
        load_target("xcup", "always")  # type: ignore[arg-type]
