import math

import pytest

from dse.errors import DesignError, FormatError
from dse.formats import default_sweep, parse_format
from hw_models.arith.float_accumulator import FP16, FP32, FloatFormat, FloatMac

SWEEP = default_sweep()


def mac(weight, act, accumulator, **fields):
    return FloatMac(
        weight=parse_format(weight), act=parse_format(act), accumulator=accumulator, **fields
    )


def test_formats_are_those_of_ieee_754():
    assert (FP16.bits, FP16.bias, FP16.significand_bits, FP16.lsb_exponent) == (16, 15, 11, -24)
    assert (FP32.bits, FP32.bias, FP32.significand_bits, FP32.lsb_exponent) == (32, 127, 24, -149)


@pytest.mark.parametrize("shape", [(1, 10), (9, 10), (5, 1)])
def test_other_accumulators_are_refused(shape):
    with pytest.raises(DesignError, match="exponent bits"):
        FloatFormat(name="odd", exponent_bits=shape[0], mantissa_bits=shape[1])


def test_formats_without_a_cell_are_refused():
    with pytest.raises(FormatError, match="not 6"):
        mac("e6m1", "int8", FP32)


def test_names_tell_cells_apart():
    cells = [mac("e4m3", "e4m3", f, any_state=s) for f in (FP16, FP32) for s in (False, True)]
    assert len({cell.name for cell in cells}) == 4
    assert mac("e4m3b-3", "int4", FP16).name.isidentifier()


@pytest.mark.parametrize("accumulator", [FP16, FP32], ids=lambda f: f.name)
def test_exponents_are_those_of_the_extreme_products(accumulator):
    for weight in SWEEP:
        for act in SWEEP:
            cell = FloatMac(weight=weight, act=act, accumulator=accumulator, any_state=True)
            extremes = (
                weight.smallest_subnormal * act.smallest_subnormal,
                max(weight.max, -weight.narrow().min) * max(act.max, -act.min),
            )
            found = tuple(math.frexp(x)[1] - 1 + accumulator.bias for x in extremes)
            least, greatest = cell.exponents
            assert least <= found[0] <= least + 1
            assert greatest - 1 <= found[1] <= greatest
            limit = 1 << (cell.exponent_bits - 1)
            acc = (1 << accumulator.exponent_bits) - 1
            assert -limit <= least - acc
            assert max(greatest, acc) < limit


def test_what_a_sum_never_needs_is_left_out():
    assert mac("e4m3", "e4m3", FP16).has_subnormals  # lsb 2^-18, least normal number 2^-14
    assert mac("e4m3", "e4m3", FP16).has_infinities  # 480 * 480 > 65504
    assert not mac("int4", "int4", FP16).has_subnormals
    assert not mac("e5m2", "e5m2", FP32).has_subnormals
    assert not mac("e5m2", "e5m2", FP32).has_infinities
    assert mac("e5m2", "e5m2", FP32, any_state=True).has_subnormals
    assert mac("int4", "int4", FP32, any_state=True).has_infinities


def test_products_without_a_shift_stay_in_fixed_point():
    assert mac("int8", "uint8", FP32).is_fixed
    assert mac("e1m3", "int4", FP32).is_fixed
    assert not mac("int8", "e2m1", FP32).is_fixed
    assert not mac("int8", "int8", FP32, any_state=True).is_fixed
    assert mac("int8", "int8", FP16).term_bits == 14  # 127 * 128
    assert mac("int8", "int8", FP16).exponents == (28, 28)  # 2^13 + bias
