"""Handwritten digits embedded in scikit-learn: 1,797 images of 8×8 pixels, values 0 to 16."""

import numpy as np
from sklearn.datasets import load_digits

from dse.data.base import Dataset, Loader, assemble, checked_split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import calibration_of, hold_out
from dse.formats import IntFormat

_TEST_IMAGES = 540
_VALIDATION_IMAGES = 257
_TEST_SEED = 0  # the set has no official test images: this draw is ours, and never changes


def _load(spec: DataSpec, seed: int) -> Dataset:
    digits = load_digits()
    codes = digits.images.astype(np.uint8).reshape(-1, 1, 8, 8)
    images = checked_split(codes, digits.target, spec.text)
    test, rest = hold_out(images, _TEST_IMAGES, _TEST_SEED, spec.text)
    validation, train = hold_out(rest, _VALIDATION_IMAGES, seed, spec.text)
    return assemble(
        name=spec.text,
        train=train,
        calibration=calibration_of(train, seed),
        validation=validation,
        test=test,
        n_classes=10,
        input_format=IntFormat(bits=5, signed=False),
        input_scale=1 / 16,
    )


LOADER = Loader(load=_load, path=PathRule.NONE)
