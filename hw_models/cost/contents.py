"""What contents share in a ROM of few words whose bits are arbitrary.

Columns that are constant need no register, and equal ones share theirs. How many are left of those
drawn at random is an occupancy problem (Feller, An Introduction to Probability Theory and Its
Applications, volume 1): each of ``2^depth`` columns is found among ``width`` with probability
``1 - (1 - 2^-depth)^width``.
"""

from math import expm1, log1p

_MANY_WORDS = 48
"""Words from which on no two columns are the same, as far as floating point tells."""


def distinct_columns(depth: int, width: int) -> int:
    """Return the columns of a ROM that are neither constant nor copies of others."""
    if depth >= _MANY_WORDS:
        return width
    return round(((1 << depth) - 2) * _found(1, depth, width))


def distinct_functions(depth: int, width: int) -> tuple[int, int]:
    """Return the functions of the whole address that a ROM computes, and those but for its top bit.

    Where one half of a column is constant, its register is set or reset there, and the other half's
    function is left.
    """
    if depth >= _MANY_WORDS:
        return width, 0
    half = 1 << ((depth - 1).bit_length() - 1)
    whole = ((1 << half) - 2) * ((1 << (depth - half)) - 2) * _found(1, depth, width)
    halves = ((1 << half) - 2) * _found(2, depth, width)
    all_but_top = round(halves)
    return round(whole + halves) - all_but_top, all_but_top


def _found(columns: int, depth: int, width: int) -> float:
    """Return the probability that one of so many columns is there."""
    return -expm1(width * log1p(-columns / (1 << depth))) if columns < (1 << depth) else 1.0
