"""How deep FIFOs must be, so that an accelerator runs at the rate of its slowest node."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from dse.errors import DesignError
from hw_models.dataflow import FULL_RATE_DEPTH, Dataflow, Stream, least_depth
from hw_models.schedule.replay import Replays, slowest_ii_cycles


def with_sized_fifos(flow: Dataflow, latencies: Mapping[str, int]) -> Dataflow:
    """Return `flow` with FIFOs that keep its slowest node busy, each as shallow as that allows.

    Frames offered at that node's interval fill unbounded FIFOs to depths that are enough: a node
    that starts as soon as it can is never later than in that schedule (Baccelli et al.,
    Synchronization and Linearity, 1992, on the monotonicity of event graphs). From there each
    depth shrinks towards `least_depth`, the largest FIFOs first.

    Args:
        flow: Nodes and streams; its FIFO depths play no part.
        latencies: Cycles from a node's slot to the beat it gives, by the node's name.

    Raises:
        DesignError: No depths reach the slowest node's rate.
    """
    target = slowest_ii_cycles(flow)
    replays = Replays(flow, latencies)

    @cache
    def reaches(depths: tuple[int, ...]) -> bool:
        try:
            return replays.schedule(depths).interval_cycles <= target
        except DesignError:  # a branch that waits for ever
            return False

    depths = [FULL_RATE_DEPTH] * len(flow.streams)
    if not reaches(tuple(depths)):
        backlogs = replays.backlogs(target)
        depths = [max(FULL_RATE_DEPTH, beats + 1) for beats in backlogs]  # one more in the register
    if not reaches(tuple(depths)):
        raise DesignError(f"FIFOs of {max(depths)} beats do not reach {target} cycles per frame")
    by_bits = sorted(
        range(len(depths)),
        key=lambda i: -depths[i] * flow.streams[i].bits * flow.streams[i].source_lanes,
    )

    def is_enough(indices: list[int], depth: int | None = None) -> bool:
        """Keep the least depths, or `depth`, at `indices` if they reach the rate."""
        before = [depths[i] for i in indices]
        for i in indices:
            depths[i] = _least_depth(flow, flow.streams[i]) if depth is None else depth
        if reaches(tuple(depths)):
            return True
        for i, old in zip(indices, before, strict=True):
            depths[i] = old
        return False

    def shrink(indices: list[int]) -> None:
        """Make the FIFOs at `indices` as shallow as can be, many at once where they may."""
        if is_enough(indices):
            return
        if len(indices) > 1:
            shrink(indices[: len(indices) // 2])
            shrink(indices[len(indices) // 2 :])
            return
        low, high = _least_depth(flow, flow.streams[indices[0]]) + 1, depths[indices[0]]
        middle = low
        while low < high:
            low, high = (low, middle) if is_enough(indices, middle) else (middle + 1, high)
            middle = min(2 * low, (low + high) // 2)  # most need few

    shrink(by_bits)
    # a FIFO in memory learns a cycle late that a place is free
    return _with_depths(flow, [d + (d > FULL_RATE_DEPTH) for d in depths])


def _least_depth(flow: Dataflow, stream: Stream) -> int:
    nodes = {node.name: node for node in flow.accelerator.nodes}
    return least_depth(nodes.get(stream.source), nodes.get(stream.sink))


def _with_depths(flow: Dataflow, depths: list[int]) -> Dataflow:
    streams = zip(flow.streams, depths, strict=True)
    return replace(flow, streams=tuple(replace(s, fifo_depth=depth) for s, depth in streams))
