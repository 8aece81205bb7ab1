"""Words of streams, against Python's integers."""

import numpy as np
import pytest

from hw_models.sim.words import limbs, pack, unpack


@pytest.mark.parametrize("bits", [1, 5, 31, 32, 33, 63, 64, 77, 128])
@pytest.mark.parametrize("lanes", [1, 3])
def test_words_hold_elements_from_the_low_bits_up(bits, lanes):
    rng = np.random.default_rng(bits)
    elements = [int.from_bytes(rng.bytes(16)) % 2**bits - 2 ** (bits - 1) for _ in range(4 * lanes)]
    elements[0], elements[1] = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
    words = pack(np.array(elements, dtype=object), bits, lanes)
    assert words.shape == (4, limbs(bits * lanes))
    for position, word in enumerate(words):
        value = sum(int(limb) << 32 * i for i, limb in enumerate(word))
        group = elements[position * lanes : (position + 1) * lanes]
        assert value == sum((x % 2**bits) << bits * lane for lane, x in enumerate(group))
    assert unpack(words, bits, lanes, is_signed=True).tolist() == elements
    unsigned = unpack(words, bits, lanes, is_signed=False)
    assert unsigned.tolist() == [x % 2**bits for x in elements]


def test_packing_takes_any_shape_of_small_integers():
    codes = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert unpack(pack(codes, 5, 4), 5, 4, is_signed=False).tolist() == list(range(24))
