"""What holds for every format of every family; a new family is tested by existing."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dse.errors import FormatError
from dse.formats import FAMILIES, Format, parse_format, parse_sweep

EVERY_SPLIT = [
    f"{sign}e{exponent}m{bits - bool(not sign) - exponent}"
    for bits in range(1, 9)
    for sign in ("", "u")
    for exponent in range(1, 8)
    if bits - bool(not sign) - exponent >= 0
]
BIASED = ["e4m3b11", "e4m3b-3", "e2m1b0", "ue3m2b5", "e4m3b11fnuz", "e5m2b20ieee"]
FORMATS = tuple(
    dict.fromkeys(
        fmt
        for fmt in (
            *(fmt for family in FAMILIES.values() for fmt in family.sweep(1, 8)),
            *(parse_format(name) for family in FAMILIES.values() for name in family.examples),
            *(parse_format(name) for name in (*EVERY_SPLIT, *BIASED)),
        )
        if fmt.bits <= 8
    )
)
every_format = pytest.mark.parametrize("fmt", FORMATS, ids=str)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def probes(fmt: Format, dtype: type[np.floating]) -> NDArray[np.floating]:
    """Every value, every midpoint, the next numbers around both, and what overflows."""
    grid = fmt.grid().astype(dtype)
    beyond = np.array([fmt.min, fmt.max], dtype) + np.array([-fmt.lsb, fmt.lsb], dtype)
    points = np.concatenate([grid, (grid[1:] + grid[:-1]) / 2, beyond, 2 * beyond])
    return np.concatenate(
        [points, np.nextafter(points, dtype(-np.inf)), np.nextafter(points, dtype(np.inf))]
    )


def nearest_even(fmt: Format, x: float) -> float:
    """Compare `x` with every value; a tie goes to the even multiple of the gap it halves."""
    grid = fmt.grid().tolist()
    distances = [abs(x - value) for value in grid]  # exact for the two neighbours of x
    least = min(distances)
    candidates = [value for value, far in zip(grid, distances, strict=True) if far == least]
    if len(candidates) == 1:
        return candidates[0]
    low, high = candidates
    return low if (low / (high - low)) % 2 == 0 else high


@every_format
def test_name_round_trips(fmt: Format) -> None:
    assert parse_format(fmt.name) == fmt
    assert hash(parse_format(fmt.name)) == hash(fmt)
    assert parse_format(fmt.name.upper()) == fmt
    assert str(fmt) == fmt.name
    assert parse_sweep(fmt.name) == (fmt,)
    assert fmt.family in {family.name for family in FAMILIES.values()}


@every_format
def test_grid_is_ascending_and_spans_the_range(fmt: Format) -> None:
    grid = fmt.grid()
    assert grid.dtype == np.float64
    assert np.all(np.diff(grid) > 0)
    assert np.isfinite(grid).all()
    assert (grid[0], grid[-1]) == (fmt.min, fmt.max)
    assert fmt.signed == (fmt.min < 0)
    assert 0.0 in grid
    assert not np.signbit(grid[grid == 0]).any()
    assert fmt.n_codes == len(grid) <= 2**fmt.bits
    assert np.array_equal(grid.astype(np.float32), grid)
    with pytest.raises(ValueError):
        grid[0] = 1.0


@every_format
def test_lsb_is_the_greatest_power_of_two_that_divides_all(fmt: Format) -> None:
    assert math.frexp(fmt.lsb)[0] == 0.5
    multiples = fmt.grid() / fmt.lsb
    assert np.array_equal(multiples, np.rint(multiples))
    assert np.any(multiples % 2 == 1)
    assert fmt.max_integer == np.abs(multiples).max()
    assert isinstance(fmt.max_integer, int)


@every_format
def test_smallest_values(fmt: Format) -> None:
    magnitudes = np.abs(fmt.grid())
    assert fmt.smallest_subnormal == magnitudes[magnitudes > 0].min()
    assert fmt.smallest_subnormal <= fmt.smallest_normal


@every_format
def test_codes_and_values_are_inverse(fmt: Format) -> None:
    codes = np.arange(2**fmt.bits)
    values = fmt.decode(codes)
    finite = np.isfinite(values)
    assert np.array_equal(np.unique(values[finite]), fmt.grid())
    encoded = fmt.encode(values[finite])
    assert encoded.dtype == np.int64
    # Only the code of −0 does not come back: it becomes that of +0.
    unlike = codes[finite] != encoded
    assert unlike.sum() == finite.sum() - fmt.n_codes
    assert np.all(values[finite][unlike] == 0)
    assert np.all(encoded[unlike] == 0)
    assert not np.signbit(values[values == 0]).any()


@every_format
@both_dtypes
def test_quantize_is_brute_force_nearest_even(fmt: Format, dtype: type[np.floating]) -> None:
    x = probes(fmt, dtype)
    quantized = fmt.quantize(x)
    assert quantized.dtype == dtype
    assert quantized.tolist() == [nearest_even(fmt, value) for value in x.tolist()]
    assert not np.signbit(quantized[quantized == 0]).any()
    assert np.array_equal(fmt.decode(fmt.encode(x)), quantized)


@every_format
@both_dtypes
def test_what_is_not_finite(fmt: Format, dtype: type[np.floating]) -> None:
    x = np.array([np.inf, -np.inf, np.nan, -0.0, np.finfo(dtype).max, np.finfo(dtype).tiny], dtype)
    quantized = fmt.quantize(x)
    assert np.isnan(quantized[2])
    assert quantized[[0, 1, 3, 4, 5]].tolist() == [fmt.max, fmt.min, 0, fmt.max, 0]
    assert not np.signbit(quantized[3])
    assert fmt.decode(fmt.encode(x[:2])).tolist() == [fmt.max, fmt.min]
    with pytest.raises(FormatError, match="NaN cannot be encoded"):
        fmt.encode(x)


@every_format
def test_any_shape(fmt: Format) -> None:
    assert fmt.quantize(0.0).shape == ()
    assert fmt.encode(0.0).shape == fmt.decode(0).shape == ()
    assert fmt.quantize(np.zeros((0, 3))).shape == (0, 3)
    assert fmt.encode(np.zeros((2, 1, 3), np.float32)).shape == (2, 1, 3)
    assert fmt.decode(np.zeros((2, 0), np.uint8)).shape == (2, 0)
    strided = np.linspace(fmt.min, fmt.max, 12).reshape(3, 4).T[::2]
    assert np.array_equal(fmt.quantize(strided), fmt.quantize(strided.copy()))


@every_format
def test_counterparts(fmt: Format) -> None:
    narrow = fmt.narrow()
    assert narrow.bits == fmt.bits
    assert narrow.narrow() == narrow
    assert set(narrow.grid()) <= set(fmt.grid())
    if fmt.signed and fmt.bits > 1:
        assert narrow.min == -narrow.max
    try:
        unsigned = fmt.unsigned()
    except FormatError as error:
        assert fmt.name in str(error)  # noqa: PT017 - only some formats refuse
        return
    assert (unsigned.bits, unsigned.signed, unsigned.min) == (fmt.bits, False, 0.0)
    assert unsigned.unsigned() == unsigned
    assert set(fmt.grid()[fmt.grid() >= 0]) <= set(unsigned.grid())
