"""A board in a thread behind a pseudo-terminal, which misbehaves on demand."""

import os
import select
import threading
import tty
from collections import deque
from contextlib import contextmanager
from pathlib import Path

from hw_models.protocol import Command, Frame, Identity, Reason, Reply, Splitter, State

IDENTITY = Identity(input_bytes=4, output_bytes=4, clock_khz=25_000, digest=bytes(16))


class FakeBoard:
    """Answers ``RUN`` with the payload turned round.

    `faults` are what happens to the next commands: ``"lose"`` gives no answer, ``"damage"`` one
    that is damaged, a `Reason` refuses; None, or none left, answers.
    """

    def __init__(self, identity=IDENTITY, faults=()):
        self.identity = identity
        self.faults = deque(faults)
        self.commands = []
        self.runs = 0

    def answer(self, command):
        self.commands.append(command)
        fault = self.faults.popleft() if self.faults else None
        if fault == "lose":
            return b""
        if isinstance(fault, Reason):
            payload = bytes([fault])
            return Frame(kind=Reply.REFUSAL, number=command.number, payload=payload).encode()
        match command.kind:
            case Command.IDENTIFY:
                kind, payload = Reply.IDENTITY, self.identity.encode()
            case Command.STATUS:
                state = State(results=self.runs, refusals=0, in_flight=0)
                kind, payload = Reply.STATE, state.encode()
            case _:
                self.runs += 1
                kind, payload = Reply.RESULT, command.payload[::-1]
        line = bytearray(Frame(kind=kind, number=command.number, payload=payload).encode())
        if fault == "damage":
            line[3] ^= 1
        return bytes(line)

    def serve(self, master, stop):
        splitter = Splitter()
        while True:
            readable, _, _ = select.select([master, stop], [], [])
            if stop in readable:
                return
            for command in splitter.feed(os.read(master, 4096)):
                os.write(master, self.answer(command))


@contextmanager
def plugged_in(board):
    """Yield the terminal behind which `board` serves."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop, stopper = os.pipe()
    thread = threading.Thread(target=board.serve, args=(master, stop))
    thread.start()
    try:
        yield Path(os.ttyname(slave))
    finally:
        os.close(stopper)
        thread.join()
        for file in (master, slave, stop):
            os.close(file)
