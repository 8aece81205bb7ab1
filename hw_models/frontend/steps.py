"""Steps of tails beyond those of `hw_models.tail`, and which way steps go."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hw_models.tail import BatchNorm, Clip, Divide, FloatArray, Multiply, OutputQuantizer, Step

RELU = Clip(low=0.0, high=np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize:
    """An earlier quantizer whose codes no node takes."""

    quantizer: OutputQuantizer

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the values of the codes of `x`."""
        scale = np.float32(self.quantizer.scale)
        return self.quantizer.format.quantize(x / scale) * scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """The decision of a bipolar quantizer."""

    scale: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the scale where `x` is not negative, else minus the scale."""
        return np.where(x >= 0, np.float32(self.scale), np.float32(-self.scale))


def never_falls(steps: Sequence[Step]) -> bool:
    """Whether the function of these steps rises, or stays level, in every channel."""
    factors = [np.ones(1, dtype=np.float32)]
    for step in steps:
        if isinstance(step, Multiply | Divide):
            factors.append(np.sign(step.values))
        elif isinstance(step, BatchNorm):
            factors.append(np.sign(step.weight))
    sign = factors[0]
    for factor in factors[1:]:
        sign = sign * factor
    return bool((sign >= 0).all())
