"""Quantization-aware training as a plain value: what a design point is trained with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from dse.errors import DesignError

QAT_VERSION = 2
"""Raised by hand whenever the same training gives another network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QatSettings:
    """How a quantized network is trained: AdamW, learning rates that warm up and fall to 0.

    Attributes:
        epochs: Most passes over the training images.
        batch_size: Images in one step.
        peak_lr: Highest learning rate of weights and biases.
        scale_lr: Highest learning rate of the scales' binary logarithms; 0 keeps the scales that
            calibration found.
        weight_decay: Decoupled weight decay of weights.
        distillation: Share of the targets that is the float network's class probabilities (Hinton
            et al., arXiv 1503.02531, at temperature 1); the labels are the rest.
        patience: Epochs without a better validation accuracy after which training ends.
        seed: Of the order of the images, and of dropout.
    """

    epochs: int = 6
    batch_size: int = 128
    peak_lr: float = 1e-3
    scale_lr: float = 1e-2
    weight_decay: float = 1e-4
    distillation: float = 0.5
    patience: int = 3
    seed: int = 0

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the settings whose canonical JSON values are `plain`: floats are in hex.

        Raises:
            DesignError: `plain` is something else.
        """
        try:
            values: dict[str, Any] = {
                name: float.fromhex(value) if isinstance(value, str) else value
                for name, value in plain.items()
            }
            return cls(**values)
        except (AttributeError, TypeError, ValueError) as error:
            raise DesignError(f"these are not settings of a training: {error}") from error
