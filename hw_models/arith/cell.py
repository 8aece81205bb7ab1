"""Arithmetic cells: what they compute, and in which style their RTL is written."""

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
    """

    weight: Format
    act: Format
    terms: int

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
        return _module_name("mac", self.weight, self.act, self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A dot product with accumulator: acc <= (clr ? 0 : acc) + Σ a[i] · w[i], exact.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        terms: Products per sum over all beats, which give the accumulator its width.
        lanes: Products per beat.
        is_pipelined: Registers behind the products and every level of the tree.
    """

    weight: Format
    act: Format
    terms: int
    lanes: int
    is_pipelined: bool = False

    def __post_init__(self) -> None:
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
        return 2 + (self.lanes - 1).bit_length() if self.is_pipelined else 1

    @property
    def name(self) -> str:
        """A legal and unique module name."""
        name = _module_name(f"dot{self.lanes}", self.weight, self.act, self.terms)
        return name + "_pipelined" * self.is_pipelined


def _module_name(kind: str, weight: Format, act: Format, terms: int) -> str:
    return f"{kind}_{weight.name}_{act.name}_{terms}".replace("-", "m")  # a bias can be negative


def fine_stages(shape: Product) -> int:
    """Return how many low bits of the shift go through logarithmic stages.

    The others select gated copies, spaced so that at most two of them meet in an output bit and
    share a 4-input LUT: significand width + 2^stages - 1 <= 2 · 2^stages. Where a shifted value is
    two's complement its sign must fill up, which only the stages do.
    """
    if shape.is_twos_complement:
        return shape.shift_bits
    return min(shape.shift_bits, max(1, (shape.significand_bits - 2).bit_length()))


def fits_table(shape: Product) -> bool:
    """Return whether 6-input LUTs, one for each bit of the term, are the cheapest product.

    That takes at most six bits beside the signs, and a term that is not too wide: a shifter grows
    with the logarithm of its range, a table with the range.
    """
    inputs = sum(x.bits - x.has_sign_bit for x in (shape.weight, shape.act))
    return inputs <= 6 and shape.term_bits <= 8
