"""The search for the line of a scale-and-round requantizer: through all thresholds, or none."""

import numpy as np
from numpy.typing import NDArray

from hw_models.arith.requantize.marks import addresses, marks
from hw_models.arith.requantize.scale_round import (
    MAX_SUM_BITS,
    ScaleRound,
    first_bits,
    offset_bits,
    scale_bits,
    total_bits,
)
from hw_models.arith.requantize.thresholds import Bisection
from hw_models.tail import IntArray

_SEARCH_STEPS = 100
_Flags = NDArray[np.bool_]
_Numbers = NDArray[np.float64]


def scale_round(thresholds: Bisection) -> ScaleRound | None:
    """Derive the line that equals `thresholds`; `None` if there is none.

    A line is searched that reaches every mark at its first x or a little earlier: the x before the
    first is less than 2^window above the mark. An x whose point is in that window is then at most
    2^window / scale, rounded up, before the first, and less than that behind it. If that is at most
    2^(first_bits - 1), the sign of their difference modulo 2^first_bits tells which. Exact integers
    decide; the search itself is in float64.
    """
    bits, output = thresholds.sum_bits, thresholds.output
    falls = thresholds.is_reversed[:, None]
    reached = np.where(falls, -1 - thresholds.bounds[:, ::-1], thresholds.bounds + 1)
    limit = 1 << (bits - 1)
    least_x = 1 - limit - falls.astype(object)
    greatest_x = limit - 1 - falls.astype(object)
    low = int((reached <= least_x).sum(axis=1).min())
    steps = int((reached <= greatest_x).sum(axis=1).max()) - low
    if steps < 1:
        return None
    used = slice(low, low + steps)
    first, mark = reached[:, used], marks(output, low)[used]
    is_never, is_always = first > greatest_x, first <= least_x
    slopes = _slopes(first.astype(np.float64), mark, ~is_never, ~is_always)
    shift = scale_bits(bits) - 1 - int(np.floor(np.log2(slopes.max())))
    scales = np.maximum(np.rint(np.ldexp(slopes, shift)), 1).astype(np.int64).astype(object)
    target, points = mark.astype(object) << shift, scales[:, None] * first
    need = target - points
    # a channel that reaches no mark comes to the first one right behind its greatest x
    least = np.where(is_never, need[:, :1], need).max(axis=1)
    early = np.where(is_always, 0, points + least[:, None] - target).max(axis=1)
    lacking = int((early - scales).max())  # the line may be early where an x is told from the next
    window = max(lacking, 0).bit_length()
    offsets = least // scales
    reach = 7 << (offset_bits(bits) - 4)  # and a sum still fits on top
    is_too_wide = (
        scales.max() >= 1 << scale_bits(bits)
        or shift >= total_bits(bits) + scale_bits(bits)
        or np.abs(offsets).max() >= reach
    )
    is_ambiguous = window > shift or 1 << window > scales.min() << (first_bits(bits) - 1)
    if is_too_wide or is_ambiguous:
        return None
    table = np.zeros((len(first), 1 << output.bits), dtype=np.int64)
    table[:, addresses(output, low)[used]] = (first + offsets[:, None]) & (
        (1 << first_bits(bits)) - 1
    )
    return ScaleRound(
        output=output,
        sum_bits=bits,
        shift=shift,
        window=window,
        offsets=offsets.astype(np.int64),
        scales=scales.astype(np.int64),
        biases=(least - offsets * scales).astype(np.int64),
        low=low,
        steps=steps,
        first=table,
        is_reversed=thresholds.is_reversed,
    )


def _slopes(first: _Numbers, mark: IntArray, is_reached: _Flags, is_early: _Flags) -> _Numbers:
    """Return the slope of each channel's line that leaves most room, in units a step of x.

    The room between the line that reaches every mark in time, at its `first` x, and the one that is
    never early is a concave function of the slope. A channel that is hardly used has room for many
    slopes: it gets one like the others', for all share the shift and the window.
    """
    low, high = np.full(len(first), -float(MAX_SUM_BITS)), np.zeros(len(first))

    def room(log2_slope: _Numbers) -> _Numbers:
        slope = np.exp2(log2_slope)[:, None]
        ceiling, floor = mark - slope * (first - 1), mark - slope * first
        lowest = np.min(ceiling, axis=1, initial=np.inf, where=is_early)
        highest = np.max(floor, axis=1, initial=-np.inf, where=is_reached)
        return np.asarray(lowest - highest)

    for _ in range(_SEARCH_STEPS):
        third = (high - low) / 3
        is_left = room(low + third) >= room(high - third)
        low, high = np.where(is_left, low, low + third), np.where(is_left, high - third, high)
    best = (low + high) / 2
    is_tight = np.maximum(room(best - 1), room(best + 1)) < 0
    if not is_tight.any():
        return np.exp2(best)
    like_others = np.clip(best, best[is_tight].min(), best[is_tight].max())
    return np.exp2(np.where(room(like_others) >= 0, like_others, best))
