"""Tops for boards: an accelerator between a UART and a clock, with pins and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from dse.errors import DesignError
from hw_models import protocol
from hw_models.boards.base import Board, ClockInput
from hw_models.payload import Payload
from hw_models.pll import PLLS
from hw_models.protocol import Command, Identity, Reason, Reply
from hw_models.rtl.cell import LIBRARY, Rtl

TOP = "bitfront_board"
BAUD = 1_000_000
"""Default speed of the UART [bit/s]; the FTDI chips of the boards make it exactly."""
GREATEST_BAUD_ERROR = 0.01
LEAST_CYCLES_A_BIT = 8
"""Of a UART: the checksum takes eight cycles a byte, and sampling is exact to one cycle."""

_PHASE_BITS = 24
_LINK = (
    "synchronise",
    "reset",
    "uart_rx",
    "uart_tx",
    "crc",
    "frame_rx",
    "frame_tx",
    "frame_buffer",
    "host_link",
)
_CLOCK_BUFFERS = {
    ClockInput.PIN: ("  wire clk_in = clk_pin;",),
    ClockInput.DIFFERENTIAL: (
        "  wire clk_in;",
        "  IBUFDS clock_buffer (.I(clk_pin), .IB(clk_pin_n), .O(clk_in));",
    ),
    ClockInput.PROCESSOR: (
        "  wire clk_in;",
        "  wire [3:0] processor_clocks;",
        "  PS8 processor (.PLCLK(processor_clocks));",
        "  BUFG_PS clock_buffer (.I(processor_clocks[0]), .O(clk_in));",
    ),
}
_CLOCK_PORTS = {
    ClockInput.PIN: (("clk_pin", "the board's clock"),),
    ClockInput.DIFFERENTIAL: (("clk_pin", "the board's clock"), ("clk_pin_n", "its complement")),
    ClockInput.PROCESSOR: (),
}
_STREAMS = (
    ".in_data(in_data), .in_valid(in_valid), .in_ready(in_ready),\n"
    "      .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreInterface:
    """An accelerator as a board top sees it.

    Attributes:
        rtl: Module with the ports ``clk rst in_data in_valid in_ready out_data out_valid
            out_ready``, AXI streams, which turns every input frame into one output frame, in order.
        input: Its input frames.
        output: Its output frames.
        digest: sha256 of the design, as 64 hex digits: how a host knows it again.
    """

    rtl: Rtl
    input: Payload
    output: Payload
    digest: str

    def identity(self, clock_mhz: float) -> Identity:
        """Return what a board with this accelerator says of itself."""
        return Identity(
            input_bytes=self.input.frame_bytes,
            output_bytes=self.output.frame_bytes,
            clock_khz=round(clock_mhz * 1000),
            digest=bytes.fromhex(self.digest)[: protocol.DIGEST_BYTES],
        )


def phase_step(clock_mhz: float, baud: int) -> int:
    """Return what a UART adds to its phase in every clock cycle, for `baud` [bit/s].

    Raises:
        DesignError: A bit is shorter than `LEAST_CYCLES_A_BIT` cycles, or so long that the
            rounded step is off by more than `GREATEST_BAUD_ERROR`.
    """
    cycles = clock_mhz * 1e6 / baud
    if cycles < LEAST_CYCLES_A_BIT:
        fastest = int(clock_mhz * 1e6 / LEAST_CYCLES_A_BIT)
        raise DesignError(
            f"{baud} baud need a clock of {baud * LEAST_CYCLES_A_BIT / 1e6:g} MHz; "
            f"at {clock_mhz:g} MHz the greatest is {fastest} baud"
        )
    step = round((1 << _PHASE_BITS) / cycles)
    error = abs(step * cycles / (1 << _PHASE_BITS) - 1)
    if error > GREATEST_BAUD_ERROR:
        raise DesignError(
            f"{baud} baud cannot be made of {clock_mhz:g} MHz within "
            f"{GREATEST_BAUD_ERROR:.0%}; ask for more"
        )
    return step


def board_top(core: CoreInterface, board: Board, clock_mhz: float, baud: int = BAUD) -> Rtl:
    """Write the top module of `board` around `core`.

    Its ports are the board's pins: ``clk_pin`` (and ``clk_pin_n``, or none where the clock comes
    from the processor), ``uart_rx_pin``, ``uart_tx_pin`` and ``led_pin``.

    Args:
        core: The accelerator.
        board: The board.
        clock_mhz: Clock of the accelerator, one of `Board.clocks` [MHz].
        baud: Speed of the UART [bit/s].

    Raises:
        DesignError: The PLL cannot make the clock, or the UART not the speed.
    """
    clock = board.clock(clock_mhz)
    settings = {
        "INPUT_KHZ": round(board.oscillator_mhz * 1000),
        "DIVIDE": clock.divide,
        "MULTIPLY": clock.multiply,
        "OUTPUT": clock.output,
    }
    return _emit(
        core,
        head=f"{core.rtl.top} on {board.title} at {clock.clock_mhz:.6g} MHz, {baud} baud.",
        clock_input=board.clock_input,
        pll="pll_direct" if clock.is_direct else PLLS[board.family].library,
        pll_settings=settings,
        link=_link_parameters(core, clock.clock_mhz, baud),
        led="~busy" if board.pins.led.is_inverted else "busy",
    )


def virtual_top(core: CoreInterface, board: Board, clock_mhz: float, baud: int) -> Rtl:
    """Write the same top for a simulator, which drives ``clk_pin`` with `clock_mhz` itself.

    Only the clock's way in and the LED's polarity differ from `board_top`.

    Raises:
        DesignError: As `board_top`.
    """
    clock_mhz = board.clock(clock_mhz).clock_mhz
    return _emit(
        core,
        head=f"{core.rtl.top} on a virtual {board.title} at {clock_mhz:.6g} MHz, {baud} baud.",
        clock_input=ClockInput.PIN,
        pll="pll_direct",
        pll_settings={},
        link=_link_parameters(core, clock_mhz, baud),
        led="busy",
    )


def _link_parameters(core: CoreInterface, clock_mhz: float, baud: int) -> dict[str, str]:
    """Return the parameters of ``bf_host_link``, all constants of the protocol among them."""
    identity = core.identity(clock_mhz).encode()
    whole = {
        "IN_BITS": core.input.beat_bits,
        "IN_BEATS": core.input.beats,
        "OUT_BITS": core.output.beat_bits,
        "OUT_BEATS": core.output.beats,
        "PHASE_BITS": _PHASE_BITS,
        "FRAMES_IN_FLIGHT": protocol.FRAMES_IN_FLIGHT,
        "HEADER_BYTES": protocol.HEADER_BYTES,
        "CRC_BYTES": protocol.CRC_BYTES,
        "IDENTITY_BYTES": len(identity),
    }
    sized = {
        "PHASE_STEP": (_PHASE_BITS, phase_step(clock_mhz, baud)),
        "CRC_POLYNOMIAL": (32, protocol.CRC_POLYNOMIAL),
        "CRC_RESIDUE": (32, protocol.CRC_RESIDUE),
        "END": (8, protocol.END),
        "ESC": (8, protocol.ESC),
        "ESC_END": (8, protocol.ESC_END),
        "ESC_ESC": (8, protocol.ESC_ESC),
        **{member.name: (8, int(member)) for kind in (Command, Reply, Reason) for member in kind},
        "IDENTITY_PAYLOAD": (8 * len(identity), int.from_bytes(identity, "little")),
    }
    return {name: str(value) for name, value in whole.items()} | {
        name: f"{bits}'h{value:x}" for name, (bits, value) in sized.items()
    }


def _emit(
    core: CoreInterface,
    *,
    head: str,
    clock_input: ClockInput,
    pll: str,
    pll_settings: dict[str, int],
    link: dict[str, str],
    led: str,
) -> Rtl:
    ports = [
        f"    input  wire {name},  // {comment}" for name, comment in _CLOCK_PORTS[clock_input]
    ]
    lines = [
        f"// {head}",
        f"module {TOP} (",
        *ports,
        "    input  wire uart_rx_pin,  // from the host",
        "    output wire uart_tx_pin,  // to the host",
        "    output wire led_pin  // a frame is in the accelerator",
        ");",
        *_CLOCK_BUFFERS[clock_input],
        "  wire clk, locked, rst, busy;",
        f"  wire [{core.input.beat_bits - 1}:0] in_data;",
        f"  wire [{core.output.beat_bits - 1}:0] out_data;",
        "  wire in_valid, in_ready, out_valid, out_ready;",
        f"  assign led_pin = {led};",
        *_instance("bf_pll", "pll", pll_settings, ".clk_in(clk_in), .clk(clk), .locked(locked)"),
        *_instance("bf_reset", "power_on", {}, ".clk(clk), .locked(locked), .rst(rst)"),
        *_instance(
            "bf_host_link",
            "link",
            link,
            f".clk(clk), .rst(rst), .rx(uart_rx_pin), .tx(uart_tx_pin), .busy(busy), {_STREAMS}",
        ),
        *_instance(core.rtl.top, "core", {}, f".clk(clk), .rst(rst), {_STREAMS}"),
        "endmodule",
        "",
    ]
    own = (LIBRARY / f"{name}.sv" for name in (*_LINK, pll))
    return Rtl(
        top=TOP,
        text="\n".join([core.rtl.text, *lines]),
        sources=tuple(dict.fromkeys((*core.rtl.sources, *own))),
        memories=core.rtl.memories,
    )


def _instance(module: str, name: str, parameters: Mapping[str, object], pins: str) -> list[str]:
    if not parameters:
        return [f"  {module} {name} ({pins});"]
    values = ",\n".join(f"      .{key}({value})" for key, value in parameters.items())
    return [f"  {module} #(", values, f"  ) {name} ({pins});"]
