"""The embedded digits."""

import numpy as np
import pytest

from dse.data import Dataset, load_dataset
from dse.formats import IntFormat


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", 0)


def rows(dataset: Dataset, *roles: str) -> list[bytes]:
    return [image.tobytes() for role in roles for image in getattr(dataset, role).x]


def test_sizes_and_codes(digits):
    sizes = [len(getattr(digits, r)) for r in ("train", "calibration", "validation", "test")]
    assert sizes == [1000, 1000, 257, 540]
    assert digits.input_shape == (1, 8, 8)
    assert digits.input_format == IntFormat(bits=5, signed=False)
    assert digits.input_scale == 1 / 16
    assert digits.train.x.dtype == np.uint8
    assert digits.train.x.max() == 16
    assert digits.as_float(digits.test).max() == 1.0


def test_splits_hold_every_image_once(digits):
    from sklearn.datasets import load_digits

    original = load_digits().images.astype(np.uint8).reshape(-1, 1, 8, 8)
    assert sorted(rows(digits, "train", "validation", "test")) == sorted(
        image.tobytes() for image in original
    )


def test_splits_are_stratified(digits):
    for role in ("train", "validation", "test"):
        share = np.bincount(getattr(digits, role).y) / len(getattr(digits, role))
        whole = np.bincount(np.concatenate([digits.train.y, digits.validation.y, digits.test.y]))
        np.testing.assert_allclose(share, whole / 1797, atol=1 / len(getattr(digits, role)) + 1e-3)


def test_the_seed_moves_validation_but_never_test(digits):
    assert load_dataset("digits", 0).fingerprint == digits.fingerprint
    other = load_dataset("digits", 1)
    assert rows(other, "test") == rows(digits, "test")
    assert rows(other, "validation") != rows(digits, "validation")
    assert other.fingerprint != digits.fingerprint
