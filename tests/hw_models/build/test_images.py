"""Images to verify on, as codes."""

import numpy as np
import pytest

from dse.errors import DataError
from dse.formats import parse_format
from hw_models.build.images import given_images, seeded_images
from hw_models.model import ModelInput

PLACE = ModelInput(name="x", shape=(6, 5, 2), format=parse_format("uint4"), scale=0.5)


def test_seeded_images_use_every_code_and_depend_on_the_seed():
    first, again, other = (seeded_images(PLACE, 10, seed) for seed in (1, 1, 2))
    assert first.codes.shape == (10, 6, 5, 2)
    assert set(np.unique(first.codes)) == set(range(16))
    assert first.digest() == again.digest() != other.digest()


def test_signed_inputs_get_negative_values():
    place = ModelInput(name="x", shape=(6, 5, 1), format=parse_format("int4"), scale=1.0)
    values = place.format.decode(seeded_images(place, 10, 0).codes)
    assert values.min() == -8
    assert values.max() == 7


def test_given_images_become_codes_in_nhwc_order():
    values = np.arange(60, dtype=np.float32).reshape(1, 2, 6, 5) / 8
    codes = given_images(PLACE, values, "mine").codes
    assert codes.shape == (1, 6, 5, 2)
    assert codes[0, 1, 2, 1] == min(15, np.rint(values[0, 1, 1, 2] / 0.5))


def test_images_of_another_shape_are_refused():
    with pytest.raises(DataError, match=r"mine: images of shape \(2, 5, 6\)"):
        given_images(PLACE, np.zeros((1, 2, 5, 6), np.float32), "mine")
