"""Pipelines of nodes: the cycles from a slot to the beat it gives."""

from hw_models.dataflow import Dataflow
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.node import Fabric


def pipeline_cycles(flow: Dataflow, fabric: Fabric) -> dict[str, int]:
    """Return the cycles from a slot of each node to the beat it gives, by the node's name."""
    return {
        node.name: latency_cycles(node, pace, fabric)
        for node, pace in zip(flow.accelerator.nodes, flow.paces, strict=True)
    }
