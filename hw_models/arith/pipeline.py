"""How many registers a product needs so that it meets the nominal clock of its family."""

from dataclasses import replace

from dse.formats import Format
from hw_models.arith.cell import Architecture, Dot, Style
from hw_models.arith.lane import Lane, cell_lane
from hw_models.devices.base import Family, LogicDelays

CLOCK_SHARE = 0.75
"""Share of the clock period that a stage may take by the model, which errs by 8 % on average, and
more on an unlucky placement."""


def pipelined_dot(
    weight: Format,
    act: Format,
    *,
    terms: int,
    lanes: int,
    style: Style,
    family: Family,
    architecture: Architecture = Architecture.CHEAPEST,
) -> Dot:
    """Return a dot product with as many registers as the nominal clock of `family` takes.

    Args:
        weight: Weight format; integers in narrow range.
        act: Activation format.
        terms: Products per sum over all beats.
        lanes: Products per beat.
        style: How its RTL is written.
        family: FPGA family.
        architecture: What its products are made of; in DSP blocks they have the blocks' registers.

    Raises:
        DesignError: The products cannot be made of that.
    """
    dot = Dot(
        weight=weight,
        act=act,
        terms=terms,
        lanes=lanes,
        is_pipelined=True,
        architecture=architecture,
    )
    if architecture is Architecture.DSP:
        return dot
    return replace(dot, product_registers=product_registers(cell_lane(dot, style), family))


def product_registers(lane: Lane, family: Family) -> int:
    """Return the fewest registers inside a product with which it meets the clock of `family`.

    As many as there is room for where even they are too few.
    """
    limit_ns = CLOCK_SHARE * 1e3 / family.clock_mhz
    for registers in range(lane.most_registers):
        if max(stage_delays_ns(replace(lane, registers=registers), family.delays)) <= limit_ns:
            return registers
    return lane.most_registers


def stage_delays_ns(lane: Lane, delays: LogicDelays) -> tuple[float, ...]:
    """Return the delay of each stage of a product between registers [ns].

    Fields are decoded in front of the rows, and the exponents added beside them; the shifter has a
    stage of its own once there is a register.
    """
    shape = lane.product
    decode = int(shape.weight.shifts or shape.act.shifts)
    rows = [len(stage) for stage in lane.row_stages]
    levels = [decode, *[0] * (len(rows) - 1)]
    rows[0] = max(rows[0], int(shape.weight.shifts and shape.act.shifts))
    if lane.registers and lane.has_shifter:
        rows.append(0)
        levels.append(0)
    levels[-1] += lane.shifter_levels
    return tuple(
        delays.register_ns + row * delays.row_ns + level * delays.level_ns
        for row, level in zip(rows, levels, strict=True)
    )
