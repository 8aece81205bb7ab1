"""Words of streams: elements side by side, as limbs of 32 bits, the lowest first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LIMB_BITS = 32

Words = NDArray[np.uint32]
"""Shape `(words, limbs)`."""


def limbs(bits: int) -> int:
    """Return the limbs that hold a word of `bits` bits."""
    return -(-bits // LIMB_BITS)


def pack(elements: NDArray[Any], bits: int, lanes: int) -> Words:
    """Put `lanes` elements into each word, the first in the low bits.

    Args:
        elements: Integers in the order of the stream, any shape; two's complement if negative.
        bits: Width of an element [bit].
        lanes: Elements a word; divides their number.
    """
    flat = elements.reshape(-1)
    flat = flat if flat.dtype == object else flat.astype(np.int64)
    count = flat.size // lanes
    parts = []
    for low in range(0, bits, LIMB_BITS):
        limb = ((flat >> low) & ((1 << LIMB_BITS) - 1)).astype("<u4")
        unpacked = np.unpackbits(limb.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
        parts.append(unpacked[:, : bits - low])
    as_bits = np.concatenate(parts, axis=1).reshape(count, lanes * bits)
    packed = np.zeros((count, 4 * limbs(lanes * bits)), dtype=np.uint8)
    packed[:, : -(-lanes * bits // 8)] = np.packbits(as_bits, axis=1, bitorder="little")
    return packed.view("<u4").astype(np.uint32)


def unpack(words: Words, bits: int, lanes: int, *, is_signed: bool) -> NDArray[Any]:
    """Return the elements of words in the order of the stream.

    Args:
        words: Shape `(words, limbs)`.
        bits: Width of an element [bit].
        lanes: Elements a word.
        is_signed: Whether elements are two's complement.

    Returns:
        Shape `(words · lanes,)`: int64, or Python integers where an element has 64 bits or more.
    """
    as_bytes = np.ascontiguousarray(words, dtype="<u4").view(np.uint8)
    as_bits = np.unpackbits(as_bytes, axis=1, bitorder="little", count=lanes * bits)
    elements = as_bits.reshape(-1, bits)
    kind = np.int64 if bits < 64 else object
    total: NDArray[Any] = np.zeros(len(elements), dtype=kind)
    for low in range(0, bits, LIMB_BITS):
        part = np.packbits(elements[:, low : low + LIMB_BITS], axis=1, bitorder="little")
        limb = np.zeros((len(elements), 4), dtype=np.uint8)
        limb[:, : part.shape[1]] = part
        total = total + (limb.view("<u4")[:, 0].astype(np.int64).astype(kind) << low)
    if is_signed:
        total = total - (elements[:, -1].astype(np.int64).astype(kind) << bits)
    return total
