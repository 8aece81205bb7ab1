"""Requantizers against tails: every sum where sums are narrow, at full speed and under stalls."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import hw_models.rtl.accelerator  # noqa: F401 - registers the emitters
from dse.formats import parse_format
from hw_models.arith.cell import STYLES
from hw_models.arith.requantize.architecture import Architecture
from hw_models.arith.requantize.lookup import lookup
from hw_models.arith.requantize.scale_fit import scale_round
from hw_models.arith.requantize.scale_round import scale_bits
from hw_models.arith.requantize.thresholds import bisection
from hw_models.cost.memory import deep_rom
from hw_models.cost.requantize import requantizer_architecture
from hw_models.cost.scale_round import first_memory, scale_round_parts
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Pace, node_ii_cycles
from hw_models.graph import Requantize
from hw_models.resources import total
from hw_models.rtl.bisection import emit_bisection
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.lookup import emit_lookup
from hw_models.rtl.node import Fabric, emit_node
from hw_models.rtl.scale_round import emit_scale_round, scale_latency_cycles
from hw_models.synth.synthesis import synthesise

pytestmark = pytest.mark.tool("verilator")

CHANNELS = 6
# output, sum bits, lanes, cycles between sums, kind of tail
NARROW = [
    *(("int4", 7, 1, 4, "normal"), ("int4", 7, 2, 1, "ties"), ("int4n", 8, 3, 2, "normal")),
    *(("uint4", 7, 1, 3, "relu"), ("int1", 6, 2, 1, "normal"), ("uint1", 6, 6, 5, "relu")),
    *(("int3", 8, 6, 2, "leaky"), ("int8", 10, 2, 3, "sigmoid"), ("int8", 9, 1, 20, "ties")),
    *(("e2m1", 7, 1, 1, "normal"), ("e2m1", 8, 3, 4, "ties"), ("e3m2", 9, 2, 4, "normal")),
    *(("e4m3", 10, 1, 5, "normal"), ("e5m2", 10, 2, 8, "ties"), ("e1m2", 7, 2, 2, "leaky")),
    *(("ue2m2", 7, 1, 2, "relu"), ("e4m3fn", 9, 1, 3, "normal"), ("e5m2ieee", 9, 3, 7, "normal")),
]
WIDE = [("e4m3", 45, 2, 3, "normal"), ("e5m2", 73, 1, 8, "relu"), ("int8", 26, 3, 4, "normal")]


def _node(number, output, bits, vectors):
    return Requantize(
        name=f"q{number}",
        channels=CHANNELS,
        vectors=vectors,
        accumulator_bits=bits,
        accumulator_lsb=1.0,
        output=parse_format(output),
    )


def _all_sums(bits):
    """Every sum in every channel, in four frames."""
    limit = 1 << (bits - 1)
    sums = np.append(np.arange(1 - limit, limit), 0)
    shuffled = np.random.default_rng(bits).permutation(sums)
    return np.repeat(shuffled[:, None], CHANNELS, axis=1).reshape(4, -1, CHANNELS)


def _boundary_sums(found):
    """Sums at both sides of some thresholds of every channel, in two frames."""
    rng = np.random.default_rng(1)
    limit = 1 << (found.sum_bits - 1)
    picked = np.stack([rng.choice(row, 100) for row in found.bounds])
    sides = np.concatenate([picked, picked + 1], axis=1).T
    return np.clip(sides, 1 - limit, limit - 1).reshape(2, -1, CHANNELS)


def _case(make_case, design, node, lanes, sums, codes):
    return make_case(
        label=f"{node.name} {node.output.name} {lanes} lanes",
        design=design,
        in_bits=node.accumulator_bits,
        in_lanes=lanes,
        inputs=sums.reshape(len(sums), -1),
        out_bits=node.output.bits,
        out_lanes=lanes,
        outputs=codes.reshape(len(sums), -1),
    )


def _pace(lanes, cycles):
    return Pace(folding=Folding(pe=lanes, simd=1), cycles=cycles)


def _bisections(make_case, make_tail, fabric):
    nodes, cases = [], []
    for number, (output, bits, lanes, cycles, kind) in enumerate(NARROW + WIDE):
        tail = make_tail(output, bits, CHANNELS, kind, seed=number)
        found = bisection(tail, _node(number, output, bits, 1))
        sums = _boundary_sums(found) if bits > 10 else _all_sums(bits)
        node = _node(number, output, bits, sums.shape[1])
        if bits <= 63:
            sums = sums.astype(np.int64)
        pace = _pace(lanes, cycles)
        design = emit_bisection(node, pace, found, fabric)
        nodes.append((node, pace))
        cases.append(_case(make_case, design, node, lanes, sums, tail.codes(sums)))
    return nodes, cases


def test_bisections_are_exact_at_full_speed_and_under_stalls(
    run_cases, make_case, make_tail, portable
):
    nodes, cases = _bisections(make_case, make_tail, portable)
    runs = run_cases(cases)
    for (node, pace), case, run in zip(nodes, cases, runs, strict=True):
        cycles = min(pace.cycles, node.output.bits)  # a comparator needs no more
        beats = node.in_elements // pace.lanes
        assert beats * cycles <= node_ii_cycles(node, pace)
        in_bursts = 3 if cycles > 1 else 0  # a ring holds three sums, which leave together
        assert run.interval_cycles(settled=0) <= beats * cycles + in_bursts, case.label
        assert run.latency_cycles == 1 + 3 * node.output.bits, case.label
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, backpressure=0.5)
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


# output, sum bits, lanes, cycles between sums, kind of tail; wide sums do not fill their range
LINES = [
    *(("int8", 13, 2, 1, "ties"), ("int8", 14, 1, 3, "relu"), ("uint8", 13, 3, 40, "relu")),
    *(("int8n", 16, 2, 5, "steep"), ("int5", 11, 6, 7, "steep"), ("uint6", 22, 1, 20, "ties")),
    *(("int8", 30, 2, 12, "steep"), ("e1m2", 10, 2, 2, "ties"), ("e2m0", 11, 3, 9, "steep")),
    *(("e2m5", 20, 1, 32, "relu"), ("e3m4", 23, 2, 12, "steep"), ("ue3m5", 24, 3, 1, "ties")),
    *(("e4m3", 30, 1, 16, "relu"), ("e4m3", 43, 2, 32, "steep"), ("e4m3fn", 36, 1, 5, "steep")),
    *(("e3m2", 27, 6, 8, "ties"), ("ue4m3", 31, 2, 28, "relu")),
    *(("e4m3", 43, 1, 32, "steep"), ("int8", 44, 1, 9, "steep")),  # tables of several rows
]


def _multiplications(make_case, make_tail, fabric, lines):
    nodes, cases = [], []
    for number, (output, bits, lanes, cycles, kind) in enumerate(lines):
        used_bits = bits if bits <= 22 else bits - 4
        tail = make_tail(output, used_bits, CHANNELS, kind, seed=2)
        found = bisection(tail, _node(number, output, bits, 1))
        line = scale_round(found)
        assert line is not None, (output, bits, kind)
        sums = _all_sums(bits) if bits <= 11 else _boundary_sums(found).astype(np.int64)
        node, pace = _node(number, output, bits, sums.shape[1]), _pace(lanes, cycles)
        design = emit_scale_round(node, pace, line, fabric)
        nodes.append((node, pace))
        cases.append(_case(make_case, design, node, lanes, sums, tail.codes(sums)))
    return nodes, cases


@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_multiplications_are_exact_in_every_style(run_cases, make_case, make_tail, device):
    fabric = Fabric(target=load_target(device, "none"), style=STYLES[device][0])
    _, cases = _multiplications(make_case, make_tail, fabric, LINES[3:5] + LINES[11:13])
    run_cases(cases)
    run_cases(cases, seed=3, gap=0.3, backpressure=0.7)


def test_multiplications_are_exact_at_full_speed_and_under_stalls(
    run_cases, make_case, make_tail, portable
):
    nodes, cases = _multiplications(make_case, make_tail, portable, LINES)
    runs = run_cases(cases)
    for (node, pace), case, run in zip(nodes, cases, runs, strict=True):
        width = scale_bits(node.accumulator_bits)
        beats = node.in_elements // pace.lanes
        assert run.interval_cycles(settled=0) == beats * min(pace.cycles, width), case.label
        assert run.latency_cycles == scale_latency_cycles(node, pace, portable.target), case.label
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, gap=0.3, backpressure=0.7)


def test_a_deep_table_of_first_sums_is_as_costed(make_tail, tmp_path):
    fabric = Fabric(target=load_target("ecp5", "none"), style=STYLES["ecp5"][0])
    node, pace = replace(_node(0, "e4m3", 43, 1), channels=32), _pace(1, 32)
    assert deep_rom(first_memory(node, pace), fabric.target).rows == 4
    line = scale_round(bisection(make_tail("e4m3", 39, node.channels, "steep", seed=2), node))
    design = emit_scale_round(node, pace, line, fabric)
    (found,) = synthesise([design], "ecp5", cache=tmp_path, processes=1)
    costed = total(scale_round_parts(node, pace, fabric.target))
    assert found.resources.bram18 == costed.bram18
    assert found.resources.ff == pytest.approx(costed.ff, rel=0.02)  # the point's are not counted
    assert line.is_reversed.any()  # which costs do not know: a LUT for each bit of a sum
    assert found.resources.lut == pytest.approx(costed.lut + node.accumulator_bits, rel=0.02)


def test_tables_are_exact_at_full_speed_and_under_stalls(run_cases, make_case, make_tail, portable):
    cases = []
    for number, (output, lanes, channels) in enumerate(
        [("int4", 1, CHANNELS), ("e2m1", 2, CHANNELS), ("e3m2", 3, 1), ("int8", 2, 1)]
    ):
        tail = make_tail(output, 7, channels, "normal", seed=number)
        sums = _all_sums(7)
        node = _node(number, output, 7, sums.shape[1])
        design = emit_lookup(node, _pace(lanes, 1), lookup(tail, node), portable)
        cases.append(_case(make_case, design, node, lanes, sums, tail.codes(sums)))
    for case, run in zip(cases, run_cases(cases), strict=True):
        assert run.latency_cycles == 1
        assert run.interval_cycles(settled=1) == case.inputs.shape[1] // case.in_lanes
    run_cases(cases, seed=2, gap=0.4, backpressure=0.6)


def test_the_cheaper_architecture_is_built(make_tail, portable):
    narrow, wide = _node(0, "int4", 4, 1), _node(1, "int4", 12, 1)
    pace = _pace(CHANNELS, 2)
    for node, architecture, module, latency in (
        (narrow, Architecture.LOOKUP, "bf_table #", 1),
        (wide, Architecture.THRESHOLDS, "bf_threshold #", 13),
    ):
        tail = make_tail("int4", node.accumulator_bits, CHANNELS, "normal")
        design = emit_node(node, pace, SimpleNamespace(tails={node.name: tail}), portable)
        assert requantizer_architecture(node, pace, portable.target) is architecture
        assert module in design.text
        assert latency_cycles(node, pace, portable) == latency
