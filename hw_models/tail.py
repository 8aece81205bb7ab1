"""What follows a layer's exact sums, in float32: the one source of every requantizer.

Scale, bias, BatchNorm, activation and output quantizer are evaluated as QONNX does it, one rounded
float32 operation after the other. Hardware never computes this; it uses integers that are derived
from it and proven equal to it over the whole range of the sums.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.formats import Format

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
SumArray = NDArray[np.int64] | NDArray[np.object_]
"""Exact sums: int64, or Python integers where they take more than 63 bits."""

_FLOAT32_BITS = 24


class Step(Protocol):
    """A monotone float32 function; parameters have shape `(channels,)` or `(1,)`."""

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the function's value at `x`, shape `(…, channels)`."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Adds a constant, such as a bias."""

    values: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` + values."""
        return x + self.values


@dataclass(frozen=True, slots=True, eq=False)
class Multiply:
    """Multiplies by a constant."""

    values: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` · values."""
        return x * self.values


@dataclass(frozen=True, slots=True, eq=False)
class Divide:
    """Divides by a constant."""

    values: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` / values."""
        return x / self.values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchNorm:
    """BatchNormalization of inference, as ONNX defines it."""

    weight: FloatArray
    bias: FloatArray
    mean: FloatArray
    variance: FloatArray
    epsilon: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return ``x·s + (bias - mean·s)`` with ``s = weight / sqrt(variance + epsilon)``."""
        scale = self.weight / np.sqrt(self.variance + np.float32(self.epsilon))
        return np.asarray(x * scale + (self.bias - self.mean * scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Keeps values within bounds; a ReLU has bounds 0 and infinity."""

    low: float
    high: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` within low … high."""
        return np.clip(x, np.float32(self.low), np.float32(self.high))


@dataclass(frozen=True, slots=True, eq=False)
class LeakyRelu:
    """Multiplies negative values by slopes that are not negative."""

    slopes: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` where it is not negative, else `x` · slope."""
        return np.where(x < 0, x * self.slopes, x)


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """The logistic function."""

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return 1 / (1 + e^-x)."""
        negative = np.exp(-np.abs(x))
        return np.asarray(np.where(x < 0, negative, np.float32(1)) / (np.float32(1) + negative))


@dataclass(frozen=True, slots=True)
class Tanh:
    """The hyperbolic tangent."""

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return tanh(x)."""
        return np.tanh(x)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputQuantizer:
    """From real values to codes: ``encode(x / scale)``, half to even, saturating.

    Attributes:
        format: Format of the codes.
        scale: Value of the format's 1, a float32 number.
    """

    format: Format
    scale: float

    def codes(self, x: FloatArray) -> IntArray:
        """Return the codes of float32 values."""
        return self.format.encode(x / np.float32(self.scale))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thresholds:
    """A tail as comparisons of integers.

    With x = ~sum where the channel is decreasing and x = sum elsewhere, the index of the code among
    the format's codes in ascending order of value is the number of thresholds that x reaches.

    Attributes:
        is_decreasing: Shape `(channels,)`.
        least: Ascending thresholds as Python integers, shape `(channels, n_codes - 1)`, clamped to
            -2^(bits-1), which every sum reaches, and 2^(bits-1), which none does.
    """

    is_decreasing: NDArray[np.bool_]
    least: NDArray[np.object_]

    def indices(self, sums: SumArray) -> IntArray:
        """Return the index of the code of each sum, shape `(…, channels)`."""
        indices = np.empty(sums.shape, dtype=np.int64)
        for channel, (least, falls) in enumerate(zip(self.least, self.is_decreasing, strict=True)):
            x = -sums[..., channel] - 1 if falls else sums[..., channel]
            indices[..., channel] = np.searchsorted(least, x.astype(object), side="right")
        return indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tail:
    """What follows the exact sums of a layer.

    Attributes:
        scale: Value of a sum's least significant bit, shape `(channels,)` or `(1,)`, positive.
        steps: Applied one after the other to ``float32(sum) · scale``.
        output: Quantizer at the end; `None` where the host takes the float32 values.
    """

    scale: FloatArray
    steps: tuple[Step, ...] = ()
    output: OutputQuantizer | None

    def values(self, sums: SumArray) -> FloatArray:
        """Return the float32 values in front of the quantizer, shape `(…, channels)`."""
        return self._values(round_to_float32(sums))

    def _values(self, x: FloatArray) -> FloatArray:
        x = x * self.scale
        for step in self.steps:
            x = step(x)
        return x

    def codes(self, sums: SumArray) -> IntArray:
        """Return the codes of `sums`, shape `(…, channels)`."""
        assert self.output is not None, "the host's tail has no codes"
        return self.output.codes(self.values(sums))

    def thresholds(self, bits: int, channels: int) -> Thresholds:
        """Return the comparisons that equal this tail for every sum of `bits` bits.

        Bisection over float32 numbers, since sums are rounded to them first: 32 steps at any width.
        """
        assert self.output is not None, "the host's tail has no thresholds"
        grid = self.output.format.grid()
        codes_to_index = np.zeros(1 << self.output.format.bits, dtype=np.int64)
        codes_to_index[ordered_codes(self.output.format)] = np.arange(len(grid))
        limit = int(np.float32(2.0 ** (bits - 1)).view(np.int32))

        def index(order: IntArray) -> IntArray:
            """Return the code's index at float32 numbers given by their order, `(…, channels)`."""
            x = _float32_at(order)
            assert self.output is not None
            return codes_to_index[self.output.codes(self._values(x))]

        ends = np.full((2, channels), limit, dtype=np.int64) * np.array([[-1], [1]])
        low_index, high_index = index(ends)
        falls = high_index < low_index
        sign = np.where(falls, -1, 1)
        wanted = np.arange(1, len(grid))[:, None]
        low = np.full((len(grid) - 1, channels), -limit, dtype=np.int64)
        high = np.full((len(grid) - 1, channels), limit + 1, dtype=np.int64)
        while (low < high).any():
            middle = (low + high) >> 1
            reaches = index(np.minimum(middle, limit) * sign) >= wanted
            high = np.where(reaches & (low < high), middle, high)
            low = np.where(~reaches & (low < high), middle + 1, low)
        least = np.empty((channels, len(grid) - 1), dtype=object)
        for (position, channel), order in np.ndenumerate(low):
            never = 1 << (bits - 1)
            bound = never if order > limit else _least_integer(int(order)) - int(falls[channel])
            least[channel, position] = max(-never, min(bound, never))
        return Thresholds(is_decreasing=falls, least=least)


def ordered_codes(number_format: Format) -> IntArray:
    """Return the codes of a format in ascending order of value, shape `(n_codes,)`."""
    return number_format.encode(number_format.grid())


def round_to_float32(sums: SumArray) -> FloatArray:
    """Return integers of any size as float32, rounded once, half to even."""
    if sums.dtype != object:
        return sums.astype(np.float32)
    return np.array([_to_float32(int(x)) for x in sums.flat], dtype=np.float32).reshape(sums.shape)


def _to_float32(integer: int) -> np.float32:
    excess = max(abs(integer).bit_length() - 2 * _FLOAT32_BITS, 0)
    kept = abs(integer) >> excess
    lost = abs(integer) & ((1 << excess) - 1)
    rounded = np.float32(np.int64(kept | (lost > 0)))  # a sticky bit far below the last one
    return np.float32(np.ldexp(rounded if integer >= 0 else -rounded, excess))


def _float32_at(order: ArrayLike) -> FloatArray:
    """Return the float32 number at a place in their order; 0 is at 0, there is no -0."""
    place = np.asarray(order)
    magnitude = np.abs(place).astype(np.int32).view(np.float32)
    return np.asarray(np.where(place < 0, -magnitude, magnitude))


def _least_integer(order: int) -> int:
    """Return the least integer that rounds to the float32 number at `order`, or to a greater one.

    Integers from the midpoint to the number below on do; the midpoint itself rounds to even.
    """
    here, below = (float(_float32_at(place)) for place in (order, order - 1))
    middle = (here + below) / 2  # exact: one more bit than float32
    least = -int(-middle // 1)
    is_tie = least == middle and order % 2 != 0
    return least + is_tie
