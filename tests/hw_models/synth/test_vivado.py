"""Vivado's projects, and its reports read back; Vivado itself is not here."""

import json

import pytest
from toy_core import toy_core

from dse.errors import DesignError, ReportParseError, ToolFailedError, ToolNotFoundError
from hw_models.boards import BOARDS
from hw_models.resources import Resources
from hw_models.rtl.board import board_top
from hw_models.synth.bitstream import BitstreamOptions, bitstream
from hw_models.synth.vivado import constraints, plan, utilization

AMD = ("pynq-z2", "zcu104", "kv260", "alveo-u250")
REPORT = """\
+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| {slice} LUTs*                | 1234 |     0 |          0 |     53200 |  2.32 |
|   LUT as Logic             | 1200 |     0 |          0 |     53200 |  2.26 |
| {slice} Registers            | 2345 |     0 |          0 |    106400 |  2.20 |
| Block RAM Tile             |  3.5 |     0 |          0 |       140 |  2.50 |
|   RAMB36/FIFO*             |    3 |     0 |          0 |       140 |  2.14 |
{uram}| DSPs                       |    7 |     0 |          0 |       220 |  3.18 |
"""
SEVEN = REPORT.format(slice="Slice", uram="")
ULTRASCALE = REPORT.format(
    slice="CLB",
    uram="| URAM                       |    5 |     0 |          0 |        96 |  5.21 |\n",
)


def top(name):
    return board_top(toy_core(), BOARDS[name], 100)


@pytest.mark.parametrize("name", AMD)
def test_projects_hold_all_that_the_script_reads(name):
    project = plan(top(name), BOARDS[name])
    files = {file.path: file.content for file in project.files}
    script = files["build.tcl"]
    for path in files:
        if path != "build.tcl":
            assert path in script
    assert f"-part {BOARDS[name].part}" in script
    assert "write_bitstream -force board.bit" in script
    assert files["rtl/offsets.hex"] == "45\n"
    assert "Memory File" in script
    for opening, closing in ("{}", "[]"):
        assert script.count(opening) == script.count(closing)
    assert project.commands == (("vivado", "-mode", "batch", "-source", "build.tcl", "-nojournal"),)


def test_clocks_are_constrained_where_they_come_in():
    assert "create_clock -name board_clock -period 8.0000 [get_ports clk_pin]" in constraints(
        BOARDS["pynq-z2"]
    )
    assert "PACKAGE_PIN E23 [get_ports clk_pin_n]" in constraints(BOARDS["zcu104"])
    kria = constraints(BOARDS["kv260"])
    assert "-period 10.0000 [get_pins processor/PLCLK[0]]" in kria
    assert "clk_pin" not in kria
    assert "PS8 processor" in top("kv260").text


@pytest.mark.parametrize("name", AMD)
def test_without_vivado_the_project_is_there_and_the_message_says_how_to_go_on(
    name, tmp_path, monkeypatch
):
    monkeypatch.setenv("BITFRONT_VIVADO", str(tmp_path / "absent"))
    with pytest.raises(ToolNotFoundError, match=rf"{name} needs AMD Vivado.*build\.tcl.*build"):
        bitstream(toy_core(), BOARDS[name], 100, tmp_path, BitstreamOptions(), print)
    assert (tmp_path / "100_mhz" / "build.tcl").is_file()
    assert (tmp_path / "100_mhz" / "rtl" / "host_link.sv").is_file()


def fake_vivado(monkeypatch, folder, report, slack_ns, code=0):
    (folder / "report").write_text(report)
    path = folder / "vivado"
    slack = json.dumps({"slack_ns": slack_ns})
    path.write_text(
        '#!/bin/sh\ntest "$1" = -version && { echo vivado v2024.1; exit 0; }\n'
        f"cp {folder}/report utilization.rpt\necho '{slack}' > timing.json\n"
        f"echo bits > board.bit\nexit {code}\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("BITFRONT_VIVADO", str(path))


def test_its_reports_become_a_result(tmp_path, monkeypatch):
    fake_vivado(monkeypatch, tmp_path, ULTRASCALE, slack_ns=2.0)
    result = bitstream(toy_core(), BOARDS["zcu104"], 100, tmp_path, BitstreamOptions(), print)
    assert result.resources == Resources(lut=1234, ff=2345, dsp=7, bram18=7, uram=5)
    assert result.fmax_mhz == pytest.approx(125)
    assert result.path == tmp_path / "100_mhz" / "board.bit"
    assert result.tools == (("vivado", "2024.1"),)


def test_its_missed_clock_is_built_again(tmp_path, monkeypatch):
    fake_vivado(monkeypatch, tmp_path, SEVEN, slack_ns=-2.5)
    said = []
    with pytest.raises(DesignError, match="ask for a slower clock"):
        bitstream(toy_core(), BOARDS["pynq-z2"], 100, tmp_path, BitstreamOptions(), said.append)
    assert "reaches 80.00 MHz on pynq-z2, not 100" in said[0]


def test_its_failure_is_an_error(tmp_path, monkeypatch):
    fake_vivado(monkeypatch, tmp_path, SEVEN, slack_ns=1.0, code=1)
    with pytest.raises(ToolFailedError, match="exit code 1"):
        bitstream(toy_core(), BOARDS["pynq-z2"], 100, tmp_path, BitstreamOptions(), print)


def test_reports_of_both_families_are_read(tmp_path):
    path = tmp_path / "utilization.rpt"
    path.write_text(SEVEN)
    assert utilization(path) == Resources(lut=1234, ff=2345, dsp=7, bram18=7)
    path.write_text(SEVEN.replace("DSPs", "DPSs"))
    with pytest.raises(ReportParseError, match="no row DSPs"):
        utilization(path)
    with pytest.raises(ReportParseError, match=r"absent\.rpt"):
        utilization(tmp_path / "absent.rpt")
