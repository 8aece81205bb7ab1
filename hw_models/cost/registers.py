"""Registers of pipelined dot products, counted from how their RTL is written, which is exact.

Inside the products, behind them, behind every adder of the tree, and those in which sign, carry and
control wait; see ``rtl/lib/product.sv``, ``multiply_*.sv``, ``tree.sv`` and ``dot.sv``.
"""

from dataclasses import replace
from functools import lru_cache

from hw_models.arith.cell import Dot, Style
from hw_models.arith.dsp import DspProducts
from hw_models.arith.lane import Lane, booth_first_bits, cell_lane
from hw_models.arith.product import Product
from hw_models.cost.structure import lane_structure
from hw_models.resources import Resources

SRL_STAGES = 3
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
    lane = cell_lane(dot, style)
    whole = lane_structure(replace(lane, registers=0)).instantiated
    cuts = Resources(lut=lane_structure(lane).instantiated - whole)
    inside = (inside_lane(lane) + cuts) * dot.lanes
    return inside + control_registers(dot, style) + sum_registers(dot, style)


def dsp_registers(dot: Dot, way: DspProducts, style: Style) -> Resources:
    """Return the registers beside the blocks of `way.count` pipelined dot products.

    Those behind and in front of a multiplier are its block's own.
    """
    shape = dot.product
    bits = shape.has_sign_bit + (shape.shift_bits if way.has_shifter else 0)
    beside = waiting_registers(bits, dot.product_registers, style) * (way.count * dot.lanes)
    found = beside + control_registers(dot, style)
    for place in range(way.count):
        has_carry = way.has_carries and place > 0
        found += sum_registers(dot, style, has_carry=has_carry)
    return found


def control_registers(dot: Dot, style: Style) -> Resources:
    """Return what delays the control of a pipelined `dot`."""
    return waiting_registers(2, control_stages(dot), style)


def control_stages(dot: Dot) -> int:
    """Return the clock edges from a beat of a pipelined `dot` to its accumulator."""
    return 1 + dot.product_registers + (dot.lanes - 1).bit_length()


def sum_registers(dot: Dot, style: Style, *, has_carry: bool = False) -> Resources:
    """Return the registers behind the products, and what delays the accumulator's carry.

    A carry that comes with each product has registers of its own.
    """
    shape, levels = dot.product, (dot.lanes - 1).bit_length()
    behind = Resources(ff=shape.term_bits + shape.has_sign_bit) * dot.lanes
    if not has_carry:
        return behind + waiting_registers(shape.has_sign_bit, levels, style)
    return behind + Resources(ff=dot.lanes) + waiting_registers(1, levels, style)


def inside_lane(lane: Lane) -> Resources:
    """Return the registers inside a product."""
    shape = lane.product
    found = waiting_registers(shape.has_sign_bit, lane.registers, lane.style)
    if lane.has_shifter and lane.registers:
        found += waiting_registers(shape.shift_bits, lane.registers, lane.style)
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


def tree_registers(dot: Dot, style: Style, *, has_carry: bool = False) -> Resources:
    """Return the registers of a pipelined tree.

    Every sum is registered. The shallower side waits for the deeper, the carry for both.
    """
    return _tree(dot.product, dot.lanes, style, dot.product.has_sign_bit or has_carry)


@lru_cache(maxsize=65536)
def _tree(shape: Product, lanes: int, style: Style, adds_one: bool) -> Resources:
    if lanes == 1:
        return Resources()
    right = lanes // 2
    depth = (lanes - 1).bit_length() - 1
    found = Resources(ff=sum_bits(shape, lanes)) + waiting_registers(adds_one, depth, style)
    for side in (lanes - right, right):
        waits = depth - (side - 1).bit_length()
        width = shape.term_bits + shape.has_sign_bit if side == 1 else sum_bits(shape, side)
        found += _tree(shape, side, style, adds_one) + Resources(ff=waits * width)
    return found


def waiting_registers(bits: int, stages: int, style: Style) -> Resources:
    """Return what delays `bits` bits; Xilinx tools put a chain of flip-flops into one LUT."""
    if style is Style.XILINX and stages >= SRL_STAGES:
        return Resources(lut=bits)
    return Resources(ff=bits * stages)
