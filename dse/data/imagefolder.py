"""``imagefolder:PATH``: PNG and JPEG files under ``train/<class>/`` and ``val/<class>/``.

The folders' sorted names are the classes; ``val`` is the test set, validation comes from ``train``.
All images must have one size, or ``?size=N`` scales the largest central square of each to N×N
pixels (bicubic), and ``&crop=M`` keeps the M×M in the middle of that. Images are grey if every file
is, else RGB; transparency is dropped. Codes are uint8, scale 1/255.
"""

import re
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dse.data.base import Dataset, Loader, Split, checked_split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import with_official_test
from dse.errors import DataError
from dse.formats import IntFormat

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_GREY = frozenset({"1", "L", "LA"})
_COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


def _opened(path: Path) -> Image.Image:
    """Open an image; its pixels are read later."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=("PNG", "JPEG"))
    except (OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError) as e:
        raise DataError(f"{path} cannot be read as PNG or JPEG: {e}; repair or remove it") from e


def _pixels(path: Path, mode: str, size: int, crop: int) -> NDArray[np.uint8]:
    """Decode `path` to `(c, h, w)`, scaled to `size` and cut to `crop` unless these are 0."""
    with _opened(path) as image:
        try:
            pixels = image.convert(mode)
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"{path} is damaged: {error}; repair or remove it") from error
    if size:
        pixels = ImageOps.fit(pixels, (size, size), Image.Resampling.BICUBIC)
    if crop:
        edge = (size - crop) // 2
        pixels = pixels.crop((edge, edge, edge + crop, edge + crop))
    return np.atleast_3d(np.asarray(pixels, np.uint8)).transpose(2, 0, 1)


def _files(root: Path, part: str) -> dict[str, list[Path]]:
    """Return the image files of each class, both in sorted order."""
    folder = root / part
    if not folder.is_dir():
        raise DataError(f"{root} has no folder '{part}'; it must hold {part}/<class>/ with images")
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    files = {
        entry.name: sorted(f for f in entry.iterdir() if f.suffix.lower() in _SUFFIXES)
        for entry in classes
    }
    for name, images in files.items():
        if not images:
            raise DataError(f"{folder / name} holds no PNG or JPEG image; add some or remove it")
    if not files:
        raise DataError(f"{folder} holds no class folders")
    return files


def _common_mode(paths: list[Path], size: int) -> str:
    """Return ``"L"`` if all images are grey, else ``"RGB"``; with `size` 0 they share a size."""
    with _opened(paths[0]) as image:
        width, height = image.size
    modes = set()
    for path in paths:
        with _opened(path) as image:
            if image.mode not in _GREY | _COLOUR:
                raise DataError(f"{path} has pixels of type {image.mode}; convert it to 8 bits")
            if not size and image.size != (width, height):
                raise DataError(
                    f"{path} has {image.size[0]} by {image.size[1]} pixels but {paths[0]} "
                    f"{width} by {height}; scale all to one size with ?size=N"
                )
            modes.add(image.mode)
    return "L" if modes <= _GREY else "RGB"


def _read(
    files: dict[str, list[Path]], classes: list[str], mode: str, size: int, crop: int
) -> Split:
    labels = [classes.index(name) for name, images in files.items() for _ in images]
    paths = [path for images in files.values() for path in images]
    x = np.stack([_pixels(path, mode, size, crop) for path in paths])
    return checked_split(x, np.array(labels), str(paths[0].parent.parent))


def _side(spec: DataSpec, option: str) -> int:
    """Return the side of a square that an option gives [pixels], 0 where it is not given."""
    text = spec.option(option, "")
    if not text:
        return 0
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise DataError(
            f"data '{spec.text}': {option}={text} is not a number of pixels from 1 to 9999"
        )
    return int(text)


def _load(spec: DataSpec, seed: int) -> Dataset:
    root, size, crop = spec.folder(), _side(spec, "size"), _side(spec, "crop")
    if crop > size:
        raise DataError(
            f"data '{spec.text}': crop={crop} is cut from size=N; give N of {crop} or more"
        )
    if not root.is_dir():
        raise DataError(f"data '{spec.text}': no folder {root}")
    train, test = _files(root, "train"), _files(root, "val")
    classes = list(train)
    for name in test:
        if name not in train:
            raise DataError(f"{root / 'val' / name} is a class that {root / 'train'} lacks")
    every = [path for part in (train, test) for images in part.values() for path in images]
    mode = _common_mode(every, size)
    return with_official_test(
        name=spec.text,
        train=_read(train, classes, mode, size, crop),
        test=_read(test, classes, mode, size, crop),
        n_classes=len(classes),
        input_format=IntFormat(bits=8, signed=False),
        input_scale=1 / 255,
        seed=seed,
    )


LOADER = Loader(load=_load, path=PathRule.REQUIRED, options=frozenset({"size", "crop"}))
