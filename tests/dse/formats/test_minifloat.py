import numpy as np
import pytest

from dse.errors import FormatError
from dse.formats import MiniFloat, Variant, parse_format


@pytest.mark.parametrize(
    ("name", "largest", "normal", "least", "n_codes"),
    [
        ("e2m1", 6, 1, 0.5, 15),
        ("e3m0", 16, 0.25, 0.25, 15),
        ("e1m2", 3.5, 2, 0.5, 15),
        ("e2m3", 7.5, 1, 2**-3, 63),
        ("e3m4", 31, 0.25, 2**-6, 255),
        ("e2m5", 7.875, 1, 2**-5, 255),
        ("e4m3", 480, 2**-6, 2**-9, 255),
        ("e5m2", 114688, 2**-14, 2**-16, 255),
        ("ue4m4", 496, 2**-6, 2**-10, 256),
        ("e4m3fn", 448, 2**-6, 2**-9, 253),
        ("e5m2ieee", 57344, 2**-14, 2**-16, 247),
        ("e4m3ieee", 240, 2**-6, 2**-9, 239),
        ("e4m3fnuz", 240, 2**-7, 2**-10, 255),
        ("e5m2fnuz", 57344, 2**-15, 2**-17, 255),
        ("e5m10ieee", 65504, 2**-14, 2**-24, 63487),
        ("e4m3b8", 240, 2**-7, 2**-10, 255),
        ("e2m1b-3", 96, 16, 8, 15),
    ],
)
def test_range(name: str, largest: float, normal: float, least: float, n_codes: int) -> None:
    fmt = parse_format(name)
    assert fmt.max == largest
    assert fmt.smallest_normal == normal
    assert fmt.smallest_subnormal == fmt.lsb == least
    assert fmt.n_codes == n_codes


@pytest.mark.parametrize("mantissa_bits", range(15))
def test_one_exponent_bit_is_the_narrow_integer_grid(mantissa_bits: int) -> None:
    minifloat = MiniFloat.standard(1, mantissa_bits)
    integer = parse_format(f"int{mantissa_bits + 2}n")
    assert minifloat.bias == 0
    assert np.array_equal(minifloat.grid() / minifloat.lsb, integer.grid())


def test_exponents() -> None:
    fmt = MiniFloat.standard(4, 3)
    assert (fmt.bias, fmt.min_exponent, fmt.max_exponent) == (7, -6, 8)
    assert MiniFloat.standard(5, 2, variant=Variant.IEEE).max_exponent == 15
    assert fmt.is_finite_only
    assert not MiniFloat.standard(4, 3, variant=Variant.FN).is_finite_only


def test_the_usual_bias_is_left_out_of_the_name() -> None:
    assert parse_format("e4m3b7").name == "e4m3"
    assert parse_format("e4m3b8fnuz").name == "e4m3fnuz"
    assert parse_format("e4m3b8").name == "e4m3b8"


def test_special_codes() -> None:
    e5m2 = parse_format("e5m2ieee")
    assert e5m2.decode([0x7C, 0xFC]).tolist() == [np.inf, -np.inf]
    assert np.isnan(e5m2.decode([0x7D, 0x7F, 0xFD, 0xFF])).all()
    assert np.isnan(parse_format("e4m3fn").decode([0x7F, 0xFF])).all()
    assert np.isnan(parse_format("e4m3fnuz").decode(0x80))
    assert e5m2.encode([1e9, -np.inf]).tolist() == [0x7B, 0xFB]


def test_without_mantissa_a_tie_goes_up() -> None:
    fmt = parse_format("e3m0")
    assert fmt.quantize([0.125, 0.375, 0.75, 1.5, 3.0, -6.0]).tolist() == [0, 0.5, 1, 2, 4, -8]


def test_unsigned_counterpart_turns_the_sign_bit_into_mantissa() -> None:
    assert parse_format("e4m3").unsigned() == parse_format("ue4m4")
    assert parse_format("e4m3b11").unsigned() == parse_format("ue4m4b11")
    with pytest.raises(FormatError, match="e4m3fn: has no unsigned counterpart"):
        parse_format("e4m3fn").unsigned()


@pytest.mark.parametrize("name", ["e4m3", "e2m0", "e4m3b11", "int1", "int4"])
def test_with_sign_undoes_unsigned(name: str) -> None:
    fmt = parse_format(name)
    assert fmt.unsigned().with_sign() == fmt == fmt.with_sign()


def test_without_a_mantissa_bit_there_is_no_room_for_a_sign() -> None:
    with pytest.raises(FormatError, match="ue3m0: has no signed counterpart"):
        parse_format("ue3m0").with_sign()


@pytest.mark.parametrize("fmt", ["e7m0", "ue7m9", "e5m10ieee", "e4m3b120", "e5m2b-80"])
def test_wide_formats_stay_exact_in_float32(fmt: str) -> None:
    grid = parse_format(fmt).grid()
    assert np.array_equal(grid.astype(np.float32), grid)
    assert np.array_equal(parse_format(fmt).quantize(grid.astype(np.float32)), grid)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("e9m9", "e9m9: has 19 bits, 16 is the most"),
        ("e0m3", "e0m3: a minifloat has at least 1 exponent bit"),
        ("ue4m4fn", "ue4m4fn: 'fn' codes are defined with a sign only"),
        ("e2m1fn", "e2m1fn: 'fn' is defined for e4m3 only; e2m1 is finite"),
        ("e4m0ieee", "e4m0ieee: 'ieee' codes need E ≥ 2 and M ≥ 1"),
        ("e8m7", r"e8m7: values from 2\^-133 to 2\^128 leave float32's normal range"),
        ("e4m3b140", "e4m3b140: values from .* leave float32's normal range"),
    ],
)
def test_what_is_no_minifloat(name: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_format(name)


def test_negative_mantissa() -> None:
    with pytest.raises(FormatError, match="mantissa bits cannot be negative"):
        MiniFloat.standard(4, -1)
