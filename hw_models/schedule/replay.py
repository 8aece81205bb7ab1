"""A dataflow replayed beat by beat: when frames leave, and how full each FIFO gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from hw_models.dataflow import Dataflow, Stream
from hw_models.folding import node_ii_cycles
from hw_models.graph import INPUT
from hw_models.schedule.kernel import NEVER, NONE, Machine, run
from hw_models.schedule.program import Program, converter_program, program

FRAMES = 6
"""Frames replayed: enough to fill the pipeline and to see its interval."""
OUTSIDE = NONE
"""What stands for a node at the accelerator's input and output."""
_PATIENCE_CYCLES = 10_000
_REGISTERS = 2
"""FIFOs up to this depth give a beat one cycle after it was put in, deeper ones after two."""
_REGISTER = converter_program(1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a replay tells.

    Attributes:
        latency_cycles: From the first input beat of a frame that meets an empty accelerator to its
            last output beat, both counted.
        interval_cycles: Between the ends of frames, back to back, once the pipeline is full.
        fifo_beats: The most beats that wait in each stream, in the order of `Dataflow.streams`.
    """

    latency_cycles: int
    interval_cycles: int
    fifo_beats: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Queue:
    source: int
    sink: int = OUTSIDE
    depth: int
    passes: bool


def slowest_ii_cycles(flow: Dataflow) -> int:
    """Return the cycles per frame of the slowest node."""
    nodes = zip(flow.accelerator.nodes, flow.paces, strict=True)
    return max(node_ii_cycles(node, pace) for node, pace in nodes)


def replay(
    flow: Dataflow,
    latencies: Mapping[str, int],
    *,
    in_interval_cycles: int = 0,
    frames: int = FRAMES,
) -> Schedule:
    """Replay `frames` frames through a dataflow.

    A node works slot by slot (`program`) and waits where a beat is missing or a FIFO is full.
    FIFOs and converters are as in ``rtl/lib/fifo.sv`` and ``rtl/lib/dwc.sv``.

    Args:
        flow: Nodes and streams.
        latencies: Cycles from a node's slot to the beat it gives, by the node's name.
        in_interval_cycles: Cycles between frames at the input; 0 for as soon as they are taken.
        frames: Frames, at least 2.

    Raises:
        DesignError: The accelerator stops for ever: a FIFO of a branch is too shallow.
    """
    machine, fifos = _machine(flow, latencies)
    (entry, *_) = flow.streams_from(INPUT)
    (first, *_) = flow.accelerator.readers_of(INPUT)
    last = flow.accelerator.nodes[-1]
    ends, most, start = run(
        machine,
        first.in_elements // entry.source_lanes,
        float(in_interval_cycles),
        last.out_elements // flow.output.source_lanes,
        frames,
        _PATIENCE_CYCLES,
    )
    if NEVER in ends:
        full = [
            f"{stream.source}-{stream.sink}"
            for stream, queue in zip(flow.streams, fifos, strict=True)
            if most[queue] >= max(1, stream.fifo_depth)
        ]
        raise DesignError(f"the accelerator stops for ever; full FIFOs: {', '.join(full)}")
    return Schedule(
        latency_cycles=int(ends[0] - start + 1),
        interval_cycles=int(ends[-1] - ends[-2]),
        fifo_beats=tuple(int(most[queue]) for queue in fifos),
    )


class _Builder:
    """Collects the nodes and queues of a `Machine`."""

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.latencies: list[int] = []
        self.queues: list[_Queue] = []

    def node(self, steps: Program, latency: int) -> int:
        """Add a node and return its position."""
        self.programs.append(steps)
        self.latencies.append(latency)
        return len(self.programs) - 1

    def queue(self, source: int, depth: int) -> int:
        """Add a queue that `source` fills, whose sink is not yet known, and return its position.

        A depth of 0 stands for the register behind the source, of which its latency counts one.
        """
        self.queues.append(_Queue(source=source, depth=max(1, depth), passes=depth == 0))
        return len(self.queues) - 1

    def through(self, queue: int, steps: Program, depth: int) -> int:
        """Let a node without a pipeline empty `queue`; return the queue it fills."""
        self.queues[queue].sink = self.node(steps, 0)
        return self.queue(self.queues[queue].sink, depth)

    def stream(self, source: int, stream: Stream) -> tuple[int, int]:
        """Add the FIFO and the converters of a stream; return the FIFO and the last queue.

        The FIFO is on the wider side of the converter. One of more than two words has a memory and
        a register behind it.
        """
        lanes = (
            stream.source_lanes,
            lcm(stream.source_lanes, stream.sink_lanes),
            stream.sink_lanes,
        )
        steps = [converter_program(a, b) for a, b in pairwise(lanes) if a != b]
        depths = [0] * (len(steps) + 1)
        at = int(stream.source_lanes < stream.sink_lanes)
        depths[at] = stream.fifo_depth
        fifo = last = OUTSIDE
        for position, depth in enumerate(depths):
            words = depth - 1 if depth > _REGISTERS else depth
            if position == 0:
                last = self.queue(source, words)
            else:
                last = self.through(last, steps[position - 1], 0)
                last = self.through(last, _REGISTER, words) if words else last
            fifo = last if position == at else fifo
            if depth > _REGISTERS:
                last = self.through(last, _REGISTER, 0)
        return fifo, last

    def _ends(self, nodes: list[int]) -> NDArray[np.int64]:
        """Return the queues at each node, a row each; the last row is that of `OUTSIDE`."""
        rows = [
            [queue for queue, at in enumerate(nodes) if at == node]
            for node in (*range(len(self.programs)), OUTSIDE)
        ]
        widest = max(map(len, rows))
        return np.array([row + [NONE] * (widest - len(row)) for row in rows], dtype=np.int64)

    def machine(self) -> Machine:
        """Return what was collected."""
        slots = [len(steps.takes) for steps in self.programs]
        return Machine(
            first_slot=np.cumsum([0, *slots]),
            takes=np.concatenate([steps.takes for steps in self.programs]),
            gives=np.concatenate([steps.gives for steps in self.programs]),
            needs=np.concatenate([steps.needs for steps in self.programs]),
            keeps=np.concatenate([steps.keeps for steps in self.programs]),
            capacity=np.array([steps.capacity for steps in self.programs]),
            frame_beats=np.array([steps.frame_beats for steps in self.programs]),
            latency=np.array(self.latencies),
            inputs=self._ends([queue.sink for queue in self.queues])[:-1],
            outputs=self._ends([queue.source for queue in self.queues]),
            queue_depth=np.array([queue.depth for queue in self.queues]),
            queue_passes=np.array([queue.passes for queue in self.queues]),
        )


def _machine(flow: Dataflow, latencies: Mapping[str, int]) -> tuple[Machine, list[int]]:
    """Return the machine that does what `flow` does, and the queue of each stream's FIFO."""
    builder = _Builder()
    positions = {INPUT: OUTSIDE}
    fifos = []
    for node, pace in zip(flow.accelerator.nodes, flow.paces, strict=True):
        arriving = []
        for stream in flow.streams_to(node.name):
            fifo, last = builder.stream(positions[stream.source], stream)
            fifos.append(fifo)
            arriving.append(last)
        is_direct = all(_starts_direct(stream) for stream in flow.streams_from(node.name))
        position = builder.node(program(node, pace), latencies[node.name] - is_direct)
        positions[node.name] = position
        for queue in arriving:
            builder.queues[queue].sink = position
    fifo, last = builder.stream(positions[flow.output.source], flow.output)
    assert last == len(builder.queues) - 1, "the output is the last queue"
    return builder.machine(), [*fifos, fifo]


def _starts_direct(stream: Stream) -> bool:
    """Return whether no FIFO stands directly behind the source."""
    return stream.fifo_depth == 0 or stream.source_lanes < stream.sink_lanes
