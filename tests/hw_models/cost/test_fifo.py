"""FIFOs in memories: LUTs of their control against synthesis, registers and blocks exactly."""

import pytest

from hw_models.cost.fifo import fifo_parts
from hw_models.cost.target import load_target
from hw_models.resources import total
from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.synth.synthesis import synthesise

# depth: LUTs, flip-flops, blocks of 16 bits after synthesis of lib/fifo.sv by yosys 0.70
FOUND = {
    "ecp5": {
        8: (14, 10, 1), 9: (19, 11, 1), 16: (21, 13, 1), 17: (31, 14, 1), 18: (43, 16, 1),
        31: (50, 16, 1), 33: (39, 17, 1), 65: (44, 20, 1), 129: (49, 23, 1), 300: (75, 28, 1),
    },
    "ice40": {
        8: (20, 10, 1), 9: (23, 11, 1), 16: (27, 13, 1), 17: (29, 14, 1), 18: (35, 16, 1),
        31: (35, 16, 1), 33: (34, 17, 1), 65: (39, 20, 1), 129: (45, 23, 1), 300: (59, 28, 2),
    },
    "xcup": {
        3: (24, 21, 0), 8: (32, 26, 0), 17: (30, 30, 0), 18: (34, 32, 0), 31: (40, 32, 0),
        65: (41, 36, 0), 300: (35, 28, 1),
    },
}  # fmt: skip


@pytest.mark.parametrize("device", FOUND)
def test_fifos_are_costed_as_synthesised(device):
    target = load_target(device, "none")
    for depth, found in FOUND[device].items():
        costed = total(tuple(fifo_parts("x", depth, 16, target)))
        assert (costed.ff, costed.bram18) == found[1:], depth
        assert abs(costed.lut - found[0]) <= max(4, 0.15 * found[0]), (depth, costed.lut)


@pytest.mark.tool("pyosys")
@pytest.mark.parametrize("depth", [9, 31, 65])
def test_the_counts_are_those_of_the_library(depth, tmp_path):
    streams = ("data", "valid", "ready")
    pins = ", ".join(f".{end}_{pin}({end}_{pin})" for end in ("in", "out") for pin in streams)
    text = (
        "module top(input clk, rst, in_valid, out_ready, input [15:0] in_data,\n"
        "    output in_ready, out_valid, output [15:0] out_data);\n"
        f'  bf_fifo #(.DEPTH({depth}), .BITS(16), .STYLE("block")) fifo(\n'
        f"    .clk(clk), .rst(rst), {pins});\nendmodule\n"
    )
    sources = (LIBRARY / "ram.sv", LIBRARY / "fifo.sv")
    design = Rtl(top="top", text=text, sources=sources)
    (found,) = synthesise([design], "ecp5", cache=tmp_path)
    counts = found.resources
    assert (counts.lut, counts.ff, counts.bram18) == FOUND["ecp5"][depth]
