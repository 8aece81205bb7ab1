"""Beats in motion: every node, queue and cycle, as numba code."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NONE = -1
NEVER = -1


class Machine(NamedTuple):
    """Nodes, each behind those it reads, and the queues between them.

    Attributes:
        first_slot: Where a node's slots start in the arrays below, shape `(nodes + 1,)`.
        takes: As `Program.takes`, all nodes' slots.
        gives: As `Program.gives`.
        needs: As `Program.needs`.
        keeps: As `Program.keeps`.
        capacity: As `Program.capacity`, shape `(nodes,)`.
        frame_beats: As `Program.frame_beats`, shape `(nodes,)`.
        latency: Cycles from a slot to the one in which its beat enters a queue, shape `(nodes,)`.
        inputs: Queues that a node empties, shape `(nodes, most)`, `NONE` behind the last one.
        outputs: Queues that a node fills, as `inputs`; the last row are those the input fills.
        queue_depth: Beats that fit into a queue, shape `(queues,)`; the last queue is the output.
        queue_passes: Whether a full queue takes a beat in the cycle in which one leaves.
    """

    first_slot: Integers
    takes: Flags
    gives: Flags
    needs: Integers
    keeps: Integers
    capacity: Integers
    frame_beats: Integers
    latency: Integers
    inputs: Integers
    outputs: Integers
    queue_depth: Integers
    queue_passes: Flags


class Queues(NamedTuple):
    """What the queues hold.

    Attributes:
        held: Beats now, shape `(queues,)`.
        begin: Beats at the start of the cycle.
        most: The most places ever in use.
    """

    held: Integers
    begin: Integers
    most: Integers


class Progress(NamedTuple):
    """How far each node is.

    Attributes:
        slot: Slot of its frame, shape `(nodes,)`.
        frame: Frames done.
        stored: Beats taken by a node that buffers.
        clock: Cycles in which it was not blocked.
        exits: Clock at which each beat in its pipeline leaves, shape `(nodes, room)`, a ring.
        head: Beats that have left its pipeline.
        tail: Beats that have entered its pipeline.
    """

    slot: Integers
    frame: Integers
    stored: Integers
    clock: Integers
    exits: Integers
    head: Integers
    tail: Integers


@njit(cache=True)
def run(
    machine: Machine,
    in_beats: int,
    in_interval: float,
    out_beats: int,
    frames: int,
    patience_cycles: int,
) -> tuple[Integers, Integers, int]:
    """Run `frames` frames back to back from an empty machine.

    Args:
        machine: Nodes and queues.
        in_beats: Beats of the input per frame.
        in_interval: Cycles between frames offered at the input, their beats evenly spread; 0 for
            as soon as they are taken.
        out_beats: Beats of the output per frame.
        frames: Frames.
        patience_cycles: Cycles in which nothing moves that are a deadlock.

    Returns:
        Cycle of each frame's last output beat, shape `(frames,)`, `NEVER` behind a deadlock; the
        most places in use in each queue; and the cycle of the first input beat.
    """
    nodes, queues = len(machine.latency), len(machine.queue_depth)
    room = machine.latency.max() + 2
    at = Progress(
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros((nodes, room), np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
    )
    state = Queues(
        np.zeros(queues, np.int64), np.zeros(queues, np.int64), np.zeros(queues, np.int64)
    )
    ends = np.full(frames, NEVER, dtype=np.int64)
    offered, given, first = 0, 0, NEVER
    cycle, last_move = 0, 0
    while given < frames * out_beats and cycle - last_move <= patience_cycles:
        state.begin[:] = state.held
        if state.held[queues - 1] > 0:
            state.held[queues - 1] -= 1
            given += 1
            last_move = cycle
            if given % out_beats == 0:
                ends[given // out_beats - 1] = cycle
        for node in range(nodes - 1, -1, -1):  # sinks first: what they take makes room
            if _step(machine, node, at, state):
                last_move = cycle
        is_offered = offered < frames * in_beats and cycle >= offered * in_interval / in_beats
        if is_offered and _has_room(machine, nodes, state):
            _push(machine, nodes, state)
            first = cycle if offered == 0 else first
            offered += 1
            last_move = cycle
        cycle += 1
    return ends, state.most, first


@njit(cache=True)
def _step(machine: Machine, node: int, at: Progress, state: Queues) -> bool:
    """Let one node work for a cycle; return whether anything moved."""
    room = at.exits.shape[1]
    buffers = machine.capacity[node] > 0
    done = at.frame[node] * machine.frame_beats[node]
    slot = machine.first_slot[node] + at.slot[node]
    has_moved = False
    # the beat at the end of the pipeline, and with it the whole pipeline, may have to wait
    is_due = at.head[node] < at.tail[node]
    is_due = is_due and at.exits[node, at.head[node] % room] == at.clock[node]
    is_blocked = is_due and not _has_room(machine, node, state)
    if is_due and not is_blocked:
        _push(machine, node, state)
        at.head[node] += 1
        has_moved = True
    if not is_blocked:
        if buffers:
            is_ready = at.stored[node] >= done + machine.needs[slot]
        else:
            is_ready = not machine.takes[slot] or _has_beats(machine, node, state)
        if machine.latency[node] == 0:  # no pipeline: the output's register must be free
            is_ready = is_ready and _has_room(machine, node, state)
        if is_ready:
            has_moved = True
            if machine.takes[slot]:
                _pop(machine, node, state)
            if machine.gives[slot] and machine.latency[node] == 0:
                _push(machine, node, state)
            elif machine.gives[slot]:
                at.exits[node, at.tail[node] % room] = at.clock[node] + machine.latency[node]
                at.tail[node] += 1
            at.slot[node] += 1
            if machine.first_slot[node] + at.slot[node] == machine.first_slot[node + 1]:
                at.slot[node] = 0
                at.frame[node] += 1
        at.clock[node] += 1
    is_free = at.stored[node] - done - machine.keeps[slot] < machine.capacity[node]
    if buffers and is_free and _has_beats(machine, node, state):
        _pop(machine, node, state)
        at.stored[node] += 1
        has_moved = True
    return has_moved


@njit(cache=True)
def _has_beats(machine: Machine, node: int, state: Queues) -> bool:
    has_beats = True
    for queue in machine.inputs[node]:
        has_beats = has_beats and (queue == NONE or state.held[queue] > 0)
    return has_beats


@njit(cache=True)
def _pop(machine: Machine, node: int, state: Queues) -> None:
    for queue in machine.inputs[node]:
        if queue != NONE:
            state.held[queue] -= 1


@njit(cache=True)
def _has_room(machine: Machine, node: int, state: Queues) -> bool:
    for queue in machine.outputs[node]:
        if queue != NONE:
            beats = state.held[queue] if machine.queue_passes[queue] else state.begin[queue]
            if beats >= machine.queue_depth[queue]:
                return False
    return True


@njit(cache=True)
def _push(machine: Machine, node: int, state: Queues) -> None:
    for queue in machine.outputs[node]:
        if queue != NONE:
            state.held[queue] += 1
            # places needed: the one of a beat that leaves in this cycle is not yet free
            state.most[queue] = max(state.most[queue], state.begin[queue] + 1)
