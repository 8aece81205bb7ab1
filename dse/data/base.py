"""What a data set is: four checked splits of labelled images, and the codes they are made of."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dse.data._image_files import ImageFiles
from dse.data.spec import DataSpec, PathRule
from dse.errors import DataError
from dse.formats import Format

Arrays = NDArray[np.uint8] | NDArray[np.float32]
Images = Arrays | ImageFiles


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Labelled images.

    Attributes:
        x: Images `(n, c, h, w)`: uint8 input codes, or float32 values; or codes in files.
        y: Class numbers from 0, `(n,)`.
    """

    x: Images
    y: NDArray[np.int64]

    @property
    def is_streamed(self) -> bool:
        """Whether images are read from files when they are asked for."""
        return isinstance(self.x, ImageFiles)

    @property
    def decoded(self) -> Arrays:
        """The images in memory."""
        return self.x.decoded() if isinstance(self.x, ImageFiles) else self.x

    def __len__(self) -> int:
        return len(self.y)

    def take(self, indices: NDArray[np.int64]) -> "Split":
        """Return the images at `indices`, in that order."""
        return Split(x=self.x[indices], y=self.y[indices])


def checked_split(x: NDArray[np.generic], y: NDArray[np.generic], where: str) -> Split:
    """Return `x` and `y` as a `Split` once they hold labelled images.

    Args:
        x: Images `(n, c, h, w)`, uint8 or float32.
        y: Labels `(n,)`, any integer type.
        where: Names the source in messages.

    Raises:
        DataError: Wrong shape or type, no images, NaN or Inf, negative labels.
    """
    if x.ndim != 4 or 0 in x.shape[1:]:
        raise DataError(f"{where}: images have shape {x.shape}, not (n, channels, height, width)")
    if x.dtype not in (np.uint8, np.float32):
        raise DataError(f"{where}: images are {x.dtype}; convert them to uint8 or float32")
    if not len(x):
        raise DataError(f"{where}: no images")
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"{where}: labels are {y.dtype}; give whole class numbers (int64)")
    if y.shape != x.shape[:1]:
        raise DataError(f"{where}: {len(x)} images but labels of shape {y.shape}; give one each")
    if x.dtype == np.float32 and not np.isfinite(x.sum(dtype=np.float64)):
        bad = int(np.flatnonzero(~np.isfinite(x).all(axis=(1, 2, 3)))[0])
        raise DataError(f"{where}: image {bad} holds NaN or Inf; remove or repair it")
    labels = y.astype(np.int64)
    if labels.min() < 0:
        bad = int(labels.argmin())
        raise DataError(
            f"{where}: label {labels[bad]} of image {bad} is negative; classes count from 0"
        )
    return Split(x=np.ascontiguousarray(x), y=labels)


def check_labels(split: Split, n_classes: int, where: str) -> None:
    """Refuse labels that are not below `n_classes`.

    Raises:
        DataError: Names the first such label.
    """
    outside = np.flatnonzero(split.y >= n_classes)
    if len(outside):
        raise DataError(
            f"{where}: label {split.y[outside[0]]} of image {outside[0]} is out of range; "
            f"there are {n_classes} classes, 0 to {n_classes - 1}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Four splits of labelled images and the number format of the network's input.

    The real input value of a code is ``code * input_scale``. Images of type uint8 *are* codes of
    `input_format`; float32 images are values, which the input quantizer turns into codes.

    Attributes:
        name: As the user wrote it.
        train: Images to train on; holds the calibration images, but none of the other splits.
        calibration: Up to 1,000 images of `train`, to choose quantizer ranges on.
        validation: Images every choice may look at.
        test: Images only the final figures look at.
        n_classes: Number of classes.
        input_format: Format of the network's input codes.
        input_scale: Real value of code 1, used as float32.
        fingerprint: SHA-256 (hex) of the images and labels and of the input's format and scale, as
            loaded; of training images in files, names and sizes stand for contents.
        pixel_offset: What is subtracted from uint8 images to make them codes.
    """

    name: str
    train: Split
    calibration: Split
    validation: Split
    test: Split
    n_classes: int
    input_format: Format
    input_scale: float
    fingerprint: str
    pixel_offset: int = 0

    @property
    def is_streamed(self) -> bool:
        """Whether images are read from files when they are asked for."""
        return self.train.is_streamed

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape `(c, h, w)` of one image."""
        _, c, h, w = self.train.x.shape
        return c, h, w

    def as_float(self, split: Split) -> NDArray[np.float32]:
        """Return network inputs of `split`, float32 `(n, c, h, w)`, exactly on the input's grid.

        Codes become ``code * input_scale``; float values are rounded to the nearest such product
        (half to even) and saturate.
        """
        scale, x = np.float32(self.input_scale), split.decoded
        if x.dtype == np.uint8:
            return (x.astype(np.float32) - np.float32(self.pixel_offset)) * scale
        codes: NDArray[np.float32] = self.input_format.quantize(x / scale)
        return codes * scale

    def with_pixels(self, offset: int, scale: float, input_format: Format) -> "Dataset":
        """Return the same images as codes p − offset of another format.

        Args:
            offset: What is subtracted from each pixel p.
            scale: Real value of code 1.
            input_format: Format of the codes.

        Raises:
            DataError: The images are not 8-bit pixels.
        """
        if self.train.x.dtype != np.uint8 or self.pixel_offset:
            raise DataError(f"data '{self.name}' holds no 8-bit pixels, which the network takes")
        return replace(self, pixel_offset=offset, input_scale=scale, input_format=input_format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A data set plug-in: the `LOADER` of its module.

    Attributes:
        load: Makes the data set from its description and a seed.
        path: Whether a path follows the name.
        options: Names of the options it takes.
    """

    load: Callable[[DataSpec, int], Dataset]
    path: PathRule
    options: frozenset[str] = frozenset()


def assemble(
    *,
    name: str,
    train: Split,
    calibration: Split,
    validation: Split,
    test: Split,
    n_classes: int,
    input_format: Format,
    input_scale: float,
) -> Dataset:
    """Make a `Dataset` of finished splits and compute its fingerprint.

    Raises:
        DataError: There is one class, splits differ in image shape, or a label is out of range.
    """
    if n_classes == 1:
        raise DataError(f"{name}: all images are of one class; there is nothing to tell apart")
    splits = {"train": train, "calibration": calibration, "validation": validation, "test": test}
    digest = hashlib.sha256(f"{input_format.name} {float(input_scale).hex()} {n_classes}".encode())
    for role, split in splits.items():
        check_labels(split, n_classes, f"{name} {role}")
        if split.x.shape[1:] != train.x.shape[1:]:
            raise DataError(
                f"{name}: {role} images have shape {split.x.shape[1:]}, "
                f"training images {train.x.shape[1:]}; bring them to one shape"
            )
        digest.update(f"{role} {split.x.dtype} {split.x.shape}".encode())
        if isinstance(split.x, ImageFiles):
            split.x.digest_into(digest, contents=role != "train")
        else:
            digest.update(np.ascontiguousarray(split.x).data)
        digest.update(np.ascontiguousarray(split.y).data)
    return Dataset(
        name=name,
        train=train,
        calibration=calibration,
        validation=validation,
        test=test,
        n_classes=n_classes,
        input_format=input_format,
        input_scale=input_scale,
        fingerprint=digest.hexdigest(),
    )
