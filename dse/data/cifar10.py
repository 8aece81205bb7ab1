"""CIFAR-10: 50,000 + 10,000 colour images of 32×32 pixels, 10 classes (Krizhevsky 2009).

Reads the Python batches (``cifar-10-batches-py``) or the binary ones (``cifar-10-batches-bin``)
from the cache folder, from ``data``, or from ``cifar10:PATH``. Validation takes 5,000 of the
training images.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.data._cifar_pickle import read_batch
from dse.data._places import first_with_files, roots
from dse.data.base import Dataset, Loader, Split, check_labels, checked_split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import with_official_test
from dse.errors import DataError
from dse.formats import IntFormat

_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST = ("test_batch",)
_PIXELS = 3 * 32 * 32
_LAYOUTS = ("", "cifar-10-batches-py", "cifar-10-batches-bin")


def _read_binary(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images and labels of one binary batch: records of a label byte and 3,072 pixels."""
    record = 1 + _PIXELS
    if not content or len(content) % record:
        raise ValueError(f"{len(content)} bytes are not a whole number of {record}-byte images")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    return records[:, 1:], records[:, 0].astype(np.int64)


def _read_batch(folder: Path, name: str) -> Split:
    packed, binary = folder / name, folder / f"{name}.bin"
    path, read = (binary, _read_binary) if binary.is_file() else (packed, read_batch)
    try:
        pixels, labels = read(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{folder} lacks {name} or {name}.bin; put it there") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no CIFAR-10 batch: {error}; get it again") from error
    split = checked_split(pixels.reshape(-1, 3, 32, 32), labels, str(path))
    check_labels(split, 10, str(path))
    return split


def _read(folder: Path, names: tuple[str, ...]) -> Split:
    parts = [_read_batch(folder, name) for name in names]
    return Split(
        x=np.concatenate([part.x for part in parts]), y=np.concatenate([part.y for part in parts])
    )


def _load(spec: DataSpec, seed: int) -> Dataset:
    folder = first_with_files(
        spec,
        [root / layout for root in roots(spec) for layout in _LAYOUTS],
        lambda place: any(place.glob("data_batch_*")) or any(place.glob("test_batch*")),
        "unpack cifar-10-python.tar.gz or cifar-10-binary.tar.gz and name the folder: cifar10:PATH",
    )
    return with_official_test(
        name=spec.text,
        train=_read(folder, _TRAIN),
        test=_read(folder, _TEST),
        n_classes=10,
        input_format=IntFormat(bits=8, signed=False),
        input_scale=1 / 255,
        seed=seed,
    )


LOADER = Loader(load=_load, path=PathRule.OPTIONAL)
