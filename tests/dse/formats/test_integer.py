import numpy as np
import pytest

from dse.errors import FormatError
from dse.formats import IntFormat, parse_format


@pytest.mark.parametrize(
    ("name", "low", "high", "n_codes"),
    [
        ("int1", -1, 0, 2),
        ("int2", -2, 1, 4),
        ("int2n", -1, 1, 3),
        ("int4", -8, 7, 16),
        ("int4n", -7, 7, 15),
        ("uint1", 0, 1, 2),
        ("uint5", 0, 31, 32),
        ("int16", -32768, 32767, 65536),
        ("int16n", -32767, 32767, 65535),
        ("uint16", 0, 65535, 65536),
    ],
)
def test_range(name: str, low: int, high: int, n_codes: int) -> None:
    fmt = parse_format(name)
    assert (fmt.min, fmt.max, fmt.n_codes) == (low, high, n_codes)
    assert fmt.grid().tolist() == list(range(low, high + 1))
    assert fmt.max_integer == max(-low, high)


def test_codes_are_twos_complement() -> None:
    assert parse_format("int4").encode([-8, -1, 0, 7]).tolist() == [8, 15, 0, 7]
    assert parse_format("int4n").encode([-8, -7, 7]).tolist() == [9, 9, 7]


def test_the_unused_code_of_a_narrow_integer_is_nan() -> None:
    assert np.isnan(parse_format("int4n").decode(8))


def test_ties_go_to_even() -> None:
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], np.float32)
    assert parse_format("int8").quantize(x).tolist() == [-2, -2, 0, 0, 2, 2]


def test_counterparts() -> None:
    int8 = IntFormat(bits=8)
    assert int8.narrow() == IntFormat(bits=8, is_narrow=True)
    assert int8.narrow().unsigned() == int8.unsigned() == IntFormat(bits=8, signed=False)
    assert IntFormat(bits=1).narrow() == IntFormat(bits=1)
    assert IntFormat(bits=4, signed=False).narrow() == IntFormat(bits=4, signed=False)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 0}, "int0: integers have 1 to 16 bits"),
        ({"bits": 17, "signed": False}, "uint17: integers have 1 to 16 bits"),
        ({"bits": 1, "is_narrow": True}, "int1n: a narrow integer needs at least 2 bits"),
        ({"bits": 4, "signed": False, "is_narrow": True}, "uint4n: only signed integers"),
    ],
)
def test_what_is_no_integer(parameters: dict[str, int], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        IntFormat(**parameters)
