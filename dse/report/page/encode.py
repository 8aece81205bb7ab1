"""Columns of many points as compact JSON: each distinct value once, and short codes."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

_CODES = (np.dtype("<u1"), np.dtype("<u2"), np.dtype("<u4"))


def encode_numbers(numbers: "pd.Series[Any]") -> dict[str, Any]:
    """Return ``values``, ascending, and ``codes``: the index of each point's; NaN is null, last."""
    import pandas as pd

    codes, values = pd.factorize(numbers, sort=True, use_na_sentinel=False)
    plain = [None if value != value else value for value in values.tolist()]
    return {"values": plain, **pack_codes(codes, len(plain))}


def encode_words(words: ArrayLike, order: Sequence[str]) -> dict[str, Any]:
    """Return ``values``, those of `order` that occur, and ``codes``, as for numbers."""
    import pandas as pd

    codes, found = pd.factorize(np.asarray(words, dtype=object))
    rank = {word: position for position, word in enumerate(order)}
    values = sorted(found.tolist(), key=rank.__getitem__)
    new = {word: position for position, word in enumerate(values)}
    renumbered = np.array([new[word] for word in found.tolist()], dtype=np.int64)
    return {"values": values, **pack_codes(renumbered[codes], len(values))}


def encode_rows(rows: NDArray[np.int64], names: Sequence[str]) -> Mapping[str, Any]:
    """Return ``columns``, of the distinct rows of `(points, names)`, and each point's ``codes``."""
    distinct, codes = np.unique(rows, axis=0, return_inverse=True)
    columns = dict(zip(names, distinct.T.tolist(), strict=True))
    return {"columns": columns, **pack_codes(codes, len(distinct))}


def pack_codes(codes: ArrayLike, count: int) -> dict[str, Any]:
    """Return numbers below `count` as base64 of unsigned integers ``width`` bytes wide."""
    kind = next(kind for kind in _CODES if count <= 256**kind.itemsize)
    return {"codes": pack(np.asarray(codes, dtype=kind).tobytes()), "width": kind.itemsize}


def pack_digests(digests: Sequence[str], least: int) -> dict[str, Any]:
    """Return the beginnings of hexadecimal `digests`, as long as they need to differ.

    Args:
        digests: One of each point.
        least: Digits that each has at least; even.
    """
    digits = least
    while len({digest[:digits] for digest in digests}) < len(digests):
        digits += 2
    text = "".join(digest[:digits] for digest in digests)
    return {"bytes": digits // 2, "data": pack(bytes.fromhex(text))}


def pack(data: bytes) -> str:
    """Return base64 of `data`."""
    return base64.b64encode(data).decode()
