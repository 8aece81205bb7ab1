"""Vivado: a project for AMD boards, built where Vivado is installed."""

import json
import re
from pathlib import Path

from dse.errors import ReportParseError, ToolNotFoundError
from hw_models.boards.base import Board, ClockInput, Pin
from hw_models.plan import BuildPlan, PlannedFile
from hw_models.resources import Resources
from hw_models.rtl.design import Rtl
from hw_models.synth.placed import Placed
from hw_models.tools import find

BITSTREAM = "board.bit"

_SCRIPT, _PINS, _UTILIZATION, _TIMING = "build.tcl", "pins.xdc", "utilization.rpt", "timing.json"
_NANOSECONDS_PER_US = 1e3
# Rows of `report_utilization`, by the names 7 series and UltraScale+ have for them.
_ROWS = {
    "lut": r"(?:Slice|CLB) LUTs\*?",
    "ff": r"(?:Slice|CLB) Registers",
    "dsp": r"DSPs",
    "bram36": r"Block RAM Tile",
}


def constraints(board: Board) -> str:
    """Return the pins and the clock of a board's top, as Vivado reads them (XDC)."""
    pins = board.pins
    clocks = zip(("clk_pin", "clk_pin_n"), pins.clock, strict=False)
    ports: list[tuple[str, Pin]] = [
        *clocks,
        ("uart_rx_pin", pins.uart_rx),
        ("uart_tx_pin", pins.uart_tx),
        ("led_pin", pins.led),
    ]
    period_ns = _NANOSECONDS_PER_US / board.oscillator_mhz
    if board.clock_input is ClockInput.PROCESSOR:
        source = "[get_pins processor/PLCLK[0]]"
    else:
        source = "[get_ports clk_pin]"
    lines = [f"create_clock -name board_clock -period {period_ns:.4f} {source}"]
    for port, pin in ports:
        lines.append(f"set_property PACKAGE_PIN {pin.site} [get_ports {port}]")
        lines.append(f"set_property IOSTANDARD {pin.standard} [get_ports {port}]")
    lines += [
        "set_property PULLUP true [get_ports uart_rx_pin]",
        "set_false_path -from [get_ports uart_rx_pin]",
        "set_false_path -to [get_ports {uart_tx_pin led_pin}]",
    ]
    return "\n".join([*lines, ""])


def plan(top: Rtl, board: Board) -> BuildPlan:
    """Return the project: sources, memories, constraints and the script that builds `BITSTREAM`."""
    sources = [
        PlannedFile(path=f"rtl/{path.name}", content=path.read_text()) for path in top.sources
    ]
    sources.append(PlannedFile(path=f"rtl/{top.top}.sv", content=top.text))
    memories = [PlannedFile(path=f"rtl/{name}", content=text) for name, text in top.memories]
    script = [
        f"# Builds {BITSTREAM} for {board.title}: vivado -mode batch -source {_SCRIPT}",
        f"create_project -in_memory -part {board.part}",
        *(f"read_verilog -sv {file.path}" for file in sources),
        *(f"add_files {file.path}" for file in memories),
        *(f"set_property file_type {{Memory File}} [get_files {file.path}]" for file in memories),
        f"read_xdc {_PINS}",
        f"synth_design -top {top.top} -part {board.part}",
        "opt_design",
        "place_design",
        "phys_opt_design",
        "route_design",
        f"report_utilization -file {_UTILIZATION}",
        "report_timing_summary -file timing.rpt",
        "set path [get_timing_paths -max_paths 1 -nworst 1 -setup]",
        f"set file [open {_TIMING} w]",
        'puts $file "{\\"slack_ns\\": [get_property SLACK $path]}"',
        "close $file",
        f"write_bitstream -force {BITSTREAM}",
        "",
    ]
    return BuildPlan(
        files=(
            *sources,
            *memories,
            PlannedFile(path=_PINS, content=constraints(board)),
            PlannedFile(path=_SCRIPT, content="\n".join(script)),
        ),
        commands=(("vivado", "-mode", "batch", "-source", _SCRIPT, "-nojournal"),),
    )


def build(top: Rtl, board: Board, clock_mhz: float, folder: Path, timeout_s: float) -> Placed:
    """Write the project into `folder`, build it and read what it takes and how fast it is.

    Raises:
        ToolNotFoundError: Vivado is not installed; the project is there, and the message says what
            to do with it.
        ToolError: It fails or does not end in time, or its reports cannot be read.
    """
    project = plan(top, board)
    project.write(folder)
    try:
        tool = find("vivado")
    except ToolNotFoundError as error:
        raise ToolNotFoundError(
            f"a bitstream for {board.name} needs AMD Vivado, which is not installed here; its "
            f"project is in {folder}: run 'vivado -mode batch -source {_SCRIPT}' there, on a "
            "machine that has it, or set BITFRONT_VIVADO to its bin/vivado and build again"
        ) from error
    project.execute(folder, timeout_s)
    return Placed(
        bitstream=folder / BITSTREAM,
        netlist=None,
        resources=utilization(folder / _UTILIZATION),
        clock_mhz=clock_mhz,
        fmax_mhz=_NANOSECONDS_PER_US / (_NANOSECONDS_PER_US / clock_mhz - _slack_ns(folder)),
        tools=((tool.name, tool.version),),
    )


def utilization(path: Path) -> Resources:
    """Return the counts of a report that ``report_utilization`` wrote.

    Raises:
        ReportParseError: It is missing or lacks a row.
    """
    try:
        text = path.read_text(encoding="utf-8")
        used = {name: _used(text, row) for name, row in _ROWS.items()}
        uram = _used(text, "URAM") if re.search(r"^\|\s*URAM\s*\|", text, re.M) else 0.0
    except (OSError, ValueError) as error:
        raise ReportParseError(f"{path} is not a report of Vivado: {error}") from error
    return Resources(
        lut=int(used["lut"]),
        ff=int(used["ff"]),
        dsp=int(used["dsp"]),
        bram18=int(2 * used["bram36"]),
        uram=int(uram),
    )


def _used(text: str, row: str) -> float:
    found = re.search(rf"^\|\s*{row}\s*\|\s*([\d.]+)\s*\|", text, re.M)
    if found is None:
        raise ValueError(f"no row {row}")
    return float(found.group(1))


def _slack_ns(folder: Path) -> float:
    path = folder / _TIMING
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["slack_ns"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportParseError(f"{path} is not what {_SCRIPT} writes: {error!r}") from error
