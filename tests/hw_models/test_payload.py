import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DataError
from hw_models.payload import Payload


def test_bytes_lie_as_described():
    payload = Payload(element_bits=5, lanes=3, beats=2)
    assert (payload.beat_bits, payload.beat_bytes, payload.frame_bytes) == (15, 2, 4)
    frame = payload.pack(np.array([1, 2, 3, 31, 0, 16]))
    assert frame == (1 | 2 << 5 | 3 << 10).to_bytes(2, "little") + (31 | 16 << 10).to_bytes(
        2, "little"
    )
    assert payload.unpack(frame).tolist() == [1, 2, 3, 31, 0, 16]


@given(st.data(), st.integers(1, 80), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_elements_come_back(data, bits, lanes, beats, is_signed):
    payload = Payload(element_bits=bits, lanes=lanes, beats=beats, is_signed=is_signed)
    low = -(1 << bits - 1) if is_signed else 0
    element = st.integers(low, low + (1 << bits) - 1)
    elements = data.draw(st.lists(element, min_size=lanes * beats, max_size=lanes * beats))
    frame = payload.pack(np.array(elements, dtype=object))
    assert len(frame) == payload.frame_bytes
    found = payload.unpack(frame)
    assert found.tolist() == elements
    assert found.dtype == (object if bits > 63 + is_signed else np.int64)
    assert Payload.from_json(payload.to_json()) == payload


def test_images_of_any_shape_are_taken_in_order():
    payload = Payload(element_bits=8, lanes=2, beats=6)
    image = np.arange(12).reshape(2, 3, 2)
    assert payload.pack(image) == bytes(range(12))


def test_what_does_not_fit_is_refused():
    payload = Payload(element_bits=4, lanes=2, beats=2, is_signed=True)
    with pytest.raises(DataError, match="4 elements, not 3"):
        payload.pack(np.zeros(3, int))
    with pytest.raises(DataError, match=r"\[-8, 7\], these in \[0, 8\]"):
        payload.pack(np.array([0, 1, 2, 8]))
    with pytest.raises(DataError, match="2 bytes, not 1"):
        payload.unpack(b"x")
