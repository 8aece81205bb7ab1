"""The Python batches of CIFAR-10, read without trusting them.

They are pickles of ``{b"data": uint8 array (n, 3072), b"labels": list, …}``. A pickle names the
functions it wants called; here every name is refused but those that rebuild a NumPy array, and
these stand for functions of this file that only keep bytes. Nothing outside this file is called.
"""

import pickle  # noqa: TID251 - the base of a reader that refuses to call anything
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

_KEYS = (b"data", b"labels")


class _Array:
    """Stands for `numpy.ndarray`: takes the state NumPy pickles and keeps its bytes."""

    content = b""

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, _, dtype, is_fortran, content = state
        if not (isinstance(dtype, _Dtype) and dtype.code in (b"u1", "u1") and not is_fortran):
            raise pickle.UnpicklingError("an array is not uint8 in C order")
        if not isinstance(content, bytes):
            raise pickle.UnpicklingError("an array holds no bytes")
        self.content = content


class _Dtype:
    """Stands for `numpy.dtype`: keeps the type code."""

    def __init__(self, code: object, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Ignore byte order and padding: one byte has neither."""


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    """Stand for `_codecs.encode`, by which Python 3 writes bytes for Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("bytes are not written as latin1")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], object] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(
                f"it asks for '{module}.{name}', which no image file needs"
            )
        return _STAND_INS[module, name]


def unpickle_batch(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images `(n, 3072)` and labels `(n,)` of one Python batch.

    Raises:
        ValueError: The bytes are damaged, hold something else, or ask for code to be run.
    """
    try:
        batch = _Unpickler(BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle may raise anything at all
        raise ValueError(str(error)) from error
    data, labels = (batch.get(key) if isinstance(batch, dict) else None for key in _KEYS)
    if not (isinstance(data, _Array) and isinstance(labels, list)):
        raise ValueError("it holds no dict with an array 'data' and a list 'labels'")
    if not all(type(label) is int for label in labels):
        raise ValueError("a label is not a whole number")
    return np.frombuffer(data.content, np.uint8).reshape(-1, 3072).copy(), np.array(labels)
