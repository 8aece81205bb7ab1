"""Sliding windows against NumPy: kernels, strides, pads, dilations, foldings, stalls, cycles."""

import numpy as np
import pytest

from dse.errors import DesignError
from dse.formats import parse_format
from hw_models.folding import Folding, Pace, node_ii_cycles, window_in_lanes
from hw_models.graph import SlidingWindow
from hw_models.line_buffer import pixel_groups, span_pixels
from hw_models.rtl import sliding_window  # noqa: F401 - registers its emitter
from hw_models.rtl.latency import latency_cycles
from hw_models.rtl.node import emit_node

pytestmark = pytest.mark.tool("verilator")


def _window(name, kernel, size, channels, *, stride=1, pads=0, dilation=1, groups=1, bits=4):
    pads = pads if isinstance(pads, tuple) else (pads,) * 4
    return SlidingWindow(
        name=name,
        kernel=kernel,
        stride=(stride, stride),
        pads=pads,
        dilation=(dilation, dilation),
        channels=channels,
        height=size[0],
        width=size[1],
        act=parse_format(f"uint{bits}"),
        groups=groups,
    )


# kernel, image, channels, options, foldings as (groups of channels, SIMD)
WINDOWS = [
    ((3, 3), (6, 7), 1, {"pads": 1}, [(1, 1), (1, 3), (1, 9)]),
    ((3, 3), (6, 7), 1, {}, [(1, 1), (1, 3), (1, 9)]),
    ((3, 3), (5, 6), 4, {"pads": 1}, [(1, 1), (1, 2), (1, 4), (1, 12), (1, 36)]),
    ((3, 3), (7, 7), 6, {"pads": (0, 0, 1, 1), "stride": 2}, [(1, 2), (1, 6), (1, 18), (1, 54)]),
    ((3, 3), (8, 8), 2, {"pads": 1, "stride": 2}, [(1, 1), (1, 2), (1, 6)]),
    ((5, 5), (7, 8), 1, {"pads": (2, 1, 1, 2)}, [(1, 1), (1, 5), (1, 25)]),
    ((2, 3), (6, 6), 2, {"pads": (1, 0, 0, 2)}, [(1, 2), (1, 4), (1, 6), (1, 12)]),
    ((3, 3), (9, 8), 2, {"pads": 2, "dilation": 2}, [(1, 2), (1, 6)]),
    ((1, 1), (6, 6), 4, {"stride": 2}, [(1, 1), (1, 2), (1, 4)]),
    ((1, 1), (4, 5), 3, {}, [(1, 1), (1, 3)]),
    ((4, 4), (4, 4), 2, {}, [(1, 1), (1, 2), (1, 8)]),
    ((3, 3), (5, 6), 4, {"pads": 1, "groups": 4}, [(1, 1), (1, 3), (2, 3), (2, 9), (4, 9)]),
    ((3, 3), (6, 6), 6, {"pads": 1, "stride": 2, "groups": 6}, [(2, 1), (3, 9), (6, 3)]),
    ((4, 10), (12, 5), 1, {"pads": (1, 4, 2, 5), "stride": 2}, [(1, 1), (1, 10)]),
]


def _windows():
    for position, (kernel, size, channels, options, foldings) in enumerate(WINDOWS):
        for pe, simd in foldings:
            window = _window(f"w{position}_{pe}_{simd}", kernel, size, channels, **options)
            yield window, Pace(folding=Folding(pe=pe, simd=simd))


def _stream(window, pace, images):
    """Return the windows of `images`, in the order of the beats that a layer reads."""
    top, left, bottom, right = window.pads
    padded = np.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)))
    taps = []
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            y, x = i * window.dilation[0], j * window.dilation[1]
            rows = slice(y, y + (window.out_height - 1) * window.stride[0] + 1, window.stride[0])
            columns = slice(x, x + (window.out_width - 1) * window.stride[1] + 1, window.stride[1])
            taps.append(padded[:, rows, columns])
    vectors = np.stack(taps, axis=3)  # frame, row, column, tap, channel
    if window.groups > 1:
        pe, simd = pace.folding.pe, pace.folding.simd
        folds, groups = window.taps // simd, window.channels // pe
        split = vectors.reshape(*vectors.shape[:3], folds, simd, groups, pe)
        vectors = split.transpose(0, 1, 2, 5, 3, 6, 4)
    return vectors.reshape(len(images), -1)


def _case(make_case, fabric, window, pace, frames=5, seed=3):
    rng = np.random.default_rng(seed)
    shape = (frames, window.height, window.width, window.channels)
    images = rng.integers(0, window.act.n_codes, shape)
    return make_case(
        label=f"{window.name}",
        design=emit_node(window, pace, None, fabric),
        in_bits=window.act.bits,
        in_lanes=window_in_lanes(window, pace),
        inputs=images.reshape(frames, -1),
        out_bits=window.act.bits,
        out_lanes=pace.lanes,
        outputs=_stream(window, pace, images),
    )


def test_windows_are_exact_at_full_speed_and_under_stalls(run_cases, make_case, portable):
    windows = list(_windows())
    cases = [_case(make_case, portable, *window) for window in windows]
    runs = run_cases(cases)
    slow = {}
    for (window, pace), run in zip(windows, runs, strict=True):
        expected = node_ii_cycles(window, pace)
        if run.interval_cycles(settled=2) != expected:
            slow[window.name] = (run.interval_cycles(settled=2), expected)
        padding = window.pads[0] * window.width + window.pads[1]
        needed = min(span_pixels(window) + 1 - padding, window.height * window.width)
        written = needed * pixel_groups(window, pace)
        depth = latency_cycles(window, pace, portable)
        assert run.latency_cycles == written + depth, window.name
    assert not slow
    run_cases(cases, seed=2, gap=0.5)
    run_cases(cases, seed=3, backpressure=0.5)
    run_cases(cases, seed=4, gap=0.3, backpressure=0.7)


def test_one_frame_alone_comes_out_whole(run_cases, make_case, portable):
    cases = [_case(make_case, portable, *window, frames=1) for window in _windows()]
    run_cases(cases)


def test_padding_as_wide_as_the_kernel_is_refused(portable):
    window = _window("w", (1, 1), (4, 4), 2, pads=1)
    with pytest.raises(DesignError, match="w: rows of padding"):
        emit_node(window, Pace(folding=Folding(pe=1, simd=1)), None, portable)
