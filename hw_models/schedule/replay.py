"""A dataflow replayed beat by beat: when frames leave, and how full each FIFO gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from hw_models.dataflow import Dataflow
from hw_models.folding import node_ii_cycles
from hw_models.graph import INPUT
from hw_models.schedule.kernel import FILLED, FREED, NEVER, Machine, run
from hw_models.schedule.machine import Workshop

FRAMES = 6
"""Frames replayed: enough to fill the pipeline and to see its interval."""

_NO_LIMIT = 1 << 40
"""Depth of a FIFO that takes whatever comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a replay tells.

    Attributes:
        latency_cycles: From the first input beat of a frame that meets an empty accelerator to its
            last output beat, both counted.
        interval_cycles: Between the ends of frames, back to back, once the pipeline is full.
    """

    latency_cycles: int
    interval_cycles: int


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

    Args:
        flow: Nodes and streams.
        latencies: Cycles from a node's slot to the beat it gives, by the node's name.
        in_interval_cycles: Cycles between frames at the input; 0 for as soon as they are taken.
        frames: Frames, at least 2.

    Raises:
        DesignError: The accelerator stops for ever: a FIFO of a branch is too shallow.
    """
    depths = [stream.fifo_depth for stream in flow.streams]
    return Replays(flow, latencies, frames=frames).schedule(depths, in_interval_cycles)


class Replays:
    """Replays one dataflow with FIFOs of several depths."""

    def __init__(
        self, flow: Dataflow, latencies: Mapping[str, int], *, frames: int = FRAMES
    ) -> None:
        """Prepare; arguments are those of `replay`, FIFO depths play no part."""
        self._flow = flow
        self._frames = frames
        self._workshop = Workshop(flow, latencies)

    def schedule(self, depths: Sequence[int], in_interval_cycles: int = 0) -> Schedule:
        """Return what `replay` does, for FIFOs of `depths`, in the order of `Dataflow.streams`.

        Raises:
            DesignError: As `replay`.
        """
        machine, fifos, ends = self._run(depths, in_interval_cycles)
        if NEVER in ends:
            names = [f"{stream.source}-{stream.sink}" for stream in self._flow.streams]
            queues = machine.queues[fifos]
            is_full = queues["put"] - queues["taken"] == queues["depth"]
            full = ", ".join(name for name, here in zip(names, is_full, strict=True) if here)
            raise DesignError(f"the accelerator stops for ever; full FIFOs: {full}")
        # the first beat goes in in cycle 0
        return Schedule(latency_cycles=int(ends[0] + 1), interval_cycles=int(ends[-1] - ends[-2]))

    def backlogs(self, in_interval_cycles: int) -> list[int]:
        """Return the most places in use at once in each stream's FIFO, were all without end.

        Args:
            in_interval_cycles: Cycles between frames at the input.
        """
        endless = [_NO_LIMIT] * len(self._flow.streams)
        machine, fifos, ends = self._run(endless, in_interval_cycles)
        return [_most(machine, fifo, int(ends[-1])) for fifo in fifos]

    def _run(
        self, depths: Sequence[int], in_interval_cycles: int
    ) -> tuple[Machine, list[int], NDArray[np.int64]]:
        """Return what is left of a machine, the queues that are FIFOs, and the ends of frames."""
        machine, fifos = self._workshop.machine(depths, self._frames)
        (entry, *_) = self._flow.streams_from(INPUT)
        (first, *_) = self._flow.accelerator.readers_of(INPUT)
        in_beats = first.in_elements // entry.source_lanes
        spread = np.arange(self._frames * in_beats) * float(in_interval_cycles) / in_beats
        out_beats = self._flow.accelerator.nodes[-1].out_elements // self._flow.output.source_lanes
        ends = np.full(self._frames, NEVER)
        run(machine, np.ceil(spread).astype(np.int64), out_beats, ends)
        return machine, fifos, ends


def _most(machine: Machine, fifo: int, end: int) -> int:
    """Return the most places in use at once until cycle `end`, in a queue that never got full.

    The place of a beat that leaves in the cycle in which another comes is not yet free.
    """
    queue = machine.queues[fifo]
    places = machine.places[queue["first_place"] :]
    filled, freed = places[: queue["put"], FILLED], places[: queue["taken"], FREED]
    filled = filled[filled <= end]
    left = np.searchsorted(freed, filled, side="left")
    return int((np.arange(1, len(filled) + 1) - left).max())
