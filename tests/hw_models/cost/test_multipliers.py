from itertools import product

import pytest

from dse.formats import default_sweep, parse_format
from hw_models.arith.operand import operand
from hw_models.cost.multipliers import Lanes, choose_multipliers, fixed_point_lut
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES


def lanes(weight, act, sharing=8, count=64):
    weight, act = parse_format(weight), parse_format(act)
    return Lanes(weight=weight, act=act, count=count, sharing=sharing, in_mac=False)


def blocks(weight, act, device="xcup", **shape):
    return choose_multipliers(lanes(weight, act, **shape), load_target(device, "auto")).blocks


def test_published_packings():
    """Two 8-bit or four 4-bit products that share an activation fill one block."""
    assert blocks("int8", "int8") == 64 // 2
    assert blocks("int6", "int5") == 64 // 2
    assert blocks("int8", "uint8") == 64 // 2
    assert blocks("int8", "int9") == 64
    assert blocks("int8", "int8", device="ecp5") == 64


def test_an_odd_number_of_pe_leaves_a_block_half_full():
    assert blocks("int8", "int8", sharing=3, count=24) == 2 * 8


def test_products_that_share_nothing_do_not_pack():
    assert blocks("int8", "int8", sharing=1, count=72) == 72


def test_small_products_are_not_worth_a_block():
    assert blocks("int2", "int2", sharing=1) == 0
    assert blocks("int3", "int3", device="ecp5") == 0


def test_wide_minifloats_stay_in_luts():
    """E5M2's integers are 33 bits wide and its 3x3 significand product takes few LUTs."""
    assert blocks("e5m2", "e5m2", sharing=1) == 0


def test_narrow_minifloats_become_integers():
    """E2M5 magnitudes are 8-bit integers, so two products share a block, nothing is aligned."""
    chosen = choose_multipliers(lanes("e2m5", "e2m5"), load_target("xcup", "auto"))
    assert chosen.blocks == 32
    assert (
        0 < chosen.lut < choose_multipliers(lanes("e2m5", "e2m5"), load_target("xcup", "none")).lut
    )


@pytest.mark.parametrize("device", list(DEVICES))
def test_auto_saves_what_a_block_is_worth_and_none_uses_none(device):
    none, auto = load_target(device, "none"), load_target(device, "auto")
    worth = auto.coefficients.dsp_worth_lut.value
    for weight, act in product(default_sweep(), repeat=2):
        layer = lanes(weight.name, act.name)
        in_luts, chosen = (choose_multipliers(layer, target) for target in (none, auto))
        assert in_luts.blocks == 0
        assert in_luts.lut - chosen.lut >= worth * chosen.blocks


def test_a_small_table_beats_a_shifter():
    """E2M1's magnitude code has 3 bits, its integer 4: one LUT each."""
    target = load_target("xcup", "none")
    assert fixed_point_lut(operand(parse_format("e2m1")), target) == 4
    assert fixed_point_lut(operand(parse_format("int8")), target) == 0
    # E4M3: hidden bit and subnormal, then 4 bits by 0-14 places
    assert fixed_point_lut(operand(parse_format("e4m3")), target) == 2 + (4 + 3) + (4 + 14)
