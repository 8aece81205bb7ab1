"""Beats in motion: when each is put into a queue and taken out of it, as numba code.

Nothing here counts cycles one by one. A node's next step depends on the cycles of a few earlier
ones: of the beats it takes, of the places it fills, of its own last step. So each node works ahead
for as long as those are known, in whatever order nodes get their turn (Kahn, "The semantics of a
simple language for parallel programming", 1974): the result does not depend on it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Records = NDArray[np.void]

NONE = -1
NEVER = -1
UNKNOWN = -2
BEFORE = -1
"""A cycle before the first: every place is free."""
FILLED, FREED = 0, 1
"""Columns of places: the cycles in which a place was last filled and last freed."""


# Nothing here allocates. Counting references to arrays would take most of the time, as would calls.
_compiled = njit(cache=True, _nrt=False)
_inlined = njit(cache=True, _nrt=False, inline="always")


def _record(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.int64) for name in names])


SLOT = _record("pause", "takes", "gives", "needs", "keeps")
"""A slot in which something is taken or given.

* ``pause``: slots in which nothing is, between the one before and this one.
* the others: as in `Program`.
"""

NODE = _record(
    "first_slot", "end_slot", "capacity", "frame_beats", "latency", "first_place", "mask",
    "first_exit", "exit_mask",
    "slot", "done", "next", "delay", "passed", "head", "tail", "head_delay", "stored", "free",
    "last", "has_turn",
)  # fmt: skip
"""A node, and how far it is.

A pipeline stands still as a whole where its last beat finds no place. Its *clock* counts the cycles
in which it does not: ``cycle = clock + delay``, and the delay grows at such beats only.

* ``first_slot end_slot``: its program.
* ``capacity frame_beats``: as in `Program`.
* ``latency``: cycles from a slot to the one in which its beat enters a queue.
* ``first_place mask``: where the places of its buffer begin; beat n has the place n & mask.
* ``first_exit exit_mask``: where its beats in the pipeline begin, as above.
* ``slot``: the next one.
* ``done``: beats of the frames done.
* ``next``: earliest clock of the next slot.
* ``delay``: at that clock. Without a pipeline: the next slot's pause.
* ``passed``: beats that had left the pipeline by then.
* ``head tail``: beats that have left the pipeline, and that have entered it.
* ``head_delay``: delay since the last beat left.
* ``stored``: beats that the buffer has taken.
* ``free``: beats, from the first, whose place in the buffer is free again.
* ``last``: cycle of the last beat stored.
* ``has_turn``: whether it may be able to move.
"""

QUEUE = _record("source", "sink", "depth", "passes", "first_place", "mask", "put", "taken")
"""A queue, and what has gone through it.

* ``source sink``: nodes that fill and empty it; the number of nodes for the outside.
* ``depth``: beats that fit in.
* ``passes``: whether it takes a beat, when full, in the cycle in which one leaves.
* ``first_place mask``: where its places begin; beat n has the place n & mask.
* ``put taken``: beats that went in, and that left.
"""

EXIT = _record("clock", "delay")
"""A beat in a pipeline: the clock at which it leaves, and the delay from then on."""


class Machine(NamedTuple):
    """Nodes, each behind those it reads, and the queues between them. The last node is the input.

    Attributes:
        slots: Of all programs, `SLOT` records.
        nodes: `NODE` records.
        queues: `QUEUE` records; the last one is the output.
        inputs: Queues that a node empties, shape `(nodes, most)`, `NONE` behind the last one.
        outputs: Queues that a node fills, as `inputs`.
        places: Of queues and buffers, shape `(places, 2)`.
        exits: `EXIT` records.
        turns: Nodes that may be able to move, a stack; behind them, how many, `(nodes + 1,)`.
    """

    slots: Records
    nodes: Records
    queues: Records
    inputs: Integers
    outputs: Integers
    places: Integers
    exits: Records
    turns: Integers


@_compiled
def run(machine: Machine, offers: Integers, out_beats: int, ends: Integers) -> None:
    """Run frames back to back through an empty machine, until nothing can move.

    Args:
        machine: Nodes and queues; left as they are at the end.
        offers: Earliest cycle of each beat of the input, ascending.
        out_beats: Beats of the output per frame.
        ends: Gets the cycle of each frame's last output beat; stays as it is behind a deadlock.
    """
    outside = len(machine.nodes) - 1
    _wake(machine, outside)
    while machine.turns[outside + 1] > 0:
        machine.turns[outside + 1] -= 1
        node = machine.turns[machine.turns[outside + 1]]
        machine.nodes[node].has_turn = False
        if node == outside:
            _offer(machine, offers)
        else:
            _advance(machine, node)
        _drain(machine, out_beats, ends)


@_inlined
def _wake(machine: Machine, node: int) -> None:
    """Give a node its turn: what it waited for is there."""
    if not machine.nodes[node].has_turn:
        machine.nodes[node].has_turn = True
        count = len(machine.nodes)
        machine.turns[machine.turns[count]] = node
        machine.turns[count] += 1


@_inlined
def _offer(machine: Machine, offers: Integers) -> None:
    """Put beats into the accelerator's input for as long as there is room."""
    outside = len(machine.nodes) - 1
    me = machine.nodes[outside]
    while me.stored < len(offers):
        room = _room(machine, outside)
        if room == UNKNOWN:
            break
        me.last = max(me.last + 1, offers[me.stored], room)
        _put(machine, outside, me.last)
        me.stored += 1


@_inlined
def _drain(machine: Machine, out_beats: int, ends: Integers) -> None:
    """Take each beat of the accelerator's output in the cycle after it was given."""
    queue = machine.queues[len(machine.queues) - 1]
    if queue.put - queue.taken == queue.depth:
        _wake(machine, queue.source)
    while queue.taken < queue.put:
        place = queue.first_place + (queue.taken & queue.mask)
        machine.places[place, FREED] = machine.places[place, FILLED] + 1
        queue.taken += 1
        if queue.taken % out_beats == 0:
            ends[queue.taken // out_beats - 1] = machine.places[place, FREED]


@_inlined
def _advance(machine: Machine, node: int) -> None:
    """Let one node work ahead for as long as it can."""
    me = machine.nodes[node]
    moves = True
    while moves:
        moves = me.capacity > 0 and _store(machine, node, me)
        if me.latency == 0:
            moves |= _pass_on(machine, node, me)
        else:
            moves |= _leave(machine, node, me)
            moves |= _enter(machine, node, me)


@_inlined
def _store(machine: Machine, node: int, me: np.record) -> bool:
    """Take a beat into the node's buffer."""
    if me.stored - me.capacity >= me.free:
        return False
    arrival = _arrival(machine, node)
    if arrival == UNKNOWN:
        return False
    room = machine.places[me.first_place + (me.stored - me.capacity & me.mask), FREED] + 1
    me.last = max(me.last + 1, arrival, room)
    _take(machine, node, me.last)
    machine.places[me.first_place + (me.stored & me.mask), FILLED] = me.last
    me.stored += 1
    return True


@_inlined
def _leave(machine: Machine, node: int, me: np.record) -> bool:
    """Put the last beat of the node's pipeline into its queues, once they have room."""
    if me.head == me.tail:
        return False
    room = _room(machine, node)
    if room == UNKNOWN:
        return False
    beat = machine.exits[me.first_exit + (me.head & me.exit_mask)]
    cycle = max(beat.clock + me.head_delay, room)
    _put(machine, node, cycle)
    me.head_delay = cycle - beat.clock
    beat.delay = me.head_delay
    me.head += 1
    return True


@_inlined
def _enter(machine: Machine, node: int, me: np.record) -> bool:
    """Do the node's next slot, whose beat enters its pipeline."""
    ready = _ready(machine, node, me)
    if ready == UNKNOWN:
        return False
    clock = max(me.next, ready - me.delay)
    while me.passed < me.tail:
        beat = machine.exits[me.first_exit + (me.passed & me.exit_mask)]
        if beat.clock > clock:
            break
        if me.passed == me.head:
            return False  # it is not yet known how long that beat waits
        me.next = max(me.next, beat.clock)
        me.delay = beat.delay
        me.passed += 1
        clock = max(me.next, ready - me.delay)
    cycle = clock + me.delay
    if machine.slots[me.slot].takes:
        _take(machine, node, cycle)
    if machine.slots[me.slot].gives:
        machine.exits[me.first_exit + (me.tail & me.exit_mask)].clock = clock + me.latency
        me.tail += 1
    _next_slot(machine, me, cycle)
    me.next = clock + 1 + machine.slots[me.slot].pause
    return True


@_inlined
def _pass_on(machine: Machine, node: int, me: np.record) -> bool:
    """Do the next slot of a node without a pipeline: every slot needs room for the next beat."""
    ready = _ready(machine, node, me)
    if ready == UNKNOWN:
        return False
    room = _room(machine, node)
    if room == UNKNOWN:
        return False
    cycle = max(max(me.next, room) + me.delay, ready)
    if machine.slots[me.slot].takes:
        _take(machine, node, cycle)
    if machine.slots[me.slot].gives:
        _put(machine, node, cycle)
    _next_slot(machine, me, cycle)
    me.next = cycle + 1
    me.delay = machine.slots[me.slot].pause
    return True


@_inlined
def _ready(machine: Machine, node: int, me: np.record) -> int:
    """Return the earliest cycle in which the beats that the next slot needs are there."""
    slot = machine.slots[me.slot]
    if me.capacity > 0:
        beats = me.done + slot.needs
        if me.stored < beats:
            return UNKNOWN
        place = me.first_place + (beats - 1 & me.mask)
        return int(machine.places[place, FILLED] + 1)
    return _arrival(machine, node) if slot.takes else 0


@_inlined
def _next_slot(machine: Machine, me: np.record, cycle: int) -> None:
    """Go on to the next slot, and free the places of a buffer that it does not keep."""
    slot = int(me.slot + 1)
    if slot == me.end_slot:
        slot = int(me.first_slot)
        me.done += me.frame_beats
    me.slot = slot
    if me.capacity > 0:
        keeps = me.done + machine.slots[slot].keeps
        while me.free < keeps:
            machine.places[me.first_place + (me.free & me.mask), FREED] = cycle
            me.free += 1


@_inlined
def _arrival(machine: Machine, node: int) -> int:
    """Return the earliest cycle in which there is a beat in every queue that `node` empties."""
    cycle = 0
    for end in range(machine.inputs.shape[1]):
        position = machine.inputs[node, end]
        if position != NONE:
            queue = machine.queues[position]
            if queue.taken == queue.put:
                return UNKNOWN
            place = queue.first_place + (queue.taken & queue.mask)
            cycle = max(cycle, machine.places[place, FILLED] + 1)
    return cycle


@_inlined
def _take(machine: Machine, node: int, cycle: int) -> None:
    for end in range(machine.inputs.shape[1]):
        position = machine.inputs[node, end]
        if position != NONE:
            queue = machine.queues[position]
            if queue.put - queue.taken == queue.depth:
                _wake(machine, queue.source)
            machine.places[queue.first_place + (queue.taken & queue.mask), FREED] = cycle
            queue.taken += 1


@_inlined
def _room(machine: Machine, node: int) -> int:
    """Return the earliest cycle in which there is room in every queue that `node` fills."""
    cycle = 0
    for end in range(machine.outputs.shape[1]):
        position = machine.outputs[node, end]
        if position != NONE:
            queue = machine.queues[position]
            if queue.put - queue.taken == queue.depth:
                return UNKNOWN
            place = queue.first_place + (queue.put - queue.depth & queue.mask)
            cycle = max(cycle, machine.places[place, FREED] + 1 - queue.passes)
    return cycle


@_inlined
def _put(machine: Machine, node: int, cycle: int) -> None:
    for end in range(machine.outputs.shape[1]):
        position = machine.outputs[node, end]
        if position != NONE:
            queue = machine.queues[position]
            if queue.put == queue.taken and queue.sink < len(machine.nodes) - 1:
                _wake(machine, queue.sink)
            machine.places[queue.first_place + (queue.put & queue.mask), FILLED] = cycle
            queue.put += 1
