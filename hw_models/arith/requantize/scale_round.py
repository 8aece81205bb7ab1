"""Requantizing to integers by a multiplication: scale, offset, and a list of late codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.arith.operand import operand
from hw_models.arith.requantize.order import codes_by_place
from hw_models.arith.requantize.thresholds import Bisection
from hw_models.tail import IntArray, SumArray

MAX_SUM_BITS = 26
"""Widest sums that are scaled: float32 steps of wider ones are not a straight line of integers."""
GUARD_BITS = 4
"""Bits by which a scale is wider than a sum: channels whose scales differ share one shift."""
_SEARCH_STEPS = 100
_INT64_BITS = 63
_LEAST, _GREATEST = -(1 << _INT64_BITS), (1 << _INT64_BITS) - 1
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaleRound:
    """A line through the thresholds of every channel.

    With x = ~sum where the channel is reversed and x = sum elsewhere, a code is
    ``((x + offset) · scale + bias) >> shift`` within 0 … `steps` places above place `low`, and one
    place lower where x is the first at a place that `is_late`. Half to even and every rounded
    float32 operation of the tail are in that list.

    Attributes:
        output: Format of the codes, an integer.
        sum_bits: Width of the sums [bit].
        shift: Bits below the place.
        offsets: Shape `(channels,)`; what they are added to has `offset_bits`.
        scales: Shape `(channels,)`, positive, of `scale_bits`, less than ``2^shift``.
        biases: Shape `(channels,)`, from 0 and less than the scale.
        low: Least place of all channels.
        steps: Places above it.
        is_late: By places above the least, shape `(channels, 2^bits)`.
        is_reversed: Whether greater sums have lesser codes, shape `(channels,)`.
    """

    output: Format
    sum_bits: int
    shift: int
    offsets: IntArray
    scales: IntArray
    biases: IntArray
    low: int
    steps: int
    is_late: NDArray[np.bool_]
    is_reversed: NDArray[np.bool_]

    def codes(self, sums: SumArray) -> IntArray:
        """Return the code of each sum, shape `(…, channels)`: what hardware computes."""
        x = sums.astype(np.int64) ^ -self.is_reversed.astype(np.int64)
        scaled = (x + self.offsets) * self.scales + self.biases
        step = scaled >> self.shift
        is_inside = (step >= 0) & (step <= self.steps)
        is_first = is_inside & (scaled - (step << self.shift) < self.scales)
        step = np.clip(step, 0, self.steps)
        step = step - (is_first & self.is_late[np.arange(sums.shape[-1]), step])
        return np.asarray(codes_by_place(self.output)[self.low + step])


def scale_bits(sum_bits: int) -> int:
    """Return the width of scales and biases [bit]."""
    return sum_bits + GUARD_BITS


def offset_bits(sum_bits: int) -> int:
    """Return the width of a sum with its offset [bit]."""
    return sum_bits + 3


def parameter_bits(sum_bits: int) -> int:
    """Return the bits a channel needs: direction, offset, bias and scale."""
    return 1 + offset_bits(sum_bits) + 2 * scale_bits(sum_bits)


def can_scale(output: Format, sum_bits: int) -> bool:
    """Return whether codes of `output` can lie on a line of sums this wide [bit] at all."""
    return not operand(output).is_minifloat and sum_bits <= MAX_SUM_BITS


def scale_round(thresholds: Bisection) -> ScaleRound | None:
    """Derive the line that equals `thresholds`; `None` if there is none.

    A line is searched that reaches every place at its first x or one x earlier; then that place is
    late. Exact integers decide; the search itself is in float64.
    """
    bits = thresholds.sum_bits
    bounds = thresholds.bounds.astype(np.int64)
    falls = thresholds.is_reversed[:, None]
    first = np.where(falls, -1 - bounds[:, ::-1], bounds + 1)  # the first x at places 1, 2, …
    least_x = 1 - (1 << (bits - 1)) - falls
    greatest_x = (1 << (bits - 1)) - 1 - falls
    low = int((first <= least_x).sum(axis=1).min())
    steps = int((first <= greatest_x).sum(axis=1).max()) - low
    if steps < 1:
        return None
    first = first[:, low : low + steps]
    is_never, is_always = first > greatest_x, first <= least_x
    early = np.minimum(first - 2, greatest_x)
    slopes = _slopes(first, early, ~is_never, ~is_always)
    shift = scale_bits(bits) + int(np.floor(-np.log2(slopes.max()))) - 1
    if shift > 2 * scale_bits(bits) or shift + steps.bit_length() >= _INT64_BITS:
        return None
    scales = np.maximum(np.rint(np.ldexp(slopes, shift)).astype(np.int64), 1)
    target = np.arange(1, steps + 1) << shift
    need, limit = target - scales[:, None] * first, target - scales[:, None] * early
    least = np.max(need, axis=1, initial=_LEAST, where=~is_never)
    greatest = np.min(limit, axis=1, initial=_GREATEST, where=~is_always) - 1
    offsets = least // scales
    reach = 7 << (offset_bits(bits) - 4)  # and a sum still fits on top
    is_too_wide = scales.max() >= 1 << min(shift, scale_bits(bits))
    if (least > greatest).any() or is_too_wide or np.abs(offsets).max() >= reach:
        return None
    is_early = scales[:, None] * (first - 1) + least[:, None] >= target
    is_late = np.zeros((len(bounds), 1 << thresholds.output.bits), dtype=np.bool_)
    is_late[:, 1 : steps + 1] = is_early & ~is_always & ~is_never
    return ScaleRound(
        output=thresholds.output,
        sum_bits=bits,
        shift=shift,
        offsets=offsets,
        scales=scales,
        biases=least - offsets * scales,
        low=low,
        steps=steps,
        is_late=is_late,
        is_reversed=thresholds.is_reversed,
    )


def _slopes(
    reached: IntArray, early: IntArray, is_reached: _Flags, is_early: _Flags
) -> NDArray[np.float64]:
    """Return the slope of each channel's line that leaves much room, in places a step of x.

    At x = `reached` a place must be reached, if it ever is; at `early` it must not be, if not yet.
    The room between the line that reaches every place in time and the one that is never early is a
    concave function of the slope. Where half the slope leaves half as much room, it is taken:
    channels that are hardly used shall not spoil the shift of all.
    """
    places = np.arange(1, reached.shape[1] + 1)
    least = 2.0 ** -(MAX_SUM_BITS + GUARD_BITS)
    low, high = np.full(len(reached), least), np.ones(len(reached))

    def room(slope: NDArray[np.float64]) -> NDArray[np.float64]:
        ceiling, floor = places - slope[:, None] * early, places - slope[:, None] * reached
        lowest = np.min(ceiling, axis=1, initial=np.inf, where=is_early)
        highest = np.max(floor, axis=1, initial=-np.inf, where=is_reached)
        return np.asarray(lowest - highest)

    for _ in range(_SEARCH_STEPS):
        third = (high - low) / 3
        is_left = room(low + third) >= room(high - third)
        low, high = np.where(is_left, low, low + third), np.where(is_left, high - third, high)
    slope = (low + high) / 2
    for _ in range(MAX_SUM_BITS):
        is_slack = (room(slope / 2) > room(slope) / 2) & (room(slope / 2) > 0)
        slope = np.where(is_slack & (slope / 2 >= least), slope / 2, slope)
    return np.asarray(slope)


def row_steps(sum_bits: int, cycles: int) -> tuple[int, ...]:
    """Return how many bits of a scale each serial multiplication takes, at most `cycles`."""
    bits = scale_bits(sum_bits)
    return tuple(min(cycles, bits - low) for low in range(0, bits, cycles))
