"""Cost of multiply-accumulate cells and dot products: lanes, adder tree, accumulator, registers.

The adders are counted from how their RTL is written, which is exact; see ``rtl/lib/tree.sv``,
``accumulate_*.sv`` and ``dot.sv``.
"""

from functools import lru_cache

from dse.errors import DesignError
from hw_models.arith.cell import Dot, Mac, Style
from hw_models.arith.product import Product
from hw_models.cost.lane import target_style
from hw_models.cost.multipliers import Lanes, multiplier_part
from hw_models.cost.registers import pipeline_registers, sum_bits, tree_registers
from hw_models.cost.target import Target
from hw_models.resources import Part, Resources

MAX_ACCUMULATOR_BITS = 128
_ADDER_SOURCE = "exact: one adder bit after the other, as the RTL instantiates them"
_PORTABLE_SOURCE = "exact: plain adders on a carry chain, with a LUT a bit for clear and sign each"


def cell_parts(cell: Mac | Dot, target: Target) -> tuple[Part, ...]:
    """Return what a cell is made of.

    Raises:
        DesignError: The accumulator is wider than any cell's.
        FormatError: A format without a cell.
    """
    if cell.accumulator_bits > MAX_ACCUMULATOR_BITS:
        raise DesignError(
            f"{cell.weight.name} x {cell.act.name}: {cell.terms} terms need an accumulator of "
            f"{cell.accumulator_bits} bits; {MAX_ACCUMULATOR_BITS} is the most"
        )
    lanes = Lanes(
        weight=cell.weight,
        act=cell.act,
        count=1 if isinstance(cell, Mac) else cell.lanes,
        sharing=1,
        in_mac=isinstance(cell, Mac),
    )
    return (multiplier_part(lanes, target), *sum_parts(cell, target))


def sum_parts(cell: Mac | Dot, target: Target) -> tuple[Part, ...]:
    """Return what follows the products: pipeline registers, adder tree and accumulator."""
    style, shape, bits = target_style(target), cell.product, cell.accumulator_bits
    source = _PORTABLE_SOURCE if style is Style.PORTABLE else _ADDER_SOURCE
    parts = []
    sum_width = shape.term_bits
    if isinstance(cell, Dot):
        sum_width = sum_bits(shape, cell.lanes)
        parts.append(_tree_part(cell, style, source))
        if cell.is_pipelined:
            registers = pipeline_registers(cell, style)
            parts.append(
                Part(name="registers", resources=registers, is_compute=True, source=source)
            )
    accumulator = Resources(lut=accumulator_lut(shape, sum_width, bits, style), ff=bits)
    parts.append(Part(name="accumulator", resources=accumulator, is_compute=True, source=source))
    return tuple(part for part in parts if part.resources != Resources())


def accumulator_lut(shape: Product, term_bits: int, bits: int, style: Style) -> int:
    """Return the LUTs of an accumulator of `bits` bits whose terms have `term_bits`.

    Clear and sign cost nothing in the carry stages of ecp5 and Xilinx. Portable, each bit but the
    first has a gate for clear, and every bit of the term one for its sign.
    """
    if style is Style.PORTABLE:
        return 2 * bits - 1 + shape.has_sign_bit * term_bits
    return _adder_lut(bits, style, has_sign=shape.has_sign_bit)


def _adder_lut(bits: int, style: Style, *, has_sign: bool) -> int:
    """Return the LUTs of an adder; on ecp5 two half slices are a cell, and a carry in takes one."""
    return 2 * -(-(bits + has_sign) // 2) if style is Style.ECP5 else bits


def _tree_part(dot: Dot, style: Style, source: str) -> Part:
    """Return the adder tree; its carries wait in shift register LUTs where they are long."""
    resources = Resources(lut=tree_lut(dot.product, dot.lanes, style))
    if dot.is_pipelined:
        resources += tree_registers(dot, style)
    return Part(name="adder tree", resources=resources, is_compute=True, source=source)


@lru_cache(maxsize=65536)
def tree_lut(shape: Product, lanes: int, style: Style) -> int:
    """Return the LUTs of the adders that sum `lanes` terms as a balanced tree."""
    if lanes == 1:
        return 0
    right = lanes // 2
    left = lanes - right
    adder = _adder_lut(sum_bits(shape, lanes), style, has_sign=shape.has_sign_bit)
    flips = 0
    if style is Style.PORTABLE and shape.has_sign_bit:  # complements of single terms
        flips = ((left == 1) + (right == 1)) * shape.term_bits
    return adder + flips + tree_lut(shape, left, style) + tree_lut(shape, right, style)
