"""How many pixels a sliding window must hold, so that it never waits once it is under way."""

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from hw_models.folding import Pace, window_in_lanes
from hw_models.graph import SlidingWindow

IntArray = NDArray[np.int64]

_FRAMES = 3
"""Frames looked at: one to get under way, and one behind another."""


def pixel_groups(window: SlidingWindow, pace: Pace) -> int:
    """Return the beats in which a pixel comes."""
    return window.channels // window_in_lanes(window, pace)


def beat_taps(window: SlidingWindow, pace: Pace) -> int:
    """Return the pixels that meet in a beat that is given."""
    return pace.lanes // window_in_lanes(window, pace)


def buffer_pixels(window: SlidingWindow, pace: Pace) -> int:
    """Return the pixels that the circular buffer of `window` holds, a power of two.

    Writing and reading share the work of a frame, and the slower one must not wait for the other.
    A window is read once its last pixel is there; a pixel's place is free once the first pixel of
    the window being read lies behind it.

    * Reading is slower: windows start one after the other, and each must find its last pixel
      written, by a writer that stops where the buffer is full.
    * Writing is slower: pixels come one after the other, and each must find a free place, left by
      a reader that stops where a window is not complete.

    Raises:
        DesignError: The padding is as wide as the kernel, so that a window has no pixel at all.
    """
    _check_pads(window)
    groups = pixel_groups(window, pace)
    beats = window.taps * window.channels // pace.lanes
    first, needed = _window_bounds(window)
    number = np.arange(len(first))
    if window.vectors * beats > window.height * window.width * groups:
        # While a window is read, writing goes on until it is a buffer ahead of the window's start.
        written = number * beats // groups
        places = np.maximum.accumulate(written - first) - written
        most = int((needed[1:] + places[:-1]).max()) + 1  # the division may lose one pixel
    else:
        wait = np.maximum.accumulate(needed * groups - number * beats)
        ends = wait + (number + 1) * beats
        most = int(((ends - 1) // groups - first).max()) + 1
    most = max(most, int((needed - first).max()))
    return 1 << max(1, (most - 1).bit_length())


def span_pixels(window: SlidingWindow) -> int:
    """Return the distance from a window's first pixel to its last one, in stream order."""
    rows = (window.kernel[0] - 1) * window.dilation[0]
    return rows * window.width + (window.kernel[1] - 1) * window.dilation[1]


def _window_bounds(window: SlidingWindow) -> tuple[IntArray, IntArray]:
    """Return where windows begin, and how many pixels must be written when they are read.

    Both count the pixels of all frames, shape `(frames · vectors,)`. A window that hangs over the
    image's left or top edge begins at a pixel of an earlier row or frame.
    """
    rows = np.arange(window.out_height) * window.stride[0] - window.pads[0]
    columns = np.arange(window.out_width) * window.stride[1] - window.pads[1]
    frames = np.arange(_FRAMES) * window.height * window.width
    in_frame = (rows[:, None] * window.width + columns).reshape(-1)
    first = (frames[:, None] + in_frame).reshape(-1)
    frame_end = np.repeat(frames + window.height * window.width, window.vectors)
    return first, np.minimum(first + span_pixels(window) + 1, frame_end)


def _check_pads(window: SlidingWindow) -> None:
    for axis, name in enumerate(("rows", "columns")):
        reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1
        if max(window.pads[axis], window.pads[axis + 2]) >= reach:
            raise DesignError(
                f"{window.name}: {name} of padding {window.pads} must be fewer than the "
                f"{reach} that a window reaches"
            )
