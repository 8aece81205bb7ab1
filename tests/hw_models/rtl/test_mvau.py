"""Matrix units against integer matrix products: foldings, formats, gaps, back-pressure, cycles."""

from types import SimpleNamespace

import numpy as np
import pytest

from dse.errors import DesignError
from hw_models.arith.cell import STYLES
from hw_models.cost.memory import deep_rom
from hw_models.cost.mvau import weight_memory
from hw_models.cost.node import node_parts
from hw_models.cost.target import load_target
from hw_models.dataflow import lanes_taken
from hw_models.devices.base import BlockLayout
from hw_models.folding import Folding, Pace, ii_cycles
from hw_models.resources import total
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.memory import rows_side_by_side
from hw_models.rtl.mvau import weight_words
from hw_models.rtl.node import Fabric, emit_node
from hw_models.synth.synthesis import synthesise

pytestmark = pytest.mark.tool("verilator")

DENSE = [(1, 1), (2, 2), (2, 12), (1, 12), (4, 12), (4, 4), (4, 1)]
DEPTHWISE = [(1, 1), (2, 3), (4, 9), (1, 9), (2, 1)]


def _integers(fmt, codes):
    return (fmt.decode(codes) / fmt.lsb).astype(np.int64)


def _case(make_case, fabric, mvau, folding, frames=4, seed=7):
    rng = np.random.default_rng(seed)
    act, weight = mvau.act, mvau.weight.narrow()
    acts = rng.choice(
        act.encode(act.grid()), (frames, mvau.vectors, mvau.in_elements // mvau.vectors)
    )
    weights = rng.choice(weight.encode(weight.grid()), (mvau.mh, mvau.mw))
    pace = Pace(folding=folding)
    design = emit_node(mvau, pace, SimpleNamespace(weights={mvau.name: weights}), fabric)
    a, w = _integers(act, acts), _integers(weight, weights)
    stream = acts
    if mvau.groups > 1:  # windows in the order (channel group, tap group, channel, tap)
        taps = a.reshape(frames, mvau.vectors, mvau.mw, mvau.mh)
        sums = np.einsum("fvtc,ct->fvc", taps, w)
        folds = mvau.mw // folding.simd
        grid = acts.reshape(frames, mvau.vectors, folds, folding.simd, -1, folding.pe)
        stream = grid.transpose(0, 1, 4, 2, 5, 3)
    else:
        sums = a @ w.T
    return make_case(
        label=f"{mvau.name} {folding}",
        design=design,
        in_bits=act.bits,
        in_lanes=lanes_taken(mvau, pace),
        inputs=stream.reshape(frames, -1),
        out_bits=mvau.accumulator_bits,
        out_lanes=folding.pe,
        outputs=sums.reshape(frames, -1),
        is_signed=True,
    )


@pytest.fixture
def units(make_mvau):
    """Units and foldings: dense in all kinds of folding, depthwise, minifloats, one product."""
    dense = [(make_mvau("int4", "uint4", mw=12, mh=4, vectors=5, taps=3), f) for f in DENSE]
    deep = [
        (make_mvau("int4", "int4", mw=9, mh=4, vectors=5, groups=4, taps=9), f) for f in DEPTHWISE
    ]
    others = [
        (make_mvau("e4m3", "e4m3", mw=4, mh=4, vectors=3), (2, 2)),
        (make_mvau("int4", "e2m1", mw=20, mh=4, vectors=3), (2, 10)),
        (make_mvau("int8", "int8", mw=1, mh=1, vectors=6), (1, 1)),
        (make_mvau("int2", "uint1", mw=6, mh=4, vectors=6), (2, 6)),
    ]
    return [
        (type(mvau)(**{**_fields(mvau), "name": f"u{i}"}), Folding(pe=pe, simd=simd))
        for i, (mvau, (pe, simd)) in enumerate(dense + deep + others)
    ]


def _fields(mvau):
    return {name: getattr(mvau, name) for name in ("name", "mw", "mh", "vectors", "groups")} | {
        name: getattr(mvau, name) for name in ("taps", "weight", "act")
    }


def test_sums_are_exact_at_full_speed_and_under_stalls(units, run_cases, make_case, portable):
    cases = [_case(make_case, portable, *unit) for unit in units]
    runs = run_cases(cases)
    for (mvau, folding), case, run in zip(units, cases, runs, strict=True):
        assert run.interval_cycles(settled=1) == ii_cycles(mvau, folding), case.label
        last_beat = mvau.mw // folding.simd - 1
        depth = latency_cycles(mvau, Pace(folding=folding), portable)
        assert run.latency_cycles == last_beat + depth, case.label
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, backpressure=0.5)
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


DEEP_UNITS = [  # formats, MW, MH, groups, PE, SIMD, rows of blocks on ecp5
    ("int4", "uint4", 72, 64, 1, 1, 1, 9),
    ("int8", "int8", 64, 96, 1, 1, 2, 3),
    ("int7", "e3m1", 100, 50, 1, 1, 1, 5),
    ("e2m1", "e2m1", 60, 160, 1, 2, 1, 3),
    ("int4", "int4", 9, 512, 512, 1, 1, 9),
]


def _deep_units(make_mvau, target):
    """Return units with deep ROMs, most with a last row that is not full, and their foldings."""
    units = []
    for i, (w, a, mw, mh, groups, pe, simd, rows) in enumerate(DEEP_UNITS):
        taps = mw if groups > 1 else 1
        mvau = make_mvau(w, a, name=f"d{i}", mw=mw, mh=mh, groups=groups, taps=taps)
        folding = Folding(pe=pe, simd=simd)
        assert deep_rom(weight_memory(mvau, folding), target).rows == rows
        units.append((mvau, folding))
    return units


def test_every_word_of_a_deep_rom_is_read(make_mvau, run_cases, make_case, portable):
    units = _deep_units(make_mvau, portable.target)
    cases = [_case(make_case, portable, *unit, frames=3) for unit in units]
    for (mvau, folding), case, run in zip(units, cases, run_cases(cases), strict=True):
        assert run.interval_cycles(settled=1) == ii_cycles(mvau, folding), case.label
        depth = latency_cycles(mvau, Pace(folding=folding), portable)
        assert run.latency_cycles == mvau.mw // folding.simd - 1 + depth, case.label
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


def test_deep_roms_are_as_costed(make_mvau, make_case, tmp_path):
    fabric = Fabric(target=load_target("ecp5", "none"), style=STYLES["ecp5"][0])
    units = _deep_units(make_mvau, fabric.target)[:3]
    designs = [_case(make_case, fabric, *unit).design for unit in units]
    found = synthesise(designs, "ecp5", cache=tmp_path, processes=1)
    for (mvau, folding), counted in zip(units, found, strict=True):
        costed = total(node_parts(mvau, Pace(folding=folding), fabric.target))
        assert counted.resources.ff == costed.ff
        assert counted.resources.bram18 == costed.bram18
        assert counted.resources.lut == pytest.approx(costed.lut, rel=0.05)


def test_rows_of_a_deep_rom_stand_side_by_side():
    words = np.arange(1, 11).reshape(5, 2)
    placed = rows_side_by_side(words, BlockLayout(blocks=1, rows=3, row_depth=2))
    assert placed.tolist() == [[1, 2, 5, 6, 9, 10], [3, 4, 7, 8, 0, 0]]


DSP_UNITS = [  # formats, MW, MH, PE, SIMD
    ("int8", "int8", 12, 4, 2, 4),
    ("int4", "int4", 12, 8, 4, 3),
    ("int4", "int4", 12, 10, 5, 1),
    ("e4m3", "e4m3", 8, 3, 1, 4),
    ("e2m1", "e2m1", 6, 3, 3, 2),
]


def _with_blocks(make_mvau, device):
    """Return the fabric with DSP blocks, and units with their foldings."""
    fabric = Fabric(target=load_target(device, "auto"), style=STYLES[device][0])
    units = [
        (make_mvau(w, a, name=f"{device}{i}", mw=mw, mh=mh, vectors=4), Folding(pe=pe, simd=simd))
        for i, (w, a, mw, mh, pe, simd) in enumerate(DSP_UNITS)
    ]
    return fabric, units


@pytest.mark.parametrize("device", ["ecp5", "xcup", "xc7", "ice40"])
def test_sums_of_products_in_dsp_blocks_are_exact(make_mvau, run_cases, make_case, device):
    fabric, units = _with_blocks(make_mvau, device)
    cases = [_case(make_case, fabric, *unit) for unit in units]
    assert sum("bf_dot_dsp" in case.design.text for case in cases) >= 2
    for (mvau, folding), case, run in zip(units, cases, run_cases(cases), strict=True):
        assert run.interval_cycles(settled=1) == ii_cycles(mvau, folding), case.label
        depth = latency_cycles(mvau, Pace(folding=folding), fabric)
        assert run.latency_cycles == mvau.mw // folding.simd - 1 + depth, case.label
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


@pytest.mark.parametrize("device", ["ecp5", "xcup"])
def test_dsp_blocks_and_flip_flops_are_as_costed(make_mvau, make_case, device, tmp_path):
    """With so many words that no two bits of them are the same, and share a register."""
    fabric = Fabric(target=load_target(device, "auto"), style=STYLES[device][0])
    units = [
        (make_mvau("int8", "int8", name="u0", mw=72, mh=16), Folding(pe=2, simd=4)),
        (make_mvau("int4", "int4", name="u1", mw=64, mh=15), Folding(pe=5, simd=2)),
    ]
    designs = [_case(make_case, fabric, *unit).design for unit in units]
    found = synthesise(designs, device, cache=tmp_path, processes=1)
    for (mvau, folding), counted in zip(units, found, strict=True):
        costed = total(node_parts(mvau, Pace(folding=folding), fabric.target))
        assert counted.resources.dsp == costed.dsp > 0
        assert counted.resources.ff == costed.ff
        assert counted.resources.bram18 == costed.bram18
        assert counted.resources.lut == pytest.approx(costed.lut, rel=0.05)


def test_depthwise_products_stay_in_luts(make_mvau, make_case):
    fabric = Fabric(target=load_target("ecp5", "auto"), style=STYLES["ecp5"][0])
    mvau, folding = make_mvau(mw=9, mh=4, groups=4, taps=9), Folding(pe=2, simd=9)
    assert "bf_dot_dsp" not in _case(make_case, fabric, mvau, folding).design.text
    assert total(node_parts(mvau, Pace(folding=folding), fabric.target)).dsp == 0


def test_weights_stand_where_the_products_want_them(make_mvau):
    mvau = make_mvau(mw=6, mh=4)
    weights = np.arange(24).reshape(4, 6)
    words = weight_words(mvau, Folding(pe=2, simd=3), weights)
    assert words.tolist() == [
        [0, 1, 2, 6, 7, 8],
        [3, 4, 5, 9, 10, 11],
        [12, 13, 14, 18, 19, 20],
        [15, 16, 17, 21, 22, 23],
    ]


def test_groups_of_several_channels_are_refused(make_mvau, portable):
    mvau = make_mvau(mw=4, mh=8, groups=2)
    model = SimpleNamespace(weights={"fc": np.zeros((8, 4), dtype=int)})
    with pytest.raises(DesignError, match="fc: 2 groups of 4 channels"):
        emit_node(mvau, Pace(folding=Folding(pe=1, simd=1)), model, portable)
