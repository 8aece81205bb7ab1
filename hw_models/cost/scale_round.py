"""Cost of a requantizer that multiplies, counted from how ``lib/scale_*.sv`` are written."""

from dse.formats import Format
from hw_models.arith.cell import STYLES
from hw_models.arith.operand import operand
from hw_models.arith.requantize.marks import mark_bits
from hw_models.arith.requantize.scale_round import (
    address_stages,
    code_stages,
    first_bits,
    offset_bits,
    parameter_bits,
    row_steps,
    scale_bits,
    total_bits,
)
from hw_models.cost.logic import (
    carry_lut,
    comparison_lut,
    counter_bits,
    counters_lut,
    gated_add_lut,
    reduction_lut,
)
from hw_models.cost.memory import (
    Memory,
    deep_rom_registers,
    memory_part,
    rom_read_cycles,
    word_registers,
)
from hw_models.cost.registers import waiting_registers
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, Resources

_POINT_BITS = 33
"""Bits of a scaled sum that are looked at, about.

About 11 above the greatest mark, for sums of layers do not fill the range of their formats; and 22
from there on downwards, where float32 steps begin.
"""
_LIMITS_LUT = 9
"""LUTs that keep a minifloat within its limits and without -0."""


def scale_round_parts(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what multiplication by a scale is made of.

    Rows of shift and add do as many bits of the scale as there are cycles between two sums. The
    table of first sums has a word for every mark of a channel, in a memory of every lane.
    """
    rows = row_steps(node.accumulator_bits, pace.cycles)
    fold_bits = counter_bits(node.channels // pace.lanes)
    parameters, firsts = parameter_memory(node, pace), first_memory(node, pace)
    behind = code_stages(node.output, rom_read_cycles(firsts, target))
    lane = _front(node.accumulator_bits, target)
    lane += _codes(node.output, node.accumulator_bits, behind, target)
    lane += Resources(ff=deep_rom_registers(firsts, target))
    for number, steps in enumerate(rows):
        loads = _loaded_bits(node.accumulator_bits, parameters, is_first=number == 0)
        lane += _row(node.accumulator_bits, steps, loads, target)
    lanes = lane * pace.lanes + Resources(ff=word_registers(parameters, target))
    stages = address_stages(node.output)
    return (
        Part(
            name="scale multipliers",
            resources=lanes,
            is_compute=False,
            source="counted from lib/scale_rows.sv, scale_integer.sv and scale_minifloat.sv",
        ),
        memory_part("scales and offsets", parameters, target),
        memory_part("first sums", firsts, target, pace.lanes),
        Part(
            name="control",
            resources=Resources(
                lut=counters_lut((node.channels // pace.lanes,), target)
                + sum(counter_bits(steps) + 4 for steps in rows if steps > 1),
                ff=(3 + len(rows) + stages) * fold_bits
                + 2
                + stages
                + behind
                + sum(1 + counter_bits(steps) for steps in rows),
            ),
            is_compute=False,
            source="counted from lib/scale_control.sv",
        ),
    )


def _front(sum_bits: int, target: Target) -> Resources:
    """Return the sum with its offset, and the registers of sums before it.

    A channel that falls would add LUTs: its direction's, and one for each bit of its lane's sums.
    """
    return Resources(lut=carry_lut(offset_bits(sum_bits), target), ff=2 * sum_bits)


def _loaded_bits(sum_bits: int, parameters: Memory, *, is_first: bool) -> int:
    """Return the operands' bits that a row takes over, from another row or from the parameters.

    The latter are a bias and a scale, and if there is one word of them, constants.
    """
    total, scale = total_bits(sum_bits), scale_bits(sum_bits)
    if not is_first:
        return total - 1 + scale
    return 2 * scale if parameters.depth > 1 else 0


def _row(sum_bits: int, steps: int, loaded_bits: int, target: Target) -> Resources:
    """Return one serial multiplication; one of a single step takes new operands all the time.

    A LUT chooses between each bit of the operands and the one that comes round; where it is
    constant, its register is reset instead. The two upper bits of a total are always equal.
    """
    total, scale = total_bits(sum_bits), scale_bits(sum_bits)
    adder = gated_add_lut(total, target, gated_bits=offset_bits(sum_bits))
    return Resources(
        lut=adder + (loaded_bits if steps > 1 else 0),
        ff=offset_bits(sum_bits) + total - 1 + scale,
    )


def _codes(output: Format, sum_bits: int, behind: int, target: Target) -> Resources:
    """Return what makes codes of points, without the table.

    All bits of a point that are looked at meet in one function. An integer takes a LUT a bit for
    its limits and two to subtract. A minifloat's magnitude is complemented and passes a multiplexer
    for each bit of the exponent.

    Args:
        output: Format of the codes.
        sum_bits: Width of the sums [bit].
        behind: Registers from a mark to its code.
        target: Family.
    """
    code, bits = operand(output), output.bits
    first = first_bits(sum_bits)
    point = min(total_bits(sum_bits) + scale_bits(sum_bits), _POINT_BITS)
    looked_at = reduction_lut(point, target)
    compared = comparison_lut(first - 1, target)
    stages = address_stages(output) + behind - 2
    waits = waiting_registers(first, stages, STYLES[target.family.name][0])
    if not code.is_minifloat:
        return waits + Resources(
            lut=looked_at + 3 * bits + compared,
            ff=point + (behind + 1) * bits + behind,
        )
    mark, exponent = mark_bits(output), code.exponent_bits
    kept = exponent + code.significand_bits
    shifts = -(-exponent // target.coefficients.mux_select_bits.value)
    return waits + Resources(
        lut=looked_at + mark * (1 + shifts) + carry_lut(kept, target) + compared + _LIMITS_LUT,
        ff=point
        + 2 * mark
        + exponent
        - exponent // 2
        + behind * kept
        + first
        + 3
        + 2 * behind
        + bits,
    )


def parameter_memory(node: Requantize, pace: Pace) -> Memory:
    """Return the memory of offset, bias and scale of every channel, for all lanes."""
    return Memory(
        depth=node.channels // pace.lanes,
        width=pace.lanes * parameter_bits(node.accumulator_bits),
        is_writable=False,
    )


def first_memory(node: Requantize, pace: Pace) -> Memory:
    """Return the memory of the first sums at each mark, in one lane."""
    return Memory(
        depth=node.channels // pace.lanes << node.output.bits,
        width=first_bits(node.accumulator_bits),
        is_writable=False,
    )
