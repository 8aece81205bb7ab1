"""Registers of pipelined dot products: as many as synthesis finds."""

import pytest

from dse.formats import parse_format
from hw_models.arith.cell import STYLES, Dot, Style
from hw_models.cost.dot import cell_parts
from hw_models.cost.registers import pipeline_registers
from hw_models.cost.target import load_target
from hw_models.resources import total
from hw_models.rtl.cell import emit_dot
from hw_models.synth.synthesis import synthesise

CELLS = [("int8", "int8", 2, 2), ("e4m3", "e4m3", 1, 3), ("e5m2", "uint8", 2, 1)]


def dot(weight, act, registers, lanes, terms=64):
    return Dot(
        weight=parse_format(weight),
        act=parse_format(act),
        terms=terms,
        lanes=lanes,
        is_pipelined=True,
        product_registers=registers,
    )


@pytest.mark.parametrize("device", ["ecp5", "ice40", "xcup"])
def test_flip_flops_are_exact(device, tmp_path):
    dots = [dot(*cell) for cell in CELLS]
    designs = [emit_dot(cell, STYLES[device][0]) for cell in dots]
    found = synthesise(designs, device, cache=tmp_path)
    target = load_target(device, "none")
    expected = [total(cell_parts(cell, target)) for cell in dots]
    assert [f.resources.ff for f in found] == [e.ff for e in expected]
    for real, estimate in zip(found, expected, strict=True):
        assert estimate.lut == pytest.approx(real.resources.lut, rel=0.05)


def test_registers_by_hand():
    """Two cuts among seven rows of 8 bits each, a product of 15 bits, control through 4 edges."""
    int8 = pipeline_registers(dot("int8", "int8", 2, 2), Style.ECP5)
    assert int8.ff == 2 * (2 * (2 * 8 + 8) + 15) + 2 * (1 + 2 + 1)
    # 7 rows of 9 half slices, the last one of 8: one chain of 62, or three of 27, 18 and 17
    assert int8.lut == 2 * ((28 + 18 + 18) - 62)
    # exponents' sum and sign beside a product of 8 bits, then a term of 36 bits with its sign
    e4m3 = pipeline_registers(dot("e4m3", "e4m3", 1, 1), Style.ECP5)
    assert e4m3.ff == (5 + 1 + 8) + (36 + 1) + 2 * 2
    assert e4m3.lut == 1  # the gate of the product's lowest bit has no LUT to share
