"""``imagefolder:PATH``: PNG and JPEG files under ``train/<class>/`` and ``val/<class>/``.

The folders' sorted names are the classes; ``val`` is the test set, validation comes from ``train``.
All images must have one size, or ``?size=N`` scales the largest central square of each to N×N
pixels (bicubic), and ``&crop=M`` keeps the M×M in the middle of that. Images are grey if every file
is, else RGB; transparency is dropped. Codes are uint8, scale 1/255. Files are decoded when they are
needed, a batch at a time.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from dse.data._image_files import GREY, ImageFiles, opened, require_8_bits
from dse.data.base import Dataset, Loader, Split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import with_official_test
from dse.errors import DataError
from dse.formats import IntFormat

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})


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


def _common_shape(paths: list[Path], size: int) -> tuple[int, int, int]:
    """Return the shape `(c, h, w)` all images are to have, from their headers.

    With `size` they may differ, so the first with colour decides.
    """
    with opened(paths[0]) as image:
        width, height = image.size
    channels = 1
    for path in paths:
        with opened(path) as image:
            require_8_bits(image, path)
            if not size and image.size != (width, height):
                raise DataError(
                    f"{path} has {image.size[0]} by {image.size[1]} pixels but {paths[0]} "
                    f"{width} by {height}; scale all to one size with ?size=N"
                )
            channels = channels if image.mode in GREY else 3
        if size and channels > 1:
            break
    return (channels, size, size) if size else (channels, height, width)


def _split(files: dict[str, list[Path]], classes: list[str], like: ImageFiles) -> Split:
    labels = [classes.index(name) for name, images in files.items() for _ in images]
    paths = tuple(path for images in files.values() for path in images)
    return Split(x=replace(like, files=paths), y=np.array(labels, np.int64))


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
    channels, height, width = _common_shape(every, size)
    shape = (channels, crop or height, crop or width)
    like = ImageFiles(root=root, files=(), image_shape=shape, size=size)
    return with_official_test(
        name=spec.text,
        train=_split(train, classes, like),
        test=_split(test, classes, like),
        n_classes=len(classes),
        input_format=IntFormat(bits=8, signed=False),
        input_scale=1 / 255,
        seed=seed,
    )


LOADER = Loader(load=_load, path=PathRule.REQUIRED, options=frozenset({"size", "crop"}))
