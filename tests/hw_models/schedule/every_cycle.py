"""The machines of `hw_models.schedule`, stepped through every cycle: slow, plain, independent."""

from collections import deque

from hw_models.schedule.kernel import NONE

PATIENCE_CYCLES = 1000


class _Queue:
    def __init__(self, record):
        self.depth, self.passes = int(record["depth"]), bool(record["passes"])
        self.held = self.begin = self.most = 0

    def has_room(self):
        return (self.held if self.passes else self.begin) < self.depth

    def put(self):
        self.held += 1
        self.most = max(self.most, self.begin + 1)


class _Node:
    """A node with all its slots, also those in which nothing is taken or given."""

    def __init__(self, machine, position, queues):
        record = machine.nodes[position]
        self.latency, self.capacity = int(record["latency"]), int(record["capacity"])
        self.frame_beats = int(record["frame_beats"])
        self.inputs = [queues[q] for q in machine.inputs[position] if q != NONE]
        self.outputs = [queues[q] for q in machine.outputs[position] if q != NONE]
        packed = machine.slots[record["first_slot"] : record["end_slot"]].tolist()
        idle = (0, False, False, 0, 0)
        self.slots = [packed[0]]
        for slot in packed[1:]:
            self.slots += [idle] * slot[0] + [slot]
        self.slots += [idle] * packed[0][0]
        self.slot = self.done = self.stored = self.clock = 0
        self.exits = deque()

    def _has_beats(self):
        return all(queue.held > 0 for queue in self.inputs)

    def _take(self):
        for queue in self.inputs:
            queue.held -= 1

    def _has_room(self):
        return all(queue.has_room() for queue in self.outputs)

    def _put(self):
        for queue in self.outputs:
            queue.put()

    def step(self):
        """Work for a cycle; return whether anything moved."""
        _, takes, gives, needs, keeps = self.slots[self.slot]
        done, has_moved = self.done, False
        is_due = bool(self.exits) and self.exits[0] == self.clock
        is_blocked = is_due and not self._has_room()
        if is_due and not is_blocked:
            self._put()
            self.exits.popleft()
            has_moved = True
        is_ready = self.stored >= done + needs if self.capacity else not takes or self._has_beats()
        is_ready = is_ready and (self.latency > 0 or self._has_room())
        if is_ready and not is_blocked:
            has_moved = True
            if takes:
                self._take()
            if gives and self.latency == 0:
                self._put()
            elif gives:
                self.exits.append(self.clock + self.latency)
            self.slot += 1
            if self.slot == len(self.slots):
                self.slot = 0
                self.done += self.frame_beats
        self.clock += not is_blocked
        if self.capacity and self.stored - done - keeps < self.capacity and self._has_beats():
            self._take()
            self.stored += 1
            has_moved = True
        return has_moved


def run_every_cycle(machine, offers, out_beats, frames):
    """Return the cycle of each frame's last beat, and the most places in use in each queue.

    Frames behind a deadlock are missing.
    """
    queues = [_Queue(record) for record in machine.queues]
    outside = len(machine.nodes) - 1
    nodes = [_Node(machine, position, queues) for position in range(outside)]
    entries = [queues[q] for q in machine.outputs[outside] if q != NONE]
    ends, given, offered, cycle, last_move = [], 0, 0, 0, 0
    while given < frames * out_beats and cycle - last_move <= PATIENCE_CYCLES:
        for queue in queues:
            queue.begin = queue.held
        if queues[-1].held:
            queues[-1].held -= 1
            given += 1
            last_move = cycle
            if given % out_beats == 0:
                ends.append(cycle)
        for node in reversed(nodes):  # sinks first: what they take makes room
            if node.step():
                last_move = cycle
        is_offered = offered < len(offers) and cycle >= offers[offered]
        if is_offered and all(queue.has_room() for queue in entries):
            for queue in entries:
                queue.put()
            offered += 1
            last_move = cycle
        cycle += 1
    return ends, [queue.most for queue in queues]
