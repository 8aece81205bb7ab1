import json

import numpy as np
import pytest

from dse.errors import ReportParseError
from hw_models.synth.netlist import GateSimulator, read_netlist
from hw_models.synth.yosys import Job, run_yosys

GATES = """
module every_gate (input clk, input a, b, c, output reg [11:0] y, output reg q);
  always @(posedge clk) y <= {~a, a & b, ~(a & b), a | b, ~(a | b), a ^ b, ~(a ^ b), a & ~b, a | ~b,
                 c ? b : a, ~(c ? b : a), 1'b1};
  always @(posedge clk) q <= q ^ a;
endmodule
"""


@pytest.mark.parametrize("gates", ["AND,OR,XOR,MUX", "NAND", "ANDNOT,ORNOT,XNOR,NMUX", "NOR,MUX"])
def test_simulator_agrees_with_python_on_every_gate(gates):
    passes = ("proc", "techmap", "simplemap", f"abc -g {gates}", "opt_clean")
    job = Job(label="gates", top="every_gate", text=GATES, passes=passes)
    (netlist,) = run_yosys([job])
    patterns = np.array([[0xF0], [0xCC], [0xAA], [0x0F]], np.uint64)
    a, b, c, q = (int(row[0]) for row in patterns)
    simulator = GateSimulator(netlist.modules["every_gate"])
    inputs = {"a": patterns[0:1], "b": patterns[1:2], "c": patterns[2:3]}
    state = simulator.clock(inputs, simulator.registered({"q": patterns[3:4]}))
    y, q_after = simulator.output("y", state), simulator.output("q", state)
    mux = (b & c) | (a & ~c)
    expected = [~a, a & b, ~(a & b), a | b, ~(a | b), a ^ b, ~(a ^ b), a & ~b, a | ~b, mux, ~mux]
    assert [int(plane[0]) & 0xFF for plane in y[:0:-1]] == [v & 0xFF for v in expected]
    assert int(y[0][0]) & 0xFF == 0xFF
    assert int(q_after[0][0]) & 0xFF == q ^ a


def test_counts_a_module_once_for_each_instance():
    text = """
    module leaf (input a, b, output y); assign y = a & b; endmodule
    module pair (input a, b, c, output y, z); leaf u (a, b, y); leaf v (b, c, z); endmodule
    module top (input a, b, c, output [3:0] y); pair p (a, b, c, y[0], y[1]);
      pair q (c, a, b, y[2], y[3]); endmodule
    """
    passes = ("hierarchy -top top", "simplemap")
    (netlist,) = run_yosys([Job(label="tree", top="top", text=text, passes=passes)])
    assert netlist.count() == {"$_AND_": 4}
    assert [module.name for module in netlist.instances()].count("leaf") == 4


def test_a_combinational_loop_is_refused():
    text = "module loop (input a, output y); assign y = ~(a & y); endmodule"
    passes = ("hierarchy -top loop", "simplemap")
    (netlist,) = run_yosys([Job(label="loop", top="loop", text=text, passes=passes)])
    with pytest.raises(ReportParseError, match="loop"):
        GateSimulator(netlist.modules["loop"])


def test_only_simple_gates_are_simulated():
    text = "module add (input [1:0] a, b, output [1:0] y); assign y = a + b; endmodule"
    (netlist,) = run_yosys([Job(label="add", top="add", text=text, passes=("hierarchy -top add",))])
    with pytest.raises(ReportParseError, match="add"):
        GateSimulator(netlist.modules["add"])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"modules": 3}', json.dumps({"modules": {"m": {}}})]
)
def test_what_is_no_netlist_is_refused(text):
    with pytest.raises(ReportParseError):
        read_netlist(text, "m")


def test_a_missing_top_is_named():
    with pytest.raises(ReportParseError, match="'m'"):
        read_netlist('{"modules": {}}', "m")
