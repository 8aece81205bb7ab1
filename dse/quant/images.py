"""Images as a network takes them: in batches of one size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from dse.data import Dataset, Split
from dse.models.weights import Examples

BATCH_IMAGES = 100
"""Images evaluated at once. Float32 sums depend on it in the last bit, so it is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Images:
    """A split as the network sees it.

    Attributes:
        batches: Input values, shape `(n, c, h, w)` each.
        labels: Of all images, in the order of the batches.
    """

    batches: tuple[torch.Tensor, ...]
    labels: npt.NDArray[np.int64]

    @classmethod
    def of(cls, data: Dataset, split: Split) -> "Images":
        """Return a split of a data set."""
        return cls(batches=batches_of(data.as_float(split)), labels=split.y)


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
