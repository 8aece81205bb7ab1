"""Learned rounding (AdaRound): whether a weight goes up or down is learned by gradient descent."""

from dataclasses import replace

import numpy as np
import torch

from dse.quant.kernels import FloatArray
from dse.quant.layers import LayerNumbers
from dse.quant.layerwise import LayerTask, rewrite_layers
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork
from dse.quant.ptq.base import QuantizedMethod, Stage
from dse.quant.reconstruction import Reconstruction

_STEPS = 500
_RATE = 0.05
_STRETCH_LOW, _STRETCH = -0.1, 1.2  # ζ and γ − ζ of the paper
_STEPS_A_LOOK = 25  # steps from one look at the rounded weights to the next
_WARM_UP = 0.2  # share of the steps without pressure to decide
_SHARPNESS = (20.0, 2.0)  # β, from the end of the warm-up to the end
_PRESSURE = 0.2  # λ, where errors are measured in those of rounding to nearest


def round_weights(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with each weight rounded to the better of its two neighbours.

    Layer by layer, the outputs for quantized inputs come as near as possible to the float layer's
    for float inputs. Nothing here is random. Scales stay.
    """
    return rewrite_layers(network, calibrated, round_layer)


def round_layer(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
    """Return a layer's numbers with weights rounded up or down; of each channel the best seen."""
    scale = numbers.scale_of_channel()[:, None]
    below, above = (torch.from_numpy(codes * scale) for codes in neighbours(numbers))
    step = above - below
    goal = Reconstruction.of(task)
    best = torch.from_numpy(numbers.quantized())
    least, _ = goal.errors_and_gradient(best)
    unit = (least - goal.least_errors()).clamp(min=1e-12)[:, None]
    share = (torch.from_numpy(numbers.weight) - below) / torch.where(step > 0, step, 1.0)
    logits = torch.logit((share.clamp(0.01, 0.99) - _STRETCH_LOW) / _STRETCH)
    descent = torch.optim.Adam([logits], lr=_RATE)
    for number in range(_STEPS + 1):
        sigmoid = torch.sigmoid(logits)
        stretched = _STRETCH_LOW + _STRETCH * sigmoid
        if number % _STEPS_A_LOOK == 0:
            rounded = torch.where(stretched >= 0.5, above, below)
            errors, _ = goal.errors_and_gradient(rounded)
            best = torch.where((errors < least)[:, None], rounded, best)
            least = torch.minimum(errors, least)
        up = stretched.clamp(0.0, 1.0)
        _, slope = goal.errors_and_gradient(below + step * up)
        gradient = slope * step / unit
        if (progress := number / _STEPS) > _WARM_UP:
            gradient += _PRESSURE * _pressure(up, (progress - _WARM_UP) / (1 - _WARM_UP))
        inside = (stretched > 0) & (stretched < 1)
        logits.grad = torch.where(inside, gradient * _STRETCH * sigmoid * (1 - sigmoid), 0.0)
        descent.step()
    return replace(numbers, weight=best.numpy())


def _pressure(up: torch.Tensor, progress: float) -> torch.Tensor:
    """Return the derivative of 1 − |2h − 1|^β by h, β falling along half a cosine."""
    start, end = _SHARPNESS
    beta = end + 0.5 * (start - end) * (1 + np.cos(np.pi * progress))
    away = 2 * up - 1
    slope: torch.Tensor = -2 * beta * away.abs() ** (beta - 1) * away.sign()
    return slope


def neighbours(numbers: LayerNumbers) -> tuple[FloatArray, FloatArray]:
    """Return the codes at or below each weight, and those above; equal where it saturates."""
    grid = np.sort(np.asarray(numbers.number_format.grid(), np.float32))
    values = numbers.weight / numbers.scale_of_channel()[:, None]
    at = np.searchsorted(grid, values, side="right") - 1
    last = len(grid) - 1
    return grid[at.clip(0, last)], grid[(at + 1).clip(0, last)]


METHOD = QuantizedMethod(
    stage=Stage.ROUNDING,
    source="M. Nagel et al., Up or down? Adaptive rounding for post-training quantization, ICML "
    "2020, eq. 21 to 25, on the layer's sums",
    apply=round_weights,
)
