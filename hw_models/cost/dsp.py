"""LUTs around products in DSP blocks: decoders, shifters, signs, and what puts weights together."""

from functools import lru_cache

from hw_models.arith.cell import Style
from hw_models.arith.dsp import DspProducts, Entry, is_table
from hw_models.arith.lane import Lane
from hw_models.arith.operand import Operand
from hw_models.arith.product import Product
from hw_models.cost.structure import FEATURES, lane_structure

_ONE = Operand(bits=1, exponent_bits=0, is_signed=False, least=0, greatest=1)
_IN_THE_BLOCK = ("and", "add")
"""Features of multipliers, which a block takes over."""
_LUT_INPUTS = {Style.PORTABLE: 4, Style.ECP5: 4, Style.XILINX: 6}


@lru_cache(maxsize=65536)
def dsp_lut(way: DspProducts, style: Style, weights: tuple[tuple[str, float], ...]) -> int:
    """Return the LUTs around the products of one block; see ``rtl/lib/lane_dsp.sv``.

    Args:
        way: The products.
        style: How the logic is written.
        weights: LUTs of each feature of `FEATURES`, as fitted to products in LUTs.
    """
    act, weight = way.product.act, way.product.weight
    if way.entry is Entry.INTEGERS:
        signs = way.count * (act.has_sign_bit and weight.has_sign_bit)
        lut = magnitude_lut(act, style, weights) + way.count * magnitude_lut(weight, style, weights)
        return round(lut + signs + subtractor_lut(way, style))
    lane = Lane(product=way.product, style=style, in_mac=False)
    decoders = [_decoder_lut(side, style) for side in (act, weight)]
    # Hidden bits enter the block upright, exponents' sums want them inverted.
    upright = sum(decoders) if act.shifts and weight.shifts else 0
    shared = (way.count - 1) * decoders[0]
    return round(way.count * (_logic(lane, weights) + upright) - shared * (2 if upright else 1))


def magnitude_lut(side: Operand, style: Style, weights: tuple[tuple[str, float], ...]) -> float:
    """Return the LUTs that make an integer of a minifloat; see ``rtl/lib/magnitude.sv``."""
    if not side.shifts:
        return 0
    if is_table(side, style):
        return _table_lut(side)
    return _logic(Lane(product=Product(weight=_ONE, act=side), style=style, in_mac=False), weights)


def subtractor_lut(way: DspProducts, style: Style) -> int:
    """Return the LUTs that put signed weights side by side."""
    if not way.subtracts or way.block.subtracts:
        return 0
    bits = way.packed_bits - way.weight_bits + 1
    return 2 * -(-bits // 2) if style is Style.ECP5 else bits


def _logic(lane: Lane, weights: tuple[tuple[str, float], ...]) -> float:
    """Return the LUTs of a product without its multiplier."""
    structure, by_name = lane_structure(lane), dict(weights)
    mapped = zip(FEATURES[lane.style], structure.mapped, strict=True)
    around = structure.instantiated
    if lane.style is not Style.PORTABLE:
        around -= structure.multiply
    return around + sum(by_name[name] * n for name, n in mapped if name not in _IN_THE_BLOCK)


def _decoder_lut(side: Operand, style: Style) -> int:
    """Return the LUTs that find an exponent field of 0."""
    inputs = _LUT_INPUTS[style]
    return -(-(side.exponent_bits - 1) // (inputs - 1)) if side.shifts else 0


def _table_lut(side: Operand) -> int:
    """Return the bits of a minifloat's integer that are no copy of a bit of its code."""
    mantissa_bits = side.significand_bits - 1
    codes = range(1 << (side.exponent_bits + mantissa_bits))
    values = [_magnitude(code, mantissa_bits) for code in codes]
    columns = {tuple(value >> i & 1 for value in values) for i in range(side.magnitude_bits)}
    wires = {
        tuple(code >> i & 1 for code in codes) for i in range(side.exponent_bits + mantissa_bits)
    }
    return len(columns - wires)


def _magnitude(code: int, mantissa_bits: int) -> int:
    field, mantissa = code >> mantissa_bits, code & ((1 << mantissa_bits) - 1)
    return (mantissa | (field > 0) << mantissa_bits) << max(field - 1, 0)
