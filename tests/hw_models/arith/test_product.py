from itertools import product as pairs

import numpy as np
import pytest

from dse.errors import DesignError, FormatError
from dse.formats import default_sweep, parse_format
from hw_models.arith.cell import Mac
from hw_models.arith.operand import operand
from hw_models.arith.product import product

SWEEP = default_sweep()
OTHERS = [
    parse_format(name) for name in ("uint1", "uint8", "int1", "int2", "ue4m4", "e1m3", "e5m2ieee")
]


@pytest.mark.parametrize("number_format", [*SWEEP, *OTHERS], ids=str)
def test_fields_give_back_every_value(number_format):
    fields = operand(number_format)
    mantissa_bits = fields.significand_bits - 1
    for code, value in enumerate(number_format.code_values()):
        if not np.isfinite(value):
            continue
        if fields.exponent_bits == 0:
            significand, shift, sign = int(value), 0, False
        else:
            exponent = (code >> mantissa_bits) & ((1 << fields.exponent_bits) - 1)
            significand = (code & ((1 << mantissa_bits) - 1)) | (exponent > 0) << mantissa_bits
            shift = max(exponent, 1) - 1
            sign = bool(fields.has_sign_bit and code >> (fields.bits - 1))
        assert fields.least <= significand <= fields.greatest
        assert shift <= fields.greatest_shift
        assert (-1) ** sign * significand * 2.0**shift * number_format.lsb == value


@pytest.mark.parametrize(("weight", "act"), list(pairs([*SWEEP, *OTHERS], repeat=2)), ids=str)
def test_significand_product_fits_and_no_narrower_would(weight, act):
    shape = product(weight, act)
    lows = [f.least for f in (shape.weight, shape.act)]
    highs = [f.greatest for f in (shape.weight, shape.act)]
    extremes = [x * y for x in (lows[0], highs[0]) for y in (lows[1], highs[1])]

    def fits(bits):
        low, high = (
            (-(1 << bits - 1), (1 << bits - 1) - 1)
            if shape.is_twos_complement
            else (0, (1 << bits) - 1)
        )
        return low <= min(extremes) and max(extremes) <= high

    assert fits(shape.significand_bits)
    assert shape.significand_bits == 1 or not fits(shape.significand_bits - 1)


def test_known_shapes():
    e4m3 = product(parse_format("e4m3"), parse_format("e4m3"))
    assert (e4m3.significand_bits, e4m3.greatest_shift, e4m3.shift_bits) == (8, 28, 5)
    int8 = product(parse_format("int8"), parse_format("int8"))
    assert (int8.significand_bits, int8.greatest_shift, int8.shift_bits) == (15, 0, 0)  # narrow
    mixed = product(parse_format("int4"), parse_format("e5m2"))
    assert (mixed.significand_bits, mixed.shift_bits, mixed.shift_offset) == (7, 5, 1)


@pytest.mark.parametrize("name", ["e6m1", "ue6m2", "e8m7"])
def test_formats_without_a_cell_are_refused_by_name(name):
    with pytest.raises(FormatError, match=name):
        operand(parse_format(name))


def test_a_sum_has_terms():
    int8 = parse_format("int8")
    with pytest.raises(DesignError, match="at least 1 term"):
        Mac(weight=int8, act=int8, terms=0)
