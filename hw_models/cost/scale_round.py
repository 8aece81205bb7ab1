"""Cost of a requantizer that multiplies, counted from how ``lib/scale_*.sv`` are written."""

from hw_models.arith.requantize.scale_round import (
    offset_bits,
    parameter_bits,
    row_steps,
    scale_bits,
)
from hw_models.cost.logic import carry_lut, counter_bits, counters_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, Resources


def scale_round_parts(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what multiplication by a scale is made of.

    Rows of shift and add do as many bits of the scale as there are cycles between two sums. The
    list of late codes is a bit for every code of a channel, in a memory of every lane. An upper
    bound: what serves late codes only is left out of lanes that have none.
    """
    bits, code = node.accumulator_bits, node.output.bits
    rows = row_steps(bits, pace.cycles)
    x, scale = offset_bits(bits), scale_bits(bits)
    total = scale + 2
    loads = sum(steps > 1 for steps in rows)  # others take new operands in every cycle
    multiplier = Resources(
        lut=len(rows) * (carry_lut(total, target) + total) + loads * (total + scale),
        ff=len(rows) * (x + total + 2 * scale),
    )
    ends = Resources(
        lut=carry_lut(x, target) + carry_lut(scale + bits, target) + 4 * code,
        ff=2 * bits + parameter_bits(bits) + total + 2 * scale + 4 * code + 3,
    )
    folds = node.channels // pace.lanes
    fold_bits = counter_bits(folds)
    return (
        Part(
            name="scale multipliers",
            resources=(multiplier + ends) * pace.lanes,
            is_compute=False,
            source="counted from lib/scale_rows.sv and lib/scale_place.sv",
        ),
        memory_part("scales and offsets", parameter_memory(node, pace), target),
        memory_part("late codes", late_memory(node, pace), target, pace.lanes),
        Part(
            name="control",
            resources=Resources(
                lut=counters_lut((folds,), target)
                + sum(2 * counter_bits(steps) + 2 for steps in rows),
                ff=(5 + len(rows)) * fold_bits + 7 + sum(1 + counter_bits(steps) for steps in rows),
            ),
            is_compute=False,
            source="counted from lib/scale_control.sv",
        ),
    )


def parameter_memory(node: Requantize, pace: Pace) -> Memory:
    """Return the memory of direction, offset, bias and scale of every channel, for all lanes."""
    return Memory(
        depth=node.channels // pace.lanes,
        width=pace.lanes * parameter_bits(node.accumulator_bits),
        is_writable=False,
    )


def late_memory(node: Requantize, pace: Pace) -> Memory:
    """Return the memory of late codes of one lane."""
    return Memory(depth=node.channels // pace.lanes << node.output.bits, width=1, is_writable=False)
