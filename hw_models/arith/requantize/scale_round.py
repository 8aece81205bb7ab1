"""Requantizing by a multiplication: scale, offset, rounding, and a table of corrections."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.arith.operand import operand
from hw_models.arith.requantize.marks import mark_bits, rounded
from hw_models.arith.requantize.order import codes_by_place
from hw_models.tail import IntArray, SumArray

MAX_SUM_BITS = 53
"""Widest sums that are scaled: the search for lines is in float64."""
MAX_MARK_BITS = 22
"""Widest values in the unit of the marks: of wider ones, a few float32 steps exceed the unit."""
GUARD_BITS = 3
"""Bits by which a scale is wider than a sum: channels whose scales differ share one shift."""
_FLOAT32_BITS = 24
_INT64_BITS = 63


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaleRound:
    """A line through the thresholds of every channel.

    With x = ~sum where the channel is reversed and x = sum elsewhere, the point of a sum is
    ``(x + offset) · scale + bias``, with `shift` bits below the unit of the marks. Its code is that
    of the last mark it has reached, within `steps` places above place `low`. Less than
    ``2^window`` above a mark, the line may be early: there x is compared with the first x at the
    mark, of which the table holds as many low bits as tell before from behind. Half to even and
    every rounded float32 operation of the tail are in that table.

    Attributes:
        output: Format of the codes.
        sum_bits: Width of the sums [bit].
        shift: Bits of a point below the unit.
        window: Bits of a point above a mark in which x is compared; at most `shift`.
        offsets: Shape `(channels,)`; what they are added to has `offset_bits`.
        scales: Shape `(channels,)`, positive, of `scale_bits`.
        biases: Shape `(channels,)`, from 0 and less than the scale.
        low: Least place of all channels.
        steps: Places above it.
        first: Low `first_bits` of the first ``x + offset`` at each mark, by `marks.addresses`,
            shape `(channels, 2^bits)`.
        is_reversed: Whether greater sums have lesser codes, shape `(channels,)`.
    """

    output: Format
    sum_bits: int
    shift: int
    window: int
    offsets: IntArray
    scales: IntArray
    biases: IntArray
    low: int
    steps: int
    first: IntArray
    is_reversed: NDArray[np.bool_]

    def codes(self, sums: SumArray) -> IntArray:
        """Return the code of each sum, shape `(…, channels)`: what hardware computes."""
        is_wide = offset_bits(self.sum_bits) + scale_bits(self.sum_bits) > _INT64_BITS
        number = object if is_wide else np.int64
        turned = np.where(self.is_reversed, ~sums.astype(number), sums.astype(number))
        x = turned + self.offsets.astype(number)
        points = x * self.scales.astype(number) + self.biases.astype(number)
        whole = points >> self.shift
        fraction = points - (whole << self.shift)
        is_near = (fraction >> self.window == 0).astype(bool)
        x_low = (x & ((1 << first_bits(self.sum_bits)) - 1)).astype(np.int64)
        whole = np.clip(whole, -(1 << _FLOAT32_BITS), 1 << _FLOAT32_BITS).astype(np.int64)
        if operand(self.output).is_minifloat:
            places = self._minifloat_places(whole, is_near, x_low)
        else:
            places = self._integer_places(whole, is_near, x_low)
        return np.asarray(codes_by_place(self.output)[places])

    def _integer_places(
        self, whole: IntArray, is_near: NDArray[np.bool_], x_low: IntArray
    ) -> IntArray:
        place = np.clip(whole, 0, self.steps)
        is_late = is_near & (place == whole) & (place > 0) & self._is_before(x_low, place)
        return np.asarray(self.low + place - is_late)

    def _minifloat_places(
        self, whole: IntArray, is_near: NDArray[np.bool_], x_low: IntArray
    ) -> IntArray:
        is_below = whole < 0
        top = 1 << (self.output.bits - 1) if operand(self.output).is_signed else 0
        base, up, is_mark = rounded(self.output, whole)
        is_before = self._is_before(x_low, np.where(is_below, top | base, base))
        magnitude = base + np.where(is_mark & is_near, is_before == is_below, up)
        place = np.clip(
            top + np.where(is_below, ~magnitude, magnitude), self.low, self.low + self.steps
        )
        return np.where(is_below & (place == top - 1), top, place)  # no code is -0

    def _is_before(self, x_low: IntArray, address: IntArray) -> NDArray[np.bool_]:
        """Return whether x is before the first one at a mark that is near."""
        bits = first_bits(self.sum_bits)
        first = self.first[np.arange(x_low.shape[-1]), address]
        return np.asarray((x_low - first) & (1 << (bits - 1)) != 0)


def scale_bits(sum_bits: int) -> int:
    """Return the width of scales and biases [bit]: float32 tails have no finer ones."""
    return min(sum_bits, _FLOAT32_BITS) + GUARD_BITS


def offset_bits(sum_bits: int) -> int:
    """Return the width of a sum with its offset [bit]."""
    return sum_bits + 3


def total_bits(sum_bits: int) -> int:
    """Return the width of a product while terms are added at its top [bit]."""
    return max(offset_bits(sum_bits) + 1, scale_bits(sum_bits) + 2)


def first_bits(sum_bits: int) -> int:
    """Return the width of the table of the first x at each mark [bit].

    Float32 operations move a mark by up to two of their steps. Where sums have 24 bits, a step is
    one of the sum at most, and the line is early by one at most: the lowest bit of x tells. It is
    one bit more for every further bit of the sums.
    """
    return max(1, sum_bits - _FLOAT32_BITS + 1)


def parameter_bits(sum_bits: int) -> int:
    """Return the bits a channel needs: offset, bias and scale."""
    return offset_bits(sum_bits) + 2 * scale_bits(sum_bits)


def row_steps(sum_bits: int, cycles: int) -> tuple[int, ...]:
    """Return how many bits of a scale each serial multiplication takes, at most `cycles`."""
    bits = scale_bits(sum_bits)
    return tuple(min(cycles, bits - low) for low in range(0, bits, cycles))


def address_stages(output: Format) -> int:
    """Return the registers from a scaled sum to the mark beside it: minifloats are normalised."""
    return 4 if operand(output).is_minifloat else 2


def code_stages(output: Format, read_cycles: int) -> int:
    """Return the registers from a mark to its code: the table's, the decision's, the code's own.

    A minifloat's decision is followed by an addition, so the table has one more behind it.

    Args:
        output: Format of the codes.
        read_cycles: Clock edges in which the table is read.
    """
    return read_cycles + (3 if operand(output).is_minifloat else 2)


def can_scale(output: Format, sum_bits: int) -> bool:
    """Return whether codes of `output` can lie on a line of sums this wide [bit] at all."""
    return mark_bits(output) <= MAX_MARK_BITS and sum_bits <= MAX_SUM_BITS
