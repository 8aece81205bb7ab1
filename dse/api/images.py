"""Images a build is verified on: a number to draw, or a data set's test images."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hw_models.build.images import TestImages
    from hw_models.model import ModelInput


def images_for(place: "ModelInput", text: str, count: int | None, seed: int) -> "TestImages":
    """Return the images that `text` names, as codes of a network's input.

    Args:
        place: What the network takes.
        text: A number of images to draw from `seed`, or a data set as `load_dataset` takes it.
        count: How many of a data set's test images; `None` for all.
        seed: Decides images that are drawn.

    Raises:
        DataError: The data set is damaged, or its images have another shape.
        UnknownPluginError: No such data set.
    """
    from hw_models.build.images import given_images, seeded_images

    if text.isdecimal() and int(text):
        return seeded_images(place, int(text), seed)
    from dse.data import load_dataset

    data = load_dataset(text, seed=0)
    x = data.test.take(np.arange(len(data.test))[:count]).decoded
    values = x.astype(np.float32)
    if x.dtype == np.uint8:
        values *= np.float32(data.input_scale)
    return given_images(place, values, f"{len(x)} test images of {text}")


def labels_for(text: str, count: int | None) -> "NDArray[np.int64] | None":
    """Return the classes of the images that `images_for` takes; `None` for images that are drawn.

    Args:
        text: As in `images_for`.
        count: As in `images_for`.

    Raises:
        DataError: The data set is damaged.
        UnknownPluginError: No such data set.
    """
    if text.isdecimal() and int(text):
        return None
    from dse.data import load_dataset

    return load_dataset(text, seed=0).test.y[:count]
