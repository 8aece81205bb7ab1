"""``npz:PATH``: a NumPy archive with ``x_train y_train x_test y_test``.

Images are NCHW. Those of type uint8 are codes with scale 1/255. Those of type float32 get an input
quantizer chosen from ``x_train``: uint8 with scale absmax/255 where no value is negative, int8 with
scale absmax/127 otherwise; test values beyond it saturate. Labels number the classes from 0, and
every class appears in ``y_train``.
"""

import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from dse.data.base import Arrays, Dataset, Loader, checked_split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import with_official_test
from dse.errors import DataError
from dse.formats import Format, IntFormat

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def _opened(file: BinaryIO, path: Path) -> NpzFile:
    try:
        archive = np.load(file, allow_pickle=False)
    except ValueError as error:  # NumPy takes what it does not know for a pickle, and advises one
        raise DataError(f"{path} is no NumPy archive; write it with numpy.savez") from error
    if not isinstance(archive, NpzFile):
        raise DataError(f"{path} holds one array, not an archive; write it with numpy.savez")
    return archive


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with path.open("rb") as file, _opened(file, path) as archive:
            missing = [name for name in _ARRAYS if name not in archive.files]
            if missing:
                raise DataError(f"{path} lacks {', '.join(missing)}; it has {archive.files}")
            return {name: archive[name] for name in _ARRAYS}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as a NumPy archive: {error}") from error


def input_quantizer(x: Arrays, where: str) -> tuple[Format, float]:
    """Choose format and scale of the network's input from training images.

    Raises:
        DataError: All values are 0, or so near to it that float32 cannot hold the scale.
    """
    if x.dtype == np.uint8:
        return IntFormat(bits=8, signed=False), 1 / 255
    signed = bool(x.min() < 0)
    absmax = float(np.abs(x).max())
    scale = absmax / (127 if signed else 255)
    if scale < np.finfo(np.float32).tiny:
        raise DataError(f"{where}: no value exceeds {absmax:g}; there is nothing to learn from")
    return IntFormat(bits=8, signed=signed), scale


def class_count(y: NDArray[np.int64], where: str) -> int:
    """Return the number of classes that training labels name.

    Raises:
        DataError: A class below the highest label has no image.
    """
    present = np.unique(y)
    n_classes = int(present[-1]) + 1
    if len(present) < n_classes:
        absent = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"{where}: labels go up to {n_classes - 1} but no image has label {absent}; "
            f"number the classes from 0 without a gap"
        )
    return n_classes


def _load(spec: DataSpec, seed: int) -> Dataset:
    arrays = _arrays(spec.folder())
    where = str(spec.folder())
    train = checked_split(arrays["x_train"], arrays["y_train"], f"{where} x_train, y_train")
    test = checked_split(arrays["x_test"], arrays["y_test"], f"{where} x_test, y_test")
    if train.x.dtype != test.x.dtype:
        raise DataError(f"{where}: x_train is {train.x.dtype}, x_test {test.x.dtype}; use one type")
    input_format, input_scale = input_quantizer(train.decoded, where)
    return with_official_test(
        name=spec.text,
        train=train,
        test=test,
        n_classes=class_count(train.y, where),
        input_format=input_format,
        input_scale=input_scale,
        seed=seed,
    )


LOADER = Loader(load=_load, path=PathRule.REQUIRED)
