"""Requantizing by a table of all sums: for narrow sums, and for functions that are not monotone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw_models.graph import Requantize
from hw_models.tail import IntArray, SumArray, Tail

MAX_SUM_BITS = 12
"""Widest sums that are looked up; wider ones make tables larger than any other architecture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookup:
    """The code of every sum.

    Attributes:
        sum_bits: Width of the sums [bit].
        table: Codes by channel and by the sum's bit pattern, shape `(channels, 2^sum_bits)`; one
            row if all channels have the same.
    """

    sum_bits: int
    table: NDArray[np.int64]

    def codes(self, sums: SumArray) -> IntArray:
        """Return the code of each sum, shape `(…, channels)`: what hardware computes."""
        row = np.minimum(np.arange(sums.shape[-1]), len(self.table) - 1)
        patterns = sums.astype(np.int64) & ((1 << self.sum_bits) - 1)
        return np.asarray(self.table[row, patterns])


def lookup(tail: Tail, node: Requantize) -> Lookup:
    """Tabulate `tail` for every sum that `node` can take; at most `MAX_SUM_BITS` wide."""
    bits = node.accumulator_bits
    assert bits <= MAX_SUM_BITS, f"{bits} bits are too wide for a table"
    patterns = np.arange(1 << bits, dtype=np.int64)
    sums = np.where(patterns < 1 << (bits - 1), patterns, patterns - (1 << bits))
    table = tail.codes(np.repeat(sums[:, None], node.channels, axis=1)).T
    is_shared = bool((table == table[:1]).all())
    return Lookup(sum_bits=bits, table=table[:1] if is_shared else table)
