from bisect import bisect_left
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import FormatError
from dse.formats import parse_format

WIDE = ["int12", "int16n", "uint15", "e3m9", "e5m10ieee", "ue5m11", "e4m11", "e7m8", "e2m7b-4"]


@given(st.sampled_from(WIDE), st.floats(-2, 2), st.integers(-40, 0), st.booleans())
def test_wide_formats_round_to_nearest_even(
    name: str, mantissa: float, exponent: int, near_a_tie: bool
) -> None:
    fmt = parse_format(name)
    grid = fmt.grid().tolist()
    x = min(max(mantissa * 2.0**exponent * fmt.max, fmt.min), fmt.max)
    high = max(bisect_left(grid, x), 1)
    low, high = Fraction(grid[high - 1]), Fraction(grid[high])
    if near_a_tie:
        x = float((low + high) / 2)
    to_low, to_high = Fraction(x) - low, high - Fraction(x)
    is_low = low / (high - low) % 2 == 0 if to_low == to_high else to_low < to_high
    assert fmt.quantize(x) == (low if is_low else high)


def test_quantize_keeps_float32_and_turns_the_rest_into_float64() -> None:
    fmt = parse_format("e4m3")
    for dtype in (np.float64, np.float16, np.int32, np.uint8, np.bool_):
        assert fmt.quantize(np.ones(2, dtype)).dtype == np.float64
    assert fmt.quantize(np.ones(2, np.float32)).dtype == np.float32
    assert fmt.quantize([1, 2.6]).tolist() == [1, 2.5]


def test_quantize_leaves_its_argument_alone() -> None:
    x = np.array([-0.3, 900.0])
    parse_format("e4m3").quantize(x)
    assert x.tolist() == [-0.3, 900.0]


@pytest.mark.parametrize("x", ["text", 1j, [object()]])
def test_quantize_refuses_what_is_not_real(x: object) -> None:
    with pytest.raises(FormatError, match="give real numbers"):
        parse_format("e4m3").quantize(x)  # type: ignore[call-overload]


def test_decode_refuses_what_is_no_code() -> None:
    fmt = parse_format("e2m1")
    with pytest.raises(FormatError, match=r"e2m1: codes lie in 0 … 15, .* from -1 to 16"):
        fmt.decode([3, 16, -1])
    with pytest.raises(FormatError, match="codes must be integers, not float64"):
        fmt.decode([1.0])


def test_equal_formats_are_one_key() -> None:
    names = {parse_format("e4m3"): 1, parse_format("e4m3b7"): 2, parse_format("int8"): 3}
    assert names == {parse_format("E4M3"): 2, parse_format("int8"): 3}
    assert parse_format("int8") != parse_format("int8n")
