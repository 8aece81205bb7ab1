"""Additions of two streams against the golden semantics."""

from types import SimpleNamespace

import numpy as np
import pytest

import hw_models.rtl.accelerator  # noqa: F401 - registers the emitters
from dse.formats import parse_format
from hw_models.folding import Folding, Pace, node_ii_cycles
from hw_models.graph import Add
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.node import emit_node
from hw_models.sim.golden import compute
from hw_models.sim.verilator import Drain, Feed, Traffic, simulate
from hw_models.sim.words import pack, unpack

NO_MODEL = SimpleNamespace()
PAIRS = [
    ("int4", "int4", (0, 0)),
    ("uint4", "int3", (0, 2)),
    ("e2m1", "int4", (1, 0)),
    ("e5m2", "ue3m2", (0, 3)),
]


@pytest.mark.tool("verilator")
@pytest.mark.parametrize(("first", "second", "shifts"), PAIRS)
def test_sums_are_exact_at_full_speed_and_under_stalls(first, second, shifts, tmp_path, portable):
    """All pairs of codes, in two lanes."""
    formats = tuple(parse_format(name) for name in (first, second))
    codes = [act.encode(act.grid()) for act in formats]
    pairs = np.stack(np.meshgrid(*codes, indexing="ij")).reshape(2, -1)
    pairs = np.concatenate([pairs, pairs[:, :1]], axis=1)[:, : pairs.shape[1] // 2 * 2]
    node = Add(name="a", channels=2, vectors=pairs.shape[1] // 2, acts=formats, shifts=shifts)
    streams = tuple(stream.reshape(1, -1, 2) for stream in pairs)
    pace = Pace(folding=Folding(pe=2, simd=1))
    design = emit_node(node, pace, NO_MODEL, portable)
    feeds = [
        Feed(port=f"in{i}", bits=2 * act.bits, words=pack(stream, act.bits, 2))
        for i, (act, stream) in enumerate(zip(formats, streams, strict=True))
    ]
    drain = Drain(bits=2 * node.accumulator_bits, count=node.vectors)
    expected = compute(node, streams, NO_MODEL).reshape(-1)
    for traffic in (Traffic(seed=1), Traffic(seed=2, gap=0.4, backpressure=0.5)):
        run = simulate(design, feeds, [drain], traffic, folder=tmp_path, timeout_s=60)
        sums = unpack(run.out_words[0], node.accumulator_bits, 2, is_signed=True)
        assert (sums == expected).all()
        if not traffic.gap:
            beats = run.out_cycles[0]
            assert beats[-1] - beats[0] + 1 == node_ii_cycles(node, pace)
            assert beats[0] - run.in_cycles[0][0] == latency_cycles(node, pace, portable)
