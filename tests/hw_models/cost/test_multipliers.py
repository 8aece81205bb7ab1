from itertools import product

import pytest

from dse.formats import default_sweep, parse_format
from hw_models.cost.multipliers import Lanes, choose_multipliers
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES


def lanes(weight, act, sharing=8, count=64):
    weight, act = parse_format(weight), parse_format(act)
    return Lanes(weight=weight, act=act, count=count, sharing=sharing, in_mac=False)


def blocks(weight, act, device="xcup", **shape):
    return choose_multipliers(lanes(weight, act, **shape), load_target(device, "auto")).blocks


def test_products_that_share_an_activation_share_blocks():
    """Two of 8 bits or four of 4 bits (WP486, finn-rtllib/mvu), more of the narrower ones."""
    assert blocks("int8", "int8") == 64 // 2
    assert blocks("int6", "int5") == 8 * 3, "three in a block, of eight that share an activation"
    assert blocks("int8", "uint8") == 64 // 2
    assert blocks("int4", "int4") == 64 // 4
    assert blocks("int8", "int8", device="ecp5") == 64
    assert blocks("int4", "int4", device="ecp5") == 64 // 2
    assert blocks("int8", "int8", device="ice40") == 64 // 2


def test_an_odd_number_of_pe_leaves_a_block_half_full():
    assert blocks("int8", "int8", sharing=3, count=24) == 2 * 8


def test_products_that_share_nothing_do_not_pack():
    assert blocks("int8", "int8", sharing=1, count=72) == 72


def test_small_products_are_not_worth_a_block():
    assert blocks("int2", "int2", sharing=1) == 0
    assert blocks("int3", "int3", sharing=1, device="ecp5") == 0


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
