"""Formats of up to 8 bits against two independent libraries, code by code."""

import gfloat
import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from dse.formats import Format, IntFormat, MiniFloat, Variant, parse_format


def legal_minifloats(max_bits: int) -> list[MiniFloat]:
    """Every split of up to `max_bits` bits, in every variant that exists."""
    finite = [
        MiniFloat.standard(exponent, mantissa, signed=signed)
        for signed in (True, False)
        for exponent in range(1, 8)
        for mantissa in range(max_bits - signed - exponent + 1)
    ]
    special = [
        MiniFloat.standard(f.exponent_bits, f.mantissa_bits, variant=variant)
        for f in finite
        for variant in (Variant.IEEE, Variant.FNUZ)
        if f.signed and f.exponent_bits > 1 and f.mantissa_bits > 0
    ]
    other = [parse_format(name) for name in ("e4m3fn", "e4m3b11fnuz", "e4m3b-3", "ue3m2b9")]
    return [*finite, *special, *(fmt for fmt in other if isinstance(fmt, MiniFloat))]


def gfloat_minifloat(fmt: MiniFloat) -> gfloat.FormatInfo:
    high_nans = {Variant.FN: 1, Variant.IEEE: 2**fmt.mantissa_bits - 1}
    ieee = fmt.variant is Variant.IEEE
    return gfloat.FormatInfo(
        fmt.name,
        fmt.bits,
        fmt.mantissa_bits + 1,
        bias=fmt.bias,
        is_signed=fmt.signed,
        domain=gfloat.Domain.Extended if ieee else gfloat.Domain.Finite,
        has_nz=fmt.signed and fmt.variant is not Variant.FNUZ,
        num_high_nans=high_nans.get(fmt.variant, 0),
        has_subnormals=True,
        is_twos_complement=False,
    )


def gfloat_integer(fmt: IntFormat) -> gfloat.FormatInfo:
    """An integer is a float without exponent bits: all of it is subnormal, in steps of 1."""
    precision = fmt.bits if fmt.signed else fmt.bits + 1
    return gfloat.FormatInfo(
        fmt.name,
        fmt.bits,
        precision,
        bias=2 - precision,
        is_signed=fmt.signed,
        domain=gfloat.Domain.Finite,
        has_nz=False,
        num_high_nans=0,
        has_subnormals=True,
        is_twos_complement=fmt.signed,
    )


MINIFLOATS = legal_minifloats(8)
INTEGERS = [IntFormat(bits=bits, signed=signed) for bits in range(1, 9) for signed in (True, False)]
ML_DTYPES = {
    "e2m1": ml_dtypes.float4_e2m1fn,
    "e2m3": ml_dtypes.float6_e2m3fn,
    "e3m2": ml_dtypes.float6_e3m2fn,
    "e3m4ieee": ml_dtypes.float8_e3m4,
    "e4m3ieee": ml_dtypes.float8_e4m3,
    "e4m3fn": ml_dtypes.float8_e4m3fn,
    "e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "e4m3b11fnuz": ml_dtypes.float8_e4m3b11fnuz,
    "e5m2ieee": ml_dtypes.float8_e5m2,
    "e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "int1": ml_dtypes.int1,
    "int2": ml_dtypes.int2,
    "int4": ml_dtypes.int4,
    "int8": np.int8,
    "uint1": ml_dtypes.uint1,
    "uint2": ml_dtypes.uint2,
    "uint4": ml_dtypes.uint4,
    "uint8": np.uint8,
    "e5m10ieee": np.float16,
    "int16": np.int16,
    "uint16": np.uint16,
}


def codes_of(fmt: Format) -> NDArray[np.int64]:
    return np.arange(2**fmt.bits)


@pytest.mark.parametrize("fmt", MINIFLOATS, ids=str)
def test_minifloat_decodes_as_gfloat_says(fmt: MiniFloat) -> None:
    codes = codes_of(fmt)
    np.testing.assert_array_equal(
        fmt.decode(codes), gfloat.decode_ndarray(gfloat_minifloat(fmt), codes)
    )


@pytest.mark.parametrize("fmt", INTEGERS, ids=str)
def test_integer_decodes_as_gfloat_says(fmt: IntFormat) -> None:
    info = gfloat_integer(fmt)
    expected = [gfloat.decode_float(info, code).fval for code in range(2**fmt.bits)]
    assert fmt.decode(codes_of(fmt)).tolist() == expected


@pytest.mark.parametrize("fmt", [f for f in MINIFLOATS if f.mantissa_bits > 0], ids=str)
def test_minifloat_rounds_as_gfloat_does(fmt: MiniFloat) -> None:
    # With M = 0 gfloat sends a tie to the even exponent; ours goes up, as in Brevitas.
    grid = fmt.grid()
    midpoints = (grid[1:] + grid[:-1]) / 2
    x = np.concatenate(
        [midpoints, np.nextafter(midpoints, np.inf), np.nextafter(midpoints, -np.inf), 2 * grid]
    )
    expected = gfloat.round_ndarray(gfloat_minifloat(fmt), x, sat=True)
    if not fmt.signed:
        expected = np.maximum(expected, 0.0)
    np.testing.assert_array_equal(fmt.quantize(x), expected)


@pytest.mark.parametrize("name", ML_DTYPES)
def test_codes_mean_what_ml_dtypes_and_numpy_say(name: str) -> None:
    fmt = parse_format(name)
    bytes_of_codes = codes_of(fmt).astype(np.uint16 if fmt.bits > 8 else np.uint8)
    theirs = bytes_of_codes.view(ML_DTYPES[name]).astype(np.float64)
    np.testing.assert_array_equal(fmt.decode(codes_of(fmt)), theirs)


@pytest.mark.parametrize("name", [name for name in ML_DTYPES if name.startswith("e")])
def test_values_in_range_round_as_ml_dtypes_and_numpy_do(name: str) -> None:
    fmt = parse_format(name)
    grid = fmt.grid().astype(np.float32)
    midpoints = (grid[1:] + grid[:-1]) / 2
    x = np.concatenate(
        [midpoints, np.nextafter(midpoints, grid[1:]), np.nextafter(midpoints, grid[:-1])]
    )
    theirs = x.astype(ML_DTYPES[name])
    np.testing.assert_array_equal(fmt.quantize(x), theirs.astype(np.float32))
    mask = 2**fmt.bits - 1
    theirs_codes = theirs.view(np.uint16 if fmt.bits > 8 else np.uint8) & mask
    ours = fmt.encode(x)
    not_minus_zero = fmt.quantize(x) != 0
    np.testing.assert_array_equal(ours[not_minus_zero], theirs_codes[not_minus_zero])
    assert not ours[~not_minus_zero].any()


def test_ml_dtypes_e3m4_is_not_ours() -> None:
    assert float(ml_dtypes.finfo(ml_dtypes.float8_e3m4).max) == 15.5
    assert parse_format("e3m4").max == 31
