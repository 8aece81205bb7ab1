"""The library under a second, stricter front end than the one synthesis uses."""

import re

import pytest

from dse.formats import parse_format
from hw_models.arith.cell import Dot, Mac, Style
from hw_models.rtl.cell import LIBRARY, emit_dot, emit_mac
from hw_models.synth.flow import gates_job
from hw_models.synth.proof import mismatches
from hw_models.synth.yosys import Job, run_yosys

PAIRS = [("int8", "int8"), ("e4m3", "e4m3"), ("int2", "uint1"), ("e3m0", "int4"), ("e2m1", "e2m1")]
STUBS = """
module CCU2C #(parameter [15:0] INIT0 = 0, INIT1 = 0, parameter INJECT1_0 = "", INJECT1_1 = "")
  (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT); endmodule
module LUT6_2 #(parameter [63:0] INIT = 0) (input I0, I1, I2, I3, I4, I5, output O6, O5); endmodule
module LUT6 #(parameter [63:0] INIT = 0) (input I0, I1, I2, I3, I4, I5, output O); endmodule
module CARRY4 (input CI, CYINIT, input [3:0] DI, S, output [3:0] O, CO); endmodule
"""


def cells(weight, act):
    formats = {"weight": parse_format(weight), "act": parse_format(act), "terms": 9}
    yield emit_mac, Mac(**formats)
    yield emit_dot, Dot(**formats, lanes=3, is_pipelined=True)


@pytest.mark.parametrize("style", Style)
def test_slang_accepts_every_module_without_a_warning(style, tmp_path):
    jobs = []
    for number, pair in enumerate(PAIRS):
        for emit, cell in cells(*pair):
            design = emit(cell, style)
            path = tmp_path / f"{number}{design.top}.sv"
            path.write_text(design.text + STUBS)
            files = " ".join(map(str, (*design.sources, path)))
            command = f"read_slang -Werror --top {design.top} {files}"
            jobs.append(Job(label=design.top, top=design.top, text="", passes=(command,)))
    assert len(list(run_yosys(jobs))) == 2 * len(PAIRS)


def test_both_front_ends_read_the_same(tmp_path):
    for pair in PAIRS:
        _, mac = next(cells(*pair))
        design = emit_mac(mac, Style.PORTABLE)
        path = tmp_path / "top.sv"
        path.write_text(design.text)
        files = " ".join(map(str, (*design.sources, path)))
        read = f"read_slang --top {design.top} {files}"
        job = gates_job([design])
        slang = Job(label=job.label, top=job.top, text="", passes=(read, *job.passes))
        (netlist,) = run_yosys([slang])
        assert mismatches(netlist.modules[design.top], mac) == 0


def test_every_file_says_what_it_is_and_describes_its_ports():
    for path in sorted(LIBRARY.glob("*.sv")):
        text = path.read_text()
        head = text[: text.index("\nmodule ")]
        ports = re.findall(r"^ +(?:input|output) +(?:wire|reg) [^/\n]*?(\w+),?$", text, re.M)
        assert head.startswith("// "), path.name
        assert ports, path.name
        if "as in product.sv" not in head.replace("\n//", ""):
            missing = [p for p in ports if not re.search(rf"\b{re.sub(r'[0-9]$', '', p)}", head)]
            assert not missing, f"{path.name} does not describe {missing}"
