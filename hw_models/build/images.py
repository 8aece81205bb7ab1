"""Images to verify on: those a user has, or seeded ones, as the codes a network takes."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.errors import DataError
from hw_models.model import ModelInput

DEFAULT_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TestImages:
    """Input codes and where they come from.

    Attributes:
        codes: Shape `(n, height, width, channels)`.
        source: What a report says of them.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    codes: NDArray[np.int64]
    source: str

    def digest(self) -> str:
        """Return the sha256 of the codes, as 64 hex digits."""
        parts = repr(self.codes.shape).encode() + self.codes.astype("<i8").tobytes()
        return hashlib.sha256(parts).hexdigest()


def seeded_images(place: ModelInput, count: int, seed: int) -> TestImages:
    """Draw images whose codes are spread over the format's values, smooth in rows and columns.

    Each is a sum of a few waves with random directions, so that windows see edges and slopes.

    Args:
        place: What the network takes.
        count: Images.
        seed: Decides them.
    """
    rng = np.random.default_rng(seed)
    height, width, channels = place.shape
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    waves = 4
    shape = (count, waves, 1, 1, channels)
    down, across = rng.uniform(-3, 3, (2, *shape))
    phase, size = rng.uniform(0, 1, shape), rng.uniform(0.2, 1, shape)
    angle = down * rows[..., None] + across * columns[..., None] + phase
    images = (size * np.sin(2 * np.pi * angle)).sum(axis=1)
    low = images.min(axis=(1, 2, 3), keepdims=True)
    span = np.maximum(images.max(axis=(1, 2, 3), keepdims=True) - low, 1e-6)
    least, most = place.format.min, place.format.max
    values = (images - low) / span * (most - least) + least
    return TestImages(
        codes=place.format.encode(values.astype(np.float32)), source=f"{count} seeded images"
    )


def given_images(place: ModelInput, images: NDArray[np.float32], source: str) -> TestImages:
    """Return the codes of a user's images.

    Args:
        place: What the network takes.
        images: Real values, shape `(n, channels, height, width)`.
        source: Where they come from.

    Raises:
        DataError: They have another shape than the network's input.
    """
    height, width, channels = place.shape
    if images.ndim != 4 or images.shape[1:] != (channels, height, width):
        raise DataError(
            f"{source}: images of shape {images.shape[1:]}; "
            f"the network takes (channels, height, width) = {(channels, height, width)}"
        )
    return TestImages(codes=place.codes(images), source=source)
