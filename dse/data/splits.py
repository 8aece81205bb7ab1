"""Stratified, seeded drawing of splits: every class keeps its share."""

import numpy as np
from numpy.typing import NDArray

from dse.data.base import Dataset, Split, assemble, check_labels
from dse.errors import DataError
from dse.formats import Format

CALIBRATION_IMAGES = 1000
"""Calibration takes this many training images, or all where there are fewer."""

VALIDATION_IMAGES = 5000
"""Validation takes at most this many of the official training images, and at most a tenth."""


def quotas(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Share `total` draws among classes in proportion to `counts` (largest remainder).

    Args:
        counts: Images of each class, `(classes,)`.
        total: Draws, at most ``counts.sum()``.

    Returns:
        Draws of each class, `(classes,)`; they sum to `total`.
    """
    exact = counts * total / counts.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    return shares


def draw(
    y: NDArray[np.int64], total: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw `total` of the images with labels `y`, class by class.

    Returns:
        Ascending indices of the drawn images, `(total,)`, and of the rest, `(n - total,)`.
    """
    classes, counts = np.unique(y, return_counts=True)
    taken = np.zeros(len(y), dtype=bool)
    for label, quota in zip(classes, quotas(counts, total), strict=True):
        members = np.flatnonzero(y == label)
        taken[rng.permutation(members)[:quota]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)


def hold_out(images: Split, total: int, seed: int, where: str) -> tuple[Split, Split]:
    """Split `images` into `total` held-out images and the rest, stratified by class.

    Raises:
        DataError: One of the two would be empty.
    """
    if not 0 < total < len(images):
        raise DataError(
            f"{where}: {len(images)} training image(s) are too few to hold out {total} "
            f"for validation; give at least 2"
        )
    held, rest = draw(images.y, total, np.random.default_rng(seed))
    return images.take(held), images.take(rest)


def validation_size(n_train: int) -> int:
    """Return how many of `n_train` official training images go to validation."""
    return min(VALIDATION_IMAGES, max(1, n_train // 10))


def calibration_of(train: Split, seed: int) -> Split:
    """Draw the calibration images from the training images, stratified by class.

    They come in random order, so that their first n are a fair sample too.
    """
    rng = np.random.default_rng([seed, 1])
    drawn, _ = draw(train.y, min(CALIBRATION_IMAGES, len(train)), rng)
    return train.take(rng.permutation(drawn))


def with_official_test(
    *,
    name: str,
    train: Split,
    test: Split,
    n_classes: int,
    input_format: Format,
    input_scale: float,
    seed: int,
) -> Dataset:
    """Make a data set whose test images are given; validation and calibration come from `train`.

    Raises:
        DataError: There are fewer than 2 training images, image shapes differ, or a label is out
            of range.
    """
    check_labels(train, n_classes, f"{name} train")
    validation, rest = hold_out(train, validation_size(len(train)), seed, name)
    return assemble(
        name=name,
        train=rest,
        calibration=calibration_of(rest, seed),
        validation=validation,
        test=test,
        n_classes=n_classes,
        input_format=input_format,
        input_scale=input_scale,
    )
