import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dse.formats
from dse.errors import FormatError
from dse.formats import (
    FAMILIES,
    IntFormat,
    MiniFloat,
    Variant,
    _names,
    default_sweep,
    parse_bits,
    parse_format,
    parse_sweep,
)

TERNARY = '''
"""Three values in two bits."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dse.formats.base import Family, Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Ternary(Format):
    family: ClassVar[str] = "ternary"
    name: ClassVar[str] = "ternary"
    bits: ClassVar[int] = 2
    signed: ClassVar[bool] = True
    min: ClassVar[float] = -1.0
    max: ClassVar[float] = 1.0
    lsb: ClassVar[float] = 1.0
    smallest_normal: ClassVar[float] = 1.0

    def code_values(self):
        return np.array([0.0, 1.0, np.nan, -1.0])

    def unsigned(self):
        return self

    def narrow(self):
        return self

    def _round(self, x):
        return np.rint(x)


FAMILY = Family(
    name="ternary",
    spelling="ternary",
    examples=("ternary",),
    parse=lambda name: Ternary() if name == "ternary" else None,
    sweep=lambda low, high: (Ternary(),) if low <= 2 <= high else (),
)
'''


@pytest.fixture
def ternary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "ternary.py").write_text(TERNARY)
    monkeypatch.setattr(dse.formats, "__path__", [*dse.formats.__path__, str(tmp_path)])
    _names._families.cache_clear()
    yield
    _names._families.cache_clear()
    parse_format.cache_clear()
    sys.modules.pop("dse.formats.ternary", None)


@pytest.mark.usefixtures("ternary_file")
def test_a_family_is_one_file() -> None:
    ternary = parse_format("ternary")
    assert parse_sweep("ternary2,int3") == (ternary, IntFormat(bits=3))
    assert ternary.quantize([-7.0, 0.4, 0.6]).tolist() == [-1, 0, 1]
    assert ternary.encode([-7.0, 0.4, 0.6]).tolist() == [3, 0, 1]
    assert ternary.max_integer == 1
    with pytest.raises(FormatError, match="did you mean 'ternary'"):
        parse_format("ternery")


def test_the_families_are_the_files() -> None:
    assert list(FAMILIES) == ["integer", "minifloat"]


@given(st.integers(1, 16), st.booleans(), st.booleans())
def test_integer_names_round_trip(bits: int, signed: bool, is_narrow: bool) -> None:
    try:
        fmt = IntFormat(bits=bits, signed=signed, is_narrow=is_narrow)
    except FormatError:
        assert is_narrow
        assert not signed or bits == 1
        return
    assert parse_format(fmt.name) == fmt


@given(
    st.integers(1, 7),
    st.integers(0, 8),
    st.integers(-60, 60),
    st.booleans(),
    st.sampled_from(Variant),
)
def test_minifloat_names_round_trip(E: int, M: int, bias: int, signed: bool, v: Variant) -> None:
    try:
        fmt = MiniFloat(exponent_bits=E, mantissa_bits=M, bias=bias, signed=signed, variant=v)
    except FormatError:
        return
    assert parse_format(fmt.name) == fmt
    assert parse_format(fmt.name).name == fmt.name


@given(st.text(max_size=12))
def test_any_text_is_a_format_or_one_clear_line(text: str) -> None:
    try:
        found = parse_format(text).name
    except FormatError as error:
        found = str(error)
    assert text in found or text.strip().lower() in found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("int0", "int0: integers have 1 to 16 bits"),
        ("int99", "int99: integers have 1 to 16 bits"),
        ("foo", "no number format is called 'foo'; known: int1"),
        ("itn8", "did you mean 'int8'"),
        ("e4m3f", "did you mean 'e4m3fn'"),
        ("float8_e4m3fn", "did you mean 'e4m3fn'"),
        ("int8-3", "'int8-3' is a range of formats"),
        ("int08", "no number format is called 'int08'"),
        ("", "no number format is called ''"),
        ("e4m3b", "no number format is called 'e4m3b'"),
        ("int" + 5000 * "9", "no number format"),
    ],
)
def test_bad_names(name: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_format(name)


def test_default_sweep_is_the_papers() -> None:
    assert " ".join(fmt.name for fmt in default_sweep()) == (
        "int3 int4 int5 int6 int7 int8 e2m0 e2m1 e3m0 e2m2 e3m1 e4m0 e2m3 e3m2 e4m1 e5m0 "
        "e2m4 e3m3 e4m2 e5m1 e2m5 e3m4 e4m3 e5m2"
    )
    assert default_sweep() == parse_sweep("int3-8,minifloat3-8")
    assert [fmt.name for fmt in default_sweep(1, 2)] == ["int1", "int2"]


def test_sweep_keeps_order_and_drops_repetitions() -> None:
    text = " uint4, int4,INT3-5 ,e4m3fn,minifloat4,e2m1,int8"
    names = ["uint4", "int4", "int3", "int5", "e4m3fn", "e2m1", "e3m0", "int8"]
    assert [fmt.name for fmt in parse_sweep(text)] == names


def test_no_two_formats_of_a_sweep_share_a_grid() -> None:
    grids = {
        tuple((fmt.narrow().grid() / fmt.lsb).tolist()) for fmt in parse_sweep("minifloat3-10")
    }
    integers = {tuple(fmt.narrow().grid().tolist()) for fmt in parse_sweep("int3-10")}
    assert len(grids) == len(parse_sweep("minifloat3-10"))
    assert not grids & integers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int8-3", "int8-3: the range 8-3 is empty; did you mean 3-8"),
        ("minifloat1-2", "minifloat1-2: no minifloat format of this width is swept"),
        ("int3-99", "int3-99: formats have 1 to 16 bits, not 3-99"),
        ("int0-4", "int0-4: formats have 1 to 16 bits"),
        ("int3-8,,e4m3", "an item is empty in 'int3-8,,e4m3'"),
        ("", "an item is empty in ''"),
        ("int3-", "no number format is called 'int3-'"),
        ("floats3-8", "did you mean 'minifloat'.*known: int, minifloat"),
        ("e4m3-8", "no number format is called 'e4m3-8'"),
    ],
)
def test_bad_sweeps(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_sweep(text)


def test_bits() -> None:
    assert parse_bits("3-8") == (3, 8)
    assert parse_bits(" 16") == (16, 16)
    for text in ("", "x", "3-", "-3", "3-4-5", "3..8"):
        with pytest.raises(FormatError, match="is no range of bits; write it like 3-8"):
            parse_bits(text)
    with pytest.raises(FormatError, match="did you mean 3-8"):
        default_sweep(8, 3)
