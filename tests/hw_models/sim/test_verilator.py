"""The simulator against designs whose behaviour is known, and against broken ones."""

import numpy as np
import pytest

from dse.errors import DesignError, ToolFailedError, VerificationError
from hw_models.rtl.design import Rtl
from hw_models.sim.verilator import Drain, Feed, Traffic, simulate
from hw_models.sim.words import pack, unpack

pytestmark = pytest.mark.tool("verilator")

_REGISTER = """
module {name} (
    input  wire clk,
    input  wire rst,
    input  wire [{top}:0] in_data,
    input  wire in_valid,
    output wire in_ready,
    output reg [{top}:0] out_data,
    output reg out_valid,
    input  wire out_ready
);
  reg [7:0] taken;
  assign in_ready = {ready};
  always_ff @(posedge clk) begin
    if (in_valid && in_ready) taken <= taken + 1;
    if ({load}) begin
      out_valid <= in_valid && in_ready;
      out_data <= in_data;
    end
    if (rst) begin
      out_valid <= 0;
      taken <= 0;
    end
  end
endmodule
"""
_FREE = "!out_valid || out_ready"


def _register(bits, *, ready=_FREE, load=_FREE):
    text = _REGISTER.format(name="register", top=bits - 1, ready=ready, load=load)
    return Rtl(top="register", text=text, sources=())


def _run(design, bits, folder, count=200, traffic=None, **options):
    elements = np.random.default_rng(1).integers(0, 2 ** min(bits, 62), count)
    simulation = simulate(
        design,
        [Feed(bits=bits, words=pack(elements, bits, 1))],
        [Drain(bits=bits, count=count)],
        traffic or Traffic(seed=1, gap=0.3, backpressure=0.4),
        folder=folder,
        timeout_s=60,
        **options,
    )
    assert unpack(simulation.out_words[0], bits, 1, is_signed=False).tolist() == elements.tolist()
    return simulation


@pytest.mark.parametrize("bits", [8, 60, 200])
def test_words_of_every_width_pass_a_register(tmp_path, bits):
    _run(_register(bits), bits, tmp_path)


def test_without_gaps_every_cycle_has_a_beat(tmp_path):
    simulation = _run(_register(8), 8, tmp_path, traffic=Traffic(seed=1))
    assert simulation.in_cycles[0].tolist() == list(range(200))
    assert simulation.out_cycles[0].tolist() == list(range(1, 201))
    assert simulation.interval_cycles(frames=10, settled=2) == 20
    assert simulation.latency_cycles(frames=10) == 21


def test_gaps_and_backpressure_have_their_probabilities(tmp_path):
    traffic = Traffic(seed=3, gap=0.75)
    slow = _run(_register(8), 8, tmp_path, count=2000, traffic=traffic).in_cycles[0]
    assert 0.22 < 2000 / slow[-1] < 0.28
    traffic = Traffic(seed=3, backpressure=0.75)
    slow = _run(_register(8), 8, tmp_path, count=2000, traffic=traffic).out_cycles[0]
    assert 0.22 < 2000 / slow[-1] < 0.28


def test_the_seed_decides_every_cycle(tmp_path):
    runs = [
        _run(_register(8), 8, tmp_path, traffic=Traffic(seed=seed, gap=0.5)).out_cycles[0].tolist()
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_two_inputs_meet(tmp_path):
    text = """
module both (
    input wire clk, input wire rst,
    input wire [3:0] in0_data, input wire in0_valid, output wire in0_ready,
    input wire [3:0] in1_data, input wire in1_valid, output wire in1_ready,
    output wire [4:0] out_data, output wire out_valid, input wire out_ready
);
  assign out_valid = in0_valid && in1_valid;
  assign in0_ready = out_ready && in1_valid;
  assign in1_ready = out_ready && in0_valid;
  assign out_data = in0_data + in1_data;
endmodule
"""
    first, second = np.arange(100) % 16, np.arange(100) // 7 % 16
    feeds = [
        Feed(port=port, bits=4, words=pack(x, 4, 1))
        for port, x in (("in0", first), ("in1", second))
    ]
    simulation = simulate(
        Rtl(top="both", text=text, sources=()),
        feeds,
        [Drain(bits=5, count=100)],
        Traffic(seed=5, gap=0.5, backpressure=0.5),
        folder=tmp_path,
        timeout_s=60,
    )
    assert unpack(simulation.out_words[0], 5, 1, is_signed=False).tolist() == list(first + second)
    assert simulation.in_cycles[0].tolist() == simulation.in_cycles[1].tolist()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"ready": f"({_FREE}) && taken < 50"}, "no stream moves.*in took 50 out gave 50 of 200"),
        ({"load": "1'b1"}, "changed before it was taken"),
        ({"load": f"({_FREE}) && (in_valid || taken != 8'd200)"}, "more words than expected"),
    ],
)
def test_a_broken_handshake_is_found(tmp_path, fault, message):
    with pytest.raises(VerificationError, match=f"^register: .*{message}"):
        _run(_register(8, **fault), 8, tmp_path, patience_cycles=1000)


def test_memories_are_read_when_the_simulation_runs(tmp_path):
    text = _REGISTER.format(name="register", top=7, ready=_FREE, load=_FREE).replace(
        "out_data <= in_data;", "out_data <= rom[in_data[0]];"
    )
    text = text.replace(
        "  assign", '  reg [7:0] rom [0:1];\n  initial $readmemh("rom.hex", rom);\n  assign', 1
    )
    found = []
    for content in ("01\n02\n", "03\nff\n"):
        design = Rtl(top="register", text=text, sources=(), memories=(("rom.hex", content),))
        words = pack(np.arange(4), 8, 1)
        simulation = simulate(
            design,
            [Feed(bits=8, words=words)],
            [Drain(bits=8, count=4)],
            Traffic(seed=1),
            folder=tmp_path,
            timeout_s=60,
            cache=tmp_path / "cache",
        )
        found.append(simulation.out_words[0][:, 0].tolist())
    assert found == [[1, 2, 1, 2], [3, 255, 3, 255]]
    built = [path for path in (tmp_path / "cache").iterdir() if (path / "design.sv").is_file()]
    assert len(built) == 1, "one program for both contents"


def test_words_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(DesignError, match="more than 5 bits"):
        simulate(
            _register(5),
            [Feed(bits=5, words=np.array([[32]], dtype=np.uint32))],
            [Drain(bits=5, count=1)],
            Traffic(seed=1),
            folder=tmp_path,
            timeout_s=60,
        )


def test_text_that_is_no_verilog_names_the_line(tmp_path):
    design = Rtl(top="register", text="module register (", sources=())
    with pytest.raises(ToolFailedError, match=r"design\.sv:1"):
        _run(design, 8, tmp_path)
