"""The products of a layer: in LUTs, or in DSP blocks where that is cheaper."""

from collections.abc import Iterator
from dataclasses import dataclass

from hw_models.cost.logic import function_lut, shifter_lut
from hw_models.cost.operand import Operand, operand
from hw_models.cost.product import ProductCell, decode_lut, product_cell, sign_lut
from hw_models.cost.target import Target
from hw_models.folding import Folding
from hw_models.graph import Mvau
from hw_models.resources import Part, Resources

_CELL_SOURCE = "exact Kulisch product, arXiv 2311.12359 and IEEE TCAD 44(6) 2025"


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """One way to build all products of a layer.

    Attributes:
        cell: LUTs of one product.
        blocks: DSP blocks of the layer.
        extraction_lut: LUTs that split packed products, in the whole layer.
        multiply_source: Where the multiplier's numbers come from.
    """

    cell: ProductCell
    blocks: int
    extraction_lut: int
    multiply_source: str

    def lut(self, lanes: int) -> int:
        """Return the LUTs of `lanes` products."""
        return self.cell.lut * lanes + self.extraction_lut


def multiplier_parts(mvau: Mvau, folding: Folding, target: Target) -> tuple[Part, ...]:
    """Return the cost of the layer's PE·SIMD products."""
    chosen = choose_multipliers(mvau, folding, target)
    cell, lanes = chosen.cell, folding.lanes
    mux_source = target.coefficients.mux_select_bits.source
    luts = (
        ("decode", cell.decode * lanes, _CELL_SOURCE),
        ("multipliers", cell.multiply * lanes + chosen.extraction_lut, chosen.multiply_source),
        ("exponents", cell.exponent * lanes, target.coefficients.adder_lut_per_bit.source),
        ("alignment", cell.align * lanes, f"{_CELL_SOURCE}; {mux_source}"),
        ("signs", cell.sign * lanes, target.coefficients.sign_in_adder.source),
    )
    return tuple(
        Part(
            name=name,
            resources=Resources(lut=lut, dsp=chosen.blocks if name == "multipliers" else 0),
            is_compute=True,
            source=source,
        )
        for name, lut, source in luts
        if lut or name == "multipliers"
    )


def choose_multipliers(mvau: Mvau, folding: Folding, target: Target) -> Multipliers:
    """Return the way with the fewest LUTs among those whose DSP blocks are worth it.

    A block must save `dsp_worth_lut` LUTs. Ties go to fewer blocks.
    """
    in_luts = Multipliers(
        cell=product_cell(mvau.weight, mvau.act, target),
        blocks=0,
        extraction_lut=0,
        multiply_source=target.coefficients.multiplier.source,
    )
    if target.dsp == "none":
        return in_luts
    lanes = folding.lanes
    worth = target.coefficients.dsp_worth_lut.value
    ways = [
        way
        for way in _dsp_ways(mvau, folding, target, in_luts.cell)
        if in_luts.lut(lanes) - way.lut(lanes) >= worth * way.blocks
    ]
    return min([in_luts, *ways], key=lambda way: (way.lut(lanes), way.blocks))


def _dsp_ways(
    mvau: Mvau, folding: Folding, target: Target, in_luts: ProductCell
) -> Iterator[Multipliers]:
    """Yield the ways to use DSP blocks.

    The significands alone go through the block and are aligned behind it; or each minifloat is
    turned into an integer in front, so that nothing is left to align.
    """
    w, a = operand(mvau.weight), operand(mvau.act)
    significands = ProductCell(
        decode=in_luts.decode,
        multiply=0,
        exponent=in_luts.exponent,
        align=in_luts.align,
        sign=in_luts.sign,
    )
    yield _in_blocks(mvau, folding, target, significands, (w.significand_bits, a.significand_bits))
    if w.shift or a.shift:
        fixed = ProductCell(
            decode=fixed_point_lut(w, target) + fixed_point_lut(a, target),
            multiply=0,
            exponent=0,
            align=0,
            sign=sign_lut(mvau.weight, mvau.act, target),
        )
        yield _in_blocks(mvau, folding, target, fixed, (w.magnitude_bits, a.magnitude_bits))


def _in_blocks(
    mvau: Mvau, folding: Folding, target: Target, cell: ProductCell, bits: tuple[int, int]
) -> Multipliers:
    """Return the products of a layer through DSP blocks, `bits` wide.

    The PEs of a group share each activation, so their products pack. One LUT splits off each
    packed product but the first (finn-rtllib/mvu; WP487). An operand without a sign takes one more
    bit of the signed port.
    """
    dsp = target.family.dsp
    packed = dsp.packed_products(*bits)
    sharing = min(folding.pe, mvau.mh // mvau.groups)
    if packed > 1:
        per_activation = -(-sharing // packed)
        source = next(p.source for p in dsp.packings if p.products == packed)
    else:
        w, a = operand(mvau.weight), operand(mvau.act)
        ports = (
            bits[0] + (w.is_minifloat or not w.is_signed),
            bits[1] + (a.is_minifloat or not a.is_signed),
        )
        per_activation = sharing * dsp.blocks(*ports)
        source = dsp.source
    activations = folding.lanes // sharing
    extraction = activations * (sharing - -(-sharing // packed))
    return Multipliers(
        cell=cell,
        blocks=activations * per_activation,
        extraction_lut=extraction,
        multiply_source=f"{dsp.name}, {source}",
    )


def fixed_point_lut(code: Operand, target: Target) -> int:
    """Return the LUTs that turn a minifloat's magnitude into an integer; 0 for integers.

    The smaller of a table per output bit and of decode and shifter.
    """
    if not code.is_minifloat:
        return 0
    inputs = code.exponent_bits + code.significand_bits - 1
    table = code.magnitude_bits * function_lut(inputs, target)
    shifted = decode_lut(code, target) + shifter_lut(code.significand_bits, code.shift, target)
    return min(table, shifted)
