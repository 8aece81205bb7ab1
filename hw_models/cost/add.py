"""Cost of an addition of two streams, counted from ``lib/stream_add.sv``; flip-flops are exact."""

from hw_models.arith.operand import operand
from hw_models.cost.fixed import WIDE_INPUTS, fixed_lut
from hw_models.cost.logic import carry_lut
from hw_models.cost.node import node_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Add
from hw_models.resources import Part, Resources


@node_parts.register
def _(node: Add, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what an addition is made of: each code becomes an integer, and the two are added."""
    codes = [operand(act) for act in node.acts]
    lane = Resources(
        lut=_adder_lut(node, target) + sum(fixed_lut(code, target) for code in codes),
        ff=sum(code.fixed_bits for code in codes) + _sum_bits(node),
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


def _tops(node: Add) -> list[int]:
    """Return the bits that each stream's integer, shifted, takes in two's complement if either is.

    One more where only the other one can be negative.
    """
    codes = [operand(act) for act in node.acts]
    is_signed = any(code.is_signed for code in codes)
    return [
        shift + code.fixed_bits + (is_signed and not code.is_signed)
        for code, shift in zip(codes, node.shifts, strict=True)
    ]


def _sum_bits(node: Add) -> int:
    """Return the bits of a sum that are no copies of its sign."""
    return min(node.accumulator_bits, max(_tops(node)) + 1)


def _adder_lut(node: Add, target: Target) -> int:
    """Return the LUTs of the adder; the low bits of the stream that is not shifted pass by.

    With six inputs, and carry cells beside the LUTs, a bit takes one only where both streams have
    bits of their own, or where one has its sign and the other a bit.
    """
    if target.family.lut_inputs < WIDE_INPUTS:
        return carry_lut(_sum_bits(node) - max(node.shifts), target)
    codes = [operand(act) for act in node.acts]
    ends = [s + c.fixed_bits for s, c in zip(node.shifts, codes, strict=True)]
    both = max(0, min(ends) - max(node.shifts))
    lower = codes[ends.index(min(ends))]
    return both + (max(ends) - min(ends) if lower.is_signed else 0)
