"""Puts a bitstream into a board: openFPGALoader, printed or run."""

from pathlib import Path

from dse.errors import DesignError
from hw_models.boards.base import Board
from hw_models.tools import find, run

PROGRAM_TIMEOUT_S = 600.0
"""Writing a flash chip takes minutes."""


def program_command(board: Board, bitstream: Path) -> tuple[str, ...]:
    """Return the command that puts `bitstream` into `board`.

    Raises:
        DesignError: openFPGALoader does not know the board; says what does.
    """
    if not board.programmer:
        raise DesignError(
            f"openFPGALoader does not know {board.name}; program {bitstream} with Vivado's "
            "hardware manager"
        )
    return ("openFPGALoader", "-b", board.programmer, str(bitstream))


def program(board: Board, bitstream: Path, log: Path) -> None:
    """Run `program_command`; what it prints goes to `log`.

    Raises:
        DesignError: As `program_command`.
        ToolError: openFPGALoader is missing, finds no board, or does not end in time.
    """
    name, *arguments = program_command(board, bitstream.absolute())
    command = (str(find(name).path), *arguments)
    run(command, folder=log.parent, log=log, timeout_s=PROGRAM_TIMEOUT_S)
