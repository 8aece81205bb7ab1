import re

import pytest
from toy_core import INPUT, OUTPUT, toy_core

from dse.errors import DesignError
from hw_models import protocol
from hw_models.boards import BOARDS
from hw_models.protocol import Command, Identity, Reason, Reply
from hw_models.rtl.board import BAUD, TOP, board_top, phase_step, virtual_top
from hw_models.rtl.cell import LIBRARY
from hw_models.synth.yosys import Job, run_yosys

STUBS = """
module EHXPLLL #(parameter PLLRST_ENA = "", INTFB_WAKE = "", STDBY_ENABLE = "", DPHASE_SOURCE = "",
    OUTDIVIDER_MUXA = "", CLKOP_ENABLE = "", FEEDBK_PATH = "",
    parameter int CLKI_DIV = 1, CLKFB_DIV = 1, CLKOP_DIV = 1, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0)
  (input RST, STDBY, CLKI, CLKFB, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
   PLLWAKESYNC, ENCLKOP, output CLKOP, CLKINTFB, LOCK); endmodule
module SB_PLL40_PAD #(parameter FEEDBACK_PATH = "", parameter bit [3:0] DIVR = 0,
    parameter bit [6:0] DIVF = 0, parameter bit [2:0] DIVQ = 0, FILTER_RANGE = 0)
  (input RESETB, BYPASS, PACKAGEPIN, output PLLOUTGLOBAL, LOCK); endmodule
module MMCME2_BASE #(parameter real CLKIN1_PERIOD = 0, CLKFBOUT_MULT_F = 0, CLKOUT0_DIVIDE_F = 0,
    parameter int DIVCLK_DIVIDE = 1)
  (input CLKIN1, CLKFBIN, PWRDWN, RST, output CLKFBOUT, CLKOUT0, LOCKED); endmodule
module MMCME4_BASE #(parameter real CLKIN1_PERIOD = 0, CLKFBOUT_MULT_F = 0, CLKOUT0_DIVIDE_F = 0,
    parameter int DIVCLK_DIVIDE = 1)
  (input CLKIN1, CLKFBIN, PWRDWN, RST, output CLKFBOUT, CLKOUT0, LOCKED); endmodule
module BUFG (input I, output O); endmodule
module BUFG_PS (input I, output O); endmodule
module IBUFDS (input I, IB, output O); endmodule
module PS8 (output [3:0] PLCLK); endmodule
"""
CLOCKS_MHZ = {"ecp5": 100, "ice40": 24, "xc7": 100, "xcup": 200}
FILES = (
    *("synchronise", "reset", "uart_rx", "uart_tx", "crc", "frame_rx", "frame_tx", "frame_buffer"),
    *("host_link", "pll_direct", "pll_ecp5", "pll_ice40", "pll_xc7", "pll_xcup"),
)


def slang(top, folder):
    """Return the job that reads `top` by a strict front end, warnings being errors."""
    (folder / "offsets.hex").write_text("0\n")
    path = folder / "top.sv"
    path.write_text(top.text.replace("offsets.hex", str(folder / "offsets.hex")) + STUBS)
    files = " ".join(map(str, (*top.sources, path)))
    return Job(label=top.top, top=top.top, text="", passes=(f"read_slang -Werror {files}",))


@pytest.mark.parametrize("name", list(BOARDS))
def test_slang_accepts_the_top_of_every_board_without_a_warning(name, tmp_path):
    board = BOARDS[name]
    top = board_top(toy_core(), board, CLOCKS_MHZ[board.family])
    (netlist,) = run_yosys([slang(top, tmp_path)])
    ports = netlist.modules[TOP].ports
    assert len(ports) == 3 + len(board.pins.clock)


def test_a_top_without_a_pll_and_a_virtual_one_are_accepted(tmp_path):
    board = BOARDS["ulx3s-85f"]
    for top in (
        board_top(toy_core(), board, board.oscillator_mhz),
        virtual_top(toy_core(), board, 100, 12_500_000),
    ):
        assert LIBRARY / "pll_direct.sv" in top.sources
        list(run_yosys([slang(top, tmp_path)]))


@pytest.mark.parametrize("bits", [(1, 1), (8, 7), (9, 17), (40, 200)])
@pytest.mark.parametrize("beats", [1, 5])
def test_links_of_any_width_are_accepted(bits, beats, tmp_path):
    parameters = {"IN_BITS": bits[0], "IN_BEATS": beats, "OUT_BITS": bits[1], "OUT_BEATS": beats}
    options = " ".join(f"-G {name}={value}" for name, value in parameters.items())
    files = " ".join(str(LIBRARY / f"{name}.sv") for name in FILES[:9])
    read = f"read_slang -Werror --top bf_host_link {options} {files}"
    assert list(run_yosys([Job(label="link", top="bf_host_link", text="", passes=(read,))]))


def test_tops_carry_the_constants_of_the_protocol():
    core = toy_core()
    text = board_top(core, BOARDS["icebreaker"], 24).text
    found = {
        name: int(value, 16) for name, value in re.findall(r"\.([A-Z_]+)\(\d+'h([0-9a-f]+)\)", text)
    }
    for kind in (Command, Reply, Reason):
        for member in kind:
            assert found[member.name] == member
    for name in ("END", "ESC", "ESC_END", "ESC_ESC", "CRC_POLYNOMIAL", "CRC_RESIDUE"):
        assert found[name] == getattr(protocol, name)
    identity = found["IDENTITY_PAYLOAD"].to_bytes(29, "little")
    assert Identity.decode(identity) == core.identity(24)
    assert core.identity(24) == Identity(
        input_bytes=INPUT.frame_bytes,
        output_bytes=OUTPUT.frame_bytes,
        clock_khz=24_000,
        digest=bytes.fromhex("0f" * 16),
    )
    assert board_top(core, BOARDS["icebreaker"], 24).memories == core.rtl.memories


def test_leds_that_light_when_low_are_driven_so():
    assert "assign led_pin = ~busy;" in board_top(toy_core(), BOARDS["icebreaker"], 24).text
    assert "assign led_pin = busy;" in board_top(toy_core(), BOARDS["ulx3s-12f"], 100).text


@pytest.mark.parametrize("clock_mhz", [12, 24, 66.666667, 100, 270])
@pytest.mark.parametrize("baud", [115_200, 921_600, 1_000_000, 1_500_000])
def test_bauds_are_right_within_a_hundredth_of_a_per_cent(clock_mhz, baud):
    step = phase_step(clock_mhz, baud)
    assert step / (1 << 24) * clock_mhz * 1e6 == pytest.approx(baud, rel=1e-4)


def test_speeds_a_uart_cannot_have_are_refused():
    with pytest.raises(DesignError, match=r"3000000 baud need a clock of 24 MHz.*1500000 baud"):
        phase_step(12, 3_000_000)
    with pytest.raises(DesignError, match="within 1%"):
        phase_step(400, 300)
    with pytest.raises(DesignError, match=r"cannot make 20 MHz.*19.875 or 20.25 MHz"):
        board_top(toy_core(), BOARDS["icebreaker"], 20, BAUD)


@pytest.mark.parametrize("name", FILES)
def test_every_file_describes_its_ports(name):
    text = (LIBRARY / f"{name}.sv").read_text()
    head = text[: text.index("\nmodule ")]
    ports = re.findall(r"^ +(?:input|output) +(?:wire|reg) [^/\n]*?(\w+),?$", text, re.M)
    assert head.startswith("// ")
    assert ports
    assert [port for port in ports if not re.search(rf"^//   {port} ", head, re.M)] == []
