"""The size of a window's buffer against a window and a writer that move cycle by cycle."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.folding import Folding, Pace, node_ii_cycles
from hw_models.graph import SlidingWindow
from hw_models.line_buffer import buffer_pixels, pixel_groups, span_pixels


@st.composite
def windows(draw):
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    channels = draw(st.sampled_from([1, 2, 4]))
    window = SlidingWindow(
        name="w",
        kernel=kernel,
        stride=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        pads=tuple(draw(st.integers(0, kernel[i % 2] - 1)) for i in range(4)),
        channels=channels,
        height=draw(st.integers(4, 8)),
        width=draw(st.integers(4, 8)),
        act=parse_format("int4"),
    )
    simd = draw(st.sampled_from([*(s for s in (1, 2, 4) if s <= channels), channels * window.taps]))
    return window, Pace(folding=Folding(pe=1, simd=simd))


def _frame_ends(window, pace, pixels, frames=5):
    """Cycles in which frames end, with one word written and one beat read a cycle."""
    groups, size = pixel_groups(window, pace), window.height * window.width
    beats = window.taps * window.channels // pace.lanes
    starts = [
        frame * size
        + (row * window.stride[0] - window.pads[0]) * window.width
        + column * window.stride[1]
        - window.pads[1]
        for frame in range(frames)
        for row in range(window.out_height)
        for column in range(window.out_width)
    ]
    words, number, beat, cycle, ends = 0, 0, 0, 0, []
    while number < len(starts):
        written, first = words // groups, starts[number]
        frame_end = (number // window.vectors + 1) * size
        can_read = written >= min(first + span_pixels(window) + 1, frame_end)
        if written - first < pixels:
            words += 1
        if can_read:
            beat += 1
        if beat == beats:
            beat, number = 0, number + 1
            if number % window.vectors == 0:
                ends.append(cycle)
        cycle += 1
        if cycle > 100_000:
            return None
    return ends


@settings(max_examples=60, deadline=None)
@given(windows())
def test_neither_side_waits_for_the_other(case):
    window, pace = case
    ends = _frame_ends(window, pace, buffer_pixels(window, pace))
    assert ends[-1] - ends[-2] == node_ii_cycles(window, pace)


def test_a_smaller_buffer_would_not_do():
    """A quarter of it cannot hold a window; half of it loses cycles between frames."""
    window = SlidingWindow(
        name="w", kernel=(3, 3), channels=1, height=8, width=8, act=parse_format("int4")
    )
    pace = Pace(folding=Folding(pe=1, simd=1))
    pixels = buffer_pixels(window, pace)
    ends = _frame_ends(window, pace, pixels // 2)
    assert ends[-1] - ends[-2] > node_ii_cycles(window, pace)
    assert _frame_ends(window, pace, pixels // 4) is None


def test_windows_in_the_padding_alone_are_refused():
    window = SlidingWindow(
        name="w", kernel=(3, 3), pads=(0, 3, 0, 0), channels=1, height=8, width=8,
        act=parse_format("int4"),
    )  # fmt: skip
    with pytest.raises(DesignError, match="w: columns of padding"):
        buffer_pixels(window, Pace(folding=Folding(pe=1, simd=1)))
