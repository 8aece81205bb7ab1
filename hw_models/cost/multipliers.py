"""The products of a layer: in LUTs, or in DSP blocks where that is cheaper."""

from dataclasses import dataclass

from dse.formats import Format
from hw_models.arith.dsp import DspProducts, Entry, dsp_products
from hw_models.arith.lane import Lane
from hw_models.arith.product import product
from hw_models.cost.dsp import dsp_lut
from hw_models.cost.lane import lane_cost, target_style
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
        way: What goes through a block; None for products in LUTs.
        source: Where the numbers come from.
    """

    lut: int
    blocks: int
    way: DspProducts | None
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
    in_luts = Multipliers(lut=cell.lut * lanes.count, blocks=0, way=None, source=cell.source)
    if target.dsp == "none":
        return in_luts
    worth = target.coefficients.dsp_worth_lut.value
    shape, style = product(lanes.weight, lanes.act), target_style(target)
    has_table = Lane(product=shape, style=style, in_mac=False).is_table
    ways = [
        _in_blocks(way, lanes, target)
        for way in dsp_products(shape, target.family.dsp, lanes.sharing)
        if way.entry is Entry.INTEGERS or not has_table
    ]
    worthy = [way for way in ways if in_luts.lut - way.lut >= worth * way.blocks]
    return min([in_luts, *worthy], key=lambda way: (way.lut, way.blocks))


def _in_blocks(way: DspProducts, lanes: Lanes, target: Target) -> Multipliers:
    """Return the products of a layer through DSP blocks.

    The products that share an activation fill whole blocks and, with what is left, one more.
    """
    weights = tuple(target.coefficients.lane_weights.value.items())
    style = target_style(target)
    full, rest = divmod(lanes.sharing, way.count)
    lut = full * dsp_lut(way, style, weights)
    if rest:
        lut += dsp_lut(way.sized(rest), style, weights)
    activations = lanes.count // lanes.sharing
    return Multipliers(
        lut=activations * lut,
        blocks=activations * (full + (rest > 0)),
        way=way,
        source=f"formula: {way.count} in one {way.block.name}, {way.entry.value} enter; "
        f"{target.coefficients.lane_weights.source}",
    )
