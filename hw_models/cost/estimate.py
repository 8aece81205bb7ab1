"""The cost of a whole accelerator from formulas: readable, one node after the other."""

from collections.abc import Sequence

# the rules register themselves
from hw_models.cost import add, mvau, pool, requantize, sliding_window  # noqa: F401
from hw_models.cost.node import node_parts
from hw_models.cost.target import DspUse, load_target
from hw_models.folding import Folding, node_ii_cycles, node_paces
from hw_models.graph import Accelerator
from hw_models.resources import CostReport, NodeCost, Source


def estimate(
    accelerator: Accelerator, foldings: Sequence[Folding], device: str, dsp: DspUse
) -> CostReport:
    """Return the analytical cost of `accelerator`.

    Args:
        accelerator: Shapes and formats.
        foldings: Parallelism of each layer.
        device: Name of an FPGA family.
        dsp: ``"none"``: multipliers in LUTs only; ``"auto"``: in DSP blocks where that is cheaper.

    Raises:
        FoldingError: An illegal folding, or not one per layer.
        FormatError: A format hardware does not cover.
        UnknownPluginError: No such family.
        UnmodelledError: Something has no rule.
    """
    target = load_target(device, dsp)
    nodes = zip(accelerator.nodes, node_paces(accelerator, foldings), strict=True)
    return CostReport(
        source=Source.ANALYTICAL,
        device=device,
        clock_mhz=target.family.clock_mhz,
        per_node=tuple(
            NodeCost(
                name=node.name,
                kind=type(node).__name__,
                parts=node_parts(node, pace, target),
                ii_cycles=node_ii_cycles(node, pace),
            )
            for node, pace in nodes
        ),
        lanes=sum(folding.lanes for folding in foldings),
        weight_bits=accelerator.weight_bits,
    )
