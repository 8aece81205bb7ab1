"""Cost of multiply-accumulate cells and dot products: lanes, adder tree, accumulator, registers.

The adders are counted from how their RTL is written, which is exact; see ``rtl/lib/tree.sv``,
``accumulate_*.sv`` and ``dot.sv``.
"""

from dataclasses import replace
from functools import lru_cache

from dse.errors import DesignError
from hw_models.arith.cell import Dot, Mac, Style
from hw_models.arith.dsp import DspProducts, groups, in_dsp
from hw_models.arith.product import Product
from hw_models.cost.lane import target_style
from hw_models.cost.multipliers import Lanes, choose_multipliers, multiplier_part
from hw_models.cost.registers import (
    dsp_registers,
    pipeline_registers,
    sum_bits,
    tree_registers,
)
from hw_models.cost.target import Target
from hw_models.resources import Part, Resources

MAX_ACCUMULATOR_BITS = 128
_ADDER_SOURCE = "exact: one adder bit after the other, as the RTL instantiates them"
_PORTABLE_SOURCE = "exact: plain adders on a carry chain, with a LUT a bit for clear and sign each"


def cell_parts(cell: Mac | Dot, target: Target, pe: int = 1) -> tuple[Part, ...]:
    """Return what a cell is made of.

    Args:
        cell: The cell.
        target: Family, its constants, and whether DSP blocks may multiply.
        pe: Dot products that share their activations.

    Raises:
        DesignError: The accumulator is wider than any cell's.
        FormatError: A format without a cell.
    """
    check_accumulator(cell)
    lanes = cell_lanes(cell, pe)
    way = choose_multipliers(lanes, target).way
    sums = sum_parts(cell, target) if way is None else dsp_sum_parts(cell, way, target, pe)
    copies = pe if way is None else 1
    return (
        multiplier_part(lanes, target),
        *(replace(part, resources=part.resources * copies) for part in sums),
    )


def check_accumulator(cell: Mac | Dot) -> None:
    """Raise `DesignError` if the accumulator of `cell` is wider than any cell's."""
    if cell.accumulator_bits > MAX_ACCUMULATOR_BITS:
        raise DesignError(
            f"{cell.weight.name} x {cell.act.name}: {cell.terms} terms need an accumulator of "
            f"{cell.accumulator_bits} bits; {MAX_ACCUMULATOR_BITS} is the most"
        )


def cell_lanes(cell: Mac | Dot, pe: int) -> Lanes:
    """Return the products of `pe` cells that share their activations."""
    return Lanes(
        weight=cell.weight,
        act=cell.act,
        count=pe if isinstance(cell, Mac) else cell.lanes * pe,
        sharing=pe,
        in_mac=isinstance(cell, Mac),
        architecture=cell.architecture,
    )


def sum_parts(cell: Mac | Dot, target: Target) -> tuple[Part, ...]:
    """Return what follows the products: pipeline registers, adder tree and accumulator."""
    style = target_style(target)
    registers = Resources()
    if isinstance(cell, Dot) and cell.is_pipelined:
        registers = pipeline_registers(cell, style)
    return _parts(_adders(cell, style, has_carry=False), registers, style)


def dsp_sum_parts(cell: Mac | Dot, way: DspProducts, target: Target, pe: int) -> tuple[Part, ...]:
    """Return what follows the products of `pe` cells in DSP blocks.

    Of the cells that share blocks, all but the first may add a carry with each product. That takes
    a LUT where a sign complements the product, too.
    """
    style = target_style(target)
    if isinstance(cell, Dot):
        cell = in_dsp(cell)
    adders, registers = (Resources(), Resources()), Resources()
    for _, count in groups(pe, way):
        group = way.sized(count)
        for place in range(count):
            more = _adders(cell, style, has_carry=group.has_carries and place > 0)
            adders = (adders[0] + more[0], adders[1] + more[1])
        if isinstance(cell, Dot) and cell.is_pipelined:
            registers += dsp_registers(cell, group, style)
    return _parts(adders, registers, style)


def _adders(cell: Mac | Dot, style: Style, *, has_carry: bool) -> tuple[Resources, Resources]:
    """Return the tree and the accumulator of one sum."""
    shape, bits = cell.product, cell.accumulator_bits
    tree, sum_width = Resources(), shape.term_bits
    if isinstance(cell, Dot):
        sum_width = sum_bits(shape, cell.lanes)
        tree = Resources(lut=tree_lut(shape, cell.lanes, style, has_carry=has_carry))
        if has_carry and shape.has_sign_bit:
            tree += Resources(lut=cell.lanes)
        if cell.is_pipelined:
            tree += tree_registers(cell, style, has_carry=has_carry)
    lut = accumulator_lut(shape, sum_width, bits, style, has_carry=has_carry)
    return tree, Resources(lut=lut, ff=bits)


def _parts(
    adders: tuple[Resources, Resources], registers: Resources, style: Style
) -> tuple[Part, ...]:
    """Return tree, registers and accumulator as parts, without those of nothing."""
    source = _PORTABLE_SOURCE if style is Style.PORTABLE else _ADDER_SOURCE
    named = (("adder tree", adders[0]), ("registers", registers), ("accumulator", adders[1]))
    return tuple(
        Part(name=name, resources=resources, is_compute=True, source=source)
        for name, resources in named
        if resources != Resources()
    )


def accumulator_lut(
    shape: Product, term_bits: int, bits: int, style: Style, *, has_carry: bool = False
) -> int:
    """Return the LUTs of an accumulator of `bits` bits whose terms have `term_bits`.

    Clear and sign cost nothing in the carry stages of ecp5 and Xilinx. Portable, each bit but the
    first has a gate for clear, and every bit of the term one for its sign.
    """
    if style is Style.PORTABLE:
        return 2 * bits - 1 + (shape.has_sign_bit or has_carry) * term_bits
    return _adder_lut(bits, style, has_carry=shape.has_sign_bit or has_carry)


def _adder_lut(bits: int, style: Style, *, has_carry: bool) -> int:
    """Return the LUTs of an adder; on ecp5 two half slices are a cell, and a carry in takes one."""
    return 2 * -(-(bits + has_carry) // 2) if style is Style.ECP5 else bits


@lru_cache(maxsize=65536)
def tree_lut(shape: Product, lanes: int, style: Style, *, has_carry: bool = False) -> int:
    """Return the LUTs of the adders that sum `lanes` terms as a balanced tree.

    Args:
        shape: The terms.
        lanes: How many.
        style: How adders are written.
        has_carry: Whether each term comes with a carry, even without a sign.
    """
    if lanes == 1:
        return 0
    right = lanes // 2
    left = lanes - right
    adder = _adder_lut(sum_bits(shape, lanes), style, has_carry=shape.has_sign_bit or has_carry)
    flips = 0
    if style is Style.PORTABLE and shape.has_sign_bit:  # complements of single terms
        flips = ((left == 1) + (right == 1)) * shape.term_bits
    sides = (tree_lut(shape, side, style, has_carry=has_carry) for side in (left, right))
    return adder + flips + sum(sides)
