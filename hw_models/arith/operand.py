"""How the code of one format becomes sign, significand and shift."""

from dataclasses import dataclass

from dse.errors import FormatError
from dse.formats import Format, IntFormat, MiniFloat

MAX_BITS = 16
MAX_EXPONENT_BITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """An operand of a multiplier: value = ± significand · 2^shift, in units of the format's lsb.

    An integer is a significand with the sign inside (two's complement) and no shift. A minifloat
    has a sign bit beside its significand, which is the mantissa below a hidden bit, and is shifted
    by max(exponent field, 1) − 1. With one exponent bit that shift is always 0.

    Args:
        bits: Width of a code [bits].
        exponent_bits: Width of the exponent field [bits]; 0 for integers.
        is_signed: Two's complement, or with a sign bit.
        least: Least significand; below 0 for a signed integer.
        greatest: Greatest significand.
    """

    bits: int
    exponent_bits: int
    is_signed: bool
    least: int
    greatest: int

    @property
    def has_sign_bit(self) -> bool:
        """Whether the sign stands beside the significand."""
        return self.is_signed and self.exponent_bits > 0

    @property
    def is_twos_complement(self) -> bool:
        """Whether the significand itself can be negative."""
        return self.is_signed and self.exponent_bits == 0

    @property
    def significand_bits(self) -> int:
        """Width of the significand [bits]."""
        if self.exponent_bits == 0:
            return self.bits
        return self.bits - self.is_signed - self.exponent_bits + 1

    @property
    def is_minifloat(self) -> bool:
        """Whether there is a magnitude to decode."""
        return self.exponent_bits > 0

    @property
    def magnitude_bits(self) -> int:
        """Width of the operand as an integer, without a sign bit beside its significand [bits]."""
        if self.is_minifloat:
            return self.greatest.bit_length() + self.greatest_shift
        return self.bits

    @property
    def fixed_bits(self) -> int:
        """Width of the operand as an integer, with its sign [bits]."""
        return self.magnitude_bits + self.has_sign_bit

    @property
    def shifts(self) -> bool:
        """Whether the exponent moves the significand at all."""
        return self.exponent_bits > 1

    @property
    def greatest_shift(self) -> int:
        """Largest left shift [bits]."""
        return (1 << self.exponent_bits) - 2 if self.shifts else 0


def operand(number_format: Format) -> Operand:
    """Describe `number_format` as an operand.

    Special codes do not count: they never occur. `greatest` covers the whole significand, so that
    variants with special codes share the cell of their finite sibling.

    Raises:
        FormatError: More than 16 bits, more than 5 exponent bits, or a family without hardware.
    """
    name, bits = number_format.name, number_format.bits
    if bits > MAX_BITS:
        raise FormatError(f"{name}: arithmetic cells take 1 to {MAX_BITS} bits, not {bits}")
    if isinstance(number_format, IntFormat):
        return Operand(
            bits=bits,
            exponent_bits=0,
            is_signed=number_format.signed,
            least=int(number_format.min),
            greatest=int(number_format.max),
        )
    if not isinstance(number_format, MiniFloat):
        raise FormatError(f"{name}: formats of the family '{number_format.family}' have no cell")
    if number_format.exponent_bits > MAX_EXPONENT_BITS:
        raise FormatError(
            f"{name}: arithmetic cells take at most {MAX_EXPONENT_BITS} exponent bits, "
            f"not {number_format.exponent_bits}"
        )
    return Operand(
        bits=bits,
        exponent_bits=number_format.exponent_bits,
        is_signed=number_format.signed,
        least=0,
        greatest=(2 << number_format.mantissa_bits) - 1,
    )
