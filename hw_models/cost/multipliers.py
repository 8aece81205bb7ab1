"""The products of a layer: in LUTs, or in DSP blocks where that is cheaper."""

from dataclasses import dataclass

from dse.errors import DesignError
from dse.formats import Format
from hw_models.arith.cell import Architecture
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
        architecture: What they are made of.
    """

    weight: Format
    act: Format
    count: int
    sharing: int
    in_mac: bool
    architecture: Architecture = Architecture.CHEAPEST


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

    A block must save `dsp_worth_lut` LUTs, unless DSP blocks are what products are to be made of.
    Ties go to fewer blocks.

    Raises:
        DesignError: Products cannot be made of what they are to be made of.
    """
    if lanes.architecture is Architecture.DSP:
        return _least_in_blocks(lanes, target)
    cell = lane_cost(
        lanes.weight, lanes.act, target, in_mac=lanes.in_mac, architecture=lanes.architecture
    )
    in_luts = Multipliers(lut=cell.lut * lanes.count, blocks=0, way=None, source=cell.source)
    if target.dsp == "none" or lanes.architecture is not Architecture.CHEAPEST:
        return in_luts
    worth = target.coefficients.dsp_worth_lut.value
    worthy = [w for w in _ways(lanes, target) if in_luts.lut - w.lut >= worth * w.blocks]
    return min([in_luts, *worthy], key=_size)


def _least_in_blocks(lanes: Lanes, target: Target) -> Multipliers:
    """Return the smallest way through DSP blocks."""
    if target.dsp == "none":
        raise DesignError("products in DSP blocks take '--dsp auto', not 'none'")
    ways = _ways(lanes, target)
    if not ways:
        raise DesignError(
            f"{lanes.weight.name} x {lanes.act.name} does not fit one {target.family.dsp.name}"
        )
    return min(ways, key=_size)


def _size(way: Multipliers) -> tuple[int, int]:
    return way.lut, way.blocks


def _ways(lanes: Lanes, target: Target) -> list[Multipliers]:
    """Return the ways through DSP blocks."""
    shape, style = product(lanes.weight, lanes.act), target_style(target)
    has_table = Lane(product=shape, style=style, in_mac=False).is_table
    return [
        _in_blocks(way, lanes, target)
        for way in dsp_products(shape, target.family.dsp, lanes.sharing)
        if way.entry is Entry.INTEGERS or not has_table
    ]


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
