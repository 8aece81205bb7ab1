"""Talks to a board: asks who it is, runs frames on it, asks again where an answer is lost."""

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dse.errors import DataError, DesignError, ToolTimeoutError
from hw_models.host.port import SerialPort
from hw_models.protocol import (
    FRAMES_IN_FLIGHT,
    VERSION,
    Command,
    Frame,
    Identity,
    Reason,
    Reply,
    Splitter,
    State,
)

ATTEMPTS = 5
"""How often a command is sent before the board counts as silent."""

_BACKOFF_S = 0.01
"""How long to wait before a board that was busy is asked again [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """A frame that was sent and is not answered."""

    index: int
    payload: bytes


class Driver:
    """The host's end of the protocol (`hw_models.protocol`) on an open port.

    Args:
        port: The port.
        timeout_s: How long an answer may take [s]; more than a frame's time on the line and in
            the accelerator.
    """

    def __init__(self, port: SerialPort, timeout_s: float) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._splitter = Splitter()
        self._frames: deque[Frame] = deque()
        self._numbers = itertools.cycle(range(256))
        self.resent = 0
        """Commands that had to be sent again."""

    def identify(self) -> Identity:
        """Return what the board says of itself.

        Raises:
            ToolTimeoutError: It does not answer.
            DataError: It speaks another protocol.
        """
        identity = Identity.decode(self._ask(Command.IDENTIFY, Reply.IDENTITY))
        if identity.version != VERSION:
            raise DataError(f"the board speaks protocol {identity.version}, not {VERSION}")
        return identity

    def require(self, expected: Identity) -> None:
        """Make sure that the board runs the design that `expected` describes.

        Raises:
            DesignError: It runs another.
            ToolTimeoutError: It does not answer.
            DataError: It speaks another protocol.
        """
        found = self.identify()
        if found != expected:
            raise DesignError(
                f"the board at {self._port.path} runs another design "
                f"({found.digest.hex()} at {found.clock_khz / 1000:g} MHz, not "
                f"{expected.digest.hex()} at {expected.clock_khz / 1000:g} MHz); program it first"
            )

    def state(self) -> State:
        """Return what the board counts.

        Raises:
            ToolTimeoutError: It does not answer.
        """
        return State.decode(self._ask(Command.STATUS, Reply.STATE))

    def run(self, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """Run frames and yield their results, in order.

        As many frames are sent ahead as the board takes. One that is damaged, or not answered in
        time, is sent again.

        Raises:
            ToolTimeoutError: No result comes within `ATTEMPTS` time-outs.
            DataError: It does not take such frames.
        """
        waiting = iter(enumerate(payloads))
        pending: dict[int, _Pending] = {}
        results: dict[int, bytes] = {}
        progress, following = time.monotonic(), 0
        while True:
            for index, payload in itertools.islice(waiting, FRAMES_IN_FLIGHT - len(pending)):
                self._send(_Pending(index=index, payload=payload), pending)
                progress = time.monotonic()
            if not pending:
                return
            frame = self._receive()
            is_ours = frame is not None and frame.number in pending
            if frame is not None and is_ours and frame.kind == Reply.RESULT:
                progress = time.monotonic()
                results[pending.pop(frame.number).index] = frame.payload
            elif time.monotonic() - progress >= ATTEMPTS * self._timeout_s:
                raise self._silence()
            elif frame is None:
                for number in list(pending):
                    self._send_again(number, pending)
            elif is_ours and frame.kind == Reply.REFUSAL:
                self._heed(frame, pending)
            while following in results:
                yield results.pop(following)
                following += 1

    def _heed(self, refusal: Frame, pending: dict[int, _Pending]) -> None:
        """Send a refused frame again, if that can help."""
        reason = Reason(refusal.payload[0])
        if reason in (Reason.COMMAND, Reason.LENGTH):
            raise DataError(
                f"the board at {self._port.path} refuses the frame: {reason.name.lower()}; "
                "it runs another design"
            )
        if reason is Reason.BUSY:
            time.sleep(_BACKOFF_S)
        self._send_again(refusal.number, pending)

    def _send(self, frame: _Pending, pending: dict[int, _Pending]) -> None:
        number = next(number for number in self._numbers if number not in pending)
        pending[number] = frame
        self._port.write(Frame(kind=Command.RUN, number=number, payload=frame.payload).encode())

    def _send_again(self, number: int, pending: dict[int, _Pending]) -> None:
        """Send a frame under a new number: a late answer to the old one is nobody's."""
        self.resent += 1
        self._send(pending.pop(number), pending)

    def _ask(self, command: Command, reply: Reply) -> bytes:
        """Return the payload of the answer to a command without payload."""
        for attempt in range(ATTEMPTS):
            self.resent += attempt > 0
            number = next(self._numbers)
            self._port.write(Frame(kind=command, number=number).encode())
            while (frame := self._receive()) is not None:
                if frame.number == number and frame.kind == reply:
                    return frame.payload
        raise self._silence()

    def _receive(self) -> Frame | None:
        """Return the next frame that is whole; None if none comes in time."""
        deadline = time.monotonic() + self._timeout_s
        while not self._frames:
            received = self._port.read(max(0.0, deadline - time.monotonic()))
            if not received and time.monotonic() >= deadline:
                return None
            self._frames.extend(self._splitter.feed(received))
        return self._frames.popleft()

    def _silence(self) -> ToolTimeoutError:
        return ToolTimeoutError(
            f"the board at {self._port.path} gave no answer within {ATTEMPTS} times "
            f"{self._timeout_s:g} s; is it programmed, is the port the right one?"
        )
