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
_RATE = 0.02
_STRETCH_LOW, _STRETCH_HIGH = -0.1, 1.1  # ζ and γ of the paper
_WARM_UP = 0.2  # share of the steps without pressure to decide
_SHARPNESS = (20.0, 2.0)  # β, from the end of the warm-up to the end
_PRESSURE = 0.05  # λ, where errors are measured in those of rounding to nearest


def round_weights(
    network: QuantizedNetwork, calibrated: CalibratedNetwork, seed: int
) -> QuantizedNetwork:
    """Return the network with each weight rounded to the better of its two neighbours.

    Layer by layer, the outputs for quantized inputs come as near as possible to the float layer's
    for float inputs. Nothing here is random. Scales stay.
    """
    return rewrite_layers(network, calibrated, round_layer)


def round_layer(task: LayerTask, numbers: LayerNumbers) -> LayerNumbers:
    """Return a layer's numbers with weights rounded towards the float layer's outputs."""
    scale = numbers.scale_of_channel()[:, None]
    below, above = (torch.from_numpy(codes * scale) for codes in _neighbours(numbers))
    goal = Reconstruction.of(task)
    nearest, _ = goal.errors_and_gradient(torch.from_numpy(numbers.quantized()))
    unit = (nearest - goal.least_errors()).clamp(min=1e-12)[:, None]
    step = above - below
    weight = torch.from_numpy(numbers.weight)
    share = ((weight - below) / torch.where(step > 0, step, 1.0)).clamp(0.01, 0.99)
    logits = torch.logit((share - _STRETCH_LOW) / (_STRETCH_HIGH - _STRETCH_LOW))
    descent = torch.optim.Adam([logits], lr=_RATE)
    for number in range(_STEPS):
        sigmoid = torch.sigmoid(logits)
        stretched = _STRETCH_LOW + (_STRETCH_HIGH - _STRETCH_LOW) * sigmoid
        up = stretched.clamp(0.0, 1.0)
        _, slope = goal.errors_and_gradient(below + step * up)
        gradient = slope * step / unit
        if (progress := number / _STEPS) > _WARM_UP:
            gradient += _PRESSURE * _pressure(up, (progress - _WARM_UP) / (1 - _WARM_UP))
        inside = (stretched > 0) & (stretched < 1)
        by_logit = (_STRETCH_HIGH - _STRETCH_LOW) * sigmoid * (1 - sigmoid)
        logits.grad = torch.where(inside, gradient * by_logit, 0.0)
        descent.step()
    up = _STRETCH_LOW + (_STRETCH_HIGH - _STRETCH_LOW) * torch.sigmoid(logits) >= 0.5
    return replace(numbers, weight=torch.where(up, above, below).numpy())


def _pressure(up: torch.Tensor, progress: float) -> torch.Tensor:
    """Return the derivative of 1 − |2h − 1|^β by h, β falling along half a cosine."""
    start, end = _SHARPNESS
    beta = end + 0.5 * (start - end) * (1 + np.cos(np.pi * progress))
    away = 2 * up - 1
    slope: torch.Tensor = -2 * beta * away.abs() ** (beta - 1) * away.sign()
    return slope


def _neighbours(numbers: LayerNumbers) -> tuple[FloatArray, FloatArray]:
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
