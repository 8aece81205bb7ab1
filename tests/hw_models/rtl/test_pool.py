"""Pools against the golden semantics: windows, formats, gaps, back-pressure, cycles."""

from types import SimpleNamespace

import numpy as np
import pytest

import hw_models.rtl.accelerator  # noqa: F401 - registers the emitters
from dse.errors import UnsupportedLayerError
from dse.formats import parse_format
from hw_models.arith.cell import STYLES
from hw_models.cost.target import load_target
from hw_models.folding import Folding, Pace, node_ii_cycles
from hw_models.graph import Pool, PoolKind
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.node import Fabric, emit_node
from hw_models.schedule.program import program
from hw_models.sim.golden import compute

NO_MODEL = SimpleNamespace()
MAX, AVERAGE = PoolKind.MAX, PoolKind.AVERAGE


def _pool(name, reduce, act, kernel, size, channels, stride=None, pads=(0, 0, 0, 0)):
    return Pool(
        name=name,
        reduce=reduce,
        kernel=kernel,
        stride=stride or kernel,
        pads=pads,
        channels=channels,
        height=size[0],
        width=size[1],
        act=parse_format(act),
    )


POOLS = [
    (_pool("remainder", MAX, "e2m1", (2, 2), (5, 7), 4), 1),
    (_pool("two_folds", MAX, "int4", (2, 2), (4, 6), 4), 2),
    (_pool("one_fold", MAX, "int8", (2, 2), (4, 6), 4), 4),
    (_pool("unsigned", MAX, "uint3", (2, 2), (4, 4), 6), 1),
    (_pool("columns", MAX, "e3m2", (1, 2), (3, 4), 2), 1),
    (_pool("rows", MAX, "e4m3", (3, 1), (6, 2), 1), 1),
    (_pool("pixels", MAX, "e5m2", (1, 1), (3, 3), 2), 1),
    (_pool("apart", MAX, "e4m3", (2, 3), (8, 9), 3, (3, 4), (1, 1, 0, 0)), 1),
    (_pool("hanging", MAX, "int4", (2, 2), (3, 3), 2, None, (0, 0, 1, 1)), 2),
    (_pool("both_edges", MAX, "ue2m2", (2, 2), (4, 2), 1, None, (1, 1, 1, 1)), 1),
    (_pool("sums", AVERAGE, "int4", (2, 2), (4, 6), 3), 3),
    (_pool("padded_sums", AVERAGE, "e3m2", (2, 2), (4, 3), 2, None, (0, 0, 0, 1)), 2),
    (_pool("mean", AVERAGE, "e5m2", (4, 4), (4, 4), 3), 3),
    (_pool("mean_folded", AVERAGE, "uint4", (4, 4), (4, 4), 6), 3),
    (_pool("mean_many", AVERAGE, "e4m3", (3, 3), (3, 3), 8), 1),
]


def _case(make_case, fabric, pool, lanes, frames=4):
    rng = np.random.default_rng(3)
    act = pool.act
    codes = rng.choice(act.encode(act.grid()), (frames, pool.height * pool.width, pool.channels))
    codes[1] = act.encode(rng.uniform(act.min, act.min / 2, codes[1].shape))  # never above 0
    given = compute(pool, (codes,), NO_MODEL)
    is_sum = pool.reduce is AVERAGE
    return make_case(
        label=pool.name,
        design=emit_node(pool, _pace(lanes), NO_MODEL, fabric),
        in_bits=act.bits,
        in_lanes=lanes,
        inputs=codes.reshape(frames, -1),
        out_bits=pool.accumulator_bits if is_sum else act.bits,
        out_lanes=lanes,
        outputs=given.reshape(frames, -1),
        is_signed=is_sum,
    )


def _pace(lanes):
    return Pace(folding=Folding(pe=lanes, simd=1))


@pytest.mark.tool("verilator")
def test_windows_are_exact_at_full_speed_and_under_stalls(run_cases, make_case, portable):
    cases = [_case(make_case, portable, *pool) for pool in POOLS]
    for (pool, lanes), run in zip(POOLS, run_cases(cases), strict=True):
        assert run.interval_cycles(settled=1) == node_ii_cycles(pool, _pace(lanes)), pool.name
        first_give = int(program(pool, _pace(lanes)).gives.argmax())
        depth = latency_cycles(pool, _pace(lanes), portable)
        assert run.latency_cycles == first_give + depth, pool.name
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, backpressure=0.5)
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


@pytest.mark.tool("verilator")
@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_sums_are_exact_in_every_style(run_cases, make_case, device):
    fabric = Fabric(target=load_target(device, "none"), style=STYLES[device][0])
    pools = [(pool, lanes) for pool, lanes in POOLS if pool.reduce is AVERAGE]
    cases = [_case(make_case, fabric, *pool) for pool in pools]
    run_cases(cases)
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (_pool("p", MAX, "int4", (3, 3), (8, 8), 1, (2, 2)), "p: a pool of kernel .* overlap"),
        (_pool("p", MAX, "int4", (2, 2), (8, 8), 1, None, (2, 0, 0, 0)), "p: pads .* less than"),
        (_pool("p", AVERAGE, "int4", (2, 2), (8, 8), 1, None, (0, 0, 0, 2)), "p: pads"),
    ],
)
def test_windows_that_overlap_or_are_empty_are_refused(pool, reason, portable):
    with pytest.raises(UnsupportedLayerError, match=reason):
        emit_node(pool, _pace(1), NO_MODEL, portable)
