import pytest

from dse.errors import DataError, DesignError, ReportParseError, ToolFailedError
from dse.formats import parse_format
from hw_models.arith.cell import Mac, Style
from hw_models.rtl.cell import emit_mac
from hw_models.synth import synthesis
from hw_models.synth.count import count
from hw_models.synth.synthesis import synthesise
from hw_models.synth.yosys import Job, run_yosys

# LUT of acc <= (clr ? 0 : acc) + a * w with 1024 terms and no DSP, as measured on Yosys 0.70.
LUT = {
    "ecp5": {"int8": 89, "int4": 33, "e4m3": 142, "e5m2": 198, "e3m2": 82, "e2m1": 45},
    "xcup": {"int8": 61, "int4": 27, "e4m3": 97, "e5m2": 136, "e3m2": 56, "e2m1": 28},
}
STYLE = {"ecp5": Style.ECP5, "xcup": Style.XILINX}


def mac(name, style, terms=1024):
    number_format = parse_format(name)
    return emit_mac(Mac(weight=number_format, act=number_format, terms=terms), style)


@pytest.mark.parametrize("device", LUT)
def test_tuned_cells_cost_what_was_measured(device, tmp_path):
    designs = [mac(name, STYLE[device]) for name in LUT[device]]
    results = synthesise(designs, device, cache=tmp_path)
    assert [result.resources.lut for result in results] == list(LUT[device].values())
    assert [result.resources.ff for result in results] == [25, 17, 47, 77, 29, 19]
    assert all(result.resources.dsp == 0 and result.carry > 0 for result in results)
    assert all(0 < result.lut_packed <= result.resources.lut for result in results)


def test_gates_and_ice40_are_counted(tmp_path):
    design = mac("int4", Style.PORTABLE)
    (gates,) = synthesise([design], "gates", cache=tmp_path)
    (ice40,) = synthesise([design], "ice40", cache=tmp_path)
    assert gates.gates > 100
    assert gates.transistors > 4 * gates.gates
    assert gates.resources.ff == ice40.resources.ff == 17
    assert ice40.resources.lut >= 17
    assert ice40.carry > 0


def test_the_cache_answers_without_the_tool(tmp_path, monkeypatch):
    design = mac("int4", Style.ECP5)
    first = synthesise([design, design], "ecp5", cache=tmp_path)
    monkeypatch.setattr(synthesis, "run_yosys", None)
    assert synthesise([design, design], "ecp5", cache=tmp_path) == first
    with pytest.raises(TypeError):
        synthesise([mac("int4", Style.ECP5, terms=7)], "ecp5", cache=tmp_path)


def test_a_cache_that_cannot_be_written_costs_a_warning_and_no_result(tmp_path, caplog):
    design = mac("int4", Style.ECP5)
    (tmp_path / "file").touch()
    found = synthesise([design], "ecp5", cache=tmp_path / "file")
    assert found[0].resources.lut == LUT["ecp5"]["int4"]
    (record,) = caplog.records
    assert "is used, but not kept" in record.getMessage()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"resources": {"lut": -1}}', "\xff"])
def test_an_unreadable_entry_is_set_aside_and_computed_again(damage, tmp_path):
    design = mac("int4", Style.ECP5)
    first = synthesise([design], "ecp5", cache=tmp_path)
    (entry,) = tmp_path.glob("*.json")
    entry.write_text(damage, encoding="latin-1")
    assert synthesise([design], "ecp5", cache=tmp_path) == first
    assert entry.with_suffix(".unreadable").read_text(encoding="latin-1") == damage


def test_an_entry_that_cannot_be_put_aside_is_named(tmp_path):
    design = mac("int4", Style.ECP5)
    synthesise([design], "ecp5", cache=tmp_path)
    (entry,) = tmp_path.glob("*.json")
    entry.unlink()
    entry.mkdir()
    (entry.with_suffix(".unreadable")).write_text("from an earlier time")
    with pytest.raises(DataError, match=rf"{entry.name} cannot be read.*; remove it"):
        synthesise([design], "ecp5", cache=tmp_path)


def test_a_failure_leaves_no_entry(tmp_path):
    design = mac("int4", Style.ECP5)
    with pytest.raises(ToolFailedError):
        synthesise([type(design)(top="x", text="module x", sources=())], "ecp5", cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_device_is_named():
    with pytest.raises(DesignError, match=r"'ecp6' \(did you mean 'ecp5'"):
        synthesise([], "ecp6")


def test_a_cell_without_a_rule_is_never_counted_0():
    text = """
    module m (input a, output y); MYSTERY u (a, y); endmodule
    (* blackbox *) module MYSTERY (input a, output y); endmodule
    """
    job = Job(
        label="m",
        top="m",
        text=text,
        passes=("hierarchy -top m",),
    )
    (netlist,) = run_yosys([job])
    with pytest.raises(ReportParseError, match="MYSTERY"):
        count(netlist, "ecp5", "0")
