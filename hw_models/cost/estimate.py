"""The cost of a whole accelerator from formulas: readable, one node after the other."""

from collections.abc import Sequence

# the rules register themselves
from hw_models.cost import add, mvau, pool, requantize, sliding_window  # noqa: F401
from hw_models.cost.node import node_parts
from hw_models.cost.stream import fork_parts, stream_parts
from hw_models.cost.target import DspUse, load_target
from hw_models.dataflow import Dataflow, dataflow
from hw_models.folding import Folding, node_ii_cycles
from hw_models.graph import INPUT, Accelerator
from hw_models.resources import CostReport, NodeCost, Source, StreamCost


def estimate(
    accelerator: Accelerator, foldings: Sequence[Folding], device: str, dsp: DspUse
) -> CostReport:
    """Return the analytical cost of `accelerator` with the least FIFOs between its nodes.

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
    return estimate_flow(dataflow(accelerator, foldings), device, dsp)


def estimate_flow(flow: Dataflow, device: str, dsp: DspUse) -> CostReport:
    """Return the analytical cost of a folded accelerator, its FIFOs as deep as `flow` says.

    Args:
        flow: Nodes at their pace, and the streams between them.
        device: Name of an FPGA family.
        dsp: As for `estimate`.

    Raises:
        BitfrontError: As `estimate`.
    """
    target, accelerator = load_target(device, dsp), flow.accelerator
    nodes = zip(accelerator.nodes, flow.paces, strict=True)
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
        between=tuple(
            StreamCost(source=s.source, sink=s.sink, parts=stream_parts(s, target))
            for s in flow.streams
        )
        + tuple(
            StreamCost(source=name, sink="", parts=fork_parts(flow, name))
            for name in (INPUT, *(node.name for node in accelerator.nodes))
        ),
        lanes=sum(folding.lanes for folding in flow.foldings),
        weight_bits=accelerator.weight_bits,
    )
