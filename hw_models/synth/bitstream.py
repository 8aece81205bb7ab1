"""From an accelerator to a board's bitstream, at a clock it meets."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dse.errors import DesignError, VerificationError
from hw_models.boards.base import Board
from hw_models.resources import Resources
from hw_models.rtl.board import BAUD, CoreInterface, board_top
from hw_models.rtl.design import Rtl
from hw_models.synth import ecp5_bitstream, ice40_bitstream, vivado
from hw_models.synth.nextpnr import TIMEOUT_S, flat_netlist, parse
from hw_models.synth.placed import Placed
from hw_models.synth.yosys import version as yosys_version
from hw_models.tools import find

Say = Callable[[str], None]
"""Told, in a sentence, what a user must know."""

_OPEN_FLOWS = {"ecp5": ecp5_bitstream, "ice40": ice40_bitstream}
_MARGIN = 0.95
"""Part of the frequency reached that a second placement is likely to reach too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BitstreamOptions:
    """How a bitstream is made.

    Attributes:
        baud: Speed of the UART [bit/s].
        seed: Of the placer, where it takes one.
        timeout_s: Longest time for each tool [s].
    """

    baud: int = BAUD
    seed: int = 1
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class BitstreamResult:
    """A bitstream and what it holds.

    Attributes:
        path: The file.
        netlist: What the whole top takes before it is placed, in the units of `count`; `None` where
            a vendor's tool synthesises.
        resources: What the whole top takes as placed, link and clock included.
        fmax_mhz: Greatest clock of all paths between registers [MHz].
        clock_mhz: Clock the accelerator gets [MHz].
        asked_mhz: Clock asked for [MHz]; greater if it was missed at first.
        tools: Name and version of every tool that took part.
        seconds: Time for everything [s].
    """

    path: Path
    netlist: Resources | None
    resources: Resources
    fmax_mhz: float
    clock_mhz: float
    asked_mhz: float
    tools: tuple[tuple[str, str], ...]
    seconds: float


def bitstream(
    core: CoreInterface,
    board: Board,
    clock_mhz: float,
    folder: Path,
    options: BitstreamOptions,
    say: Say,
) -> BitstreamResult:
    """Synthesise, place, route and pack `core` in the top of `board`, and read the result back.

    If it misses its clock, it is built once more, at the fastest legal clock up to 0.95 of what it
    reached, and `say` is told.

    Args:
        core: The accelerator.
        board: The board.
        clock_mhz: Clock of the accelerator, one the board can make [MHz].
        folder: Where everything is written, a folder for each clock.
        options: How.
        say: Told of a missed clock.

    Raises:
        DesignError: The board has no such clock, the design is larger than the FPGA, or it misses
            its clock twice.
        VerificationError: The bitstream does not hold what was placed.
        ToolError: A tool is missing, fails or does not end in time. For AMD boards that is Vivado;
            the project is written before it is looked for.
    """
    start = time.monotonic()
    asked_mhz = board.clock(clock_mhz).clock_mhz
    placed = _place(core, board, asked_mhz, folder, options)
    if not placed.meets_clock:
        slower_mhz = board.clock_at_most(_MARGIN * placed.fmax_mhz).clock_mhz
        say(
            f"{core.rtl.top} reaches {placed.fmax_mhz:.2f} MHz on {board.name}, not "
            f"{asked_mhz:.6g}; building it again for {slower_mhz:.6g} MHz"
        )
        placed = _place(core, board, slower_mhz, folder, options)
    if not placed.meets_clock:
        raise DesignError(
            f"{core.rtl.top} reaches {placed.fmax_mhz:.2f} MHz on {board.name}, not "
            f"{placed.clock_mhz:.6g}; ask for a slower clock"
        )
    return BitstreamResult(
        path=placed.bitstream,
        netlist=placed.netlist,
        resources=placed.resources,
        fmax_mhz=placed.fmax_mhz,
        clock_mhz=placed.clock_mhz,
        asked_mhz=asked_mhz,
        tools=placed.tools,
        seconds=time.monotonic() - start,
    )


def _place(
    core: CoreInterface, board: Board, clock_mhz: float, folder: Path, options: BitstreamOptions
) -> Placed:
    """Build the top for one clock.

    Raises:
        DesignError: It is larger than the FPGA.
    """
    top = board_top(core, board, clock_mhz, options.baud)
    place = folder / f"{clock_mhz:.6g}_mhz"
    if board.family in _OPEN_FLOWS:
        placed = _place_openly(top, board, clock_mhz, place, options)
    else:
        placed = vivado.build(top, board, clock_mhz, place, options.timeout_s)
    share = placed.resources.share_of(board.resources)
    if share > 1:
        raise DesignError(
            f"{core.rtl.top} takes {share:.0%} of {board.name}: {placed.resources} of "
            f"{board.resources}; fold it more"
        )
    return placed


def _place_openly(
    top: Rtl, board: Board, clock_mhz: float, folder: Path, options: BitstreamOptions
) -> Placed:
    """Build `top` with Yosys, nextpnr and the family's packer."""
    flow, family, timeout_s = _OPEN_FLOWS[board.family], board.family, options.timeout_s
    versions = tuple((tool, find(tool).version) for tool in flow.TOOLS)
    flat = flat_netlist(top, family, timeout_s=timeout_s)
    flow.plan(flat.json, board, clock_mhz=clock_mhz, seed=options.seed).execute(folder, timeout_s)
    placement = parse(
        folder, family, clock_mhz=clock_mhz, version=versions[0][1], flip_flops=flat.resources.ff
    )
    packed = folder / flow.BITSTREAM
    if packed.read_bytes() != (folder / flow.REPACKED).read_bytes():
        raise VerificationError(f"{packed} is another one when it is unpacked and packed again")
    return Placed(
        bitstream=packed,
        netlist=flat.resources,
        resources=placement.resources,
        clock_mhz=clock_mhz,
        fmax_mhz=placement.fmax_mhz,
        tools=(("pyosys", yosys_version()), *versions),
    )
