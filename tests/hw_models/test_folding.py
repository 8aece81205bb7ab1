from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import FoldingError
from dse.formats import parse_format
from hw_models.folding import (
    Folding,
    Pace,
    check_folding,
    fold,
    fold_to_fps,
    ii_cycles,
    layer_ii_cycles,
    legal_foldings,
    legal_pe,
    legal_simd,
    node_ii_cycles,
    node_paces,
)
from hw_models.graph import Accelerator, Mvau, Pool, PoolKind, Requantize

INT8, UINT8 = parse_format("int8"), parse_format("uint8")


@st.composite
def mvaus(draw):
    groups = draw(st.integers(1, 4))
    taps = draw(st.sampled_from([1, 4, 9]))
    return Mvau(
        name="layer",
        mw=taps * draw(st.integers(1, 24)),
        mh=groups * draw(st.integers(1, 16)),
        vectors=draw(st.integers(1, 50)),
        groups=groups,
        taps=taps,
        weight=INT8,
        act=INT8,
    )


@given(mvaus())
def test_legal_foldings_divide_and_do_not_straddle(mvau):
    per_group, pixel = mvau.mh // mvau.groups, mvau.mw // mvau.taps
    for folding in legal_foldings(mvau):
        assert mvau.mh % folding.pe == 0
        assert mvau.mw % folding.simd == 0
        assert per_group % folding.pe == 0 or folding.pe % per_group == 0
        assert pixel % folding.simd == 0 or folding.simd % pixel == 0
    assert {1, mvau.mh} <= set(legal_pe(mvau))
    assert {1, mvau.mw} <= set(legal_simd(mvau))


@given(mvaus())
def test_cheapest_first_and_wide_simd_before_many_pe(mvau):
    order = [(folding.lanes, folding.pe) for folding in legal_foldings(mvau)]
    assert order == sorted(order)
    assert len(set(order)) == len(legal_pe(mvau)) * len(legal_simd(mvau))


@given(mvaus())
def test_more_lanes_never_take_more_cycles(mvau):
    assert ii_cycles(mvau, Folding(pe=1, simd=1)) == mvau.macs
    assert ii_cycles(mvau, Folding(pe=mvau.mh, simd=mvau.mw)) == mvau.vectors
    for simd in legal_simd(mvau):
        cycles = [ii_cycles(mvau, Folding(pe=pe, simd=simd)) for pe in legal_pe(mvau)]
        assert all(a > b for a, b in pairwise(cycles))
    for folding in legal_foldings(mvau):
        assert ii_cycles(mvau, folding) * folding.lanes == mvau.macs


def test_depthwise_layers_parallelise_over_channels(make_mvau):
    depthwise = make_mvau(mw=9, mh=32, vectors=10, groups=32, taps=9)
    assert legal_pe(depthwise) == (1, 2, 4, 8, 16, 32)
    assert ii_cycles(depthwise, Folding(pe=8, simd=9)) == 10 * 4


def test_illegal_foldings_are_named(make_mvau):
    with pytest.raises(FoldingError, match="fc: PE = 3 is not one of"):
        check_folding(make_mvau(), Folding(pe=3, simd=1))
    with pytest.raises(FoldingError, match="fc: SIMD = 7 is not one of"):
        ii_cycles(make_mvau(), Folding(pe=1, simd=7))
    straddling = make_mvau(mw=36, taps=9)
    with pytest.raises(FoldingError, match="SIMD = 6"):
        check_folding(straddling, Folding(pe=1, simd=6))
    grouped = make_mvau(mh=12, groups=4)
    with pytest.raises(FoldingError, match="PE = 2"):
        check_folding(grouped, Folding(pe=2, simd=1))


@given(st.data())
def test_fold_finds_the_fewest_lanes(make_cnn, data):
    cnn = make_cnn()
    target = data.draw(st.integers(64, 5000))
    for mvau, chosen in zip(cnn.mvaus, fold(cnn, target), strict=True):
        pairs = product(legal_pe(mvau), legal_simd(mvau))
        every = [Folding(pe=pe, simd=simd) for pe, simd in pairs]
        reaching = [f for f in every if layer_ii_cycles(cnn, mvau, f) <= target]
        assert chosen in reaching
        assert (chosen.lanes, chosen.pe) == min((f.lanes, f.pe) for f in reaching)


def test_fold_does_not_look_at_formats(make_cnn):
    assert fold(make_cnn("int3", "int3"), 500) == fold(make_cnn("e5m2", "e5m2"), 500)


def test_fold_to_fps_takes_the_floor_of_clock_over_fps(make_cnn):
    cnn = make_cnn()
    assert fold_to_fps(cnn, fps=100e6 / 500.9, clock_mhz=100) == fold(cnn, 500)


def test_unreachable_rates_name_the_layer_and_the_best_rate(make_cnn):
    cnn = make_cnn()
    with pytest.raises(FoldingError, match=r"conv takes 64 cycles .* 1.5625e\+06 fps"):
        fold_to_fps(cnn, fps=1.6e6, clock_mhz=100)
    best = fold_to_fps(cnn, fps=1.5625e6, clock_mhz=100)
    assert best[0] == Folding(pe=16, simd=9)
    with pytest.raises(FoldingError, match="conv takes 64 cycles"):
        fold(cnn, 63)
    with pytest.raises(FoldingError, match="positive"):
        fold_to_fps(cnn, fps=0, clock_mhz=100)


def test_every_node_keeps_the_pace_of_its_layer(make_cnn):
    cnn = make_cnn()
    foldings = fold(cnn, 500)
    cycles = {
        node.name: node_ii_cycles(node, pace)
        for node, pace in zip(cnn.nodes, node_paces(cnn, foldings), strict=True)
    }
    layers = [layer_ii_cycles(cnn, mvau, f) for mvau, f in zip(cnn.mvaus, foldings, strict=True)]
    assert max(cycles.values()) == max(layers) <= 500
    assert cycles["conv.quant"] == cycles["pool"] == cycles["conv"]


def test_a_strided_window_can_be_the_bottleneck(make_cnn, make_mvau):
    """A 1x1 kernel of stride 2 reads every pixel and uses a quarter of them."""
    window = make_cnn().nodes[4]
    window = type(window)(
        name="w", kernel=(1, 1), stride=(2, 2), channels=16, height=4, width=4, act=INT8
    )
    mvau = make_mvau(name="m", mw=16, mh=2, vectors=4)
    chain = Accelerator(nodes=(window, mvau))
    full = Folding(pe=2, simd=16)
    assert ii_cycles(mvau, full) == 4
    assert layer_ii_cycles(chain, mvau, full) == 16
    with pytest.raises(FoldingError, match="m takes 16 cycles"):
        fold(chain, 15)


def test_a_window_in_front_of_a_pool_can_be_the_bottleneck(make_mvau):
    """Nine times as many codes as a quarter of the pixels, in as many lanes as the layer gives."""
    mvau = make_mvau(name="m", mw=16, mh=4, vectors=64)
    codes = Requantize.after(mvau, name="m.quant", output=UINT8)
    pool = Pool(
        name="pool", reduce=PoolKind.MAX, kernel=(3, 3), stride=(2, 2), pads=(1, 1, 1, 1),
        channels=4, height=8, width=8, act=UINT8,
    )  # fmt: skip
    chain = Accelerator(nodes=(mvau, codes, *pool.laid_out("pool.window")))
    full = Folding(pe=2, simd=16)
    assert ii_cycles(mvau, full) == 128
    assert layer_ii_cycles(chain, mvau, full) == 16 * 9 * 4 // 2
    window, rows = node_paces(chain, [full])[2:]
    assert (window.lanes, rows.lanes) == (2, 2)


def test_one_folding_per_layer(make_cnn):
    with pytest.raises(FoldingError, match="4 layers need as many foldings, not 1"):
        node_paces(make_cnn(), [Folding(pe=1, simd=1)])


def test_an_average_pool_gives_its_sums_more_slowly(make_cnn):
    cnn = make_cnn()
    paces = dict(zip((n.name for n in cnn.nodes), node_paces(cnn, fold(cnn, 2000)), strict=True))
    assert paces["mean.quant"] == Pace(
        folding=paces["mean"].folding, cycles=4 * paces["mean"].cycles
    )
