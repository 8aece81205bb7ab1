"""Marks: integers on a line at which codes change, in a unit that suits the format."""

import numpy as np

from dse.formats import Format
from hw_models.arith.operand import operand
from hw_models.tail import IntArray


def mark_bits(output: Format) -> int:
    """Return the width of the greatest value of `output` in the unit of its marks [bit]."""
    code = operand(output)
    return code.magnitude_bits + code.is_minifloat


def marks(output: Format, low: int) -> IntArray:
    """Return the marks at which places 1, 2, … of ``order.codes_by_place`` are reached.

    Those of an integer are one apart and count from place `low`. A minifloat's lie in the middle
    between two values, in units of half its least step, so that they are integers. They are
    symmetric about 0; its two places in the middle, -0 and +0, are both reached at -1.
    """
    code = operand(output)
    places = np.arange(1, 1 << output.bits)
    if not code.is_minifloat:
        return places - low
    signed = places - (1 << (output.bits - 1)) if code.is_signed else places
    outer = np.where(signed > 0, signed, np.maximum(-signed, 1))  # the magnitude farther from 0
    middles = _value(output, outer) + _value(output, outer - 1)
    return np.asarray(np.where(signed > 0, middles, -middles))


def _value(output: Format, magnitudes: IntArray) -> IntArray:
    """Return the values of codes without their signs, in units of the least step."""
    mantissa_bits = operand(output).significand_bits - 1
    shifts = np.maximum((magnitudes >> mantissa_bits) - 1, 0)
    return np.asarray((magnitudes - (shifts << mantissa_bits)) << shifts)


def addresses(output: Format, low: int) -> IntArray:
    """Return where a table of marks holds that of places 1, 2, …, shape `(2^bits - 1,)`.

    At the mark itself for integers; for minifloats at the sign, and the lesser magnitude beside
    the mark. Places -0 and +0 share one.
    """
    code = operand(output)
    places = np.arange(1, 1 << output.bits)
    if not code.is_minifloat:
        return places - low
    top = 1 << (output.bits - 1) if code.is_signed else 0
    signed = places - top
    return np.asarray(np.where(signed > 0, signed - 1, top | np.maximum(-signed - 1, 0)))


def rounded(output: Format, whole: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return what rounding a point on a minifloat's line half up makes of its magnitude.

    As hardware does it: complement where it is negative, saturate, count leading zeros, keep one
    bit below the mantissa.

    Args:
        output: A minifloat.
        whole: Whole parts of the points, towards minus infinity.

    Returns:
        The lesser magnitude beside the point, the bit that is added to it, and whether the whole
        part is the mark itself.
    """
    code, is_below = operand(output), whole < 0
    above_zero = np.where(is_below, ~whole, whole)
    clipped = np.minimum(above_zero, (1 << mark_bits(output)) - 1).astype(np.int64)
    bits = np.frexp(clipped.astype(np.float64))[1]  # exact: marks have at most 35 bits
    shift = np.maximum(bits - code.significand_bits - 1, 0)
    kept = clipped >> shift
    lost = clipped & ((1 << shift) - 1)
    up = kept & 1
    is_mark = np.where(is_below, (up == 0) & (lost + 1 == 1 << shift), (up == 1) & (lost == 0))
    return (shift << (code.significand_bits - 1)) + (kept >> 1), up, is_mark
