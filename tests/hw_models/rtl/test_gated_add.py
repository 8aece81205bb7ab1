"""The adder with a gate, after synthesis: every pair of operands."""

import numpy as np
import pytest

from hw_models.arith.cell import STYLES
from hw_models.cost.logic import gated_add_lut
from hw_models.cost.target import load_target
from hw_models.rtl.cell import gated_adder
from hw_models.rtl.design import Rtl
from hw_models.synth.flow import library_setup, netlist_gates_job
from hw_models.synth.netlist import GateSimulator
from hw_models.synth.proof import planes
from hw_models.synth.synthesis import synthesise
from hw_models.synth.yosys import run_yosys

BITS = 6
TOP = f"""
module top (
    input wire clk, input wire gate, input wire [{BITS - 1}:0] x, y,
    output reg [{BITS - 1}:0] q
);
  wire [{BITS - 1}:0] sum;
  bf_gated_add #(.BITS({BITS})) add (.x(x), .y(y), .gate(gate), .sum(sum));
  always_ff @(posedge clk) q <= sum;
endmodule
"""


def adder(device):
    return Rtl(top="top", text=TOP, sources=gated_adder(STYLES[device][0]))


@pytest.mark.parametrize("device", ["ecp5", "xcup", "xc7", "ice40"])
def test_every_sum_is_exact_after_synthesis(device):
    design = adder(device)
    (netlist,) = run_yosys([netlist_gates_job(design, device)], library_setup(design))
    x, y, gate = (v.ravel() for v in np.meshgrid(np.arange(64), np.arange(64), [0, 1]))
    inputs = {
        "x": planes(x.tolist(), BITS),
        "y": planes(y.tolist(), BITS),
        "gate": planes(gate.tolist(), 1),
    }
    simulator = GateSimulator(netlist.modules["top"])
    found = simulator.output("q", simulator.clock(inputs, {}))
    assert np.array_equal(found, planes((x + y * gate).tolist(), BITS))


@pytest.mark.parametrize("device", ["ecp5", "xcup", "ice40"])
def test_it_takes_as_many_luts_as_estimated(device, tmp_path):
    (found,) = synthesise([adder(device)], device, cache=tmp_path)
    assert found.resources.lut == gated_add_lut(BITS, load_target(device, "none"))
