"""FIFOs, converters and forks: every word in order, at full speed, under stalls."""

import numpy as np
import pytest

from hw_models.rtl.cell import LIBRARY
from hw_models.rtl.design import Rtl
from hw_models.rtl.stream import Port, instance, module_text, stream_pins, stream_wires

pytestmark = pytest.mark.tool("verilator")

CLOCK = {"clk": "clk", "rst": "rst"}
BITS = 5
SOURCES = tuple(LIBRARY / f"{name}.sv" for name in ("ram", "fifo", "fork", "dwc"))


def _design(name, in_lanes, out_lanes, stages):
    """Stages one behind the other: module, parameters and lanes behind it."""
    body, wires = [], "in"
    for i, (module, parameters, lanes) in enumerate(stages):
        pins = {**CLOCK, **stream_pins("in", wires), **stream_pins("out", f"s{i}")}
        body += [*stream_wires(f"s{i}", lanes * BITS), *instance(module, f"i{i}", parameters, pins)]
        wires = f"s{i}"
    body += [f"  assign out_data = {wires}_data;", f"  assign out_valid = {wires}_valid;"]
    body += [f"  assign {wires}_ready = out_ready;"]
    ports = [
        Port(name=port, is_input=port == "in", bits=lanes * BITS, meaning="words")
        for port, lanes in (("in", in_lanes), ("out", out_lanes))
    ]
    return Rtl(top=name, text=module_text(name, [name], ports, body), sources=SOURCES)


def _case(make_case, name, in_lanes, out_lanes, stages, frames=4, elements=240):
    elements = np.random.default_rng(5).integers(0, 1 << BITS, (frames, elements))
    return make_case(
        label=name,
        design=_design(name, in_lanes, out_lanes, stages),
        in_bits=BITS,
        in_lanes=in_lanes,
        inputs=elements,
        out_bits=BITS,
        out_lanes=out_lanes,
        outputs=elements,
    )


def _fifo(depth, style="registers"):
    return ("bf_fifo", {"DEPTH": depth, "BITS": BITS, "STYLE": style}, 1)


def _widen(lanes, ratio):
    return ("bf_widen", {"BITS": lanes * BITS, "RATIO": ratio}, lanes * ratio)


def _narrow(lanes, ratio):
    return ("bf_narrow", {"BITS": lanes * BITS, "RATIO": ratio}, lanes)


def test_every_word_arrives_at_full_speed_and_under_stalls(run_cases, make_case):
    fifos = [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (9, 2)]  # depth, cycles through it
    cases = [_case(make_case, f"fifo{depth}", 1, 1, [_fifo(depth)]) for depth, _ in fifos]
    cases += [
        _case(make_case, f"fifo_{style}", 1, 1, [_fifo(17, style)])
        for style in ("block", "distributed")
    ]
    cases += [
        _case(make_case, "widen", 2, 6, [_widen(2, 3)]),
        _case(make_case, "narrow", 6, 2, [_narrow(2, 3)]),
        _case(make_case, "both", 4, 6, [_widen(4, 3), _narrow(6, 2)]),
    ]
    runs = run_cases(cases)
    for (_, cycles), run in zip(fifos, runs, strict=False):
        assert run.latency_cycles == cycles
    intervals = [run.interval_cycles(settled=1) for run in runs]
    assert intervals == [240, 480] + [240] * 6 + [120, 120, 60]
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, backpressure=0.5)
    run_cases(cases, seed=4, gap=0.4, backpressure=0.4)


def test_a_fifo_holds_as_many_words_as_its_depth(run_cases, make_case):
    """With the output blocked nearly always, the input runs ahead by the depth at most."""
    depths = [1, 2, 3, 5, 9]
    cases = [_case(make_case, f"deep{depth}", 1, 1, [_fifo(depth)]) for depth in depths]
    for depth, run in zip(depths, run_cases(cases, seed=6, backpressure=0.97), strict=True):
        ins, outs = run.in_cycles.reshape(-1), run.out_cycles.reshape(-1)
        held = [i + 1 - int(np.searchsorted(outs, cycle)) for i, cycle in enumerate(ins)]
        assert max(held) == depth


def test_a_fork_gives_every_word_to_all(run_cases, make_case):
    """Two branches of different depth meet again: what both give must be the same word."""
    pins = {**CLOCK, **stream_pins("in", "in"), "out_data": "word"}
    body = [
        f"  wire [{BITS - 1}:0] word;",
        "  wire [1:0] valid, ready;",
        *instance(
            "bf_fork",
            "fork_",
            {"BITS": BITS, "SINKS": 2},
            {**pins, "out_valid": "valid", "out_ready": "ready"},
        ),
    ]
    for i, depth in enumerate((3, 7)):
        body += [
            *stream_wires(f"a{i}", BITS),
            *stream_wires(f"b{i}", BITS),
            f"  assign a{i}_data = word, a{i}_valid = valid[{i}], ready[{i}] = a{i}_ready;",
            *instance(
                "bf_fifo",
                f"fifo{i}",
                {"DEPTH": depth, "BITS": BITS, "STYLE": "registers"},
                {**CLOCK, **stream_pins("in", f"a{i}"), **stream_pins("out", f"b{i}")},
            ),
        ]
    body += [
        "  assign out_data = {b1_data, b0_data};",
        "  assign out_valid = b0_valid && b1_valid;",
        "  assign b0_ready = b1_valid && out_ready, b1_ready = b0_valid && out_ready;",
    ]
    ports = [
        Port(name="in", is_input=True, bits=BITS, meaning="a word"),
        Port(name="out", is_input=False, bits=2 * BITS, meaning="it, from both branches"),
    ]
    words = np.random.default_rng(6).integers(0, 1 << BITS, (3, 100))
    case = make_case(
        label="fork",
        design=Rtl(
            top="forked", text=module_text("forked", ["fork"], ports, body), sources=SOURCES
        ),
        in_bits=BITS,
        in_lanes=1,
        inputs=words,
        out_bits=BITS,
        out_lanes=2,
        outputs=words.repeat(2, axis=1),
    )
    (run,) = run_cases([case])
    assert run.interval_cycles(settled=1) == 100
    run_cases([case], seed=8, gap=0.4, backpressure=0.5)
