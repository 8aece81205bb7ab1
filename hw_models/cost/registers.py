"""Registers of pipelined dot products, counted from how their RTL is written, which is exact.

Inside the products, behind them, behind every adder of the tree, and those in which sign, carry and
control wait; see ``rtl/lib/product.sv``, ``multiply_*.sv``, ``tree.sv`` and ``dot.sv``.
"""

from dataclasses import replace
from functools import lru_cache

from hw_models.arith.cell import Dot, Style
from hw_models.arith.lane import Lane, booth_first_bits
from hw_models.arith.product import Product
from hw_models.cost.structure import lane_structure
from hw_models.resources import Resources

_SRL_STAGES = 3
"""Shortest chain of flip-flops that Xilinx tools put into a shift register LUT."""


def sum_bits(shape: Product, lanes: int) -> int:
    """Return the width of a sum of `lanes` terms in the tree [bits]."""
    sign = shape.has_sign_bit and not shape.is_twos_complement
    return shape.term_bits + sign + (lanes - 1).bit_length()


@lru_cache(maxsize=65536)
def pipeline_registers(dot: Dot, style: Style) -> Resources:
    """Return the registers of a pipelined `dot` outside its tree and its accumulator.

    Its LUTs are shift registers, and what products take more where a carry chain is cut in two.
    """
    shape, levels = dot.product, (dot.lanes - 1).bit_length()
    lane = Lane(product=shape, style=style, in_mac=False, registers=dot.product_registers)
    behind = Resources(ff=shape.term_bits + shape.has_sign_bit)
    control = _waiting(2, 1 + lane.registers + levels, style)
    sign = _waiting(shape.has_sign_bit, levels, style)
    whole = lane_structure(replace(lane, registers=0)).instantiated
    cuts = Resources(lut=lane_structure(lane).instantiated - whole)
    return (inside_lane(lane) + behind + cuts) * dot.lanes + control + sign


def inside_lane(lane: Lane) -> Resources:
    """Return the registers inside a product."""
    shape = lane.product
    found = _waiting(shape.has_sign_bit, lane.registers, lane.style)
    if lane.has_shifter and lane.registers:
        found += _waiting(shape.shift_bits, lane.registers, lane.style)
        found += Resources(ff=shape.significand_bits)
    cuts = (stage.stop - 1 for stage in lane.row_stages[:-1])  # the row in front of each
    return found + Resources(ff=sum(_row_bits(lane, row) for row in cuts))


def _row_bits(lane: Lane, row: int) -> int:
    """Return the bits behind a row: running sum, multiplicand, and multiplier or final bits."""
    a, w = lane.product.multiplicand, lane.product.multiplier
    bits = 2 * a.significand_bits + w.significand_bits
    if lane.style is not Style.XILINX:
        return bits
    # A Booth digit reads the bit of the multiplier below, too, and running sums are signed; but the
    # two lowest bits need no digit.
    is_pair = row == 1 and booth_first_bits(w) == 2
    return bits if is_pair else bits + 1 + (not a.is_twos_complement)


def tree_registers(dot: Dot, style: Style) -> Resources:
    """Return the registers of a pipelined tree.

    Every sum is registered. The shallower side waits for the deeper, the carry for both.
    """
    return _tree(dot.product, dot.lanes, style)


@lru_cache(maxsize=65536)
def _tree(shape: Product, lanes: int, style: Style) -> Resources:
    if lanes == 1:
        return Resources()
    right = lanes // 2
    depth = (lanes - 1).bit_length() - 1
    found = Resources(ff=sum_bits(shape, lanes)) + _waiting(shape.has_sign_bit, depth, style)
    for side in (lanes - right, right):
        waits = depth - (side - 1).bit_length()
        width = shape.term_bits + shape.has_sign_bit if side == 1 else sum_bits(shape, side)
        found += _tree(shape, side, style) + Resources(ff=waits * width)
    return found


def _waiting(bits: int, stages: int, style: Style) -> Resources:
    """Return what delays `bits` bits; Xilinx tools put a chain of flip-flops into one LUT."""
    if style is Style.XILINX and stages >= _SRL_STAGES:
        return Resources(lut=bits)
    return Resources(ff=bits * stages)
