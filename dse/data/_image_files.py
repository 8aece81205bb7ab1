"""Images in files, decoded when they are asked for: an array that need not fit into memory."""

import hashlib
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dse.errors import DataError

GREY = frozenset({"1", "L", "LA"})
"""Pillow's modes of images without colour."""

_COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageFiles:
    """PNG and JPEG files as uint8 codes of one shape.

    Indexing takes some of the files and decodes none.

    Attributes:
        root: Folder that fingerprints count names from.
        files: Paths.
        image_shape: `(c, h, w)` of each image: one channel for grey, three for colour.
        size: Side that the central square is scaled to [pixels], before `(h, w)` in its middle are
            kept; 0: the images have the shape.
    """

    root: Path
    files: tuple[Path, ...]
    image_shape: tuple[int, int, int]
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the array, `(n, c, h, w)`."""
        return (len(self.files), *self.image_shape)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Type of a code."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: slice | NDArray[np.int64]) -> "ImageFiles":
        """Return the files at `index`, in that order."""
        if isinstance(index, slice):
            return replace(self, files=self.files[index])
        return replace(self, files=tuple(self.files[position] for position in index))

    def decoded(self) -> NDArray[np.uint8]:
        """Return the images.

        Raises:
            DataError: A file is damaged, or has another shape or more than 8 bits.
        """
        codes = np.empty(self.shape, np.uint8)
        for place, path in zip(codes, self.files, strict=True):
            place[:] = self._pixels(path)
        return codes

    def _pixels(self, path: Path) -> NDArray[np.uint8]:
        channels, height, width = self.image_shape
        with opened(path) as image:
            require_8_bits(image, path)
            try:
                pixels = image.convert("L" if channels == 1 else "RGB")
            except (OSError, ValueError, SyntaxError) as error:
                raise DataError(f"{path} is damaged: {error}; repair or remove it") from error
        if self.size:
            pixels = ImageOps.fit(pixels, (self.size, self.size), Image.Resampling.BICUBIC)
            top, left = (self.size - height) // 2, (self.size - width) // 2
            pixels = pixels.crop((left, top, left + width, top + height))
        if pixels.size != (width, height):
            raise DataError(f"{path} has changed its size since the data set was opened")
        return np.atleast_3d(np.asarray(pixels, np.uint8)).transpose(2, 0, 1)

    def digest_into(self, digest: "hashlib._Hash", *, contents: bool) -> None:
        """Add the files' names and either their contents or their sizes to a digest.

        Raises:
            DataError: A file cannot be read.
        """
        for path in self.files:
            try:
                told = path.read_bytes() if contents else str(path.stat().st_size).encode()
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
            digest.update(f"{path.relative_to(self.root).as_posix()} {len(told)} ".encode())
            digest.update(told)


def opened(path: Path) -> Image.Image:
    """Open an image; its pixels are read later.

    Raises:
        DataError: It is neither PNG nor JPEG, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=("PNG", "JPEG"))
    except (OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError) as e:
        raise DataError(f"{path} cannot be read as PNG or JPEG: {e}; repair or remove it") from e


def require_8_bits(image: Image.Image, path: Path) -> None:
    """Refuse pixels of more than 8 bits.

    Raises:
        DataError: Names the file and the type.
    """
    if image.mode not in GREY | _COLOUR:
        raise DataError(f"{path} has pixels of type {image.mode}; convert it to 8 bits")
