"""LUTs of ``lib/fixed.sv``: the value of a code as an integer."""

from hw_models.arith.operand import Operand
from hw_models.cost.logic import carry_lut, shifter_lut
from hw_models.cost.target import Target


def fixed_lut(code: Operand, target: Target) -> int:
    """Return the LUTs that make an integer of a code: none of an integer.

    A shifter of the significand and, with a sign beside it, an adder that negates, whose complement
    is part of the shifter's last stage; or a LUT for each bit of a short code.
    """
    if not code.is_minifloat:
        return 0
    negate = carry_lut(code.fixed_bits, target) if code.has_sign_bit else 0
    shifted = shifter_lut(code.significand_bits, code.greatest_shift, target) + negate
    is_small = code.bits < target.family.lut_inputs - 1
    return min(shifted, code.fixed_bits) if is_small else shifted
