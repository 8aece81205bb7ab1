"""Cost of a requantizer by each of its architectures, and the choice between them."""

from dse.errors import VerificationError
from hw_models.arith.requantize.architecture import Architecture
from hw_models.arith.requantize.lookup import Lookup, lookup
from hw_models.arith.requantize.proof import differences
from hw_models.arith.requantize.scale_fit import scale_round
from hw_models.arith.requantize.scale_round import ScaleRound, can_scale
from hw_models.arith.requantize.thresholds import Bisection, bisection
from hw_models.cost.bisection import bisection_parts
from hw_models.cost.lookup import can_look_up, lookup_parts
from hw_models.cost.node import node_parts
from hw_models.cost.scale_round import scale_round_parts
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.resources import Part, total
from hw_models.tail import Tail


@node_parts.register
def _(node: Requantize, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what a requantizer is made of, in the architecture that takes less of the device."""
    return _ways(node, pace, target)[requantizer_architecture(node, pace, target)]


def requantizer_architecture(node: Requantize, pace: Pace, target: Target) -> Architecture:
    """Return the architecture that takes less of the device.

    Less means a smaller largest share of any resource of the family's reference part, because they
    trade LUTs for block RAM. What the tail is plays no part.
    """
    ways = _ways(node, pace, target)
    part = target.family.part_resources
    return min(ways, key=lambda way: total(ways[way]).share_of(part))


def choose_requantizer(
    node: Requantize, pace: Pace, tail: Tail, target: Target
) -> Bisection | ScaleRound | Lookup:
    """Derive the requantizer that is built from its tail, and prove the two equal.

    Thresholds stand in where a multiplication would be cheaper but cannot equal the tail.

    Raises:
        VerificationError: They differ; names the sum.
    """
    architecture = requantizer_architecture(node, pace, target)
    if architecture is Architecture.LOOKUP:
        return lookup(tail, node)
    thresholds = bisection(tail, node)
    line = scale_round(thresholds) if architecture is Architecture.SCALE_ROUND else None
    found = line or thresholds
    wrong = differences(found.codes, thresholds.bounds, tail, node.accumulator_bits)
    if wrong:
        raise VerificationError(f"{node.name}: its requantizer differs from its tail: {wrong}")
    return found


def _ways(node: Requantize, pace: Pace, target: Target) -> dict[Architecture, tuple[Part, ...]]:
    ways = {Architecture.THRESHOLDS: bisection_parts(node, pace, target)}
    if can_scale(node.output, node.accumulator_bits):
        ways[Architecture.SCALE_ROUND] = scale_round_parts(node, pace, target)
    if can_look_up(node):
        ways[Architecture.LOOKUP] = lookup_parts(node, pace, target)
    return ways
