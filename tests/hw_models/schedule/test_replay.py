"""Replays against closed forms: what must hold for chains, joins and FIFOs."""

import numpy as np
import pytest
from every_cycle import run_every_cycle

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.dataflow import dataflow
from hw_models.folding import Folding, fold, legal_foldings
from hw_models.graph import INPUT, Accelerator, Add, Requantize
from hw_models.schedule import replay, with_sized_fifos
from hw_models.schedule.machine import Workshop
from hw_models.schedule.program import Program, converter_program, program
from hw_models.schedule.replay import Replays, slowest_ii_cycles


def _latencies(accelerator, cycles=5):
    return {node.name: cycles for node in accelerator.nodes}


def _pairs(flow):
    """Give every stream a FIFO of two words."""
    return flow.with_fifo_depths({stream.key: 2 for stream in flow.streams})


def _mlp(make_mvau, act="int8"):
    first = make_mvau(name="fc1", mw=16, mh=12, act=act)
    return Accelerator(
        nodes=(
            first,
            Requantize.after(first, name="quant", output=parse_format(act)),
            make_mvau(name="fc2", mw=12, mh=4, act=act),
        )
    )


def test_one_layer_takes_its_slots_its_latency_and_two_fifos(make_mvau):
    accelerator = Accelerator(nodes=(make_mvau(mw=16, mh=12),))
    flow = _pairs(dataflow(accelerator, [Folding(pe=3, simd=4)]))
    schedule = replay(flow, {"fc": 7})
    # the last of 16 slots is 15 cycles behind the first; a FIFO on either side adds one
    assert schedule.latency_cycles == 1 + 15 + 7 + 1 + 1
    assert schedule.interval_cycles == 16


@pytest.mark.parametrize("target", [200, 100, 64, 30, 16])
def test_a_chain_of_deep_fifos_keeps_the_times_of_max_plus_algebra(make_mvau, target):
    accelerator = _mlp(make_mvau)
    flow = dataflow(accelerator, fold(accelerator, target))
    deep = flow.with_fifo_depths({stream.key: 10_000 for stream in flow.streams})
    frames = 4
    interval = slowest_ii_cycles(flow)
    schedule = replay(deep, _latencies(accelerator), in_interval_cycles=interval, frames=frames)
    beats = 16 // flow.streams[0].source_lanes
    spread = np.arange(frames * beats) * interval / beats
    arrivals = np.ceil(spread).astype(int) + 2
    start = arrivals[0] - 2
    for node, pace, stream in zip(accelerator.nodes, flow.paces, flow.streams, strict=False):
        is_wider = stream.source_lanes < stream.sink_lanes
        if is_wider:  # in front of the FIFO, which a beat leaves two cycles later
            arrivals = _passed(_converter(node, stream), arrivals - 2, frames, latency=1) + 2
        elif stream.source_lanes > stream.sink_lanes:
            arrivals = _passed(_converter(node, stream), arrivals, frames, latency=1)
        arrivals = _passed(program(node, pace), arrivals, frames, latency=5) + 2
    ends = arrivals.reshape(frames, -1)[:, -1]
    assert schedule.latency_cycles == ends[0] - start + 1
    assert schedule.interval_cycles == ends[-1] - ends[-2] == interval


def _converter(node, stream):
    steps = converter_program(stream.source_lanes, stream.sink_lanes)
    repeats = node.in_elements // max(stream.source_lanes, stream.sink_lanes)
    return Program.direct(np.tile(steps.takes, repeats), np.tile(steps.gives, repeats))


def _passed(steps, arrivals, frames, latency):
    """T[s] = max(T[s − 1] + 1, arrival of the beat slot s takes), without back-pressure."""
    takes, gives = np.tile(steps.takes, frames), np.tile(steps.gives, frames)
    slots = np.arange(len(takes))
    ready = np.where(takes, arrivals[np.maximum(np.cumsum(takes) - 1, 0)], 0)
    times = np.maximum.accumulate(ready - slots) + slots
    return times[gives] + latency


@pytest.mark.parametrize("target", [9216, 2304, 576, 144, 64])
def test_sized_fifos_reach_the_slowest_node_and_shallower_ones_do_not(make_cnn, target):
    accelerator = make_cnn()
    flow = dataflow(accelerator, fold(accelerator, target))
    sized = with_sized_fifos(flow, _latencies(accelerator))
    interval = slowest_ii_cycles(flow)
    assert replay(sized, _latencies(accelerator), frames=12).interval_cycles == interval
    # without the spare place that FIFOs in memory have, each is as shallow as it can be
    deep = [stream for stream in sized.streams if stream.fifo_depth > 2]
    tight = sized.with_fifo_depths({stream.key: stream.fifo_depth - 1 for stream in deep})
    assert replay(tight, _latencies(accelerator), frames=12).interval_cycles == interval
    for stream in deep:
        shallower = tight.with_fifo_depths({stream.key: stream.fifo_depth - 2})
        assert replay(shallower, _latencies(accelerator)).interval_cycles > interval


def _residual(make_mvau):
    """Two layers beside a shortcut, added again."""
    act = parse_format("int8")
    first = make_mvau(name="a", mw=8, mh=8, vectors=16)
    second = make_mvau(name="b", mw=8, mh=8, vectors=16)
    quants = [Requantize.after(m, name=f"{m.name}.quant", output=act) for m in (first, second)]
    add = Add(name="add", channels=8, vectors=16, acts=(act, act))
    last = make_mvau(name="c", mw=8, mh=4, vectors=16)
    return Accelerator(
        nodes=(
            first,
            quants[0],
            second,
            quants[1],
            add,
            Requantize.after(add, name="sum.quant", output=act),
            last,
        ),
        sources=(
            (INPUT,),
            ("a",),
            ("a.quant",),
            ("b",),
            ("a.quant", "b.quant"),
            ("add",),
            ("sum.quant",),
        ),
    )


def test_a_shortcut_gets_a_fifo_that_waits_for_the_longer_branch(make_mvau):
    accelerator = _residual(make_mvau)
    flow = dataflow(accelerator, fold(accelerator, 128))
    latencies = _latencies(accelerator, cycles=20)
    sized = with_sized_fifos(flow, latencies)
    depths = {stream.key: stream.fifo_depth for stream in sized.streams}
    assert depths["a.quant", "add", 0] > depths["a.quant", "b", 0]
    assert replay(sized, latencies, frames=12).interval_cycles == 128


def test_a_shortcut_too_shallow_for_its_branch_stops_for_ever(make_mvau):
    accelerator = _residual(make_mvau)
    flow = dataflow(accelerator, [Folding(pe=1, simd=1)] * 3)
    flow = flow.with_fifo_depths({stream.key: 2 for stream in flow.streams})
    schedule = replay(flow.with_fifo_depths({("a.quant", "add", 0): 40}), _latencies(accelerator))
    assert schedule.interval_cycles >= 16 * 64
    with pytest.raises(DesignError, match=r"stops for ever; full FIFOs: .*a\.quant-add"):
        replay(flow, _latencies(accelerator))


@pytest.mark.parametrize("seed", range(12))
def test_working_ahead_gives_what_every_cycle_gives(make_cnn, make_mvau, seed):
    rng = np.random.default_rng(seed)
    accelerator = make_cnn() if seed % 2 else _residual(make_mvau)
    foldings = [list(legal_foldings(mvau)) for mvau in accelerator.mvaus]
    flow = dataflow(
        accelerator, [each[rng.integers(len(each) // 2, len(each))] for each in foldings]
    )
    latencies = {node.name: int(rng.integers(1, 30)) for node in accelerator.nodes}
    frames = 3
    depths = rng.choice([1, 2, 3, 6, 40], len(flow.streams)).tolist()
    for fifo_depths, interval in ((depths, 0), ([1 << 40] * len(depths), slowest_ii_cycles(flow))):
        replays = Replays(flow, latencies, frames=frames)
        machine, fifos = Workshop(flow, latencies).machine(fifo_depths, frames)
        in_beats = accelerator.nodes[0].in_elements // flow.streams[0].source_lanes
        out_beats = accelerator.nodes[-1].out_elements // flow.output.source_lanes
        offers = np.ceil(np.arange(frames * in_beats) * interval / in_beats)
        ends, most = run_every_cycle(machine, offers, out_beats, frames)
        if len(ends) < frames:
            with pytest.raises(DesignError, match="stops for ever"):
                replays.schedule(fifo_depths, interval)
            continue
        schedule = replays.schedule(fifo_depths, interval)
        assert schedule.latency_cycles == ends[0] + 1
        assert schedule.interval_cycles == ends[-1] - ends[-2]
        if interval:
            assert replays.backlogs(interval) == [most[fifo] for fifo in fifos]
