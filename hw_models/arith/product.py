"""The exact product of two codes: widths and shift range."""

from dataclasses import dataclass

from dse.formats import Format
from hw_models.arith.operand import Operand, operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Exact product of a weight and an activation, in units of the product of their lsb.

    product = ± (significand product · 2^shift), where the sign outside is that of the minifloats;
    a signed integer's sign is inside the significand product.

    Args:
        weight: Weight operand, with the narrow range of its format.
        act: Activation operand.
    """

    weight: Operand
    act: Operand

    @property
    def multiplicand(self) -> Operand:
        """The operand with the longer significand, for fewer and longer rows; or the activation."""
        if self.act.significand_bits >= self.weight.significand_bits:
            return self.act
        return self.weight

    @property
    def multiplier(self) -> Operand:
        """The other operand, each bit of whose significand takes part in one row."""
        if self.act.significand_bits >= self.weight.significand_bits:
            return self.weight
        return self.act

    @property
    def has_sign_bit(self) -> bool:
        """Whether a sign stands beside the magnitude."""
        return self.weight.has_sign_bit or self.act.has_sign_bit

    @property
    def is_twos_complement(self) -> bool:
        """Whether the significand product can be negative by itself."""
        return self.weight.is_twos_complement or self.act.is_twos_complement

    @property
    def significand_bits(self) -> int:
        """Least width of the significand product [bits], two's complement if it can be negative."""
        extremes = [
            x * y
            for x in (self.weight.least, self.weight.greatest)
            for y in (self.act.least, self.act.greatest)
        ]
        above = max(extremes).bit_length()
        if not self.is_twos_complement:
            return above
        return max(above, (~min(extremes)).bit_length()) + 1

    @property
    def shift_offset(self) -> int:
        """What the sum of the exponents max(e, 1) exceeds the shift by."""
        return self.weight.shifts + self.act.shifts

    @property
    def shift_bits(self) -> int:
        """Width of the sum of the exponents [bits]; 0 where nothing shifts."""
        widths = [x.exponent_bits for x in (self.weight, self.act) if x.shifts]
        return max(widths) + (len(widths) == 2) if widths else 0

    @property
    def greatest_shift(self) -> int:
        """Largest left shift [bits]."""
        return self.weight.greatest_shift + self.act.greatest_shift

    @property
    def term_bits(self) -> int:
        """Width of the shifted significand product [bits]."""
        return self.significand_bits + self.greatest_shift


def product(weight: Format, act: Format) -> Product:
    """Describe the product of a format pair; integer weights use their narrow range."""
    return Product(weight=operand(weight.narrow()), act=operand(act))
