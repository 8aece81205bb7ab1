"""The product of one lane, as a style builds it: its architecture, its rows, its registers."""

from dataclasses import dataclass, replace
from itertools import pairwise

from dse.errors import DesignError
from hw_models.arith.cell import Architecture, Dot, Mac, Style
from hw_models.arith.operand import Operand
from hw_models.arith.product import Product

_TABLE_INPUTS = 6
_XILINX_REGISTERS = 2
_TABLE_TERM_BITS = 8
"""A shifter grows with the logarithm of its range, a table with the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One exact product and how it is built.

    Args:
        product: What it computes.
        style: How its RTL is written.
        in_mac: Whether an accumulator follows at once, which can take over the last shifter stage;
            otherwise an adder tree does.
        registers: Registers inside it, which any path crosses one after the other: the last in
            front of the shifter, if there is one, the others among the rows of the multiplier.
        architecture: What it is made of: the cheapest, or one of `architectures`.

    Raises:
        DesignError: It cannot be made of that; more registers than there is room for.
    """

    product: Product
    style: Style
    in_mac: bool
    registers: int = 0
    architecture: Architecture = Architecture.CHEAPEST

    def __post_init__(self) -> None:
        if self.architecture not in (Architecture.CHEAPEST, *self.architectures):
            raise DesignError(
                f"a product of {self.product.weight.bits} x {self.product.act.bits} bits in style "
                f"'{self.style}' cannot be made of '{self.architecture}'; "
                f"there is {', '.join(self.architectures)}"
            )
        if not 0 <= self.registers <= self.most_registers:
            raise DesignError(
                f"a product of {self.product.weight.bits} x {self.product.act.bits} bits in style "
                f"'{self.style}' has room for 0 to {self.most_registers} registers, "
                f"not {self.registers}"
            )

    @property
    def canonical(self) -> "Lane":
        """The same circuit, called a MAC's or of an architecture only if that changes it."""
        is_cheapest = self.made_of is self.architectures[0]
        architecture = Architecture.CHEAPEST if is_cheapest else self.architecture
        return replace(self, in_mac=self.keeps_top, architecture=architecture)

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """How the product can be built of LUTs, the cheapest first.

        Rows are Booth's on Xilinx, where a LUT has room for a digit. Only 6-input LUTs make tables,
        for at most six bits beside the signs. They are cheaper where the term is narrow.
        """
        operands = (self.product.weight, self.product.act)
        inputs = sum(x.bits - x.has_sign_bit for x in operands)
        if self.style is not Style.XILINX:
            return (Architecture.ROWS,)
        if inputs > _TABLE_INPUTS:
            return (Architecture.BOOTH,)
        if self.product.term_bits > _TABLE_TERM_BITS:
            return (Architecture.BOOTH, Architecture.TABLE)
        return (Architecture.TABLE, Architecture.BOOTH)

    @property
    def made_of(self) -> Architecture:
        """What it is made of: never just the cheapest."""
        is_cheapest = self.architecture is Architecture.CHEAPEST
        return self.architectures[0] if is_cheapest else self.architecture

    @property
    def is_table(self) -> bool:
        """Whether every bit of the term is one look-up table."""
        return self.made_of is Architecture.TABLE

    @property
    def keeps_top(self) -> bool:
        """Whether the accumulator does the last stage of the shifter."""
        return self.in_mac and self.style is Style.XILINX and self.has_shifter

    @property
    def has_shifter(self) -> bool:
        """Whether a shifter follows the multiplier of the significands."""
        return self.product.shift_bits > 0 and not self.is_table

    @property
    def fine_stages(self) -> int:
        """Low bits of the shift that go through logarithmic stages.

        The others select gated copies, spaced so that at most two of them meet in an output bit and
        share a 4-input LUT: significand width + 2^stages - 1 <= 2 · 2^stages. Where a shifted value
        is two's complement its sign must fill up, which only the stages do. Shifters on Xilinx have
        nothing but stages.
        """
        shape = self.product
        if shape.is_twos_complement:
            return shape.shift_bits
        return min(shape.shift_bits, max(1, (shape.significand_bits - 2).bit_length()))

    @property
    def shifter_levels(self) -> int:
        """LUTs, one behind the other, that shift; 1 for a table."""
        if not self.has_shifter:
            return int(self.is_table)
        if self.style is Style.XILINX:
            return self.product.shift_bits
        selects_copies = self.product.shift_bits > self.fine_stages
        return self.fine_stages + selects_copies

    @property
    def rows(self) -> int:
        """Adders, one behind the other, that multiply the significands; 0 for a row of gates."""
        shape = self.product
        a, w = shape.multiplicand.significand_bits, shape.multiplier.significand_bits
        if self.is_table:
            return 0
        if self.style is Style.XILINX:
            is_gates = w == 1 or (w == 2 and shape.multiplier.is_twos_complement)
            return 0 if is_gates or a + w <= _TABLE_INPUTS else 1 + booth_digits(shape.multiplier)
        return 0 if a == 1 or shape.significand_bits <= w else w - 1

    @property
    def row_stages(self) -> tuple[range, ...]:
        """The multiplier's rows, counted from 1, between one register and the next."""
        stages = 1 + max(self.registers - self.has_shifter, 0)
        ends = [-(-self.rows * i // stages) for i in range(stages + 1)]
        return tuple(range(a + 1, b + 1) for a, b in pairwise(ends))

    @property
    def most_registers(self) -> int:
        """Registers that the product has room for.

        Two are enough for the few rows on Xilinx; of what waits for a third, tools would make shift
        registers.
        """
        room = self.has_shifter + max(self.rows - 1, 0)
        return min(room, _XILINX_REGISTERS) if self.style is Style.XILINX else room

    @property
    def reach(self) -> int:
        """Largest left shift that the lane itself does, its offset included [bits]."""
        if self.keeps_top:
            return (1 << (self.product.shift_bits - 1)) - 1
        return self.product.greatest_shift

    @property
    def term_bits(self) -> int:
        """Width of what the lane hands on [bits]."""
        return self.product.significand_bits + self.reach


def cell_lane(cell: Mac | Dot, style: Style) -> Lane:
    """Return the product of which `cell` is made."""
    return Lane(
        product=cell.product,
        style=style,
        in_mac=isinstance(cell, Mac),
        registers=cell.product_registers if isinstance(cell, Dot) else 0,
        architecture=cell.architecture,
    )


def booth_first_bits(multiplier: Operand) -> int:
    """Return how many bits the first row takes on Xilinx, so that whole digits are left."""
    bits, is_signed = multiplier.significand_bits, multiplier.is_twos_complement
    return 2 if bits == 2 or bits % 2 == (0 if is_signed else 1) else 3


def booth_digits(multiplier: Operand) -> int:
    """Return the rows behind the first one on Xilinx, of two bits each."""
    return (multiplier.significand_bits - booth_first_bits(multiplier) + 1) // 2
