"""A board without a board: its top under Verilator, its UART behind a pseudo-terminal."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dse.errors import ToolFailedError, ToolTimeoutError
from hw_models.boards.base import Board
from hw_models.plan import PlannedFile
from hw_models.rtl.board import LEAST_CYCLES_A_BIT, CoreInterface, phase_step, virtual_top
from hw_models.sim.program import CACHE, simulator
from hw_models.tools import started

HARNESS = Path(__file__).with_name("virtual_board.cpp")
START_TIMEOUT_S = 30.0

_TERMINAL = "tty"
_POLL_S = 0.005


def virtual_baud(clock_mhz: float) -> int:
    """Return the speed of a virtual board's UART at `clock_mhz` [bit/s].

    It is the greatest that the hardware allows, since every cycle between two bits costs time.
    """
    return int(clock_mhz * 1e6 / LEAST_CYCLES_A_BIT)


@contextmanager
def virtual_board(
    core: CoreInterface, board: Board, clock_mhz: float, folder: Path, cache: Path = CACHE
) -> Iterator[Path]:
    """Run the board's top in a process, and yield the terminal that stands for its serial port.

    The process ends when the context does, or when this process dies.

    Args:
        core: The accelerator.
        board: The board.
        clock_mhz: Clock of the accelerator [MHz].
        folder: Where memories, the log and the link to the terminal are.
        cache: Folder of built programs.

    Raises:
        DesignError: The board has no such clock.
        ToolError: Verilator is missing or fails, or the process does not start.
    """
    baud = virtual_baud(clock_mhz)
    top = virtual_top(core, board, clock_mhz, baud)
    harness = PlannedFile(path="harness.cpp", content=HARNESS.read_text())
    program = simulator(top, (harness,), cache)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in top.memories:
        (folder / name).write_text(content)
    terminal = folder.absolute() / _TERMINAL
    terminal.unlink(missing_ok=True)
    command = (str(program), str(terminal), str(phase_step(clock_mhz, baud)))
    log = folder / "virtual_board.log"
    with started(command, folder=folder, log=log, stdin=subprocess.PIPE) as process:
        try:
            _wait_for(terminal, process, log)
            yield terminal
        finally:
            terminal.unlink(missing_ok=True)


def _wait_for(terminal: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not terminal.is_symlink():
        if process.poll() is not None:
            raise ToolFailedError(
                f"the virtual board ended with exit code {process.returncode}: "
                f"{log.read_text(errors='replace').strip()}"
            )
        if time.monotonic() > deadline:
            raise ToolTimeoutError(
                f"the virtual board did not start within {START_TIMEOUT_S:g} s; its log is {log}"
            )
        time.sleep(_POLL_S)
