"""Checks of labelled images, the fingerprint, and network inputs."""

import dataclasses

import numpy as np
import pytest

from dse.data.base import Dataset, Split, assemble, checked_split
from dse.errors import DataError
from dse.formats import IntFormat


def images(n: int = 6, dtype: type = np.float32) -> np.ndarray:
    return np.arange(n * 4).reshape(n, 1, 2, 2).astype(dtype)


def labels(n: int = 6) -> np.ndarray:
    return np.arange(n) % 2


def with_value(array: np.ndarray, index: tuple[int, ...], value: float) -> np.ndarray:
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (images().reshape(6, 4), labels(), ("shape (6, 4)",)),
        (np.zeros((6, 0, 2, 2), np.uint8), labels(), ("shape (6, 0, 2, 2)",)),
        (images(dtype=np.float64), labels(), ("float64", "uint8 or float32")),
        (images(), labels().astype(float), ("labels are float64",)),
        (images(), labels(5), ("6 images", "(5,)")),
        (images(), labels()[:, None], ("(6, 1)",)),
        (images(0), labels(0), ("no images",)),
        (with_value(images(), (4, 0, 1, 1), np.nan), labels(), ("image 4", "NaN or Inf")),
        (with_value(images(), (2, 0, 0, 1), -np.inf), labels(), ("image 2", "NaN or Inf")),
        (images(), with_value(labels(), (3,), -1), ("label -1 of image 3", "negative")),
    ],
)
def test_refuses_what_is_not_labelled_images(x, y, words, refusal):
    with refusal(DataError, "here", *words):
        checked_split(x, y, "here")


def test_accepts_every_integer_type_of_labels():
    for dtype in (np.uint8, np.int16, np.uint64):
        assert checked_split(images(), labels().astype(dtype), "here").y.dtype == np.int64


def dataset(**changes: object) -> Dataset:
    split = Split(x=images(dtype=np.uint8), y=labels().astype(np.int64))
    settings: dict[str, object] = {
        "name": "made",
        "train": split,
        "calibration": split.take(np.array([0, 1])),
        "validation": split,
        "test": split,
        "n_classes": 2,
        "input_format": IntFormat(bits=8, signed=False),
        "input_scale": 1 / 255,
    }
    return assemble(**settings | changes)


def test_fingerprint_covers_arrays_and_input_but_not_the_name():
    base = dataset()
    assert dataset(name="moved").fingerprint == base.fingerprint
    assert len(base.fingerprint) == 64
    pixel = dataclasses.replace(base.test, x=with_value(base.test.x, (0, 0, 0, 0), 9))
    label = dataclasses.replace(base.test, y=with_value(base.test.y, (0,), 1))
    changed = [
        dataset(test=pixel),
        dataset(test=label),
        dataset(train=pixel),
        dataset(validation=pixel),
        dataset(calibration=base.train),
        dataset(n_classes=3),
        dataset(input_scale=1 / 256),
        dataset(input_format=IntFormat(bits=7, signed=False)),
    ]
    assert len({base.fingerprint, *(d.fingerprint for d in changed)}) == 1 + len(changed)


def test_labels_beyond_the_classes_are_refused(refusal):
    bad = Split(x=images(dtype=np.uint8), y=with_value(labels(), (5,), 2).astype(np.int64))
    with refusal(DataError, "made validation", "label 2 of image 5", "0 to 1"):
        dataset(validation=bad)


def test_one_class_is_refused(refusal):
    with refusal(DataError, "made", "all images are of one class"):
        dataset(n_classes=1)


def test_splits_of_different_shapes_are_refused(refusal):
    flat = Split(x=images(dtype=np.uint8).reshape(6, 1, 1, 4), y=labels().astype(np.int64))
    with refusal(DataError, "test images", "(1, 1, 4)", "(1, 2, 2)"):
        dataset(test=flat)


def test_codes_become_multiples_of_the_scale():
    made = dataset(input_scale=0.25)
    inputs = made.as_float(made.test)
    assert inputs.dtype == np.float32
    np.testing.assert_array_equal(inputs, made.test.x * np.float32(0.25))


def test_values_are_rounded_half_to_even_onto_the_grid_and_saturate():
    values = np.array([-200, -1.5, -0.25, 0, 0.5, 1.5, 63.9, 200], np.float32)
    split = Split(x=(values / 2).reshape(8, 1, 1, 1), y=np.zeros(8, np.int64))
    made = dataset(
        train=split,
        calibration=split,
        validation=split,
        test=split,
        input_format=IntFormat(bits=8, signed=True),
        input_scale=0.5,
    )
    np.testing.assert_array_equal(
        made.as_float(split).ravel(), np.array([-128, -2, 0, 0, 0, 2, 64, 127]) * np.float32(0.5)
    )


def test_shape_of_one_image():
    assert dataset().input_shape == (1, 2, 2)
