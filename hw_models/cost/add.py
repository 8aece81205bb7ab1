"""Cost of an addition of two streams, counted from ``lib/stream_add.sv``; flip-flops are exact."""

from hw_models.arith.operand import operand
from hw_models.cost.fixed import fixed_lut
from hw_models.cost.logic import carry_lut
from hw_models.cost.node import node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Add
from hw_models.resources import Part, Resources


@node_parts.register
def _(node: Add, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what an addition is made of: each code becomes an integer, and the two are added."""
    bits = node.accumulator_bits
    codes = [operand(act) for act in node.acts]
    lane = Resources(
        # the low bits of the stream that is not shifted pass by
        lut=carry_lut(bits - max(node.shifts), target)
        + sum(fixed_lut(code, target) for code in codes),
        ff=sum(code.fixed_bits for code in codes) + bits,
    )
    return (
        Part(
            name="adders",
            resources=lane * pace.lanes,
            is_compute=False,
            source="counted from lib/stream_add.sv: shifters, signs and one adder",
        ),
        Part(
            name="control",
            resources=Resources(lut=4, ff=2),
            is_compute=False,
            source="counted from lib/stream_add.sv: two valid bits and the handshake",
        ),
    )
