import base64

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.report.page.encode import encode_numbers, encode_rows, encode_words, pack_digests

KINDS = {1: "<u1", 2: "<u2", 4: "<u4"}


def codes(packed):
    return np.frombuffer(base64.b64decode(packed["codes"]), dtype=KINDS[packed["width"]]).tolist()


@given(st.lists(st.floats(allow_infinity=False)))
def test_numbers_come_back_ascending_and_the_unknown_last(numbers):
    packed = encode_numbers(pd.Series(numbers, dtype=float))
    known = [value for value in packed["values"] if value is not None]
    assert known == sorted(set(known))
    assert None not in packed["values"][:-1]
    back = [packed["values"][code] for code in codes(packed)]
    assert back == [None if np.isnan(number) else number for number in numbers]


@pytest.mark.parametrize(("count", "width"), [(256, 1), (257, 2), (65536, 2), (65537, 4)])
def test_codes_are_as_wide_as_they_must_be(count, width):
    packed = encode_numbers(pd.Series(range(count)))
    assert packed["width"] == width
    assert codes(packed) == list(range(count))


def test_words_keep_the_order_they_are_given():
    packed = encode_words(["int4", "e2m1", "int4"], ["int3", "int4", "e2m1"])
    assert packed["values"] == ["int4", "e2m1"]
    assert codes(packed) == [0, 1, 0]


def test_rows_are_kept_once():
    rows = np.array([[5, 1], [2, 9], [5, 1]])
    packed = encode_rows(rows, ("lut", "ff"))
    columns = packed["columns"]
    assert [[columns["lut"][c], columns["ff"][c]] for c in codes(packed)] == rows.tolist()
    assert len(columns["lut"]) == 2


def test_digests_are_as_long_as_they_need_to_differ():
    packed = pack_digests(["aabbccddee", "aabbccdd11"], 4)
    assert packed["bytes"] == 5
    assert base64.b64decode(packed["data"]).hex() == "aabbccddeeaabbccdd11"
    assert pack_digests(["aabbccddee", "11bbccdd11"], 4)["bytes"] == 2
