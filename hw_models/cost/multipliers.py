"""The products of a layer: in LUTs, or in DSP blocks where that is cheaper."""

from collections.abc import Iterator
from dataclasses import dataclass

from dse.formats import Format
from hw_models.accumulator import accumulator_bits
from hw_models.arith.operand import Operand, operand
from hw_models.cost.lane import lane_cost
from hw_models.cost.logic import function_lut, reduction_lut, shifter_lut
from hw_models.cost.target import Target
from hw_models.resources import Part, Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Products that are computed at once.

    Attributes:
        weight: Weight format.
        act: Activation format.
        count: How many.
        sharing: How many of them share one activation.
        in_mac: Whether each has an accumulator of its own, not an adder tree.
    """

    weight: Format
    act: Format
    count: int
    sharing: int
    in_mac: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """One way to build all products of a layer.

    Attributes:
        lut: LUTs of the layer.
        blocks: DSP blocks of the layer.
        source: Where the numbers come from.
    """

    lut: int
    blocks: int
    source: str


def multiplier_part(lanes: Lanes, target: Target) -> Part:
    """Return the cost of all products of a layer."""
    chosen = choose_multipliers(lanes, target)
    return Part(
        name="products",
        resources=Resources(lut=chosen.lut, dsp=chosen.blocks),
        is_compute=True,
        source=chosen.source,
    )


def choose_multipliers(lanes: Lanes, target: Target) -> Multipliers:
    """Return the way with the fewest LUTs among those whose DSP blocks are worth it.

    A block must save `dsp_worth_lut` LUTs. Ties go to fewer blocks.
    """
    cell = lane_cost(lanes.weight, lanes.act, target, in_mac=lanes.in_mac)
    in_luts = Multipliers(lut=cell.lut * lanes.count, blocks=0, source=cell.source)
    if target.dsp == "none":
        return in_luts
    worth = target.coefficients.dsp_worth_lut.value
    ways = [way for way in _dsp_ways(lanes, target) if in_luts.lut - way.lut >= worth * way.blocks]
    return min([in_luts, *ways], key=lambda way: (way.lut, way.blocks))


def _dsp_ways(lanes: Lanes, target: Target) -> Iterator[Multipliers]:
    """Yield the ways to use DSP blocks.

    The significands alone go through the block and are aligned behind it; or each minifloat is
    turned into an integer in front, so that nothing is left to align.
    """
    w, a = operand(lanes.weight), operand(lanes.act)
    cell = lane_cost(lanes.weight, lanes.act, target, in_mac=lanes.in_mac)
    around = cell.lut - cell.multiply
    yield _in_blocks(lanes, target, around, (w.significand_bits, a.significand_bits))
    if w.shifts or a.shifts:
        fixed = (
            fixed_point_lut(w, target)
            + fixed_point_lut(a, target)
            + sign_lut(lanes.weight, lanes.act, target)
        )
        yield _in_blocks(lanes, target, fixed, (w.magnitude_bits, a.magnitude_bits))


def _in_blocks(lanes: Lanes, target: Target, around: int, bits: tuple[int, int]) -> Multipliers:
    """Return the products of a layer through DSP blocks, `bits` wide, with `around` LUTs each.

    The PEs of a group share each activation, so their products pack. One LUT splits off each
    packed product but the first (finn-rtllib/mvu; WP487). An operand without a sign takes one more
    bit of the signed port.
    """
    dsp = target.family.dsp
    packed = dsp.packed_products(*bits)
    if packed > 1:
        per_activation = -(-lanes.sharing // packed)
        source = next(p.source for p in dsp.packings if p.products == packed)
    else:
        w, a = operand(lanes.weight), operand(lanes.act)
        ports = (
            bits[0] + (w.is_minifloat or not w.is_signed),
            bits[1] + (a.is_minifloat or not a.is_signed),
        )
        per_activation = lanes.sharing * dsp.blocks(*ports)
        source = dsp.source
    activations = lanes.count // lanes.sharing
    extraction = activations * (lanes.sharing - -(-lanes.sharing // packed))
    return Multipliers(
        lut=around * lanes.count + extraction,
        blocks=activations * per_activation,
        source=f"structural assumption, not built yet: {dsp.name}, {source}",
    )


def fixed_point_lut(code: Operand, target: Target) -> int:
    """Return the LUTs that turn a minifloat's magnitude into an integer; 0 for integers.

    The smaller of a table per output bit and of decode and shifter.
    """
    if not code.is_minifloat:
        return 0
    inputs = code.exponent_bits + code.significand_bits - 1
    table = code.magnitude_bits * function_lut(inputs, target)
    shifter = shifter_lut(code.significand_bits, code.greatest_shift, target)
    return min(table, decode_lut(code, target) + shifter)


def decode_lut(code: Operand, target: Target) -> int:
    """Return the LUTs that split a code into significand and shift.

    The hidden bit is the OR of the exponent field; a subnormal's exponent counts as 1, which only
    sets its lowest bit. With one exponent bit the field itself is the hidden bit; integers need no
    decoding.
    """
    return reduction_lut(code.exponent_bits, target) + 1 if code.shifts else 0


def sign_lut(weight: Format, act: Format, target: Target) -> int:
    """Return the LUTs of the sign of a product with a sign-magnitude operand.

    An XOR if both have a sign bit. The adder behind complements the product in its own LUTs where
    the family's carry stage allows it, otherwise that is one LUT per bit.
    """
    signs = operand(weight).has_sign_bit + operand(act).has_sign_bit
    complements = signs and not target.coefficients.sign_in_adder.value
    return (signs == 2) + (accumulator_bits(1, weight, act) if complements else 0)
