"""Arithmetic cells: what they compute, of what, and in which style their RTL is written."""

from dataclasses import dataclass
from enum import StrEnum

from dse.errors import DesignError
from dse.formats import Format
from hw_models.accumulator import accumulator_bits
from hw_models.arith.product import Product, product


class Style(StrEnum):
    """How adders are written: the rest of a cell is common."""

    PORTABLE = "portable"
    """Plain operators; the tool maps them."""
    ECP5 = "ecp5"
    """CCU2C carry cells with gates, sign and clear inside."""
    XILINX = "xilinx"
    """LUT6_2 and CARRY4, with the last shifter stage, sign and clear inside."""


class Architecture(StrEnum):
    """What a product is made of."""

    CHEAPEST = "cheapest"
    """Whichever of the others takes the least."""
    ROWS = "rows"
    """Significands multiplied by rows of adders, then shifted by the sum of the exponents."""
    BOOTH = "booth"
    """The same with a row for every two bits (Booth digits)."""
    TABLE = "table"
    """A look-up table for each bit of the product."""
    DSP = "dsp"
    """A DSP block multiplies."""


STYLES: dict[str, tuple[Style, ...]] = {
    "ecp5": (Style.ECP5, Style.PORTABLE),
    "xcup": (Style.XILINX, Style.PORTABLE),
    "xc7": (Style.XILINX, Style.PORTABLE),
    "ice40": (Style.PORTABLE,),
    "gates": (Style.PORTABLE,),
}
"""Styles each device can take, the cheapest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mac:
    """A multiply-accumulate cell: acc <= (clr ? 0 : acc) + a · w, exact.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        terms: Products per sum, which give the accumulator its width.
        architecture: What its product is made of.
    """

    weight: Format
    act: Format
    terms: int
    architecture: Architecture = Architecture.CHEAPEST

    def __post_init__(self) -> None:
        if self.terms < 1:
            raise DesignError(f"a sum has at least 1 term, not {self.terms}")

    @property
    def product(self) -> Product:
        """The product of one term."""
        return product(self.weight, self.act)

    @property
    def accumulator_bits(self) -> int:
        """Width of the accumulator [bits]."""
        return accumulator_bits(self.terms, self.weight, self.act)

    @property
    def name(self) -> str:
        """A legal and unique module name."""
        return _module_name("mac", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A dot product with accumulator: acc <= (clr ? 0 : acc) + Σ a[i] · w[i], exact.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        terms: Products per sum over all beats, which give the accumulator its width.
        lanes: Products per beat.
        is_pipelined: Registers behind the products and every level of the tree.
        product_registers: Registers inside each product besides; only if it is pipelined.
        architecture: What its products are made of.
    """

    weight: Format
    act: Format
    terms: int
    lanes: int
    is_pipelined: bool = False
    product_registers: int = 0
    architecture: Architecture = Architecture.CHEAPEST

    def __post_init__(self) -> None:
        if self.product_registers and not self.is_pipelined:
            raise DesignError("only a pipelined dot product has registers inside its products")
        if not 1 <= self.lanes <= self.terms:
            raise DesignError(f"a sum of {self.terms} terms has no {self.lanes} lanes")

    @property
    def product(self) -> Product:
        """The product of one term."""
        return product(self.weight, self.act)

    @property
    def accumulator_bits(self) -> int:
        """Width of the accumulator [bits]."""
        return accumulator_bits(self.terms, self.weight, self.act)

    @property
    def latency_cycles(self) -> int:
        """Clock edges from a beat to the sum that includes it."""
        if not self.is_pipelined:
            return 1
        return 2 + self.product_registers + (self.lanes - 1).bit_length()

    @property
    def ii_cycles(self) -> int:
        """Clock edges from one beat to the next: the accumulator's loop is a single adder."""
        return 1

    @property
    def name(self) -> str:
        """A legal and unique module name."""
        name = _module_name(f"dot{self.lanes}", self)
        registers = f"_{self.product_registers}" if self.product_registers else ""
        return name + "_pipelined" * self.is_pipelined + registers


def _module_name(kind: str, cell: Mac | Dot) -> str:
    parts = [kind, cell.weight.name, cell.act.name, str(cell.terms)]
    if cell.architecture is not Architecture.CHEAPEST:
        parts.append(cell.architecture)
    return "_".join(parts).replace("-", "m")  # a bias can be negative
