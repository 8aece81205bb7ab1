"""Cost of a requantizer that looks sums up in a table."""

from hw_models.arith.requantize.lookup import MAX_SUM_BITS
from hw_models.cost.logic import counter_bits, counters_lut
from hw_models.cost.memory import Memory, memory_part
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, Resources


def can_look_up(node: Requantize) -> bool:
    """Return whether the sums of `node` are narrow enough for a table."""
    return node.accumulator_bits <= MAX_SUM_BITS


def lookup_parts(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a table of all sums of every channel is made of: a memory in each lane.

    An upper bound: channels with equal tails share their table.
    """
    folds = node.channels // pace.lanes
    table = Memory(depth=folds << node.accumulator_bits, width=node.output.bits, is_writable=False)
    control = Resources(lut=counters_lut((folds,), target) + 2, ff=counter_bits(folds) + 1)
    return (
        memory_part("table of sums", table, target, pace.lanes),
        Part(name="control", resources=control, is_compute=False, source="counted from its RTL"),
    )
