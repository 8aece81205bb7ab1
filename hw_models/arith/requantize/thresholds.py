"""Requantizing by bisection: a sum is compared with one threshold for each bit of its code."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.formats import Format
from hw_models.arith.requantize.order import codes_by_place
from hw_models.graph import Requantize
from hw_models.tail import IntArray, SumArray, Tail, ordered_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdUnit:
    """A comparator with a memory of its own, which finds some bits of a code, one after the other.

    Attributes:
        before: Bits that are known when a sum arrives.
        steps: Bits found here.
    """

    before: int
    steps: int

    @property
    def words(self) -> int:
        """Words of memory per channel.

        Each step has a threshold for every value of the bits known by then. They lie in a heap, the
        root at 1, so that the bits found here are the address; word 0 is not used.
        """
        return 1 << (self.before + self.steps) if self.steps > 1 else 1 << self.before


def threshold_units(output: Format, cycles: int) -> tuple[ThresholdUnit, ...]:
    """Return the comparators that find a code of `output`, each in at most `cycles` steps."""
    return tuple(
        ThresholdUnit(before=low, steps=min(cycles, output.bits - low))
        for low in range(0, output.bits, cycles)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bisection:
    """Thresholds of every place among the codes of a format.

    A sum is at position p if it is above `bounds` 1 … p, not above the next. Its place is p, or
    counted from the other end where the channel is reversed, and `codes_by_place` is its code.
    The least word of `sum_bits` bits is no sum: sums are symmetric about 0.

    Attributes:
        output: Format of the codes.
        sum_bits: Width of the sums [bit].
        bounds: Ascending Python integers of `sum_bits` bits, shape `(channels, 2^bits - 1)`.
        is_reversed: Whether greater sums have lesser codes, shape `(channels,)`.
    """

    output: Format
    sum_bits: int
    bounds: NDArray[np.object_]
    is_reversed: NDArray[np.bool_]

    def codes(self, sums: SumArray) -> IntArray:
        """Return the code of each sum, shape `(…, channels)`: what hardware computes."""
        places = np.empty(sums.shape, dtype=np.int64)
        last = (1 << self.output.bits) - 1
        for channel, (bounds, turned) in enumerate(zip(self.bounds, self.is_reversed, strict=True)):
            position = np.searchsorted(bounds, sums[..., channel].astype(object), side="left")
            places[..., channel] = last - position if turned else position
        return codes_by_place(self.output)[places]

    def words(self, unit: ThresholdUnit, channel: int) -> list[int]:
        """Return the memory of `unit` for one channel as bit patterns, `unit.words` of them."""
        heaps = range(1 << unit.steps) if unit.steps > 1 else (1,)
        mask = (1 << self.sum_bits) - 1
        return [
            int(self.bounds[channel, self._middle(unit, before, heap)]) & mask if heap else 0
            for before in range(1 << unit.before)
            for heap in heaps
        ]

    def _middle(self, unit: ThresholdUnit, before: int, heap: int) -> int:
        """Return which bound halves the places left, where `before` and `heap` are known."""
        steps = heap.bit_length() - 1  # done in this unit
        known = (before << steps) | (heap - (1 << steps))
        left = self.output.bits - unit.before - steps
        return ((2 * known + 1) << (left - 1)) - 1


def bisection(tail: Tail, node: Requantize) -> Bisection:
    """Derive the thresholds that equal `tail` for every sum that `node` can take."""
    thresholds = tail.thresholds(node.accumulator_bits, node.channels)
    code_at = codes_by_place(node.output)
    place_of = np.empty_like(code_at)
    place_of[code_at] = np.arange(len(code_at))
    places = place_of[ordered_codes(node.output)]  # ascending, as codes and places both are
    # How many codes lie below place 1, 2, …: their thresholds are those of the next code upwards.
    below = np.searchsorted(places, np.arange(1, len(code_at)))
    bounds = np.empty((node.channels, len(code_at) - 1), dtype=object)
    limit = 1 << (node.accumulator_bits - 1)
    for channel, falls in enumerate(thresholds.is_decreasing):
        # x >= reached[k] where x has at least k codes below it; every x has none.
        reached = [-limit, *thresholds.least[channel], limit]
        row = [reached[k] - 1 for k in below]
        if falls:  # x = ~sum is below a threshold where the sum is above its complement
            row = [-reached[k] - 1 for k in below[::-1]]
        bounds[channel] = [max(-limit, min(bound, limit - 1)) for bound in row]
    return Bisection(
        output=node.output,
        sum_bits=node.accumulator_bits,
        bounds=bounds,
        is_reversed=thresholds.is_decreasing,
    )
