"""Slots of nodes, counted against shapes and against windows cut out of an image."""

import numpy as np
import pytest

from dse.formats import parse_format
from hw_models.dataflow import lanes_given, lanes_taken
from hw_models.folding import Folding, Pace, legal_foldings, node_ii_cycles, node_paces, window_pace
from hw_models.graph import Mvau, Pool, PoolKind, SlidingWindow
from hw_models.schedule.program import converter_program, program


def test_every_node_takes_and_gives_its_frame_in_its_cycles(make_cnn):
    accelerator = make_cnn()
    for folding in (Folding(pe=1, simd=1), Folding(pe=2, simd=1)):
        foldings = [folding] * len(accelerator.mvaus)
        for node, pace in zip(accelerator.nodes, node_paces(accelerator, foldings), strict=True):
            steps = program(node, pace)
            assert steps.frame_beats * lanes_taken(node, pace) == node.in_elements
            assert steps.gives.sum() * lanes_given(node, pace) == node.out_elements
            assert len(steps.gives) <= node_ii_cycles(node, pace)


@pytest.mark.parametrize("groups", [1, 6])
def test_a_dense_layer_replays_its_vector_and_a_depthwise_one_does_not(make_mvau, groups):
    mvau = make_mvau(mw=9, mh=6, vectors=2, groups=groups, taps=9)
    steps = program(mvau, Pace(folding=Folding(pe=2, simd=3)))
    assert len(steps.takes) == 2 * 3 * 3
    assert steps.takes.reshape(2, 3, 3).all(axis=2).tolist() == 2 * (
        [[True, False, False]] if groups == 1 else [[True, True, True]]
    )
    assert np.flatnonzero(steps.gives).tolist() == [2, 5, 8, 11, 14, 17]


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize(
    "shape",
    [
        {"kernel": (3, 3), "pads": (1, 1, 1, 1)},
        {"kernel": (3, 2), "stride": (2, 1), "pads": (0, 1, 2, 0)},
        {"kernel": (2, 3), "dilation": (2, 1)},
        {"kernel": (1, 1), "stride": (2, 2)},
    ],
)
def test_a_window_needs_and_keeps_what_its_elements_come_from(shape, groups):
    window = SlidingWindow(
        name="w", channels=4, height=6, width=5, act=parse_format("int4"), groups=groups, **shape
    )
    inner = 4 // groups
    mvau = Mvau(
        name="m",
        mw=window.taps * inner,
        mh=4,
        vectors=window.vectors,
        groups=groups,
        taps=window.taps,
        weight=parse_format("int4"),
        act=parse_format("int4"),
    )
    for folding in legal_foldings(mvau):
        pace = window_pace(mvau, folding)
        steps = program(window, pace)
        taken = lanes_taken(window, pace)
        rows = [set(row) - {-1} for row in _beats(window, pace)]
        for slot in range(len(rows)):
            assert steps.needs[slot] >= max(rows[slot], default=-1) + 1
            assert steps.keeps[slot] <= min(set().union(*rows[slot:]), default=10_000)
            assert 0 < steps.needs[slot] - steps.keeps[slot] <= steps.capacity
        assert steps.needs[-1] <= steps.frame_beats == window.in_elements // taken


def _beats(window, pace):
    """Cut the windows out of an image whose elements name the beat they come in."""
    taken = lanes_taken(window, pace)
    shape = (window.height, window.width, window.channels)
    image = (np.arange(window.in_elements) // taken).reshape(shape)
    top, left, bottom, right = window.pads
    image = np.pad(image, ((top, bottom), (left, right), (0, 0)), constant_values=-1)
    reach = [(k - 1) * d + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(image, reach, axis=(0, 1))
    views = views[
        :: window.stride[0], :: window.stride[1], :, :: window.dilation[0], :: window.dilation[1]
    ]
    vectors = views.transpose(0, 1, 3, 4, 2).reshape(window.vectors, window.taps, window.channels)
    if window.groups == 1:
        return vectors.reshape(-1, pace.lanes)
    pe, simd = pace.folding.pe, pace.folding.simd
    return [
        vector[tap : tap + simd, group : group + pe].reshape(-1).tolist()
        for vector in vectors
        for group in range(0, window.channels, pe)
        for tap in range(0, window.taps, simd)
    ]


def test_a_pool_gives_each_window_with_its_last_pixel():
    pool = Pool(
        name="p",
        reduce=PoolKind.MAX,
        kernel=(2, 2),
        stride=(2, 2),
        channels=2,
        height=4,
        width=5,
        act=parse_format("int4"),
    )
    steps = program(pool, Pace(folding=Folding(pe=1, simd=1)))
    gives = steps.gives.reshape(4, 5, 2)
    assert gives.all(axis=2).tolist() == [
        [False] * 5,
        [False, True, False, True, False],
        [False] * 5,
        [False, True, False, True, False],
    ]
    assert gives.any(axis=2).sum() == 4


def test_a_padded_pool_gives_with_the_last_pixel_there_is():
    pool = Pool(
        name="p",
        reduce=PoolKind.MAX,
        kernel=(2, 3),
        stride=(2, 3),
        pads=(1, 0, 1, 1),
        channels=1,
        height=4,
        width=5,
        act=parse_format("int4"),
    )
    gives = program(pool, Pace(folding=Folding(pe=1, simd=1))).gives.reshape(4, 5)
    last = [False, False, True, False, True]
    assert gives.tolist() == [last, [False] * 5, last, last]


@pytest.mark.parametrize(("taken", "given"), [(1, 4), (4, 1), (2, 6)])
def test_a_converter_gives_an_element_only_after_taking_it(taken, given):
    steps = converter_program(taken, given)
    assert steps.takes.sum() * taken == steps.gives.sum() * given == max(taken, given)
    inside = np.cumsum(steps.takes) * taken - np.cumsum(steps.gives) * given
    assert (inside >= 0).all()
