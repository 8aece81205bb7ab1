"""Fake quantization at memory bandwidth: one kernel for integers and minifloats.

A minifloat grid has constant steps below its smallest normal and steps that double with the
exponent above. An integer grid is the case in which everything lies below the smallest normal, so
one kernel with four parameters (`Rounding`) serves every format.

Rounding half to even is done by the addition trick: with ``c = 1.5 · 2^(e + 23 − M)``, where ``e``
is the exponent of ``x``, float32 addition ``x + c`` has to drop all bits below ``2^(e − M)`` and
does so half to even, and ``− c`` is exact (Hacker's Delight, 2nd ed., chapter 17, describes the
constant for integers).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from dse.errors import FormatError
from dse.formats import Format, IntFormat, MiniFloat

FloatArray = npt.NDArray[np.float32]

_EXPONENT_FIELD = np.int32(0x7F80_0000)
_FLOAT32_BIAS = 127
_FLOAT32_MANTISSA_BITS = 23
_HALF = 0x40_0000  # mantissa of 1.5


class Rounding(NamedTuple):
    """What the kernel needs to know of a format; all values in units of the quantizer's scale.

    Attributes:
        low: Smallest value; smaller ones saturate.
        high: Largest value.
        min_exponent: Exponent of the smallest normal number; below it steps are constant.
        mantissa_bits: Steps are ``2^(max(exponent, min_exponent) − mantissa_bits)``.
    """

    low: float
    high: float
    min_exponent: int
    mantissa_bits: int

    def clamped(self, low: float, high: float) -> "Rounding":
        """Return the rounding with its range cut to ``[low, high]``, both on the grid."""
        return self._replace(low=max(self.low, low), high=min(self.high, high))


def rounding_of(number_format: Format) -> Rounding:
    """Return the kernel parameters of a format.

    Raises:
        FormatError: The format is neither an integer nor a minifloat.
    """
    match number_format:
        case IntFormat():
            # 2^bits is above every value, so that all of them are "subnormal" with step 1
            return Rounding(
                number_format.min, number_format.max, number_format.bits, number_format.bits
            )
        case MiniFloat():
            return Rounding(
                number_format.min,
                number_format.max,
                1 - number_format.bias,
                number_format.mantissa_bits,
            )
        case _:
            raise FormatError(
                f"format '{number_format.name}' has no fake-quantization kernel; "
                "integers and minifloats have one"
            )


@intrinsic
def _bits(_context: Any, _x: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401 -- numba's own signature
    """Reinterpret a float32 as int32 (numba cannot view a scalar inside a loop)."""

    def emit(_c: Any, builder: Any, _s: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), emit


@intrinsic
def _float(_context: Any, _x: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401
    """Reinterpret an int32 as float32."""

    def emit(_c: Any, builder: Any, _s: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), emit


@njit(cache=True, nogil=True, inline="always")
def round_to_grid(v, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Round a float32 in units of the scale, inside other kernels; see `machine`."""
    clamped = min(max(v, low), high)
    exponent = max(_bits(clamped) & _EXPONENT_FIELD, floor)
    c = _float(np.int32(exponent + carry))
    return (clamped + c) - c


@njit(cache=True, nogil=True, error_model="numpy")
def _fake_quantize(x, out, scale, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(x.size):
        out[i] = round_to_grid(x[i] / scale, low, high, floor, carry) * scale


@njit(cache=True, nogil=True, error_model="numpy")
def _straight_through(x, given, out, slope, scale, least, most, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(x.size):
        v = x[i] / scale
        inside = (v >= least) & (v <= most)
        rounded = round_to_grid(v, low, high, floor, carry)
        slope[i] = rounded - (v if inside else np.float32(0.0))
        out[i] = given[i] if inside else np.float32(0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _round_rows(x, scales, out, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            out[row, i] = round_to_grid(x[row, i] / scales[row], low, high, floor, carry)


@njit(cache=True, nogil=True, error_model="numpy")
def _scale_errors(x, weight, scales, out, low, high, floor, carry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(x.shape[0]):
        for k in range(scales.shape[1]):
            scale = scales[row, k]
            total = 0.0
            for i in range(x.shape[1]):
                value = x[row, i]
                error = round_to_grid(value / scale, low, high, floor, carry) * scale - value
                total += weight[i] * np.float64(error) * np.float64(error)
            out[row, k] = total


@njit(cache=True, nogil=True)
def _max_pool_2x2(x, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    planes, height, width = out.shape
    row = np.empty(x.shape[2], np.float32)
    for plane in range(planes):
        for i in range(height):
            upper, lower = x[plane, 2 * i], x[plane, 2 * i + 1]
            for j in range(row.size):
                row[j] = max(upper[j], lower[j])
            for j in range(width):
                out[plane, i, j] = max(row[2 * j], row[2 * j + 1])


def machine(rounding: Rounding) -> tuple[np.float32, np.float32, np.int32, np.int32]:
    """Return what `round_to_grid` takes behind its value."""
    floor = (rounding.min_exponent + _FLOAT32_BIAS) << _FLOAT32_MANTISSA_BITS
    carry = ((_FLOAT32_MANTISSA_BITS - rounding.mantissa_bits) << _FLOAT32_MANTISSA_BITS) | _HALF
    return np.float32(rounding.low), np.float32(rounding.high), np.int32(floor), np.int32(carry)


def fake_quantize(x: FloatArray, scale: float, rounding: Rounding, out: FloatArray) -> None:
    """Write ``round(x / scale) · scale`` on a format's grid into `out`.

    Division, half-to-even rounding, saturation and product are float32, in this order, as in
    Brevitas, so that results are equal to its results (−0 becomes +0). NaN stays NaN.

    Args:
        x: Contiguous float32 values of any shape.
        scale: Value of one unit of the format's grid, a positive float32.
        rounding: Grid, from `rounding_of`.
        out: Contiguous, same size; may be `x`.
    """
    _fake_quantize(x.reshape(-1), out.reshape(-1), np.float32(scale), *machine(rounding))


def straight_through(
    x: FloatArray, gradient: FloatArray, scale: float, rounding: Rounding, out: FloatArray
) -> float:
    """Write the gradient of `fake_quantize` with respect to `x` into `out`; return that of `scale`.

    Rounding passes gradients straight through (Bengio et al., arXiv 1308.3432); values that
    saturate, which are those that round beyond the range, stop them. The scale's gradient is that
    of Esser et al., arXiv 1902.08153.

    Args:
        x: Contiguous values of any shape, as given to `fake_quantize`.
        gradient: Of the loss with respect to its result, contiguous, same size.
        scale: See `fake_quantize`.
        rounding: See `fake_quantize`.
        out: Contiguous, same size.
    """
    top = math.floor(math.log2(rounding.high)) if rounding.high > 0 else rounding.min_exponent
    half_step = 2.0 ** (max(top, rounding.min_exponent) - rounding.mantissa_bits - 1)
    reach = np.float32(rounding.low - half_step), np.float32(rounding.high + half_step)
    given, slope = gradient.reshape(-1), np.empty(x.size, np.float32)
    arguments = np.float32(scale), *reach, *machine(rounding)
    _straight_through(x.reshape(-1), given, out.reshape(-1), slope, *arguments)
    return float(given @ slope)


def round_rows(x: FloatArray, scales: FloatArray, rounding: Rounding) -> FloatArray:
    """Return ``round(x / scale)`` on a format's grid, in units of each row's scale.

    Args:
        x: Values, shape `(rows, n)`.
        scales: One a row, shape `(rows,)`.
        rounding: Grid, from `rounding_of`.
    """
    out = np.empty_like(x)
    _round_rows(x, scales, out, *machine(rounding))
    return out


def scale_errors(
    x: FloatArray, weight: npt.NDArray[np.float64], scales: FloatArray, rounding: Rounding
) -> npt.NDArray[np.float64]:
    """Return the weighted squared quantization error of rows of values for candidate scales.

    Args:
        x: Values, shape `(rows, n)`.
        weight: Weight of each column, shape `(n,)`.
        scales: Candidate scales, shape `(rows, k)`.
        rounding: Grid, from `rounding_of`.

    Returns:
        ``sum_i weight[i] · (q(x[row, i]) − x[row, i])²``, shape `(rows, k)`.
    """
    out = np.empty(scales.shape)
    _scale_errors(x, weight, scales, out, *machine(rounding))
    return out


def max_pool_2x2(x: FloatArray, out: FloatArray) -> None:
    """Write the maxima of 2 × 2 blocks, stride 2, into `out`; an odd last row or column drops.

    Args:
        x: Contiguous, shape `(n, c, h, w)`.
        out: Contiguous, shape `(n, c, h // 2, w // 2)`.
    """
    planes = x.shape[0] * x.shape[1]
    _max_pool_2x2(x.reshape(planes, *x.shape[2:]), out.reshape(planes, *out.shape[2:]))
