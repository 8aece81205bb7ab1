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
from hw_models.cost.logic import carry_lut, counter_bits, counters_lut
from hw_models.cost.memory import Memory, deep_rom_registers, memory_part, rom_read_cycles
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


def scale_round_parts(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what multiplication by a scale is made of.

    Rows of shift and add do as many bits of the scale as there are cycles between two sums. The
    table of first sums has a word for every mark of a channel, in a memory of every lane.
    """
    rows = row_steps(node.accumulator_bits, pace.cycles)
    fold_bits = counter_bits(node.channels // pace.lanes)
    firsts = first_memory(node, pace)
    behind = code_stages(node.output, rom_read_cycles(firsts, target))
    lane = _front(node.accumulator_bits, target)
    lane += _codes(node.output, node.accumulator_bits, behind, target)
    lane += Resources(ff=deep_rom_registers(firsts, target))
    for steps in rows:
        lane += _row(node.accumulator_bits, steps, target)
    stages = address_stages(node.output)
    return (
        Part(
            name="scale multipliers",
            resources=lane * pace.lanes,
            is_compute=False,
            source="counted from lib/scale_rows.sv, scale_integer.sv and scale_minifloat.sv",
        ),
        memory_part("scales and offsets", parameter_memory(node, pace), target),
        memory_part("first sums", firsts, target, pace.lanes),
        Part(
            name="control",
            resources=Resources(
                lut=counters_lut((node.channels // pace.lanes,), target)
                + sum(2 * counter_bits(steps) + 2 for steps in rows),
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
    """Return the sum with its offset, and the registers before it.

    A channel that falls would add LUTs: its direction's, and one for each bit of its lane's sums.
    """
    return Resources(
        lut=carry_lut(offset_bits(sum_bits), target),
        ff=2 * sum_bits + parameter_bits(sum_bits),
    )


def _row(sum_bits: int, steps: int, target: Target) -> Resources:
    """Return one serial multiplication; one of a single step takes new operands all the time."""
    total, scale = total_bits(sum_bits), scale_bits(sum_bits)
    loads = total + scale if steps > 1 else 0
    return Resources(
        lut=carry_lut(total, target) + total + loads, ff=offset_bits(sum_bits) + total + scale
    )


def _codes(output: Format, sum_bits: int, behind: int, target: Target) -> Resources:
    """Return what makes codes of points, without the table.

    A minifloat's magnitude passes one multiplexer for each bit of the exponent.

    Args:
        output: Format of the codes.
        sum_bits: Width of the sums [bit].
        behind: Registers from a mark to its code.
        target: Family.
    """
    code, bits = operand(output), output.bits
    first = first_bits(sum_bits)
    point = min(total_bits(sum_bits) + scale_bits(sum_bits), _POINT_BITS)
    compared = carry_lut(first, target) if first > 1 else 1
    stages = address_stages(output) + behind - 2
    waits = waiting_registers(first, stages, STYLES[target.family.name][0])
    if not code.is_minifloat:
        return waits + Resources(
            lut=2 * bits + carry_lut(bits, target) + compared + 16,
            ff=point + (behind + 1) * bits + behind,
        )
    mark, exponent = mark_bits(output), code.exponent_bits
    kept = exponent + code.significand_bits
    return waits + Resources(
        lut=mark * (exponent + 1) + carry_lut(kept, target) + compared + 23,
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
