"""Runs images on a board and says how fast the link is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw_models.boards.base import Board
from hw_models.host.driver import Driver
from hw_models.host.port import SerialPort
from hw_models.rtl.board import LEAST_CYCLES_A_BIT, CoreInterface

_BITS_A_BYTE = 10  # on the line, with start and stop bit
_USB_S = 1.0
_SLOW_SIMULATION_HZ = 5e3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session:
    """What a board made of images.

    Attributes:
        outputs: Elements of the output frames, `(n, elements)`.
        seconds: From the first byte sent to the last one received [s].
        resent: Commands that had to be sent again.
    """

    outputs: NDArray[Any]
    seconds: float
    resent: int

    @property
    def link_fps(self) -> float:
        """Frames per second through the link, which is slower than the accelerator."""
        return len(self.outputs) / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An accelerator on a board.

    Attributes:
        core: The accelerator.
        board: The board.
        clock_mhz: Clock of the accelerator [MHz].
        baud: Speed of the UART [bit/s].
        frame_cycles: Cycles a frame takes in the accelerator.
    """

    core: CoreInterface
    board: Board
    clock_mhz: float
    baud: int
    frame_cycles: int

    def answer_s(self) -> float:
        """Return how long a healthy board may take to answer a frame, generously [s]."""
        line_s = 2 * self._line_bits() / self.baud  # escapes may double the bytes
        return _USB_S + line_s + self.frame_cycles / (self.clock_mhz * 1e6)

    def virtual_answer_s(self) -> float:
        """Return the same for a virtual board on a slow machine [s]."""
        cycles = self.frame_cycles + self._line_bits() * LEAST_CYCLES_A_BIT
        return _USB_S + cycles / _SLOW_SIMULATION_HZ

    def _line_bits(self) -> int:
        return (self.core.input.frame_bytes + self.core.output.frame_bytes) * _BITS_A_BYTE


@contextmanager
def connected(place: Place, path: Path, baud: int, answer_s: float) -> Iterator[Driver]:
    """Open a port and make sure that the right design is behind it.

    Args:
        place: What is expected behind the port.
        path: The tty.
        baud: Its speed [bit/s]; 0 for a virtual board's.
        answer_s: How long an answer may take [s].

    Raises:
        DataError: The port cannot be used.
        DesignError: The board runs another design.
        ToolTimeoutError: Nobody answers.
    """
    with SerialPort(path, baud) as port:
        driver = Driver(port, answer_s)
        driver.require(place.core.identity(place.clock_mhz))
        yield driver


def run_images(
    driver: Driver,
    core: CoreInterface,
    codes: NDArray[np.int64],
    progress: Callable[[int], None] = lambda done: None,
) -> Session:
    """Run images and return what comes back.

    Args:
        driver: A board that runs `core`.
        core: The accelerator.
        codes: Input codes, `(n, height, width, channels)`, n at least 1.
        progress: Told how many images are done.

    Raises:
        DataError: Images of another size.
        ToolTimeoutError: The board does not answer.
    """
    frames = [core.input.pack(image) for image in codes]
    outputs = []
    start = time.monotonic()
    for done, frame in enumerate(driver.run(frames), 1):
        outputs.append(core.output.unpack(frame))
        progress(done)
    seconds = time.monotonic() - start
    return Session(outputs=np.stack(outputs), seconds=seconds, resent=driver.resent)
