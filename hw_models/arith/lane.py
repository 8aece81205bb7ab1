"""The product of one lane, as a style builds it."""

from dataclasses import dataclass, replace

from hw_models.arith.cell import Style, fits_table
from hw_models.arith.product import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One exact product and how it is built.

    Args:
        product: What it computes.
        style: How its RTL is written.
        in_mac: Whether an accumulator follows at once, which can take over the last shifter stage;
            otherwise an adder tree does.
    """

    product: Product
    style: Style
    in_mac: bool

    @property
    def canonical(self) -> "Lane":
        """The same circuit, called a MAC's only if that makes it another one."""
        return replace(self, in_mac=self.keeps_top)

    @property
    def is_table(self) -> bool:
        """Whether every bit of the term is one look-up table."""
        return self.style is Style.XILINX and fits_table(self.product)

    @property
    def keeps_top(self) -> bool:
        """Whether the accumulator does the last stage of the shifter."""
        shifts = self.product.shift_bits > 0 and not self.is_table
        return self.in_mac and self.style is Style.XILINX and shifts

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
