"""Every data set in the registry that needs no path splits its images soundly."""

import numpy as np
import pytest

from dse.data import DATASETS, Dataset, PathRule, load_dataset
from dse.errors import DataError

NAMES = [name for name in DATASETS if DATASETS[name].path is not PathRule.REQUIRED]


@pytest.fixture(scope="module", params=NAMES)
def data(request) -> Dataset:
    try:
        return load_dataset(request.param, 0)
    except DataError as error:
        pytest.skip(str(error))


def images(split) -> set[bytes]:
    return {image.tobytes() for image in split.decoded}


def test_labels_and_shapes_fit(data):
    for split in (data.train, data.calibration, data.validation, data.test):
        assert split.x.shape[1:] == data.input_shape
        assert len(split.x) == len(split.y) == len(split)
        assert 0 <= split.y.min() <= split.y.max() < data.n_classes
    assert set(data.train.y.tolist()) == set(range(data.n_classes))


def test_inputs_are_on_the_grid_of_the_input_format(data):
    x = data.as_float(data.calibration)[:50]
    scale = np.float32(data.input_scale)
    assert np.array_equal(data.input_format.quantize(x / scale) * scale, x)


def test_calibration_comes_out_of_training(data):
    assert images(data.calibration) <= images(data.train)


def test_the_seed_moves_validation_and_never_the_test_images(data):
    again, other = load_dataset(data.name, 0), load_dataset(data.name, 1)
    assert again.fingerprint == data.fingerprint
    assert len(data.fingerprint) == 64
    assert other.fingerprint != data.fingerprint
    assert np.array_equal(other.test.decoded, data.test.decoded)
    assert not np.array_equal(other.validation.decoded, data.validation.decoded)
