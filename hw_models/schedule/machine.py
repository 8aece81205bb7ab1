"""A dataflow as nodes and queues: its converters and FIFOs become some of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from hw_models.dataflow import Dataflow, Stream
from hw_models.graph import INPUT
from hw_models.schedule.kernel import BEFORE, EXIT, NODE, NONE, QUEUE, SLOT, Machine, Records
from hw_models.schedule.program import Program, converter_program, program

_REGISTERS = 2
"""FIFOs up to this depth give a beat one cycle after it was put in, deeper ones after two."""
_REGISTER = converter_program(1, 1)


class Workshop:
    """Makes machines that do what one dataflow does, for FIFOs of any depth.

    FIFOs and converters are as in ``rtl/lib/fifo.sv`` and ``rtl/lib/dwc.sv``.
    """

    def __init__(self, flow: Dataflow, latencies: Mapping[str, int]) -> None:
        """Collect the programs of `flow`.

        Args:
            flow: Nodes and streams; its FIFO depths play no part.
            latencies: Cycles from a node's slot to the beat it gives, by the node's name.
        """
        self._flow = flow
        self._latencies = latencies
        nodes = flow.accelerator.nodes
        steps = [program(node, pace) for node, pace in zip(nodes, flow.paces, strict=True)]
        ratios = sorted({pair for stream in flow.streams for pair in _conversions(stream)})
        steps += [_REGISTER, *(converter_program(*pair) for pair in ratios)]
        packed = [_packed(each) for each in steps]
        self._slots = np.concatenate(packed)
        ends = np.cumsum([len(slots) for slots in packed])
        parts = [
            _Part(first_slot=int(end) - len(slots), end_slot=int(end), program=each)
            for end, slots, each in zip(ends, packed, steps, strict=True)
        ]
        self._nodes = dict(zip((node.name for node in nodes), parts, strict=False))
        self._register, *converters = parts[len(nodes) :]
        self._converters = dict(zip(ratios, converters, strict=True))

    def machine(self, depths: Sequence[int], frames: int) -> tuple[Machine, list[int]]:
        """Return a machine, and the queue of each stream's FIFO.

        Args:
            depths: Of each stream's FIFO, in the order of `Dataflow.streams`.
            frames: Frames that it is for: no queue has room for more beats than these have.
        """
        build = _Assembly(self._slots, self._register, self._converters)
        accelerator = self._flow.accelerator
        positions = {INPUT: NONE}
        streams = dict(zip(self._flow.streams, depths, strict=True))
        fifos = []
        for node in accelerator.nodes:
            arriving = []
            for stream in self._flow.streams_to(node.name):
                beats = frames * node.in_elements
                fifo, last = build.stream(positions[stream.source], stream, streams[stream], beats)
                fifos.append(fifo)
                arriving.append(last)
            leaving = self._flow.streams_from(node.name)
            is_direct = all(_starts_direct(stream, streams[stream]) for stream in leaving)
            latency = self._latencies[node.name] - is_direct
            positions[node.name] = build.node(self._nodes[node.name], latency, arriving)
        output = self._flow.output
        elements = frames * accelerator.nodes[-1].out_elements
        fifo, last = build.stream(positions[output.source], output, streams[output], elements)
        assert last == len(build.queues) - 1, "the output is the last queue"
        return build.machine(), [*fifos, fifo]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """A program and where its slots are among all."""

    first_slot: int
    end_slot: int
    program: Program


def _packed(steps: Program) -> Records:
    """Return the slots of a program in which something is taken or given."""
    slots = np.flatnonzero(steps.takes | steps.gives)
    assert slots[0] == 0, "something moves in the first slot"
    packed = np.empty(len(slots), SLOT)
    packed["pause"] = np.diff(slots, prepend=slots[-1] - len(steps.takes)) - 1
    for name in ("takes", "gives", "needs", "keeps"):
        packed[name] = getattr(steps, name)[slots]
    return packed


def _widths(stream: Stream) -> tuple[int, int, int]:
    """Return the elements per beat at the source, between two converters and at the sink."""
    between = lcm(stream.source_lanes, stream.sink_lanes)
    return (stream.source_lanes, between, stream.sink_lanes)


def _conversions(stream: Stream) -> list[tuple[int, int]]:
    return [(taken, given) for taken, given in pairwise(_widths(stream)) if taken != given]


def _starts_direct(stream: Stream, depth: int) -> bool:
    """Return whether no FIFO stands directly behind the source."""
    return depth == 0 or stream.source_lanes < stream.sink_lanes


@dataclass(slots=True, kw_only=True)
class _Queue:
    source: int
    sink: int = NONE
    depth: int
    passes: bool


class _Assembly:
    """Collects the nodes and queues of a `Machine`."""

    def __init__(
        self, slots: Records, register: _Part, converters: Mapping[tuple[int, int], _Part]
    ) -> None:
        self._slots = slots
        self._register = register
        self._converters = converters
        self._parts: list[_Part] = []
        self._latencies: list[int] = []
        self.queues: list[_Queue] = []

    def node(self, part: _Part, latency: int, inputs: Sequence[int]) -> int:
        """Add a node that empties the queues `inputs`, and return its position."""
        position = len(self._parts)
        self._parts.append(part)
        self._latencies.append(latency)
        for queue in inputs:
            self.queues[queue].sink = position
        return position

    def _queue(self, source: int, depth: int, beats: int) -> int:
        """Add a queue that `source` fills, whose sink is not yet known, and return its position.

        A depth of 0 stands for the register behind the source, of which its latency counts one.
        """
        places = min(max(1, depth), beats)
        self.queues.append(_Queue(source=source, depth=places, passes=depth == 0))
        return len(self.queues) - 1

    def _through(self, queue: int, part: _Part, depth: int, beats: int) -> int:
        """Let a node without a pipeline empty `queue`; return the queue it fills."""
        return self._queue(self.node(part, 0, [queue]), depth, beats)

    def stream(self, source: int, stream: Stream, depth: int, elements: int) -> tuple[int, int]:
        """Add the FIFO and the converters of a stream; return the FIFO and the last queue.

        The FIFO is on the wider side of the converter. One of more than two words has a memory and
        a register behind it.

        Args:
            source: Node that gives it; `NONE` for the input.
            stream: Stream.
            depth: Of its FIFO.
            elements: That ever flow.
        """
        conversions = _conversions(stream)
        given = [stream.source_lanes, *(given for _, given in conversions)]
        at = int(stream.source_lanes < stream.sink_lanes)
        fifo = last = NONE
        for position, lanes in enumerate(given):
            beats = elements // lanes
            words = depth if position == at else 0
            is_memory = words > _REGISTERS
            words -= is_memory
            if position == 0:
                last = self._queue(source, words, beats)
            else:
                converter = self._converters[conversions[position - 1]]
                last = self._through(last, converter, 0, beats)
                last = self._through(last, self._register, words, beats) if words else last
            fifo = last if position == at else fifo
            if is_memory:
                last = self._through(last, self._register, 0, beats)
        return fifo, last

    def machine(self) -> Machine:
        """Return what was collected."""
        outside = len(self._parts)
        queues = np.zeros(len(self.queues), QUEUE)
        for name in ("source", "sink", "depth", "passes"):
            queues[name] = [getattr(queue, name) for queue in self.queues]
        for end in ("source", "sink"):
            queues[end][queues[end] == NONE] = outside
        nodes = np.zeros(outside + 1, NODE)
        inside = nodes[:outside]
        for name in ("first_slot", "end_slot"):
            inside[name] = [getattr(part, name) for part in self._parts]
        for name in ("capacity", "frame_beats"):
            inside[name] = [getattr(part.program, name) for part in self._parts]
        inside["latency"] = self._latencies
        inside["slot"] = inside["first_slot"]
        inside["free"] = self._slots["keeps"][inside["first_slot"]]
        nodes["last"] = BEFORE
        sizes = [_powers_of_two(queues["depth"]), _powers_of_two(nodes["capacity"])]
        queues["mask"], nodes["mask"] = (size - 1 for size in sizes)
        places = np.concatenate(sizes)
        first = np.cumsum(places) - places
        queues["first_place"], nodes["first_place"] = np.split(first, [len(queues)])
        rings = _powers_of_two(nodes["latency"] + 1)
        nodes["first_exit"], nodes["exit_mask"] = np.cumsum(rings) - rings, rings - 1
        sinks = [queue.sink for queue in self.queues]
        sources = [queue.source for queue in self.queues]
        return Machine(
            slots=self._slots,
            nodes=nodes,
            queues=queues,
            inputs=_rows(sinks, outside),
            outputs=_rows(sources, outside),
            places=np.full((places.sum(), 2), BEFORE),
            exits=np.zeros(rings.sum(), EXIT),
            turns=np.zeros(len(nodes) + 1, np.int64),
        )


def _powers_of_two(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the least power of two that is not below each count."""
    return np.array([1 << max(0, int(count) - 1).bit_length() for count in counts])


def _rows(ends: Sequence[int], outside: int) -> NDArray[np.int64]:
    """Return the queues that end at each node, a row each, those of the input last.

    Rows end in `NONE`. The queue that leaves is nobody's input.
    """
    at: list[list[int]] = [[] for _ in range(outside + 1)]
    for queue, node in enumerate(ends):
        at[node].append(queue)
    widest = max(map(len, at))
    return np.array([row + [NONE] * (widest - len(row)) for row in at], np.int64)
