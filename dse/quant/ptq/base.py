"""What a post-training method is, and in which order methods make sense."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork


class Stage(IntEnum):
    """What a method decides; a recipe decides each thing once, in this order.

    The order is that of Brevitas' own script (``brevitas_examples``, image classification).
    """

    WEIGHT_EQUALIZATION = 1
    ACTIVATION_EQUALIZATION = 2
    RANGES = 3
    ROUNDING = 4
    NORMALIZATION = 5
    BIAS = 6

    @property
    def purpose(self) -> str:
        """What a method of this stage does."""
        return _PURPOSES[self]


_PURPOSES = {
    Stage.WEIGHT_EQUALIZATION: "equalizes the float network's weights",
    Stage.ACTIVATION_EQUALIZATION: "moves range from the float network's activations to weights",
    Stage.RANGES: "chooses the activations' scales",
    Stage.ROUNDING: "rounds the weights under those activations",
    Stage.NORMALIZATION: "measures channels of the rounded network",
    Stage.BIAS: "makes up for the mean error that all others leave",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A post-training method: the `METHOD` of its module.

    Attributes:
        stage: What it decides.
        source: Where it was published.
    """

    stage: Stage
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatMethod(Method):
    """A method that rewrites the float network, whatever formats follow.

    Attributes:
        apply: Takes a calibrated network and returns one that computes the same.
    """

    apply: Callable[[CalibratedNetwork], CalibratedNetwork]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedMethod(Method):
    """A method that improves a quantized network.

    Attributes:
        apply: Takes the quantized network, the calibrated float network it approximates, and the
            seed of all randomness; returns a quantized network of the same formats. Modules are
            shared between networks, so it replaces those it changes.
    """

    apply: Callable[[QuantizedNetwork, CalibratedNetwork, int], QuantizedNetwork]
