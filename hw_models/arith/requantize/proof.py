"""Proof that a requantizer equals its tail for every sum."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hw_models.tail import IntArray, SumArray, Tail

_INT64_BITS = 63


def differences(
    codes: Callable[[SumArray], IntArray], bounds: NDArray[np.object_], tail: Tail, sum_bits: int
) -> str:
    """Return in words where a requantizer differs from `tail`; nothing if they are equal.

    Both are monotone in every channel. So if they agree at both sides of every bound between two
    codes and at the ends of the range, they agree everywhere.

    Args:
        codes: What the requantizer makes of sums of shape `(n, channels)`.
        bounds: The greatest sums below each of its thresholds, shape `(channels, thresholds)`.
        tail: What it was derived from.
        sum_bits: Width of the sums [bit]; the least word of that width is no sum.
    """
    greatest = (1 << (sum_bits - 1)) - 1
    ends = np.full((len(bounds), 2), greatest, dtype=object) * np.array([-1, 1])
    sums = np.concatenate([bounds, bounds + 1, ends], axis=1).T
    sums = np.clip(sums, -greatest, greatest)
    if sum_bits <= _INT64_BITS:
        sums = sums.astype(np.int64)
    wrong = np.argwhere(codes(sums) != tail.codes(sums))
    if not len(wrong):
        return ""
    place, channel = wrong[0]
    return f"{len(wrong)} sums, first {sums[place, channel]} of channel {channel}"
