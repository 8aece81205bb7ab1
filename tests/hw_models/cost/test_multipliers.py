from itertools import product

import pytest

from dse.formats import default_sweep, parse_format
from hw_models.cost.multipliers import choose_multipliers, fixed_point_lut, multiplier_parts
from hw_models.cost.operand import operand
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES
from hw_models.folding import Folding
from hw_models.resources import total

EIGHT_BY_EIGHT = Folding(pe=8, simd=8)


def blocks(mvau, device="xcup", folding=EIGHT_BY_EIGHT):
    return choose_multipliers(mvau, folding, load_target(device, "auto")).blocks


def test_published_packings(make_mvau):
    """Two 8-bit or four 4-bit products that share an activation fill one block."""
    assert blocks(make_mvau("int8", "int8")) == 64 // 2
    assert blocks(make_mvau("int4", "int4")) == 64 // 4
    assert blocks(make_mvau("int5", "int5")) == 64 // 2
    assert blocks(make_mvau("int8", "uint8")) == 64 // 2
    assert blocks(make_mvau("int8", "int9")) == 64
    assert blocks(make_mvau("int8", "int8"), device="ecp5") == 64


def test_an_odd_number_of_pe_leaves_a_block_half_full(make_mvau):
    mvau = make_mvau("int8", "int8", mh=9)
    assert blocks(mvau, folding=Folding(pe=3, simd=8)) == 2 * 8


def test_depthwise_products_share_nothing(make_mvau):
    depthwise = make_mvau("int8", "int8", mw=9, mh=32, groups=32, taps=9)
    assert blocks(depthwise, folding=Folding(pe=8, simd=9)) == 72


def test_small_products_are_not_worth_a_block(make_mvau):
    assert blocks(make_mvau("int2", "int2"), folding=Folding(pe=1, simd=8)) == 0
    assert blocks(make_mvau("int3", "int3"), device="ecp5") == 0


def test_wide_minifloats_stay_in_luts(make_mvau):
    """E5M2's integers are 33 bits wide and its 3x3 significand product takes 6 LUTs."""
    assert blocks(make_mvau("e5m2", "e5m2"), folding=Folding(pe=1, simd=8)) == 0


def test_narrow_minifloats_become_integers(make_mvau):
    """E2M3 magnitudes are 6-bit integers, so two products share a block and nothing is aligned."""
    mvau = make_mvau("e2m3", "e2m3")
    chosen = choose_multipliers(mvau, EIGHT_BY_EIGHT, load_target("xcup", "auto"))
    assert chosen.blocks == 32
    assert chosen.cell.align == chosen.cell.exponent == chosen.cell.multiply == 0
    assert chosen.cell.decode > 0


@pytest.mark.parametrize("device", list(DEVICES))
def test_auto_saves_what_a_block_is_worth_and_none_uses_none(make_mvau, device):
    none, auto = load_target(device, "none"), load_target(device, "auto")
    worth = auto.coefficients.dsp_worth_lut.value
    for weight, act in product(default_sweep(), repeat=2):
        mvau = make_mvau(weight.name, act.name)
        in_luts = total(multiplier_parts(mvau, EIGHT_BY_EIGHT, none))
        chosen = total(multiplier_parts(mvau, EIGHT_BY_EIGHT, auto))
        assert in_luts.dsp == 0
        assert in_luts.lut - chosen.lut >= worth * chosen.dsp


def test_a_small_table_beats_a_shifter():
    """E2M1's magnitude code has 3 bits, its integer 4: one LUT each."""
    target = load_target("xcup", "none")
    assert fixed_point_lut(operand(parse_format("e2m1")), target) == 4
    assert fixed_point_lut(operand(parse_format("int8")), target) == 0
    # E4M3: hidden bit and subnormal, then 4 bits by 0-14 places
    assert fixed_point_lut(operand(parse_format("e4m3")), target) == 2 + (4 + 3) + (4 + 14)
