"""How wide an accumulator must be to hold every dot product exactly."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.errors import DesignError, UnmodelledError
from dse.formats import Format, IntFormat, MiniFloat


def sum_bits(terms: int, largest: int) -> int:
    """Return the two's complement width [bit] of a sum of `terms` integers of at most ±`largest`.

    The sum's magnitude is at most ``terms * largest``; one more bit is the sign.
    """
    return (terms * largest).bit_length() + 1


def accumulator_bits(terms: int, weight: Format, act: Format) -> int:
    """Return the width W [bit] of the exact accumulator of `terms` products of a format pair.

    ``W = bit_length(terms * max|w| * max|a|) + 1`` in units of one lsb of the product; weights use
    the narrow range of their format. Exact Python integers: E5M2 products pass 2⁶⁰.
    """
    return sum_bits(terms, _largest_product(weight, act))


@cache
def _largest_product(weight: Format, act: Format) -> int:
    return weight.narrow().max_integer * act.max_integer


def accumulator_bits_table(
    terms: ArrayLike, weights: Sequence[Format], acts: Sequence[Format]
) -> NDArray[np.int64]:
    """Return `accumulator_bits` for every combination of term count, weight and activation.

    Args:
        terms: Products per dot product, shape `(*layers,)`.
        weights: Weight formats.
        acts: Activation formats.

    Returns:
        Widths [bit], shape `(*layers, weights, acts)`. Powers of two are split off first, so that
        what is left of the largest sum fits 63 bits.

    Raises:
        DesignError: The odd part of a largest sum passes 63 bits.
    """
    counts = np.asarray(terms, dtype=np.int64)
    weight_odd, weight_shift = _odd_parts([weight.narrow().max_integer for weight in weights])
    act_odd, act_shift = _odd_parts([act.max_integer for act in acts])
    if int(counts.max()) * int(weight_odd.max()) * int(act_odd.max()) >= 1 << 63:
        raise DesignError(f"dot products of {int(counts.max())} terms are too long to tabulate")
    largest = counts[..., None, None] * np.multiply.outer(weight_odd, act_odd)
    powers = np.left_shift(1, np.arange(63, dtype=np.int64))
    length = np.searchsorted(powers, largest, side="right")
    return length + np.add.outer(weight_shift, act_shift) + 1


def _odd_parts(integers: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split positive `integers` into odd factors and exponents of two."""
    shifts = [(n & -n).bit_length() - 1 for n in integers]
    odd = [n >> shift for n, shift in zip(integers, shifts, strict=True)]
    return np.array(odd, dtype=np.int64), np.array(shifts, dtype=np.int64)


def paper_accumulator_bits(terms: int, weight: Format, act: Format) -> int:
    """Return the accumulator width [bit] by the closed forms of Aggarwal et al. (arXiv 2311.12359).

    Integers: ``bits_w + bits_a + ceil(log2 terms) + 1``. Minifloats, after Uguen & de Dinechin:
    ``2^E_w + M_w + 2^E_a + M_a + ceil(log2 terms) - 1``. Up to three bits above the exact width.

    Raises:
        UnmodelledError: A mixed pair, for which the paper gives no form.
    """
    growth = (terms - 1).bit_length()
    if isinstance(weight, IntFormat) and isinstance(act, IntFormat):
        return weight.bits + act.bits + growth + 1
    if isinstance(weight, MiniFloat) and isinstance(act, MiniFloat):
        fixed = [(1 << f.exponent_bits) + f.mantissa_bits for f in (weight, act)]
        return sum(fixed) + growth - 1
    raise UnmodelledError(
        f"no published accumulator width for the mixed pair {weight.name} x {act.name}; "
        "use the exact width"
    )
