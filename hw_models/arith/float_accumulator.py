"""Floating-point accumulators: what they hold, and the widths that follow from a format pair."""

import math
from dataclasses import dataclass

from dse.errors import DesignError
from dse.formats import Format
from hw_models.arith.operand import Operand
from hw_models.arith.product import Product, product

MAX_EXPONENT_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFormat:
    """A binary floating-point format as IEEE 754 has it: subnormals, Inf, half to even.

    Args:
        name: What it is called.
        exponent_bits: Width of the exponent field [bits].
        mantissa_bits: Width of the mantissa field [bits].
    """

    name: str
    exponent_bits: int
    mantissa_bits: int

    def __post_init__(self) -> None:
        if not (2 <= self.exponent_bits <= MAX_EXPONENT_BITS and self.mantissa_bits >= 2):
            raise DesignError(
                f"{self.name}: a floating-point accumulator has 2 to {MAX_EXPONENT_BITS} exponent "
                f"bits and at least 2 mantissa bits, not {self.exponent_bits} and "
                f"{self.mantissa_bits}"
            )

    @property
    def bits(self) -> int:
        """Width of a number [bits]."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """What the exponent field exceeds the exponent by."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def significand_bits(self) -> int:
        """Width of the mantissa with its hidden bit [bits]."""
        return self.mantissa_bits + 1

    @property
    def lsb_exponent(self) -> int:
        """Exponent of the least subnormal number, of which all finite numbers are multiples."""
        return 1 - self.bias - self.mantissa_bits


FP16 = FloatFormat(name="fp16", exponent_bits=5, mantissa_bits=10)
FP32 = FloatFormat(name="fp32", exponent_bits=8, mantissa_bits=23)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatMac:
    """A multiply-accumulate cell that rounds: acc <= round((clr ? 0 : acc) + Σ a[i] · w[i]).

    The products of the decoded values and their sum over the lanes are exact; what is added to the
    accumulator is rounded once a beat, half to even. Overflow gives Inf, which stays until clr;
    zero is always +0.

    A sum that starts with clr is a multiple of the products' lsb, and stops growing when products
    fall below half its own lsb. The cell leaves out what such sums never need (subnormal numbers
    and Inf in FP32, say) and is wrong about other contents of the accumulator, unless `any_state`.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        accumulator: Format of the sum.
        any_state: Be right about every finite or infinite content of the accumulator.
        lanes: Products per beat.

    Raises:
        DesignError: Several lanes, and any content of the accumulator.
        FormatError: A format without a cell.
    """

    weight: Format
    act: Format
    accumulator: FloatFormat
    any_state: bool = False
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.lanes < 1 or (self.lanes > 1 and self.any_state):
            raise DesignError(
                f"a floating-point accumulator takes one product a beat, or several in sums that "
                f"start from clear; not {self.lanes}"
            )
        _ = self.product  # formats without a cell are refused here

    @property
    def product(self) -> Product:
        """The product of one term."""
        return product(self.weight, self.act)

    @property
    def name(self) -> str:
        """A legal and unique module name."""
        state = "_any" if self.any_state else ""
        kind = "mac" if self.lanes == 1 else f"dot{self.lanes}"
        words = f"{kind}_{self.weight.name}_{self.act.name}_{self.accumulator.name}{state}"
        return words.replace("-", "m")

    @property
    def lsb_exponent(self) -> int:
        """Exponent of the product's lsb."""
        return _exponent(self.weight.lsb) + _exponent(self.act.lsb)

    @property
    def is_fixed(self) -> bool:
        """Whether the term stays in fixed point, with leading zeros, at one exponent.

        So it does where a tree sums products; for one product that is the smaller cell where
        nothing shifts. It needs sums that are multiples of the product's lsb.
        """
        return self.lanes > 1 or (self.product.greatest_shift == 0 and not self.any_state)

    @property
    def term_bits(self) -> int:
        """Width of the term's significand as the accumulator sees it [bits]."""
        act, weight = self.product.act, self.product.weight
        if self.is_fixed:
            greatest = magnitude(act) * magnitude(weight) << self.product.greatest_shift
            return (self.lanes * greatest).bit_length()
        a, w = significand_bits(act), significand_bits(weight)
        return a + w - (a == 1 or w == 1)

    @property
    def offset(self) -> int:
        """Constant part of the product's exponent, in the accumulator's biased exponents.

        In fixed point that is all of it. Otherwise the exponents of both operands and, if the
        significands' product has its top bit set, 1 are added; each operand's exponent counts from
        1, and the significands are integers.
        """
        top = self.lsb_exponent + self.term_bits - 1 + self.accumulator.bias
        return top if self.is_fixed else top - 3

    @property
    def exponents(self) -> tuple[int, int]:
        """Least and greatest exponent of a product that is not 0, biased as the accumulator's."""
        if self.is_fixed:
            return self.offset, self.offset
        sides = (self.product.act, self.product.weight)
        always_top = any(significand_bits(side) == 1 for side in sides)
        least = self.offset + sum(2 - significand_bits(side) for side in sides) + always_top
        greatest = self.offset + sum(side.greatest_shift + 1 for side in sides) + 1
        return least, greatest

    @property
    def exponent_bits(self) -> int:
        """Two's complement width of exponents and of their differences [bits]."""
        least, greatest = self.exponents
        acc = (1 << self.accumulator.exponent_bits) - 1
        extremes = (least, greatest, acc, least - acc, greatest - 1)
        return max((x if x >= 0 else ~x).bit_length() for x in extremes) + 1

    @property
    def greater_bits(self) -> int:
        """Width of the greater of both exponents [bits]."""
        return max(self.accumulator.exponent_bits, self.exponents[1].bit_length())

    @property
    def has_subnormals(self) -> bool:
        """Whether sums down to the least normal number, or below it, occur.

        The least itself counts, because a difference may be normalised one place too far until
        rounding puts that right.
        """
        return self.any_state or self.lsb_exponent <= 1 - self.accumulator.bias

    @property
    def has_infinities(self) -> bool:
        """Whether sums can overflow.

        A sum in whose binade products are below half an lsb grows no more: its exponent stays
        at most significand_bits + 1 above the greatest product's.
        """
        highest = self.exponents[1] + self.accumulator.significand_bits + 1
        return self.any_state or highest >= (1 << self.accumulator.exponent_bits) - 1

    @property
    def negates(self) -> bool:
        """Whether a negative difference can be inexact.

        That takes a product with two bits more than the accumulator's significand, or with bits
        below the accumulator's least subnormal number.
        """
        spare = self.accumulator.significand_bits - self.term_bits + (not self.is_fixed)
        return spare < 0 or self.lsb_exponent < self.accumulator.lsb_exponent


def magnitude(side: Operand) -> int:
    """Return the greatest magnitude of an operand's significand."""
    return max(side.greatest, -side.least)


def significand_bits(side: Operand) -> int:
    """Return the width of an operand's magnitude [bits]."""
    return magnitude(side).bit_length()


def _exponent(power_of_two: float) -> int:
    return math.frexp(power_of_two)[1] - 1
