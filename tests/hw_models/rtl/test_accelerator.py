"""Whole accelerators against golden: chains with every kind of node, and a residual network."""

from dataclasses import replace

import numpy as np
import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.dataflow import bits_given, dataflow
from hw_models.folding import Folding, fold, node_ii_cycles
from hw_models.graph import Accelerator, Add, Mvau, Pool, PoolKind, Requantize, SlidingWindow
from hw_models.model import Model, ModelInput
from hw_models.rtl.accelerator import emit_accelerator
from hw_models.schedule import pipeline_cycles, replay, with_sized_fifos
from hw_models.sim.golden import golden_outputs
from hw_models.synth.yosys import Job, run_yosys
from hw_models.tail import OutputQuantizer, Tail

pytestmark = pytest.mark.tool("verilator")


def _model(accelerator, shape, act, seed=0):
    """Random weights, and scales with which the requantizers use most of their codes."""
    rng = np.random.default_rng(seed)
    weights, tails = {}, {}
    for node in accelerator.nodes:
        if isinstance(node, Mvau):
            narrow = node.weight.narrow()
            weights[node.name] = rng.choice(narrow.encode(narrow.grid()), (node.mh, node.mw))
        if isinstance(node, Requantize):
            spread = 2.0 ** (node.accumulator_bits - 4)
            scale = rng.uniform(1, 2, node.channels) * node.output.max / spread
            tails[node.name] = Tail(
                scale=scale.astype(np.float32),
                output=OutputQuantizer(format=node.output, scale=1.0),
            )
    return Model(
        accelerator=accelerator,
        input=ModelInput(name="x", shape=shape, format=act, scale=1.0),
        weights=weights,
        tails=tails,
        output=Tail(scale=np.ones(1, np.float32), output=None),
    )


def _residual(act, weight):
    """An image of 6x6x4: a convolution added to what it reads, then a strided one of 1x1."""
    window = SlidingWindow(
        name="body.window", kernel=(3, 3), pads=(1, 1, 1, 1), channels=4, height=6, width=6, act=act
    )
    conv = Mvau(name="body", mw=36, mh=4, vectors=36, taps=9, weight=weight, act=act)
    quant = Requantize.after(conv, name="body.quant", output=act)
    total = Add(name="sum", channels=4, vectors=36, acts=(act, act))
    again = Requantize.after(total, name="sum.quant", output=act)
    skip = replace(window, name="head.window", kernel=(1, 1), stride=(2, 2), pads=(0, 0, 0, 0))
    head = Mvau(name="head", mw=4, mh=6, vectors=9, weight=weight, act=act)
    return Accelerator(
        nodes=(window, conv, quant, total, again, skip, head),
        sources=(
            ("",),
            ("body.window",),
            ("body",),
            ("body.quant", ""),
            ("sum",),
            ("sum.quant",),
            ("head.window",),
        ),
    )


def _stem(act, weight):
    """An image of 7x7x4 and what begins a ResNet; its pools' windows overlap."""
    window = SlidingWindow(
        name="first.stem.window",
        kernel=(3, 3),
        pads=(1, 1, 1, 1),
        channels=4,
        height=7,
        width=7,
        act=act,
    )
    conv = Mvau(name="first.stem", mw=36, mh=4, vectors=49, taps=9, weight=weight, act=act)
    quant = Requantize.after(conv, name="first.stem.quant", output=act)
    largest = Pool(
        name="first.largest", reduce=PoolKind.MAX, kernel=(3, 3), stride=(2, 2), pads=(1, 1, 1, 1),
        channels=4, height=7, width=7, act=act,
    )  # fmt: skip
    pointwise = Mvau(name="first.pointwise", mw=4, mh=4, vectors=16, weight=weight, act=act)
    again = Requantize.after(pointwise, name="first.pointwise.quant", output=act)
    mean = Pool(
        name="first.mean", reduce=PoolKind.AVERAGE, kernel=(2, 3), stride=(1, 1), pads=(0, 1, 0, 1),
        channels=4, height=4, width=4, act=act,
    )  # fmt: skip
    nodes = (window, conv, quant, *largest.laid_out("first.largest.window"), pointwise, again)
    return Accelerator(nodes=(*nodes, *mean.laid_out("first.mean.window")))


def _renamed(accelerator, names):
    return Accelerator(
        nodes=tuple(replace(n, name=names.get(n.name, n.name)) for n in accelerator.nodes),
        sources=tuple(tuple(names.get(n, n) for n in row) for row in accelerator.sources),
    )


def _case(make_case, fabric, name, model, flow, frames):
    accelerator = model.accelerator
    rng = np.random.default_rng(4)
    act = model.input.format
    codes = rng.choice(act.encode(act.grid()), (frames, *model.input.shape))
    entry, output = flow.streams[0], flow.output
    last = accelerator.nodes[-1]
    return make_case(
        label=name,
        design=emit_accelerator(flow, model, fabric, name),
        in_bits=entry.bits,
        in_lanes=entry.source_lanes,
        inputs=codes.reshape(frames, -1),
        out_bits=bits_given(last),
        out_lanes=output.source_lanes,
        outputs=golden_outputs(model, codes).reshape(frames, -1),
        is_signed=last.out_format is None,
    )


def test_accelerators_equal_golden_at_the_rate_of_their_slowest_node(
    make_cnn, run_cases, make_case, portable
):
    e2m1 = parse_format("e2m1")
    chain = _model(make_cnn("int4", "uint4", first="uint5"), (8, 8, 1), parse_format("uint5"))
    residual = _model(_residual(e2m1, parse_format("int4")), (6, 6, 4), e2m1)
    uint4 = parse_format("uint4")
    stem = _model(_stem(uint4, parse_format("e2m1")), (7, 7, 4), uint4)
    flows = [
        dataflow(chain.accelerator, fold(chain.accelerator, 1200)),
        dataflow(residual.accelerator, (Folding(pe=2, simd=12), Folding(pe=3, simd=2))),
        dataflow(stem.accelerator, (Folding(pe=2, simd=36), Folding(pe=1, simd=4))),
    ]
    depths = [pipeline_cycles(flow, portable) for flow in flows]
    flows = [with_sized_fifos(*pair) for pair in zip(flows, depths, strict=True)]
    schedules = [replay(*pair) for pair in zip(flows, depths, strict=True)]
    cases = [
        _case(make_case, portable, "chain", chain, flows[0], 6),
        _case(make_case, portable, "residual", residual, flows[1], 12),
        _case(make_case, portable, "stem", stem, flows[2], 12),
    ]
    runs = run_cases(cases)
    for flow, schedule, run in zip(flows, schedules, runs, strict=True):
        latency = int(run.out_cycles[0, -1] - run.in_cycles[0, 0]) + 1
        assert latency == pytest.approx(schedule.latency_cycles, rel=0.05)
        nodes = zip(flow.accelerator.nodes, flow.paces, strict=True)
        slowest = max(node_ii_cycles(node, pace) for node, pace in nodes)
        assert run.interval_cycles(settled=len(run.out_cycles) // 2) == slowest
    run_cases(cases, seed=2, gap=0.4, backpressure=0.5)


def test_the_head_names_every_port_and_node(make_cnn, portable):
    cnn = _model(make_cnn("int4", "uint4", first="uint5"), (8, 8, 1), parse_format("uint5"))
    design = emit_accelerator(dataflow(cnn.accelerator, fold(cnn.accelerator, 1200)), cnn, portable)
    head = design.text[design.text.index("// Accelerator.") :].split("\nmodule ")[0]
    for port in ("clk", "rst", "in_data", "in_valid", "in_ready", "out_data", "out_valid"):
        assert f"//   {port} " in head
    assert "//   mvau_dw: dw.window" in head
    assert {name for name, _ in design.memories} >= {"mvau_conv_weights.hex"}


def test_names_that_become_one_are_refused(make_mvau, portable):
    first = make_mvau("int4", "int4", name="a.b", mw=4, mh=4)
    second = replace(first, name="a_b")
    middle = Requantize.after(first, name="q", output=first.act)
    accelerator = Accelerator(nodes=(first, middle, second))
    model = _model(accelerator, (1, 1, 4), first.act)
    flow = dataflow(accelerator, [Folding(pe=1, simd=1)] * 2)
    with pytest.raises(DesignError, match=r"'a\.b' and 'a_b' would both be called a_b"):
        emit_accelerator(flow, model, portable)


@pytest.mark.parametrize("names", [{}, {"body": "sum_1", "head": "output", "sum.quant": "3"}])
def test_slang_accepts_an_accelerator_without_a_warning(portable, tmp_path, names):
    e2m1 = parse_format("e2m1")
    accelerator = _renamed(_residual(e2m1, parse_format("int4")), names)
    model = _model(accelerator, (6, 6, 4), e2m1)
    flow = dataflow(accelerator, (Folding(pe=2, simd=12), Folding(pe=3, simd=2)))
    flow = flow.with_fifo_depths({stream.key: 2 for stream in flow.streams})
    design = emit_accelerator(flow, model, portable)
    path = tmp_path / "accelerator.sv"
    path.write_text(design.text)
    files = " ".join(map(str, (*design.sources, path)))
    command = f"read_slang -Werror --top {design.top} {files}"
    job = Job(
        label=design.top, top=design.top, text="", passes=(command,), memories=design.memories
    )
    (netlist,) = run_yosys([job])
    assert netlist.modules[design.top].ports["out_data"].direction == "output"
