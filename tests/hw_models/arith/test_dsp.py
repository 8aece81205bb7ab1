"""Products side by side in one multiplication, against each of them alone."""

from itertools import product as pairs

import numpy as np
import pytest

from dse.errors import DesignError
from dse.formats import default_sweep, parse_format
from hw_models.arith.dsp import DspProducts, Entry, dsp_products
from hw_models.arith.operand import Operand
from hw_models.arith.product import product
from hw_models.devices import DEVICES

MORE = ("uint8", "uint1", "ue2m2", "e1m2", "int2")


def entering(side: Operand, entry: Entry) -> list[int]:
    """Extreme values that enter a block, and those next to 0."""
    greatest = side.greatest << (side.greatest_shift if entry is Entry.INTEGERS else 0)
    return sorted({side.least, max(side.least, -1), 0, 1, greatest - 1, greatest})


def fields(way: DspProducts, weights: list[int], act: int) -> list[int]:
    """Multiply as the block does, then take the products apart."""
    spacing, is_signed = way.spacing_bits, way.product.is_twos_complement
    whole = sum(w << (i * spacing) for i, w in enumerate(weights)) * act
    found, carry = [], 0
    for i in range(way.count):
        field = whole >> (i * spacing) & ((1 << spacing) - 1)
        negative = is_signed and field >> (spacing - 1)
        found.append(field - (negative << spacing) + carry)
        carry = negative
    return found


@pytest.mark.parametrize("device", list(DEVICES))
def test_every_way_gives_every_product(device):
    block = DEVICES[device].dsp
    formats = [*default_sweep(), *map(parse_format, MORE)]
    rng = np.random.default_rng(1)
    for weight, act in pairs(formats, repeat=2):
        for way in dsp_products(product(weight, act), block, 6):
            if way.is_halved:
                assert max(way.weight_bits, way.act_bits) <= block.half_bits
                continue
            ws, xs = (entering(x, way.entry) for x in (way.product.weight, way.product.act))
            for x in xs:
                for _ in range(8):
                    chosen = rng.choice(ws, way.count).tolist()
                    assert fields(way, chosen, x) == [w * x for w in chosen], way
            bits = max(abs(v).bit_length() for v in ws)
            assert (way.count - 1) * way.spacing_bits + bits <= block.wide_bits


def counts(weight, act, device):
    shape = product(parse_format(weight), parse_format(act))
    ways = list(dsp_products(shape, DEVICES[device].dsp, 8))
    return {entry: max((w.count for w in ways if w.entry is entry), default=0) for entry in Entry}


def test_how_many_share_a_block():
    """8 and 4 bits as published (WP486; finn-rtllib/mvu), narrower ones by the same arithmetic."""
    assert counts("int8", "int8", "xcup")[Entry.INTEGERS] == 2
    assert counts("int8", "uint8", "xc7")[Entry.INTEGERS] == 2
    assert counts("int4", "int4", "xc7")[Entry.INTEGERS] == 4
    assert counts("int8", "int8", "ecp5")[Entry.INTEGERS] == 1
    assert counts("int4", "int4", "ecp5")[Entry.INTEGERS] == 3
    assert counts("int8", "int8", "ice40")[Entry.INTEGERS] == 2
    assert counts("e4m3", "e4m3", "xcup") == {Entry.SIGNIFICANDS: 3, Entry.INTEGERS: 0}
    assert counts("e4m3", "e4m3", "ecp5") == {Entry.SIGNIFICANDS: 2, Entry.INTEGERS: 1}


def test_what_does_not_fit_is_refused():
    shape = product(parse_format("int8"), parse_format("int8"))
    with pytest.raises(DesignError, match="3 products of 8 x 8 bits do not fit one DSP48E2"):
        DspProducts(product=shape, block=DEVICES["xcup"].dsp, entry=Entry.INTEGERS, count=3)
