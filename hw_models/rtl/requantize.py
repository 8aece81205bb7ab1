"""Requantizers, in the architecture that takes less of the device."""

from hw_models.arith.requantize.architecture import Architecture
from hw_models.arith.requantize.lookup import Lookup
from hw_models.arith.requantize.scale_round import ScaleRound
from hw_models.cost.requantize import choose_requantizer, requantizer_architecture
from hw_models.folding import Pace
from hw_models.graph import Requantize
from hw_models.model import Model
from hw_models.rtl.bisection import emit_bisection
from hw_models.rtl.design import Rtl
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.lookup import emit_lookup
from hw_models.rtl.node import Fabric, emit_node
from hw_models.rtl.scale_round import emit_scale_round, scale_latency_cycles


@emit_node.register
def _(node: Requantize, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write a requantizer that equals the node's tail on every sum."""
    architecture = choose_requantizer(node, pace, model.tails[node.name], fabric.target)
    if isinstance(architecture, Lookup):
        return emit_lookup(node, pace, architecture, fabric)
    if isinstance(architecture, ScaleRound):
        return emit_scale_round(node, pace, architecture, fabric)
    return emit_bisection(node, pace, architecture, fabric)


@latency_cycles.register
def _(node: Requantize, pace: Pace, fabric: Fabric) -> int:
    """Return the cycles of the architecture that costs choose.

    A table's register; as `scale_latency_cycles` counts; or three stages for each bit of a code and
    one more.
    """
    match requantizer_architecture(node, pace, fabric.target):
        case Architecture.LOOKUP:
            return 1
        case Architecture.SCALE_ROUND:
            return scale_latency_cycles(node, pace, fabric.target)
        case Architecture.THRESHOLDS:
            return 3 * node.output.bits + 1
