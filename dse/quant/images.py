"""Images as a network takes them: in batches of one size."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from dse.data import Dataset, Split
from dse.models.weights import Examples

BATCH_IMAGES = 100
"""Images evaluated at once. Float32 sums depend on it in the last bit, so it is fixed."""


class Images:
    """A split as the network sees it: walked through in batches, shape `(n, c, h, w)` each.

    Images in files are decoded anew in each walk, so that they need not fit into memory.
    """

    def __init__(self, data: Dataset, split: Split) -> None:
        self.labels = split.y
        self._data, self._split = data, split
        self._batches = None if split.is_streamed else batches_of(data.as_float(split))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[torch.Tensor]:
        return self._streamed() if self._batches is None else iter(self._batches)

    def _streamed(self) -> Iterator[torch.Tensor]:
        for start in range(0, len(self), BATCH_IMAGES):
            positions = np.arange(start, min(start + BATCH_IMAGES, len(self)))
            values = self._data.as_float(self._split.take(positions))
            # a copy, for torch aligns what it allocates, and sums may depend on alignment
            yield torch.from_numpy(values).clone()


def batches_of(x: npt.NDArray[np.float32]) -> tuple[torch.Tensor, ...]:
    """Return inputs, shape `(n, c, h, w)`, in batches."""
    return torch.split(torch.from_numpy(np.ascontiguousarray(x)), BATCH_IMAGES)


def examples_of(data: Dataset) -> Examples:
    """Return what networks are trained on: inputs as values on the input's grid."""
    return Examples(
        x=data.as_float(data.train),
        y=data.train.y,
        x_val=data.as_float(data.validation),
        y_val=data.validation.y,
    )
