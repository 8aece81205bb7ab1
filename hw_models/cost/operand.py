"""How the codes of a format enter a multiplier."""

from dataclasses import dataclass
from functools import cache

from dse.errors import FormatError, UnmodelledError
from dse.formats import Format, IntFormat, MiniFloat

MAX_EXPONENT_BITS = 5
"""Widest exponent hardware is built for: beyond, exact sums pass any reasonable width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A code as a multiplier sees it: a significand, shifted left by 0 … `shift` places.

    Attributes:
        significand_bits: Width of the significand [bit]; two's complement for signed integers.
        exponent_bits: Width of the exponent field [bit]; 0 for integers.
        shift: Greatest left shift of the significand.
        has_sign_bit: Whether a sign bit stands beside the magnitude.
        fixed_bits: Width of the whole code as one integer of lsb units [bit], with its sign.
        is_signed: Whether it can be negative.
    """

    significand_bits: int
    exponent_bits: int
    shift: int
    has_sign_bit: bool
    fixed_bits: int
    is_signed: bool

    @property
    def is_minifloat(self) -> bool:
        """Whether there is a magnitude to decode."""
        return self.exponent_bits > 0

    @property
    def magnitude_bits(self) -> int:
        """Width of the code without a sign bit beside the magnitude, as an integer [bit]."""
        return self.fixed_bits - self.has_sign_bit


@cache
def operand(number_format: Format) -> Operand:
    """Return how codes of `number_format` enter a multiplier.

    Raises:
        FormatError: More than 5 exponent bits.
        UnmodelledError: A family of formats without a rule.
    """
    if isinstance(number_format, IntFormat):
        return Operand(
            significand_bits=number_format.bits,
            exponent_bits=0,
            shift=0,
            has_sign_bit=False,
            fixed_bits=number_format.bits,
            is_signed=number_format.signed,
        )
    if isinstance(number_format, MiniFloat):
        if number_format.exponent_bits > MAX_EXPONENT_BITS:
            raise FormatError(
                f"{number_format.name}: hardware covers up to {MAX_EXPONENT_BITS} exponent bits"
            )
        significand_bits = number_format.mantissa_bits + 1
        magnitude_bits = number_format.max_integer.bit_length()
        return Operand(
            significand_bits=significand_bits,
            exponent_bits=number_format.exponent_bits,
            shift=max(magnitude_bits - significand_bits, 0),
            has_sign_bit=number_format.signed,
            fixed_bits=magnitude_bits + number_format.signed,
            is_signed=number_format.signed,
        )
    raise UnmodelledError(f"no cost rule for formats of family '{number_format.family}'")
