"""Products in DSP blocks: what goes through the multiplier, and how many share one block."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from dse.errors import DesignError
from hw_models.arith.cell import Dot, Style
from hw_models.arith.operand import Operand
from hw_models.arith.product import Product
from hw_models.devices.base import Dsp

MOST_REGISTERS = 2
"""Registers of a block that products can use: behind its multiplier, and in front of it."""


_TABLE_INPUTS = {Style.PORTABLE: 4, Style.ECP5: 4, Style.XILINX: 6}


class Entry(StrEnum):
    """What of an operand enters the block."""

    SIGNIFICANDS = "significands"
    """The product is shifted behind the block, by the sum of the exponents."""
    INTEGERS = "integers"
    """Minifloats become integers in front of the block; nothing is left to align."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DspProducts:
    """Exact products of one activation with `count` weights, in one block.

    The weights stand side by side, `spacing_bits` apart, so that each product has a field of its
    own in the block's. Where products can be negative, a field lacks 1 if the field below it is
    negative; adders behind have room for that carry. (Fu et al., AMD WP486; Preusser et al.,
    finn-rtllib/mvu.)

    Args:
        product: What each computes.
        block: The family's DSP block.
        entry: What enters it.
        count: Products in it.

    Raises:
        DesignError: They do not fit.
    """

    product: Product
    block: Dsp
    entry: Entry
    count: int

    def __post_init__(self) -> None:
        if not self._fits:
            raise DesignError(
                f"{self.count} products of {self.weight_bits} x {self.act_bits} bits do not fit "
                f"one {self.block.name}"
            )

    def sized(self, count: int) -> "DspProducts":
        """Return the same with another number of products in a block."""
        return replace(self, count=count)

    @property
    def act_bits(self) -> int:
        """Width of the activation as it enters [bits]."""
        return self._entering_bits(self.product.act)

    @property
    def weight_bits(self) -> int:
        """Width of one weight as it enters [bits]."""
        return self._entering_bits(self.product.weight)

    @property
    def spacing_bits(self) -> int:
        """Width of a product as it comes out [bits]."""
        if self.entry is Entry.INTEGERS:
            return self.product.term_bits
        return self.product.significand_bits

    @property
    def packed_bits(self) -> int:
        """Width of all weights side by side [bits]."""
        return (self.count - 1) * self.spacing_bits + self.weight_bits

    @property
    def is_halved(self) -> bool:
        """Whether two products go through the halves of a block that is made for them."""
        return self.count == 2 and max(self._ports(self.weight_bits)) <= self.block.half_bits

    @property
    def subtracts(self) -> bool:
        """Whether signed weights side by side take a subtraction: lower bits less sign bits."""
        is_signed = self.product.weight.is_twos_complement
        return self.count > 1 and is_signed and not self.is_halved

    @property
    def has_carries(self) -> bool:
        """Whether all products but the first come with a carry."""
        return self.count > 1 and self.product.is_twos_complement and not self.is_halved

    @property
    def has_shifter(self) -> bool:
        """Whether products are shifted behind the block."""
        return self.entry is Entry.SIGNIFICANDS and self.product.shift_bits > 0

    def _entering_bits(self, side: Operand) -> int:
        is_integer = self.entry is Entry.INTEGERS
        return side.magnitude_bits if is_integer else side.significand_bits

    def _ports(self, weights_bits: int) -> tuple[int, int]:
        """Return the widths that weights and activation take of the block [bits].

        An operand without a sign takes one more bit of a port that is always signed.
        """
        sides = ((weights_bits, self.product.weight), (self.act_bits, self.product.act))
        signed_only = not self.block.takes_unsigned
        weights, act = (
            bits + (signed_only and not side.is_twos_complement) for bits, side in sides
        )
        return weights, act

    @property
    def _fits(self) -> bool:
        if self.count < 1:
            return False
        wide, narrow = self.block.wide_bits, self.block.narrow_bits
        if self.count == 1:
            ports = self._ports(self.weight_bits)
            return max(ports) <= wide and min(ports) <= narrow
        if self.is_halved:
            return True
        if self.has_carries and (self.has_shifter or not self._has_room_below):
            return False
        weights, act = self._ports(self.packed_bits)
        return weights <= wide and act <= narrow and self.weight_bits <= self.spacing_bits

    @property
    def _has_room_below(self) -> bool:
        """Whether a field can hold the least product less 1."""
        w, a = self.product.weight, self.product.act
        extremes = (x * y for x in (w.least, w.greatest) for y in (a.least, a.greatest))
        return min(extremes) > -(1 << (self.product.significand_bits - 1))


def dsp_products(shape: Product, block: Dsp, most: int) -> Iterator[DspProducts]:
    """Yield the ways in which up to `most` products of one activation fit one block."""
    entries = tuple(Entry) if shape.shift_bits else (Entry.INTEGERS,)
    for entry in entries:
        for count in range(1, most + 1):
            try:
                yield DspProducts(product=shape, block=block, entry=entry, count=count)
            except DesignError:
                break


def in_dsp(dot: Dot) -> Dot:
    """Return `dot` with the registers that its products have in DSP blocks: all, or none."""
    return replace(dot, product_registers=MOST_REGISTERS) if dot.is_pipelined else dot


def is_table(side: Operand, style: Style) -> bool:
    """Return whether every bit of a minifloat's integer is one LUT of exponent and mantissa."""
    inputs = side.exponent_bits + side.significand_bits - 1
    return side.shifts and inputs <= _TABLE_INPUTS[style]


def groups(pe: int, way: DspProducts | None) -> list[tuple[int, int]]:
    """Return the first of those of `pe` sums that share blocks, and how many they are.

    Args:
        pe: Sums of products of the same activations.
        way: What goes through a block; None for products in LUTs.
    """
    size = 1 if way is None else way.count
    return [(first, min(size, pe - first)) for first in range(0, pe, size)]
