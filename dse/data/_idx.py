"""The IDX files of MNIST and its relatives, plain or gzipped.

Format: two zero bytes, one for the element type, one for the number of axes, each axis' length as
a big-endian 32-bit integer, then the elements (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.errors import DataError

_UINT8 = 0x08


def read_idx(folder: Path, stem: str, axes: int) -> NDArray[np.uint8]:
    """Read ``folder/stem`` or ``folder/stem.gz``: uint8 elements with `axes` axes.

    Raises:
        DataError: The file is missing, damaged, truncated, or holds something else.
    """
    content, path = _content(folder, stem)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DataError(f"{path} is no IDX file: it does not begin with two zero bytes")
    if content[2] != _UINT8 or content[3] != axes:
        raise DataError(
            f"{path} holds elements of type {content[2]:#04x} with {content[3]} axes; "
            f"expected uint8 (0x08) with {axes}"
        )
    start = 4 + 4 * axes
    shape = tuple(int(n) for n in np.frombuffer(content[4:start].ljust(4 * axes, b"\0"), ">u4"))
    if len(content) != start + math.prod(shape):
        raise DataError(
            f"{path} is truncated or damaged: {len(content)} bytes where its header {shape} "
            f"asks for {start + math.prod(shape)}; get it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _content(folder: Path, stem: str) -> tuple[bytes, Path]:
    plain, packed = folder / stem, folder / f"{stem}.gz"
    try:
        if plain.is_file():
            return plain.read_bytes(), plain
        with gzip.open(packed) as file:
            return file.read(), packed
    except FileNotFoundError as error:
        raise DataError(f"{folder} lacks {stem} or {stem}.gz; put it there") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{packed} is damaged: {error}; get it again") from error
