from itertools import product

import pytest

from dse.errors import FormatError, UnmodelledError
from dse.formats import MiniFloat, default_sweep, parse_format
from hw_models.cost.operand import operand
from hw_models.cost.product import product_cell
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES

SWEEP = default_sweep()
TARGETS = [load_target(name, "none") for name in DEVICES]
XCUP = load_target("xcup", "none")


def cell(weight, act=None, target=XCUP):
    return product_cell(parse_format(weight), parse_format(act or weight), target)


def test_operands_of_the_named_formats():
    e4m3 = operand(parse_format("e4m3"))
    assert (e4m3.significand_bits, e4m3.shift, e4m3.fixed_bits) == (4, 14, 19)
    assert operand(parse_format("e4m3fn")) == e4m3
    assert operand(parse_format("e4m3b11")) == e4m3
    assert operand(parse_format("e5m2ieee")).shift == operand(parse_format("e5m2")).shift - 1
    assert operand(parse_format("ue4m4")).fixed_bits == 5 + 14
    assert operand(parse_format("uint8")).fixed_bits == 8
    assert operand(parse_format("e1m2")).shift == 0


@pytest.mark.parametrize("fmt", SWEEP, ids=lambda fmt: fmt.name)
def test_significand_and_shift_reach_the_greatest_value(fmt):
    code = operand(fmt)
    if code.is_minifloat:
        assert ((1 << code.significand_bits) - 1) << code.shift == fmt.max_integer
        assert code.fixed_bits == fmt.max_integer.bit_length() + 1


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.family.name)
def test_every_pair_costs_something_in_every_family(target):
    for weight, act in product(SWEEP, repeat=2):
        found = product_cell(weight, act, target)
        assert min(found.decode, found.exponent, found.align, found.sign) >= 0
        assert found.multiply > 0
        assert found.lut == (
            found.decode + found.multiply + found.exponent + found.align + found.sign
        )


def test_e4m3_by_hand():
    """4x4 significands, a 5-bit exponent sum, an 8-bit product shifted by 0 to 28 places."""
    found = cell("e4m3")
    assert found.decode == 2 * (1 + 1)
    assert found.multiply == 24
    assert found.exponent == 5
    assert found.align == 11 + 23 + 36
    assert found.sign == 1


def test_formats_of_one_width_differ():
    assert len({cell(name).lut for name in ("int8", "e2m5", "e3m4", "e4m3", "e5m2")}) == 5


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.family.name)
def test_one_exponent_bit_is_an_integer_with_a_sign_bit(target):
    """e1m6 holds the values of int8n: nothing to decode or align, and nearly int8n's price."""
    found, integer = cell("e1m6", target=target), cell("int8n", target=target)
    assert found.decode == found.exponent == found.align == 0
    assert 0.7 * integer.lut < found.lut < 1.1 * integer.lut


def test_mixed_pairs_shift_by_the_minifloat_alone():
    found = cell("int8", "e4m3")
    assert found.decode == 2
    assert found.exponent == 0
    assert found.sign == 0
    assert found.align == (12 + 3) + (12 + 14)
    assert cell("e4m3", "int8") == found


def test_complementing_takes_luts_only_where_adders_cannot():
    assert cell("e2m1").sign == 1
    assert cell("e2m1", target=load_target("ice40", "none")).sign == 1 + 9


def test_what_has_no_hardware_is_refused():
    with pytest.raises(FormatError, match="e6m1"):
        operand(parse_format("e6m1"))


def test_other_families_of_formats_are_unmodelled():
    class Posit(MiniFloat):
        pass

    assert operand(MiniFloat.standard(4, 3)).shift == 14
    with pytest.raises(UnmodelledError, match="posit"):
        operand(_Alien())


class _Alien:
    family = "posit"
