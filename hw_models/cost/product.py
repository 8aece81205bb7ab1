"""One product cell in LUTs: decode, significand multiplier, exponent adder, alignment, sign.

The product of any two formats is exact in fixed point. The significands are multiplied, and the
sum of the exponents shifts the product to its place in the accumulator (Kulisch; Aggarwal et al.,
arXiv 2311.12359; Uguen & de Dinechin 2017). Integers are significands that are never shifted.
"""

from dataclasses import dataclass

from dse.formats import Format
from hw_models.accumulator import accumulator_bits
from hw_models.cost.logic import adder_lut, multiplier_lut, reduction_lut, shifter_lut
from hw_models.cost.operand import Operand, operand
from hw_models.cost.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCell:
    """LUTs of one product, by part.

    Attributes:
        decode: Hidden bits and the exponents of subnormals.
        multiply: Product of the significands.
        exponent: Sum of the exponents.
        align: Shift of the product to its place.
        sign: Sign of the product, and its complement where no adder does it.
    """

    decode: int
    multiply: int
    exponent: int
    align: int
    sign: int

    @property
    def lut(self) -> int:
        """Sum of the parts."""
        return self.decode + self.multiply + self.exponent + self.align + self.sign


def product_cell(weight: Format, act: Format, target: Target) -> ProductCell:
    """Return the LUTs of one exact product.

    * decode: `decode_lut` of both operands.
    * multiply: `multiplier_lut` of the significands, M + 1 bits wide for minifloats.
    * exponent: an adder, where both operands have exponents that differ.
    * align: `shifter_lut` over the sum of both operands' greatest shifts.
    * sign: `sign_lut`.

    Source: structure of the Kulisch MAC as published (arXiv 2311.12359; Damsgaard et al., IEEE
    TCAD 44(6), 2025), counted with the family's constants. Valid up to 16 bits and 5 exponent bits.
    """
    w, a = operand(weight), operand(act)
    shift = w.shift + a.shift
    return ProductCell(
        decode=decode_lut(w, target) + decode_lut(a, target),
        multiply=multiplier_lut(w.significand_bits, a.significand_bits, target),
        exponent=adder_lut(shift.bit_length(), target) if w.shift and a.shift else 0,
        align=shifter_lut(significand_product_bits(w, a), shift, target),
        sign=sign_lut(weight, act, target),
    )


def significand_product_bits(w: Operand, a: Operand) -> int:
    """Return the width of the product of the significands [bit]."""
    if min(w.significand_bits, a.significand_bits) == 1:
        return max(w.significand_bits, a.significand_bits)
    return w.significand_bits + a.significand_bits


def decode_lut(code: Operand, target: Target) -> int:
    """Return the LUTs that split a code into significand and shift.

    The hidden bit is the OR of the exponent field; a subnormal's exponent counts as 1, which only
    sets its lowest bit. With one exponent bit the field itself is the hidden bit; integers need no
    decoding.
    """
    return reduction_lut(code.exponent_bits, target) + 1 if code.shift else 0


def sign_lut(weight: Format, act: Format, target: Target) -> int:
    """Return the LUTs of the sign of a product with a sign-magnitude operand.

    An XOR if both have a sign bit. The adder behind complements the product in its own LUTs where
    the family's carry stage allows it, otherwise that is one LUT per bit.
    """
    signs = operand(weight).has_sign_bit + operand(act).has_sign_bit
    complements = signs and not target.coefficients.sign_in_adder.value
    return (signs == 2) + (accumulator_bits(1, weight, act) if complements else 0)
